//! What a request got: the protected content, or not.

use serde_json::Value;

use crate::evidence::Exchange;
use crate::target::UserLookup;

/// Who the service says is signed in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    pub subject: Option<String>,
    pub email: Option<String>,
}

impl Identity {
    /// For messages: "`sub-1` (a@b.test)".
    pub fn words(&self) -> String {
        match (&self.subject, &self.email) {
            (Some(subject), Some(email)) if subject != email => format!("`{subject}` ({email})"),
            (Some(text), _) | (None, Some(text)) => format!("`{text}`"),
            (None, None) => "somebody".into(),
        }
    }

    /// What a lookup has told is this identity, in every part that it tells.
    pub fn agrees_with(&self, told: &Self) -> bool {
        let agrees = |told: &Option<String>, expected: &Option<String>| match (told, expected) {
            (Some(told), Some(expected)) => told == expected,
            (None, _) | (_, None) => true,
        };
        agrees(&told.subject, &self.subject) && agrees(&told.email, &self.email)
    }
}

/// What a browser or a token got at a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// The user lookup names somebody.
    As(Identity),
    /// A protected path opened; nothing says for whom.
    Somebody,
    /// Nothing protected was shown.
    Nobody { seen: String },
    /// It cannot be told: no answer came.
    Unclear { reason: String },
}

/// What the two questions "who am I?" and "may I see this?" were answered with, taken together.
///
/// Either one that opens is access: a service whose user lookup fails while its pages open has let somebody in.
pub fn access_of(lookup: Option<(&UserLookup, &Exchange)>, protected: &Exchange) -> Access {
    if let Some((settings, exchange)) = lookup
        && let Some(identity) = identity_in(settings, exchange)
    {
        return Access::As(identity);
    }
    match (&protected.response, lookup.map(|(_, exchange)| &exchange.response)) {
        (Ok(response), _) if response.is_success() => Access::Somebody,
        (_, Some(Ok(response))) if response.is_success() => Access::Somebody,
        (Ok(_), None | Some(Ok(_))) => Access::Nobody { seen: describe(protected) },
        (Err(failure), _) | (_, Some(Err(failure))) => Access::Unclear { reason: failure.to_string() },
    }
}

/// The identity that a user lookup's answer names; `None` where it names nobody.
fn identity_in(settings: &UserLookup, exchange: &Exchange) -> Option<Identity> {
    exchange.response.as_ref().ok().filter(|response| response.is_success())?;
    let body = exchange.body_json()?;
    let text = |path: &Option<String>| path.as_deref().and_then(|path| find_text(&body, path));
    let identity = Identity { subject: text(&settings.subject), email: text(&settings.email) };
    (identity != Identity::default()).then_some(identity)
}

/// The text or number at a JSON path of plain members: `$.user.user_id`.
fn find_text(body: &Value, path: &str) -> Option<String> {
    let mut pointer = path.trim_start_matches('$').split('.').filter(|name| !name.is_empty());
    let found = pointer.try_fold(body, |value, name| value.get(name))?;
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `GET /api/me → 302, location https://idp/...`, or why there is no answer.
pub fn describe(exchange: &Exchange) -> String {
    let request = format!("{} {}", exchange.request.method, shown_target(&exchange.request.target));
    match &exchange.response {
        Ok(response) => match response.headers.find("location") {
            Some(location) => {
                let place = location.split('?').next().unwrap_or_default();
                format!("{request} → {}, location {place}", response.status)
            }
            None => format!("{request} → {}", response.status),
        },
        Err(failure) => format!("{request} → {failure}"),
    }
}

/// The target without long values in its query: those are tokens, codes and states.
fn shown_target(target: &str) -> String {
    const LONGEST: usize = 40;
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if value.len() > LONGEST || matches!(name, "code" | "state" | "nonce") => {
            format!("{name}=…")
        }
        Some(_) => pair.to_owned(),
        None if pair.len() > LONGEST => "…".to_owned(),
        None => pair.to_owned(),
    });
    format!("{path}?{}", shown.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_no_long_value_of_a_query() {
        let token = "x".repeat(41);

        assert_eq!(shown_target(&format!("/me?access_token={token}&x=/health")), "/me?access_token=…&x=/health");
        assert_eq!(shown_target("/callback?code=abc&state=def"), "/callback?code=…&state=…");
        assert_eq!(shown_target(&format!("/me?{token}")), "/me?…");
        assert_eq!(shown_target("/a/../b"), "/a/../b");
    }
}
