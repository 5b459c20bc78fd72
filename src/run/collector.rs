//! Cucumber's writer: turns its events into what is known of the run.

use std::sync::Arc;

use cucumber::event::{Cucumber, Feature, Hook, Info, Scenario, Step, StepError};
use cucumber::{Event, Writer, cli, parser};

use super::running::Running;
use crate::outcome::{StepOutcome, StepStatus};
use crate::world::World;

/// Collects for `running`.
pub(super) struct Collector(pub(super) Arc<Running>);

impl Writer<World> for Collector {
    type Cli = cli::Empty;

    async fn handle_event(&mut self, event: parser::Result<Event<Cucumber<World>>>, _: &Self::Cli) {
        // The features were parsed before; what cannot be run now is ended by `Running::cut_off`.
        let Ok(event) = event else { return };
        let Cucumber::Feature(_, event) = event.value else { return };
        let (scenario, event) = match event {
            Feature::Scenario(scenario, event) | Feature::Rule(_, cucumber::event::Rule::Scenario(scenario, event)) => {
                (scenario, event.event)
            }
            Feature::Started | Feature::Finished | Feature::Rule(..) => return,
        };
        self.scenario(&scenario.tags, event);
    }
}

impl cucumber::writer::Normalized for Collector {}

impl Collector {
    fn scenario(&self, tags: &[String], event: Scenario<World>) {
        match event {
            Scenario::Started => self.0.begin(tags),
            Scenario::Hook(_, Hook::Failed(_, info)) => {
                self.broken(tags, format!("a bug in authproof: the scenario's frame failed: {}", words(&info)));
            }
            Scenario::Hook(_, Hook::Started | Hook::Passed) | Scenario::Log(_) => {}
            Scenario::Background(step, event) | Scenario::Step(step, event) => {
                self.step(tags, &format!("{}{}", step.keyword, step.value), event);
            }
            Scenario::Finished => self.0.finish(tags),
        }
    }

    fn step(&self, tags: &[String], text: &str, event: Step<World>) {
        let status = match event {
            Step::Started => return,
            Step::Passed(..) => StepStatus::Passed,
            Step::Skipped => {
                self.broken(tags, format!("no step fits `{text}`"));
                StepStatus::Failed
            }
            Step::Failed(.., error) => {
                self.broken(tags, reason(text, &error));
                StepStatus::Failed
            }
        };
        if let Some(mut entry) = self.0.entry(tags) {
            entry.steps.push(StepOutcome { text: text.to_owned(), status });
        }
    }

    fn broken(&self, tags: &[String], reason: String) {
        if let Some(mut entry) = self.0.entry(tags) {
            entry.broken.get_or_insert(reason);
        }
    }
}

fn reason(text: &str, error: &StepError) -> String {
    match error {
        StepError::NotFound => format!("no step fits `{text}`"),
        StepError::AmbiguousMatch(_) => format!("several steps fit `{text}`"),
        StepError::Panic(info) => words(info),
    }
}

/// What a step returned or panicked with.
fn words(info: &Info) -> String {
    let info: &Info = info;
    let any = Arc::as_ref(info);
    let text = any.downcast_ref::<String>().map(String::as_str).or_else(|| any.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked without a message").to_owned()
}
