//! `authproof steps`: the vocabulary of the features.

use std::path::PathBuf;

use super::{Ending, Format, colours, printed, width};
use crate::check::load;
use crate::report::{Ink, Paper};
use crate::run::{StepPage, handbook};

/// Options of `authproof steps`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    /// Only steps that contain this text, in any case
    #[arg(value_name = "TEXT")]
    pub filter: Option<String>,
    /// A folder with features of your own, to take examples from; repeat for several
    #[arg(long, value_name = "DIR")]
    pub features: Vec<PathBuf>,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

pub fn command(args: &Args) -> Ending {
    let suite = load(&args.features, true).map_err(super::Stop::usage)?;
    let mut pages = handbook(&suite);
    if let Some(filter) = &args.filter {
        pages.retain(|page| fits(page, filter));
    }
    let text = match args.format {
        Format::Text => text(&pages, colours(&std::io::stdout()), width()),
        Format::Json => format!("{:#}\n", serde_json::json!(pages)),
    };
    printed(&text)
}

fn fits(page: &StepPage, filter: &str) -> bool {
    let filter = filter.to_lowercase();
    let texts = [page.keyword, &page.pattern, &page.doc, page.example.as_deref().unwrap_or_default()];
    texts.iter().any(|text| text.to_lowercase().contains(&filter))
}

fn text(pages: &[StepPage], colour: bool, width: usize) -> String {
    let mut paper = Paper::new(colour, width);
    let mut area = None;
    for page in pages {
        if area != Some(&page.area) {
            area = Some(&page.area);
            paper.blank();
            let name = if page.area.is_empty() { "other" } else { &page.area };
            paper.line(&[(Ink::Bold, name)]);
            if !page.about.is_empty() {
                paper.line(&[(Ink::Faint, &page.about)]);
            }
        }
        paper.blank();
        let sentence = page.example.as_deref().unwrap_or(&page.pattern);
        paper.field_unwrapped(page.keyword, sentence);
        if !page.doc.is_empty() {
            paper.field("", &page.doc);
        }
        if page.example.is_some() {
            paper.field_unwrapped("", &format!("fits: {}", page.pattern));
        }
    }
    paper.blank();
    paper.line(&[(Ink::Plain, &format!("{} steps. `And` and `But` go on with the keyword before them.", pages.len()))]);
    paper.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_finds_steps_by_what_they_say_and_do() {
        let pages = handbook(&load(&[], true).unwrap());
        let found = |filter: &str| pages.iter().filter(|page| fits(page, filter)).count();

        assert!(found("AUTHORIZATION HEADER") > 0 && found("AUTHORIZATION HEADER") < pages.len());
        assert_eq!(found("no such words in any step"), 0);
    }

    #[test]
    fn every_step_is_shown() {
        let pages = handbook(&load(&[], true).unwrap());

        let text = text(&pages, false, 100);

        for page in &pages {
            assert!(text.contains(&page.pattern), "{}", page.pattern);
        }
    }
}
