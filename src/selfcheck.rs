//! Is the harness any good? Plants each defect into the reference and looks which checks notice.
//!
//! A defect that its own check does not notice has survived: the check proves nothing. A defect that other checks notice,
//! too, makes findings that lead to the wrong place, unless it is explained why that cannot be otherwise.

mod collateral;

use std::collections::BTreeMap;

use futures::StreamExt;
use reference::{Defect, Defects};
use serde::Serialize;

use crate::catalogue::Risk;
use crate::check::{CheckError, check_reference};
use crate::outcome::{EndReason, Level, RunOutcome, Verdict};
use crate::suite::Selection;

/// Every how many checks one is taken for a sample.
const SAMPLE: usize = 8;

/// Which checks are run on each defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Its own and a few others; which others changes from defect to defect.
    Sample,
}

/// What the checks made of one defect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planted {
    pub defect: &'static str,
    pub summary: &'static str,
    /// The check that must notice it.
    pub check: &'static str,
    /// It did.
    pub caught: bool,
    /// Other checks that noticed it or could not decide.
    pub collateral: Vec<Collateral>,
    /// Why the run came to no end of its own.
    pub trouble: Option<String>,
}

/// A check that another check's defect has upset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Collateral {
    pub check: String,
    /// `fail` or `error`.
    pub verdict: &'static str,
    /// Why that cannot be otherwise.
    pub explained: Option<&'static str>,
}

/// What came of all defects.
#[derive(Debug, Clone, Serialize)]
pub struct Selfcheck {
    /// Checks that do not hold on the reference without any defect: then nothing is proven.
    pub unsound: Vec<String>,
    pub planted: Vec<Planted>,
}

impl Planted {
    /// Caught by its own check and by no unrelated one.
    pub fn is_good(&self) -> bool {
        self.caught && self.trouble.is_none() && self.collateral.iter().all(|check| check.explained.is_some())
    }
}

impl Selfcheck {
    /// 0 every defect was caught as it should be; 1 one was not; 3 the reference itself is not in order; 4 there was none.
    pub fn exit_code(&self) -> u8 {
        if !self.unsound.is_empty() {
            return 3;
        }
        if self.planted.is_empty() {
            return 4;
        }
        if self.planted.iter().all(Planted::is_good) { 0 } else { 1 }
    }
}

/// Plants each of `defects` in turn, so many side by side. `done` is told of each.
///
/// # Errors
/// The reference cannot be started, or the features have mistakes.
pub async fn selfcheck(
    defects: &[Defect],
    scope: Scope,
    side_by_side: usize,
    done: &dyn Fn(&Planted),
) -> Result<Selfcheck, CheckError> {
    let sound = run(Defects::none(), vec![]).await?;
    let unsound = unsound(&sound);
    if !unsound.is_empty() {
        return Ok(Selfcheck { unsound, planted: vec![] });
    }
    let proven: Vec<String> = verdicts(&sound).into_keys().collect();
    let runs = defects.iter().enumerate().map(|(number, defect)| {
        let ids = match scope {
            Scope::All => vec![],
            Scope::Sample => sample(*defect, number, &proven),
        };
        async move {
            let outcome = run([*defect].into_iter().collect(), ids).await?;
            let planted = judge(*defect, &outcome);
            done(&planted);
            Ok::<_, CheckError>(planted)
        }
    });
    // In the order of the list, whichever ends first.
    let results: Vec<_> = futures::stream::iter(runs).buffered(side_by_side.max(1)).collect().await;
    let planted = results.into_iter().collect::<Result<_, _>>()?;
    Ok(Selfcheck { unsound: vec![], planted })
}

async fn run(defects: Defects, ids: Vec<String>) -> Result<RunOutcome, CheckError> {
    let selection = Selection { ids, risk: Some(Risk::Intrusive), intrusive: true, ..Selection::default() };
    check_reference(defects).select(selection).fail_on(Level::Hardening).run().await
}

/// The defect's own check and every so manieth of the others, beginning elsewhere for each defect.
fn sample(defect: Defect, number: usize, proven: &[String]) -> Vec<String> {
    let others = proven.iter().skip(number % SAMPLE).step_by(SAMPLE).filter(|id| *id != defect.check());
    let own = proven.iter().find(|id| *id == defect.check());
    own.into_iter().chain(others).cloned().collect()
}

/// The worst verdict of each check.
fn verdicts(outcome: &RunOutcome) -> BTreeMap<String, Verdict> {
    let mut worst: BTreeMap<String, Verdict> = BTreeMap::new();
    for scenario in &outcome.scenarios {
        let Some(check) = &scenario.case.check else { continue };
        let verdicts = worst.remove(check).into_iter().chain([scenario.verdict.clone()]);
        let verdict = Verdict::worst(verdicts);
        worst.insert(check.clone(), verdict);
    }
    worst
}

fn unsound(outcome: &RunOutcome) -> Vec<String> {
    let mut unsound: Vec<String> = verdicts(outcome)
        .into_iter()
        .filter_map(|(check, verdict)| Some(format!("{check}: {}", trouble_of(&verdict)?)))
        .collect();
    if outcome.end.reason != EndReason::Completed || outcome.counts().judged() == 0 {
        unsound.push(format!("the run without defects ended early: {:?}", outcome.end.reason));
    }
    unsound
}

fn trouble_of(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Pass | Verdict::Skip { .. } => None,
        Verdict::Fail(finding) | Verdict::Warn(finding) => Some(finding.observed.clone()),
        Verdict::Error { reason } => Some(reason.clone()),
    }
}

fn judge(defect: Defect, outcome: &RunOutcome) -> Planted {
    let noticed: Vec<(String, &'static str)> = verdicts(outcome)
        .into_iter()
        .filter_map(|(check, verdict)| match verdict {
            Verdict::Fail(_) | Verdict::Warn(_) => Some((check, "fail")),
            Verdict::Error { .. } => Some((check, "error")),
            Verdict::Pass | Verdict::Skip { .. } => None,
        })
        .collect();
    let caught = noticed.iter().any(|(check, verdict)| check == defect.check() && *verdict == "fail");
    let others = noticed.into_iter().filter(|(check, _)| check != defect.check());
    let collateral = others.map(|(check, verdict)| {
        let explained = collateral::explanation(defect.name(), &check, verdict);
        Collateral { check, verdict, explained }
    });
    let trouble =
        (outcome.end.reason != EndReason::Completed).then(|| format!("the run ended early: {:?}", outcome.end.reason));
    Planted {
        defect: defect.name(),
        summary: defect.summary(),
        check: defect.check(),
        caught,
        collateral: collateral.collect(),
        trouble,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalogue::Catalogue;

    fn planted(caught: bool, explained: Option<&'static str>) -> Planted {
        Planted {
            defect: "d",
            summary: "s",
            check: "E-12",
            caught,
            collateral: vec![Collateral { check: "E-13".into(), verdict: "fail", explained }],
            trouble: None,
        }
    }

    #[test]
    fn a_survivor_and_an_unexplained_alarm_fail_the_selfcheck() {
        let code = |planted| Selfcheck { unsound: vec![], planted }.exit_code();

        assert_eq!(code(vec![planted(true, Some("same rule"))]), 0);
        assert_eq!(code(vec![planted(false, Some("same rule"))]), 1);
        assert_eq!(code(vec![planted(true, None)]), 1);
        assert_eq!(code(vec![]), 4);
        assert_eq!(Selfcheck { unsound: vec!["x".into()], planted: vec![] }.exit_code(), 3);
    }

    #[test]
    fn samples_hold_the_own_check_once_and_reach_every_check_together() {
        let proven: Vec<String> = Catalogue::built_in().checks().iter().map(|check| check.id.clone()).collect();
        let samples: Vec<Vec<String>> =
            Defect::ALL.iter().enumerate().map(|(number, defect)| sample(*defect, number, &proven)).collect();

        for (defect, ids) in Defect::ALL.iter().zip(&samples) {
            assert!(ids.iter().filter(|id| *id == defect.check()).count() <= 1);
        }
        let reached: BTreeSet<&String> = samples.iter().flatten().collect();
        assert_eq!(reached.len(), proven.len());
    }
}
