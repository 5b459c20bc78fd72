//! Everything that can be wrong with feature files, with the place and the remedy.

use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};

/// Every mistake found in the feature files, in the order of the files and their lines.
#[derive(Debug)]
pub struct SuiteErrors {
    pub mistakes: Vec<Mistake>,
}

/// One mistake and its place.
#[derive(Debug)]
pub struct Mistake {
    pub file: String,
    /// Counted from 1; `None` if it concerns the file as a whole.
    pub line: Option<usize>,
    pub error: SuiteError,
    source: Option<NamedSource<Arc<str>>>,
    span: Option<SourceSpan>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum SuiteError {
    #[error("it cannot be read: {reason}")]
    #[diagnostic(code("suite::unreadable"), help("check the path and its permissions"))]
    Unreadable { reason: String },
    #[error("it is not a folder")]
    #[diagnostic(code("suite::not-a-folder"), help("give the folder that holds the `.feature` files"))]
    NotAFolder,
    #[error("there is no `.feature` file in this folder or below it")]
    #[diagnostic(code("suite::no-files"), help("give the folder that holds the `.feature` files"))]
    NoFiles,
    #[error("the folder leads back to itself through a symbolic link")]
    #[diagnostic(code("suite::link-loop"), help("remove the link, or give a folder without it"))]
    LinkLoop,
    #[error("the file is not UTF-8: byte {offset} cannot be read")]
    #[diagnostic(code("suite::not-utf8"), help("save the file as UTF-8"))]
    NotUtf8 { offset: usize },
    #[error("the file has {bytes} bytes; the limit is {limit}")]
    #[diagnostic(code("suite::too-large"), help("split it: a feature file is meant to be read"))]
    TooLarge { bytes: usize, limit: usize },

    #[error("there is no feature in this file")]
    #[diagnostic(code("suite::no-feature"), help("begin with `Feature: <what it is about>`"))]
    NoFeature,
    #[error("a second `Feature:` in one file")]
    #[diagnostic(code("suite::second-feature"), help("put it into a file of its own"))]
    SecondFeature,
    #[error("there is no scenario in this file")]
    #[diagnostic(
        code("suite::no-scenario"),
        help("add `Scenario: <what holds>`; a file without one would pass unread")
    )]
    NoScenario,
    #[error("the rule has no scenario")]
    #[diagnostic(code("suite::empty-rule"), help("add a scenario below it, or remove the rule"))]
    EmptyRule,
    #[error("the {block} has no steps")]
    #[diagnostic(
        code("suite::no-steps"),
        help("add steps that begin with `Given`, `When` or `Then`; without them it would pass untested")
    )]
    NoSteps { block: &'static str },
    #[error("the {block} has no title")]
    #[diagnostic(code("suite::no-title"), help("say after the colon what holds, in the present tense"))]
    NoTitle { block: &'static str },
    #[error("the scenario has no `Then`: it cannot fail")]
    #[diagnostic(code("suite::no-then"), help("end it with `Then <what must hold>`"))]
    NoThen,
    #[error("`{found}` looks like `{keyword}`; as it stands it is no keyword")]
    #[diagnostic(
        code("suite::misspelt-keyword"),
        help("write `{keyword}`; if it is meant as a description, begin the line with another word")
    )]
    MisspeltKeyword { found: String, keyword: String },
    #[error("a step without its keyword, which would be read as a description")]
    #[diagnostic(code("suite::swallowed-step"), help("begin the line with `Given`, `When`, `Then`, `And` or `But`"))]
    SwallowedStep,
    #[error("`{found}` is neither a step nor a keyword")]
    #[diagnostic(
        code("suite::stray-text"),
        help("a line after the first step is a step, a table, a doc string, a tag or a keyword with its colon")
    )]
    StrayText { found: String },
    #[error("`*` instead of a keyword: it would be read as `Given`, whatever stands before it")]
    #[diagnostic(code("suite::star-step"), help("write `Given`, `When`, `Then`, `And` or `But`"))]
    StarStep,
    #[error("a comment at the end of a line would become part of its text")]
    #[diagnostic(code("suite::comment-behind-text"), help("put the comment on a line of its own"))]
    CommentBehindText,
    #[error("a tab")]
    #[diagnostic(code("suite::tab"), help("use spaces"))]
    Tab,
    #[error("text stands beside the marks of a doc string and would become part of it")]
    #[diagnostic(code("suite::doc-string-marks"), help("leave the three marks alone on their lines"))]
    DocStringMarks,
    #[error("a doc string that belongs to no step")]
    #[diagnostic(code("suite::stray-doc-string"), help("put it directly below its step"))]
    StrayDocString,
    #[error("the doc string that begins here has no end")]
    #[diagnostic(code("suite::open-doc-string"), help("close it with the same three marks on a line of their own"))]
    OpenDocString,
    #[error("the file is written in the language `{language}`")]
    #[diagnostic(code("suite::language"), help("write English keywords: misspelt ones can only be found in English"))]
    Language { language: String },
    #[error("found `{found}`, which cannot be read as Gherkin here; expected {expected}")]
    #[diagnostic(
        code("suite::syntax"),
        help(
            "the order is: tags, `Feature:`, description, `Background:`, scenarios with their `Examples:`, then rules"
        )
    )]
    Syntax { found: String, expected: String },

    #[error("the row has {found} cells, the first row of its table has {expected}")]
    #[diagnostic(code("suite::row-width"), help("give every row as many cells as the first one"))]
    RowWidth { found: usize, expected: usize },
    #[error("the row does not end with `|`")]
    #[diagnostic(code("suite::open-row"), help("close it with `|`"))]
    OpenRow,
    #[error("a backslash that escapes nothing")]
    #[diagnostic(
        code("suite::row-escape"),
        help("write `\\\\` for a backslash, `\\|` for a bar, `\\n` for a new line")
    )]
    RowEscape,
    #[error("the outline has no `Examples:`")]
    #[diagnostic(code("suite::no-examples"), help("add `Examples:` with a table, or write `Scenario:`"))]
    NoExamples,
    #[error("the examples have no rows")]
    #[diagnostic(
        code("suite::empty-examples"),
        help("add a header row and at least one more; without them the scenario disappears")
    )]
    EmptyExamples,
    #[error("column {column} of the examples has no name")]
    #[diagnostic(code("suite::unnamed-column"), help("name it in the header row"))]
    UnnamedColumn { column: usize },
    #[error("the column `{name}` stands twice in the header row")]
    #[diagnostic(code("suite::column-twice"), help("give each column its own name"))]
    ColumnTwice { name: String },
    #[error("`<{name}>` has no column in the examples")]
    #[diagnostic(
        code("suite::no-column"),
        help("add the column; text that only looks like a placeholder goes into a cell or a doc string")
    )]
    NoColumn { name: String },
    #[error("the column `{name}` is used nowhere")]
    #[diagnostic(
        code("suite::unused-column"),
        help("write `<{name}>` in the title or in a step, or remove the column")
    )]
    UnusedColumn { name: String },
    #[error("the title `{title}` stands already on line {first}")]
    #[diagnostic(code("suite::title-twice"), help("results are told apart by their titles: give each its own"))]
    TitleTwice { title: String, first: usize },

    #[error("the tag `@{tag}` is not allowed: it changes what counts as passed")]
    #[diagnostic(code("suite::forbidden-tag"), help("remove it; {instead}"))]
    ForbiddenTag { tag: String, instead: &'static str },
    #[error("the tag `@{tag}` is not known")]
    #[diagnostic(
        code("suite::unknown-tag"),
        help("known are `@id:`, `@needs:`, `@each:`, `@exclusive`, and `@tag:<word>` for marks of your own")
    )]
    UnknownTag { tag: String },
    #[error("there is no check `{id}`{}", suggestion(.nearest))]
    #[diagnostic(
        code("suite::unknown-check"),
        help("`authproof list` shows all checks; a scenario of your own needs none")
    )]
    UnknownCheck { id: String, nearest: Option<String> },
    #[error("the scenario names no check")]
    #[diagnostic(
        code("suite::no-check"),
        help("tag it `@id:<check>`, and describe the check in the `checks.yaml` beside it")
    )]
    NoCheck,
    #[error("the scenario names more than one check")]
    #[diagnostic(code("suite::several-checks"), help("one verdict answers one question: split the scenario"))]
    SeveralChecks,
    #[error("there is no capability `{name}`{}", suggestion(.nearest))]
    #[diagnostic(code("suite::unknown-need"), help("known are {known}"))]
    UnknownNeed { name: String, nearest: Option<String>, known: String },
    #[error("there is nothing `@each:{name}` could stand for{}", suggestion(.nearest))]
    #[diagnostic(code("suite::unknown-each"), help("known are {known}"))]
    UnknownEach { name: String, nearest: Option<String>, known: String },
    #[error("`@each:` belongs above `Examples:`")]
    #[diagnostic(code("suite::misplaced-each"), help("put it on the line above the `Examples:` whose rows it repeats"))]
    MisplacedEach,
    #[error("the examples have more than one `@each:`")]
    #[diagnostic(code("suite::several-each"), help("make a table for each of them"))]
    SeveralEach,
    #[error("no cell of these examples is filled in by `@each:{each}`")]
    #[diagnostic(code("suite::each-without-star"), help("write `*` into the cells of {columns}, or remove the tag"))]
    EachWithoutStar { each: &'static str, columns: String },
    #[error("nothing fills in the `*` of the column `{column}`")]
    #[diagnostic(code("suite::unfilled-star"), help("{remedy}; write `\\\\*` for a plain star"))]
    UnfilledStar { column: String, remedy: String },

    #[error("there is no step `{keyword} {text}`{}", suggestion(.nearest))]
    #[diagnostic(
        code("suite::unknown-step"),
        help("`authproof steps` shows all steps; the kind of keyword counts, too")
    )]
    UnknownStep { keyword: &'static str, text: String, nearest: Option<String> },
    #[error("`{keyword} {text}` fits more than one step")]
    #[diagnostic(code("suite::ambiguous-step"), help("quote its arguments, or word it as `authproof steps` shows it"))]
    AmbiguousStep { keyword: &'static str, text: String },
}

/// The end of a message that suggests a name.
pub(super) fn suggestion(name: &Option<String>) -> String {
    name.as_ref().map(|name| format!("; the nearest is `{name}`")).unwrap_or_default()
}

impl Mistake {
    /// A mistake that concerns a file or folder as a whole.
    pub(super) fn of_file(file: impl Into<String>, error: SuiteError) -> Self {
        Self { file: file.into(), line: None, error, source: None, span: None }
    }

    /// A mistake on a line of `text`.
    pub(super) fn on_line(file: &str, text: &Arc<str>, line: usize, error: SuiteError) -> Self {
        let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let whole = text[start..].lines().next().unwrap_or_default();
        let indent = whole.len() - whole.trim_start().len();
        let span = SourceSpan::from((start + indent, whole.trim().len()));
        Self {
            file: file.to_owned(),
            line: Some(line),
            error,
            source: Some(NamedSource::new(file, Arc::clone(text))),
            span: Some(span),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.error),
            None => write!(f, "{}: {}", self.file, self.error),
        }
    }
}

impl std::error::Error for Mistake {}

impl Diagnostic for Mistake {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.error.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.error.help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span?;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some("here".into()), span))))
    }
}

impl fmt::Display for SuiteErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.as_slice() {
            [one] => write!(f, "the feature files have a mistake in {}", one.file),
            many => write!(f, "the feature files have {} mistakes", many.len()),
        }
    }
}

impl std::error::Error for SuiteErrors {}

impl Diagnostic for SuiteErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.mistakes.iter().map(|mistake| mistake as &dyn Diagnostic)))
    }
}
