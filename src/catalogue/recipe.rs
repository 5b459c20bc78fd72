//! The recipes of `fixtures/recipes`: how a token departs from a valid one, by the words of a step.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use mock_idp::{Recipe, TokenKind};

type Recipes = BTreeMap<String, Recipe>;

static ID_TOKEN: LazyLock<Recipes> =
    LazyLock::new(|| parse(include_str!("../../fixtures/recipes/id_token.yaml")).expect("a test reads the same file"));

static ACCESS_TOKEN: LazyLock<Recipes> = LazyLock::new(|| {
    parse(include_str!("../../fixtures/recipes/access_token.yaml")).expect("a test reads the same file")
});

/// The recipe that completes the sentence "a token where ...".
///
/// # Errors
/// No recipe has that name; the message names the nearest.
pub fn find_recipe(kind: TokenKind, words: &str) -> Result<&'static Recipe, String> {
    let recipes = match kind {
        TokenKind::IdToken => &*ID_TOKEN,
        TokenKind::AccessToken => &*ACCESS_TOKEN,
        TokenKind::RefreshToken | TokenKind::LogoutToken => {
            return Err("there are no recipes for this kind of token".into());
        }
    };
    recipes.get(words).ok_or_else(|| {
        let nearest = recipes.keys().max_by(|a, b| strsim::jaro(a, words).total_cmp(&strsim::jaro(b, words)));
        let hint = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        format!("no recipe is called `{words}`{hint}")
    })
}

/// YAML is read by way of JSON, so that a recipe is spelled in a file as in the control API.
fn parse(text: &str) -> Result<Recipes, String> {
    let names: BTreeMap<String, serde_json::Value> = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let recipe = |(name, value)| match serde_json::from_value(value) {
        Ok(recipe) => Ok((name, recipe)),
        Err(error) => Err(format!("`{name}`: {error}")),
    };
    names.into_iter().map(recipe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipes_that_come_with_the_program_can_be_read() {
        let id_token = parse(include_str!("../../fixtures/recipes/id_token.yaml")).unwrap();
        let access_token = parse(include_str!("../../fixtures/recipes/access_token.yaml")).unwrap();

        assert!(id_token.len() > 50 && access_token.len() > 20);
    }

    #[test]
    fn a_misspelt_name_is_told_the_nearest() {
        let refused = find_recipe(TokenKind::IdToken, "aud is anoter client").unwrap_err();

        assert!(refused.contains("`aud is another client`"), "{refused}");
    }
}
