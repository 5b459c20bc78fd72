//! Cucumber, set up so that nothing passes unseen: our own parser and writer, no retries, no options from outside.

use std::collections::BTreeMap;
use std::sync::Arc;

use cucumber::gherkin::Feature;
use cucumber::{Parser, World as _, cli, parser, runner};
use futures::{FutureExt, stream};

use super::collector::Collector;
use super::running::Running;
use crate::outcome::Verdict;
use crate::suite::Case;
use crate::world::{Context, World};

/// Runs `cases`, at most `concurrency` side by side.
pub(super) async fn run(context: &Arc<Context>, cases: Vec<Case>, concurrency: usize, running: &Arc<Running>) {
    if cases.is_empty() {
        return;
    }
    let (entering, context) = (Arc::clone(running), Arc::clone(context));
    World::cucumber::<&str>()
        .with_parser(Planned(cases))
        .with_writer(Collector(Arc::clone(running)))
        .fail_on_skipped_with(|_, _, _| true)
        .max_concurrent_scenarios(concurrency)
        .before(move |_, _, scenario, world| {
            let (running, context) = (Arc::clone(&entering), Arc::clone(&context));
            async move {
                let found = running.entry(&scenario.tags);
                let Some((case, record)) = found.map(|entry| (entry.case.clone(), Arc::clone(&entry.record))) else {
                    return;
                };
                if let Err(reason) = world.enter(&context, &case, Arc::clone(&record)).await {
                    record.judge(Verdict::Error { reason });
                }
            }
            .boxed_local()
        })
        .after(|_, _, _, _, world| {
            async move {
                if let Some(world) = world {
                    world.leave().await;
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
