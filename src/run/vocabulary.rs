//! The steps that are registered in this program, ours and those of the program that uses the library.

use cucumber::World as _;
use cucumber::gherkin::{LineCol, Span, Step, StepType};

use crate::suite::StepMatch;
use crate::world::World;

/// One step that features may use.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct StepUsage {
    /// `Given`, `When` or `Then`.
    pub keyword: &'static str,
    /// The pattern that a step's text must match, as a regular expression.
    pub pattern: String,
    /// The file that defines it, and the line.
    pub file: String,
    pub line: u32,
}

/// Every registered step, by keyword and pattern.
pub fn vocabulary() -> Vec<StepUsage> {
    use cucumber::codegen::{StepConstructor, WorldInventory};
    fn usage<T: StepConstructor<World> + inventory::Collect>(keyword: &'static str) -> Vec<StepUsage> {
        let steps = inventory::iter::<T>.into_iter().map(StepConstructor::inner);
        let usage = |(location, regex, _): (cucumber::step::Location, cucumber::codegen::LazyRegex, _)| StepUsage {
            keyword,
            pattern: regex().as_str().trim_start_matches('^').trim_end_matches('$').to_owned(),
            file: location.path.to_owned(),
            line: location.line,
        };
        steps.map(usage).collect()
    }
    let mut all = usage::<<World as WorldInventory>::Given>("Given");
    all.extend(usage::<<World as WorldInventory>::When>("When"));
    all.extend(usage::<<World as WorldInventory>::Then>("Then"));
    all.sort_by(|a, b| (a.keyword, &a.pattern).cmp(&(b.keyword, &b.pattern)));
    all
}

/// How many registered steps fit a keyword kind (`given`, `when`, `then`) and a text; for `suite::lint`.
pub fn knows_step() -> impl Fn(&str, &str) -> StepMatch {
    let steps = World::collection();
    let words = vocabulary();
    move |kind, text| {
        let (ty, keyword) = match kind {
            "given" => (StepType::Given, "Given"),
            "when" => (StepType::When, "When"),
            _ => (StepType::Then, "Then"),
        };
        match steps.find(&step(ty, keyword, text)) {
            Ok(Some(_)) => StepMatch::One,
            Ok(None) => StepMatch::None { nearest: nearest(&words, keyword, text) },
            Err(_) => StepMatch::Several,
        }
    }
}

fn step(ty: StepType, keyword: &str, text: &str) -> Step {
    Step {
        keyword: keyword.into(),
        ty,
        value: text.into(),
        docstring: None,
        table: None,
        span: Span { start: 0, end: 0 },
        position: LineCol { line: 1, col: 1 },
    }
}

fn nearest(words: &[StepUsage], keyword: &str, text: &str) -> Option<String> {
    let same = words.iter().filter(|step| step.keyword == keyword);
    let likeness = |step: &StepUsage| strsim::sorensen_dice(&step.pattern, text);
    let best = same.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > 0.5).then(|| best.pattern.clone())
}
