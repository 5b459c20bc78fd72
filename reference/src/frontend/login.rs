//! The start of a login: what the browser carries to the provider, and what is kept for its return.

use std::sync::atomic::Ordering;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower_sessions::Session;
use url::{Url, form_urlencoded};

use super::identity::{BROWSER, SessionError};
use super::{Frontend, page, return_to};
use crate::defects::Defect;
use crate::random;
use crate::store::PendingLogin;

/// `/login`
pub(super) async fn login(
    State(frontend): State<Frontend>,
    session: Session,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Ok(metadata) = frontend.provider.metadata().await else { return page::unavailable() };
    let Ok(mut to) = Url::parse(&metadata.authorization_endpoint) else { return page::unavailable() };
    let wanted = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "return_to")
        .map(|(_, value)| value.into_owned());
    let Ok(login) = prepared(&frontend, &session, &headers, wanted.as_deref()).await else {
        return page::unavailable();
    };
    {
        // A query that the endpoint has already is kept (RFC 6749 section 3.1).
        let mut query = to.query_pairs_mut();
        query.append_pair("response_type", "code");
        query.append_pair("client_id", &frontend.client.id);
        query.append_pair("redirect_uri", &login.redirect_uri);
        query.append_pair("scope", scope(&frontend));
        query.append_pair("state", &login.state);
        query.append_pair("nonce", &login.nonce);
        if let Some(verifier) = &login.verifier {
            query.append_pair("code_challenge", &random::challenge(verifier));
            query.append_pair("code_challenge_method", "S256");
        }
    }
    (StatusCode::FOUND, [(header::LOCATION, String::from(to))]).into_response()
}

fn scope(frontend: &Frontend) -> &'static str {
    if frontend.defects.has(Defect::ScopeWithoutOpenid) { "email profile" } else { "openid email profile" }
}

/// A login with secrets of its own, kept for its callback.
async fn prepared(
    frontend: &Frontend,
    session: &Session,
    headers: &HeaderMap,
    wanted: Option<&str>,
) -> Result<PendingLogin, SessionError> {
    let defects = &frontend.defects;
    let browser = match session.get(BROWSER).await? {
        Some(browser) => browser,
        None => {
            let browser = random::secret();
            session.insert(BROWSER, &browser).await?;
            browser
        }
    };
    let login = PendingLogin {
        state: match defects.has(Defect::StateGuessable) {
            true => format!("login-{}", frontend.logins.fetch_add(1, Ordering::Relaxed)),
            false => random::secret(),
        },
        browser,
        nonce: match defects.has(Defect::NonceConstant) {
            true => "bm9uY2Ugb2YgdGhlIHJlZmVyZW5jZSBmcm9udGVuZCE".into(),
            false => random::secret(),
        },
        verifier: match (defects.has(Defect::PkceMissing), defects.has(Defect::CodeInjection)) {
            (true, _) => None,
            (false, true) => Some(frontend.verifier.to_string()),
            (false, false) => Some(random::secret()),
        },
        redirect_uri: redirect_uri(frontend, headers),
        return_to: return_to::checked(wanted, defects),
    };
    frontend.store.add_login(&login)?;
    Ok(login)
}

/// As it is registered: from the settings, whatever the request says.
fn redirect_uri(frontend: &Frontend, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match host.filter(|_| frontend.defects.has(Defect::HostHeaderInRedirectUri)) {
        Some(host) => format!("{}://{host}/callback", if frontend.is_https() { "https" } else { "http" }),
        None => format!("{}/callback", frontend.origin),
    }
}
