//! Cucumber, set up so that nothing passes unseen: our own parser and writer, no retries, no options from outside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cucumber::gherkin::Feature;
use cucumber::{Cucumber, Parser, cli, parser, runner};
use futures::{FutureExt, stream};

use super::collector::Collector;
use super::running::Running;
use super::{RunSettings, dispatch, quiet};
use crate::outcome::Verdict;
use crate::suite::Case;
use crate::world::{Context, World};

/// How long a scenario may take to put back what it has changed.
const LEAVING: Duration = Duration::from_secs(10);

/// Runs `cases`, at most `concurrency` side by side.
pub(super) async fn run(
    context: &Arc<Context>,
    cases: Vec<Case>,
    concurrency: usize,
    settings: &RunSettings,
    running: &Arc<Running>,
) {
    if cases.is_empty() {
        return;
    }
    let _guard = quiet::Guard::new();
    let allowed = settings.scenario_deadline;
    let (entering, leaving, context) = (Arc::clone(running), Arc::clone(running), Arc::clone(context));
    Cucumber::<World, _, &str, _, _>::new()
        .steps(dispatch::steps())
        .with_parser(Planned(cases))
        .with_writer(Collector(Arc::clone(running)))
        .fail_on_skipped_with(|_, _, _| true)
        .max_concurrent_scenarios(concurrency)
        .before(move |_, _, scenario, world| {
            let (running, context) = (Arc::clone(&entering), Arc::clone(&context));
            async move {
                quiet::install();
                let found = running.entry(&scenario.tags);
                let Some((case, record)) = found.map(|entry| (entry.case.clone(), Arc::clone(&entry.record))) else {
                    return;
                };
                record.begin(allowed);
                let entered = tokio::time::timeout(allowed, world.enter(&context, &case, Arc::clone(&record))).await;
                let entered = entered.unwrap_or_else(|_| Err("the services of its own did not start in time".into()));
                if let Err(reason) = entered {
                    record.judge(Verdict::Error { reason });
                }
            }
            .boxed_local()
        })
        .after(move |_, _, scenario, _, world| {
            let leaving = Arc::clone(&leaving);
            async move {
                let record = leaving.entry(&scenario.tags).map(|entry| Arc::clone(&entry.record));
                // What is recorded from here on was caused by no step alone.
                record.iter().for_each(|record| record.recorder().step(None));
                let Some(world) = world else { return };
                if tokio::time::timeout(LEAVING, world.leave()).await.is_err() {
                    let reason = "what the scenario had changed could not be put back in time";
                    record.iter().for_each(|record| record.judge(Verdict::Error { reason: reason.into() }));
                }
            }
            .boxed_local()
        })
        // Last: setting parser or writer makes cucumber read the process's arguments again.
        .with_cli(cli::Opts::<cli::Empty, runner::basic::Cli, cli::Empty> {
            re_filter: None,
            tags_filter: None,
            parser: cli::Empty,
            runner: runner::basic::Cli::default(),
            writer: cli::Empty,
            custom: cli::Empty,
        })
        .run("")
        .await;
}

/// A parser that has nothing left to parse.
struct Planned(Vec<Case>);

impl Parser<&str> for Planned {
    type Cli = cli::Empty;
    type Output = stream::Iter<std::vec::IntoIter<parser::Result<Feature>>>;

    fn parse(self, _: &str, _: Self::Cli) -> Self::Output {
        let mut features: BTreeMap<String, Feature> = BTreeMap::new();
        for case in self.0 {
            let feature = features.entry(case.name.feature.clone()).or_insert_with(|| case.feature.clone());
            let mut scenario = case.scenario.clone();
            scenario.tags.push(Running::tag(&case));
            feature.scenarios.push(scenario);
        }
        stream::iter(features.into_values().map(Ok).collect::<Vec<_>>())
    }
}
