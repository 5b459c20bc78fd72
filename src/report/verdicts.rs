//! One line per scenario, sorted, the same for every run that finds the same: for comparing two runs with `diff`.

use super::paper::harmless;
use crate::outcome::{RunOutcome, Verdict};

/// `fail E-12 frontend: An id_token of another issuer is refused`
pub fn verdicts(outcome: &RunOutcome) -> String {
    let mut lines: Vec<String> = outcome
        .scenarios
        .iter()
        .map(|scenario| {
            let case = &scenario.case;
            let check = case.check.as_deref().unwrap_or("-");
            let service = case.service.as_deref().unwrap_or("-");
            harmless(&format!("{} {check} {service}: {}", word(&scenario.verdict), case.title)) + "\n"
        })
        .collect();
    lines.sort_unstable();
    lines.concat()
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail(_) => "fail",
        Verdict::Warn(_) => "warn",
        Verdict::Error { .. } => "error",
        Verdict::Skip { .. } => "skip",
    }
}

#[cfg(test)]
mod tests {
    use super::super::terminal::tests::outcome;
    use super::*;

    #[test]
    fn the_order_of_the_run_does_not_matter() {
        let mut other = outcome();
        other.scenarios.reverse();

        assert_eq!(verdicts(&other), verdicts(&outcome()));
        assert!(
            verdicts(&other).contains("pass E-13 frontend: An id_token for another client is refused at frontend\n")
        );
    }
}
