//! `authproof selfcheck`: a table of the planted defects and the checks that notice them.

use reference::Defect;

use super::subject::defect;
use super::{Ending, Message, Stop, print, signals, tell};
use crate::selfcheck::{Planted, Scope, Selfcheck, selfcheck};

/// Options of `authproof selfcheck`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Only this defect; repeat for several
    #[arg(long, value_name = "NAME", value_parser = defect)]
    pub defect: Vec<Defect>,
    /// On each defect run its own check and a sample of the others
    #[arg(long)]
    pub sample: bool,
    /// Defects side by side
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub side_by_side: u8,
    /// How to print the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Show the defects and run nothing
    #[arg(long)]
    pub list_defects: bool,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
}

pub async fn command(args: Args) -> Ending {
    let defects: Vec<Defect> = if args.defect.is_empty() { Defect::ALL.to_vec() } else { args.defect };
    if args.list_defects {
        let list: String = defects
            .iter()
            .map(|defect| format!("{:<32} {:<5} {}\n", defect.name(), defect.check(), defect.summary()))
            .collect();
        return printed(&list, 0);
    }
    let scope = if args.sample { Scope::Sample } else { Scope::All };
    tell(&format!("{} defects, {} side by side; first the reference without any", defects.len(), args.side_by_side));
    let done = |planted: &Planted| {
        let word = if planted.is_good() { "caught" } else { "look" };
        tell(&format!("{word}: {} ({})", planted.defect, planted.check));
    };
    let result = tokio::select! {
        result = selfcheck(&defects, scope, args.side_by_side.into(), &done) => result?,
        () = signals::interrupted() => return Ok(signals::INTERRUPTED),
    };
    let text = match args.format {
        Format::Text => table(&result),
        Format::Json => {
            let json = serde_json::to_string_pretty(&result).expect("texts and lists can be written as JSON");
            format!("{json}\n")
        }
    };
    printed(&text, result.exit_code())
}

fn printed(text: &str, code: u8) -> Ending {
    print(text).map_err(|error| Stop::failed(Message::new(format!("cannot write to stdout: {error}"), None)))?;
    Ok(code)
}

fn table(result: &Selfcheck) -> String {
    if !result.unsound.is_empty() {
        let lines: String = result.unsound.iter().map(|line| format!("  {line}\n")).collect();
        return format!("UNDECIDED: without any defect these do not hold on the reference:\n{lines}");
    }
    let mut text = format!("{:<32}{:<8}{:<10}{}\n", "defect", "check", "own check", "other checks");
    for planted in &result.planted {
        let own = if planted.caught { "caught" } else { "SURVIVED" };
        let others: Vec<String> = planted
            .collateral
            .iter()
            .map(|other| match other.explained {
                Some(why) => format!("{} ({why})", other.check),
                None => format!("{} {} UNEXPLAINED", other.check, other.verdict),
            })
            .collect();
        let others = if others.is_empty() { "-".to_owned() } else { others.join(", ") };
        text.push_str(&format!("{:<32}{:<8}{own:<10}{others}\n", planted.defect, planted.check));
        if let Some(trouble) = &planted.trouble {
            text.push_str(&format!("  {trouble}\n"));
        }
    }
    let good = result.planted.iter().filter(|planted| planted.is_good()).count();
    let word = if result.exit_code() == 0 { "PASSED" } else { "FAILED" };
    let all = result.planted.len();
    text + &format!("\n{word}: {good} of {all} defects are caught by their own check and by no unrelated one\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selfcheck::Collateral;

    #[test]
    fn the_table_shows_what_survived_and_what_nobody_has_explained() {
        let planted = |defect, caught, explained| Planted {
            defect,
            summary: "s",
            check: "E-12",
            caught,
            collateral: vec![Collateral { check: "E-13".into(), verdict: "fail", explained }],
            trouble: None,
        };

        let text = table(&Selfcheck {
            unsound: vec![],
            planted: vec![planted("one", true, Some("same rule")), planted("two", false, None)],
        });

        insta::assert_snapshot!(text, @"
        defect                          check   own check other checks
        one                             E-12    caught    E-13 (same rule)
        two                             E-12    SURVIVED  E-13 fail UNEXPLAINED

        FAILED: 1 of 2 defects are caught by their own check and by no unrelated one
        ");
    }
}
