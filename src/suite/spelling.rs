//! Near misses: which known name was probably meant, and which line was probably meant as a keyword.

use strsim::damerau_levenshtein;

pub(super) use crate::target::nearest;

/// Words of ordinary prose that lie within reach of a step keyword.
const PROSE: [&str; 46] = [
    "a", "ad", "add", "all", "an", "any", "are", "as", "at", "be", "bit", "both", "bug", "by", "cut", "each", "end",
    "even", "gives", "given:", "he", "her", "here", "it", "its", "open", "out", "put", "she", "such", "than", "that",
    "the", "their", "them", "there", "these", "they", "this", "those", "thus", "token", "us", "what", "where", "who",
];

/// Keywords that open a block; a colon follows.
const BLOCKS: [&str; 11] = [
    "Feature",
    "Background",
    "Rule",
    "Scenario Outline",
    "Scenario Template",
    "Scenarios",
    "Scenario",
    "Examples",
    "Example",
    "Ability",
    "Business Need",
];

/// Keywords that open a step.
const STEPS: [&str; 5] = ["Given", "When", "Then", "And", "But"];

/// A line of a description that was probably meant to open a block: what was found and the keyword.
pub(super) fn near_block(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    if let Some((head, _)) = line.split_once(':') {
        let reach = if head.chars().count() <= 4 { 1 } else { 2 };
        if let Some(keyword) = within(head.trim_end(), &BLOCKS, reach) {
            return Some((format!("{}:", head.trim_end()), format!("{keyword}:")));
        }
    }
    // Without a colon only long words are telling: `Rule` begins many a sentence.
    let words: Vec<&str> = line.split_whitespace().collect();
    let two = words.get(..2).map(|words| words.join(" "));
    let one = words.first().copied().unwrap_or_default().trim_end_matches(':');
    if let Some((two, keyword)) =
        two.and_then(|two| within(&two, &["Scenario Outline"], 2).map(|keyword| (two, keyword)))
    {
        return Some((two, format!("{keyword}:")));
    }
    let long = ["Scenario", "Background", "Examples", "Feature"];
    let reach = if one.chars().next().is_some_and(char::is_uppercase) { 2 } else { 0 };
    within(one, &long, reach).map(|keyword| (one.to_owned(), format!("{keyword}:")))
}

/// A line of a description that was probably meant to be a step: what was found and the keyword.
pub(super) fn near_step(line: &str) -> Option<(String, String)> {
    let first = line.split_whitespace().next()?;
    if PROSE.contains(&first.to_lowercase().as_str()) {
        return None;
    }
    let bare = first.trim_end_matches(|c: char| c.is_ascii_punctuation());
    let reach = if bare.chars().count() <= 3 { 1 } else { 2 };
    within(bare, &STEPS, reach).map(|keyword| (first.to_owned(), keyword.to_owned()))
}

fn within<'a>(word: &str, keywords: &[&'a str], reach: usize) -> Option<&'a str> {
    let word = word.to_lowercase();
    keywords
        .iter()
        .map(|keyword| (damerau_levenshtein(&word, &keyword.to_lowercase()), *keyword))
        .filter(|(distance, _)| *distance <= reach)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, keyword)| keyword)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_block_keywords_are_recognised() {
        for line in
            ["Scenaro: s", "scenario: s", "Scenario s", "Scenario Outlin: s", "Exmaples:", "Backgroud:", "Rul: x"]
        {
            assert!(near_block(line).is_some(), "{line}");
        }
    }

    #[test]
    fn misspelt_step_keywords_are_recognised() {
        for line in ["Givenn x", "given x", "Givn x", "Whne x", "Thne x", "Adn x", "Btu x", "Then: x", "THEN x"] {
            assert!(near_step(line).is_some(), "{line}");
        }
    }

    #[test]
    fn prose_is_not_taken_for_keywords() {
        for line in ["The provider is down.", "This holds for every service", "A token tells who", "Note: see below"] {
            assert_eq!(near_block(line), None, "{line}");
            assert_eq!(near_step(line), None, "{line}");
        }
    }

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["frontend", "metadata"];

        assert_eq!(nearest("fronted", known).as_deref(), Some("frontend"));
        assert_eq!(nearest("gateway", known), None);
    }
}
