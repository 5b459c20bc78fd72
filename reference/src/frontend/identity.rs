//! Who a browser's session says is signed in.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use tower_sessions::session;

use super::{Frontend, cookies, page};
use crate::defects::Defect;
use crate::jws::Jws;
use crate::store::{StoreError, User};

/// The member of the session that a login sets.
pub(super) const SIGNED_IN: &str = "signed_in";

/// The member of the session that binds pending logins to the browser.
pub(super) const BROWSER: &str = "browser";

/// The companion cookie of defect `published-cookie-key`, and its key, as found in many a tutorial.
pub(super) const COMPANION: &str = "user";
const TUTORIAL_KEY: &[u8] = b"secret";

/// What the session keeps of a login: whose it is, and the name of its tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SignedIn {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) grant: String,
}

/// Somebody with a live session.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) user: User,
    pub(super) grant: String,
}

/// The gate notes who calls; a handler that is reached without its note refuses.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        parts.extensions.get().cloned().ok_or_else(page::login_required)
    }
}

/// Sessions cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    #[error(transparent)]
    Session(#[from] session::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The person whose session this is.
pub(super) async fn caller(
    frontend: &Frontend,
    session: &Session,
    headers: &HeaderMap,
) -> Result<Option<Caller>, SessionError> {
    let Some(SignedIn { iss, sub, grant }) = session.get(SIGNED_IN).await? else { return Ok(None) };
    if frontend.defects.has(Defect::OldCookieRevived)
        && let Some(browser) = session.get::<String>(BROWSER).await?
        && frontend.store.is_suspended(&browser)?
    {
        return Ok(None);
    }
    let (iss, sub) = match frontend.defects.has(Defect::PublishedCookieKey) {
        false => (iss, sub),
        true => match told_by_companion(headers) {
            Some(told) => told,
            None => return Ok(None),
        },
    };
    Ok(frontend.store.find_user(&iss, &sub)?.map(|user| Caller { user, grant }))
}

/// The companion cookie's value for that user.
pub(super) fn companion(user: &User) -> Option<String> {
    let key = jsonwebtoken::EncodingKey::from_secret(TUTORIAL_KEY);
    let claims = serde_json::json!({ "iss": user.iss, "sub": user.sub });
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).ok()
}

fn told_by_companion(headers: &HeaderMap) -> Option<(String, String)> {
    let jws = Jws::read(cookies::find(headers, COMPANION)?).ok()?;
    let text = |name: &str| jws.claims.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    jws.is_keyed_with(TUTORIAL_KEY).then(|| text("iss").zip(text("sub"))).flatten()
}
