//! Which of a scenario's exchanges decided, in one line each.

use crate::evidence::{Party, RecordedExchange};
use crate::outcome::ScenarioOutcome;

/// The most lines of one step.
const MOST: usize = 6;

/// The longest request target that is shown whole.
const TARGET: usize = 90;

/// The exchanges that decided.
pub(super) struct Deciding<'a> {
    /// Those of the step before: the accepted twin, where there is one.
    pub control: Vec<&'a RecordedExchange>,
    /// Those of the last step that sent something.
    pub act: Vec<&'a RecordedExchange>,
}

pub(super) fn deciding(scenario: &ScenarioOutcome) -> Deciding<'_> {
    // What the provider and the stand-ins tell at the end belongs to no step.
    let of_steps: Vec<&RecordedExchange> =
        scenario.exchanges.iter().filter(|exchange| exchange.step.is_some()).collect();
    let last = of_steps.last().and_then(|exchange| exchange.step.as_deref());
    let (act, before): (Vec<_>, Vec<_>) = of_steps.into_iter().partition(|exchange| exchange.step.as_deref() == last);
    let step_before = before.last().and_then(|exchange| exchange.step.as_deref());
    let mut control = before;
    control.retain(|exchange| exchange.step.as_deref() == step_before);
    Deciding { control: tail(control, 2), act: tail(act, MOST) }
}

/// `alice's browser → frontend  GET /callback?code=... → 302, location http://...`
pub(super) fn line(exchange: &RecordedExchange) -> String {
    let request = &exchange.request;
    let answer = match &exchange.response {
        Ok(response) => {
            let location = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
            match location {
                Some((_, to)) => format!("{}, location {}", response.status, to.split('?').next().unwrap_or_default()),
                None => response.status.to_string(),
            }
        }
        Err(reason) => reason.clone(),
    };
    format!(
        "#{} {} → {}  {} {} → {answer}",
        exchange.number,
        party(&exchange.from),
        party(&exchange.to),
        request.method,
        cut(&request.target)
    )
}

fn party(party: &Party) -> String {
    match party {
        Party::Browser(person) => format!("{person}'s browser"),
        Party::Client => "client".into(),
        Party::Service(name) => name.clone(),
        Party::Idp => "provider".into(),
        Party::Downstream(name) => format!("{name}'s stand-in"),
    }
}

fn cut(target: &str) -> String {
    match target.char_indices().nth(TARGET) {
        Some((end, _)) => format!("{}…", &target[..end]),
        None => target.to_owned(),
    }
}

fn tail<T>(mut items: Vec<T>, most: usize) -> Vec<T> {
    items.split_off(items.len().saturating_sub(most))
}
