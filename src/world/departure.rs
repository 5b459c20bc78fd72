//! From the words of a step to an order to the provider.

use mock_idp::Action;
use mock_idp::Endpoint;
use mock_idp::Recipe;
use mock_idp::Trigger;

use super::login::Stimulus;
use crate::catalogue::TokenKind;
use crate::catalogue::find_recipe;

/// The next id_token departs as `words` say.
///
/// # Errors
/// No recipe has that name; the message names the nearest.
pub fn id_token(words: &str) -> Result<Stimulus, String> {
    let recipe = find_recipe(TokenKind::IdToken, words)?.clone();
    Ok(Stimulus { words: words.into(), on: Trigger::from(Endpoint::Token), action: Action::IdToken(recipe) })
}

/// An access token that departs as `words` say.
///
/// # Errors
/// No recipe has that name; the message names the nearest.
pub fn access_token(words: &str) -> Result<Recipe, String> {
    find_recipe(TokenKind::AccessToken, words).cloned()
}
