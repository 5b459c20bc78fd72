//! The logout: first here, then at the provider (OpenID Connect RP-Initiated Logout 1.0).

use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower_sessions::Session;
use url::{Url, form_urlencoded};

use super::identity::{BROWSER, COMPANION, SIGNED_IN, SessionError, SignedIn};
use super::{Frontend, cookies, page};
use crate::defects::Defect;
use crate::random;

/// `/logout`
pub(super) async fn logout(State(frontend): State<Frontend>, session: Session, RawQuery(query): RawQuery) -> Response {
    let Ok(ended) = end_session(&frontend, &session).await else { return page::unavailable() };
    let mut response = match destination(&frontend, ended, query.as_deref().unwrap_or_default()).await {
        Some(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        None => page::logged_out(),
    };
    forget_cookies(&frontend, &mut response);
    response
}

/// A login that has been ended here.
struct Ended {
    id_token: Option<String>,
}

/// Ends the session on the server; `None` if nobody was signed in.
async fn end_session(frontend: &Frontend, session: &Session) -> Result<Option<Ended>, SessionError> {
    let (defects, store) = (&frontend.defects, &frontend.store);
    let Some(signed_in) = session.get::<SignedIn>(SIGNED_IN).await? else { return Ok(None) };
    let id_token = store.find_grant(&signed_in.grant)?.and_then(|grant| grant.id_token);
    let ended = Some(Ended { id_token });
    if defects.has(Defect::LogoutOnlyDeletesCookie) {
        return Ok(ended);
    }
    if defects.has(Defect::LogoutKeepsCookie) {
        session.cycle_id().await?;
        return Ok(ended);
    }
    if defects.has(Defect::OldCookieRevived) {
        let browser: String = session.get(BROWSER).await?.unwrap_or_default();
        store.suspend(&browser, &signed_in.iss, &signed_in.sub)?;
        return Ok(ended);
    }
    if defects.has(Defect::LogoutEndsAllSessions) {
        store.end_sessions_of(&signed_in.iss, &signed_in.sub)?;
    }
    store.remove_grant(&signed_in.grant)?;
    session.flush().await?;
    Ok(ended)
}

/// Where the browser goes next; `None` if there is nobody else to tell. The request has no say in it.
async fn destination(frontend: &Frontend, ended: Option<Ended>, query: &str) -> Option<String> {
    if frontend.defects.has(Defect::LogoutOpenRedirect) {
        let names = ["return_to", "next", "redirect", "redirect_uri", "post_logout_redirect_uri"];
        let wanted = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| names.contains(&&**name));
        if let Some((_, to)) = wanted {
            return Some(to.into_owned());
        }
    }
    if frontend.defects.has(Defect::EndSessionNotCalled) {
        return None;
    }
    // Without a login of ours to end, the provider's is not ours to end either.
    let ended = ended?;
    let metadata = frontend.provider.metadata().await.ok()?;
    let mut to = Url::parse(&metadata.end_session_endpoint?).ok()?;
    to.query_pairs_mut()
        .extend_pairs(ended.id_token.map(|id_token| ("id_token_hint", id_token)))
        .append_pair("client_id", &frontend.client.id)
        .append_pair("post_logout_redirect_uri", &format!("{}/", frontend.origin))
        .append_pair("state", &random::secret());
    Some(to.into())
}

/// The session's end deletes its cookie; the defects that keep the session delete it by hand.
fn forget_cookies(frontend: &Frontend, response: &mut Response) {
    let defects = &frontend.defects;
    let forget = |name: &str| format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    let mut forgotten = Vec::new();
    if defects.has(Defect::LogoutOnlyDeletesCookie) || defects.has(Defect::OldCookieRevived) {
        forgotten.push(forget(cookies::session_name(frontend.is_https())));
    }
    if defects.has(Defect::PublishedCookieKey) {
        forgotten.push(forget(COMPANION));
    }
    for cookie in forgotten {
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}
