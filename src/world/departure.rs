//! From the words of a step to an order to the provider.

use mock_idp::Action;
use mock_idp::AuthorizationResponse;
use mock_idp::Endpoint;
use mock_idp::Members;
use mock_idp::Recipe;
use mock_idp::Trigger;

use super::login::Stimulus;
use crate::catalogue::TokenKind;
use crate::catalogue::find_recipe;

/// Harmless, and nothing that a page holds by chance.
pub const SCRIPT: &str = "<script>authproof()</script>";

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

/// The next token response departs as `words` say: `id_token is missing`.
///
/// # Errors
/// The words are none of those that are understood.
pub fn token_response(words: &str) -> Result<Stimulus, String> {
    let mut members = Members::default();
    match words.split_once(" is ") {
        Some((name @ ("id_token" | "access_token"), "missing")) => members.remove.push(name.into()),
        Some((name @ ("id_token" | "access_token"), "null")) => {
            members.set.insert(name.into(), serde_json::Value::Null);
        }
        Some((name @ ("id_token" | "access_token"), "a number")) => {
            members.set.insert(name.into(), 1.into());
        }
        Some((_, _)) | None => {
            return Err(format!(
                "`{words}` is not understood; say `id_token` or `access_token`, then `is missing`, `is null` or `is a number`"
            ));
        }
    }
    Ok(Stimulus { words: words.into(), on: Trigger::from(Endpoint::Token), action: Action::TokenResponse(members) })
}

/// The provider refuses the next authorization request with `error`, and says `description` about it.
pub fn refusal(error: &str, description: Option<&str>) -> Stimulus {
    let response = AuthorizationResponse {
        error: Some(error.into()),
        error_description: description.map(str::to_owned),
        ..AuthorizationResponse::default()
    };
    Stimulus {
        words: format!("the provider answered with the error {error}"),
        on: Trigger::from(Endpoint::Authorization),
        action: Action::Authorization(response),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_departures_are_understood() {
        for words in ["id_token is missing", "id_token is null", "id_token is a number", "access_token is missing"] {
            assert!(token_response(words).is_ok(), "{words}");
        }
        assert!(token_response("id_token is odd").is_err());
        assert!(token_response("state is missing").is_err());
    }
}
