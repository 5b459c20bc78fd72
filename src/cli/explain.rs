//! `authproof explain`: one check in full.

use serde::Serialize;

use super::list::{counted, severity_word};
use super::{Ending, Format, Message, Stop, colours, printed, width};
use crate::catalogue::{Catalogue, Check as Entry, Risk};
use crate::check::load;
use crate::outcome::Level;
use crate::report::{Ink, Paper};
use crate::target::nearest;

/// More titles tell nothing new; JSON has them all.
const MOST_TITLES: usize = 12;

/// Options of `authproof explain`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The check's id or name: `E-12`, `id-token-issuer-exact`
    #[arg(value_name = "ID")]
    pub check: String,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// A check with what proves it.
#[derive(Debug, Serialize)]
struct Page<'a> {
    #[serde(flatten)]
    check: &'a Entry,
    /// Titles of its scenarios; `<service>` and the like stand for each such thing of a target.
    scenarios: Vec<String>,
    /// The files that they stand in.
    features: Vec<String>,
}

pub fn command(args: &Args) -> Ending {
    let page = page(find(&args.check)?)?;
    let text = match args.format {
        Format::Text => text(&page, colours(&std::io::stdout()), width()),
        Format::Json => format!("{:#}\n", serde_json::json!(page)),
    };
    printed(&text)
}

fn find(wanted: &str) -> Result<&'static Entry, Stop> {
    let checks = Catalogue::built_in().checks();
    let same = |known: &str| known.eq_ignore_ascii_case(wanted);
    if let Some(check) = checks.iter().find(|check| same(&check.id) || same(&check.name)) {
        return Ok(check);
    }
    let known = checks.iter().flat_map(|check| [check.id.as_str(), check.name.as_str()]);
    let near = nearest(wanted, known).map(|name| format!("; the nearest is `{name}`"));
    let message = format!("no check is called `{wanted}`{}", near.unwrap_or_default());
    Err(Stop::usage(Message::new(message, Some("`authproof list` shows all checks"))))
}

fn page(check: &Entry) -> Result<Page<'_>, Stop> {
    let suite = load(&[], true).map_err(Stop::usage)?;
    let titles = suite.titles_for(&check.id);
    let mut features: Vec<String> = titles.iter().map(|(_, feature)| (*feature).to_owned()).collect();
    features.dedup();
    Ok(Page { check, scenarios: titles.into_iter().map(|(title, _)| title).collect(), features })
}

fn text(page: &Page<'_>, colour: bool, width: usize) -> String {
    let mut paper = Paper::new(colour, width);
    let check = page.check;
    paper.line(&[(Ink::Bold, &check.id), (Ink::Plain, &check.title)]);
    paper.blank();
    paper.field("name", &check.name);
    paper.field("area", &check.area);
    paper.field("level", level_words(check));
    paper.field("severity", severity_word(check.severity));
    paper.field("risk", risk_words(check.risk));
    paper.blank();
    paper.field("why", &check.why);
    paper.blank();
    paper.field("rules", &check.specification.join("; "));
    paper.blank();
    paper.field("remedy", &check.remedy);
    for (preset, remedy) in &check.remedy_for {
        paper.blank();
        paper.field("", &format!("On {preset}: {remedy}"));
    }
    paper.blank();
    let mut label = "proved by";
    for title in page.scenarios.iter().take(MOST_TITLES) {
        paper.field(label, title);
        label = "";
    }
    match page.scenarios.len() {
        0 => paper.field(label, "no scenario yet"),
        many => {
            if many > MOST_TITLES {
                paper.field(label, &format!("and {} more", many - MOST_TITLES));
            }
            paper.field("", &format!("{} in {}", counted(many, "scenario"), page.features.join(", ")));
        }
    }
    paper.blank();
    paper.field_unwrapped("run it", &format!("authproof run --check {}", check.id));
    paper.into_text()
}

fn level_words(check: &Entry) -> &'static str {
    match check.level {
        Level::Must => "must: a specification requires it",
        Level::Should => "should: a specification or a best current practice recommends it",
        Level::Hardening => "hardening: no specification text, but known faults",
    }
}

fn risk_words(risk: Risk) -> &'static str {
    match risk {
        Risk::Safe => "safe: nothing that a browser or a neighbouring service would not send",
        Risk::Active => "active: sends attack-like input",
        Risk::Load => "load: sends many requests",
        Risk::Intrusive => "intrusive: may disturb the deployment; runs only with --allow-intrusive",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_found_by_id_and_name_in_any_case() {
        for name in ["E-12", "e-12", &find("E-12").unwrap().name] {
            assert_eq!(find(name).unwrap().id, "E-12");
        }
    }

    #[test]
    fn a_page_has_everything() {
        let page = page(find("I-04").unwrap()).unwrap();

        let text = text(&page, false, 100);

        for part in ["why", "rules", "remedy", "proved by", "On flaskoidc-1x:", "authproof run --check I-04"] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!page.scenarios.is_empty());
    }

    #[test]
    fn every_check_can_be_explained() {
        for check in Catalogue::built_in().checks() {
            assert!(text(&page(check).unwrap(), false, 80).contains(&check.id));
        }
    }
}
