//! The end of a login: the provider's answer is checked, the code redeemed, the id_token validated, a session made.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};
use tower_sessions::{Expiry, Session};
use url::form_urlencoded;

use super::identity::{self, BROWSER, COMPANION, SIGNED_IN, SessionError, SignedIn};
use super::{Frontend, page};
use crate::clock::now;
use crate::defects::Defect;
use crate::id_token::{self, Expected, IdTokenError};
use crate::jws::{Jws, Refusal};
use crate::store::{Grant, PendingLogin, Profile, SESSION_LIFETIME, User};
use crate::tokens::{TokenError, TokenResponse};

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
enum RefusedLogin {
    /// No parameter may come twice (RFC 6749 section 3.1).
    #[error("the callback cannot be read")]
    Unreadable,
    #[error("this browser has not started this login")]
    NotStartedHere,
    #[error("the answer is another issuer's")]
    OtherIssuer,
    #[error("the provider refused the login")]
    ByProvider { error: String, description: String },
    #[error(transparent)]
    Tokens(#[from] TokenError),
    #[error("{error}")]
    IdToken { error: IdTokenError, response: TokenResponse },
    #[error("userinfo is about somebody else")]
    OtherSubject,
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// The parameters of an authorization response (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207).
#[derive(Default)]
struct AuthorizationResponse {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

impl AuthorizationResponse {
    fn read(query: &str) -> Result<Self, RefusedLogin> {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "state" => &mut read.state,
                "code" => &mut read.code,
                "iss" => &mut read.iss,
                "error" => &mut read.error,
                "error_description" => &mut read.error_description,
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(RefusedLogin::Unreadable);
            }
        }
        Ok(read)
    }
}

/// `/callback`
pub(super) async fn callback(
    State(frontend): State<Frontend>,
    session: Session,
    RawQuery(query): RawQuery,
) -> Response {
    match complete(&frontend, &session, query.as_deref().unwrap_or_default()).await {
        Ok((user, to)) => {
            let mut response = (StatusCode::FOUND, [(header::LOCATION, to)]).into_response();
            if frontend.defects.has(Defect::PublishedCookieKey) {
                set_companion(&mut response, &user);
            }
            response
        }
        Err(refused) => refusal(&frontend, &refused),
    }
}

/// Signs somebody in, or nobody. Tells who it is and where to go.
async fn complete(frontend: &Frontend, session: &Session, query: &str) -> Result<(User, String), RefusedLogin> {
    let response = AuthorizationResponse::read(query)?;
    let browser: String = session.get(BROWSER).await.map_err(SessionError::from)?.unwrap_or_default();
    let login = frontend.store.take_login(response.state.as_deref(), &browser).map_err(SessionError::from)?;
    let login = login.ok_or(RefusedLogin::NotStartedHere)?;
    check_issuer(frontend, response.iss.as_deref()).await?;
    if let Some(error) = response.error {
        let description = response.error_description.unwrap_or_default();
        return Err(RefusedLogin::ByProvider { error, description });
    }
    let code = response.code.filter(|code| !code.is_empty()).ok_or(RefusedLogin::Unreadable)?;
    let tokens = frontend.client.redeem(&code, &login).await?;
    let grant = tokens.grant()?;
    if frontend.defects.has(Defect::RefusedLoginLeavesTokens) {
        // Its answer is not needed; that it was asked is the mistake.
        let _ = frontend.client.userinfo(&grant.access_token).await;
    }
    let claims = match proven(frontend, &tokens, &login).await {
        Ok(claims) => claims,
        Err(error) => return Err(RefusedLogin::IdToken { error, response: tokens }),
    };
    let profile = profile(frontend, claims, &grant).await?;
    let user = sign_in(frontend, session, &profile, &grant).await?;
    Ok((user, login.return_to))
}

/// RFC 9207 section 2.4: compared before anything else is believed, and missed where the provider always sends it.
async fn check_issuer(frontend: &Frontend, told: Option<&str>) -> Result<(), RefusedLogin> {
    let is_ours = match told {
        Some(iss) => iss == frontend.provider.issuer(),
        None => {
            !frontend
                .provider
                .metadata()
                .await
                .map_err(TokenError::from)?
                .authorization_response_iss_parameter_supported
        }
    };
    if is_ours { Ok(()) } else { Err(RefusedLogin::OtherIssuer) }
}

/// The claims of the id_token, once it is proven to be the answer to this login.
async fn proven(
    frontend: &Frontend,
    tokens: &TokenResponse,
    login: &PendingLogin,
) -> Result<Map<String, Value>, IdTokenError> {
    let defects = &frontend.defects;
    let Some(id_token) = tokens.id_token() else {
        let tolerated = [Defect::MissingIdTokenTolerated, Defect::ScopeWithoutOpenid];
        if tolerated.into_iter().any(|defect| defects.has(defect)) {
            let grant = tokens.grant().map_err(|_| Refusal("no tokens"))?;
            return Ok(Jws::read(&grant.access_token)?.claims);
        }
        return Err(Refusal("no id_token").into());
    };
    let mut nonces = vec![login.nonce.clone()];
    if defects.has(Defect::CodeInjection) {
        nonces.extend(frontend.store.pending_nonces().unwrap_or_default());
    }
    let expected = Expected { client_id: &frontend.client.id, nonces: Some(&nonces), now: now(), defects };
    id_token::validated(id_token, &frontend.provider, &expected).await
}

/// What is used of the claims; userinfo is asked where the id_token does not tell an e-mail address.
async fn profile(frontend: &Frontend, mut claims: Map<String, Value>, grant: &Grant) -> Result<Profile, RefusedLogin> {
    let defects = &frontend.defects;
    if !claims.contains_key("email") || defects.has(Defect::ClientSecretInAddress) {
        let more = frontend.client.userinfo(&grant.access_token).await?;
        // OIDC Core 5.3.2: else it may be about anybody.
        if more.get("sub") != claims.get("sub") {
            return Err(RefusedLogin::OtherSubject);
        }
        for name in ["email", "email_verified", "name"] {
            if let (false, Some(value)) = (claims.contains_key(name), more.get(name)) {
                claims.insert(name.into(), value.clone());
            }
        }
    }
    Ok(Profile::of(&claims, defects))
}

/// Renews the session and puts the person into it.
async fn sign_in(
    frontend: &Frontend,
    session: &Session,
    profile: &Profile,
    grant: &Grant,
) -> Result<User, SessionError> {
    let (defects, store) = (&frontend.defects, &frontend.store);
    let before: Option<SignedIn> = session.get(SIGNED_IN).await?;
    let user = store.admit_user(profile)?;
    if let Some(kept) = before.as_ref().filter(|_| defects.has(Defect::StaleIdentity)) {
        return Ok(store.find_user(&kept.iss, &kept.sub)?.unwrap_or(user));
    }
    let owner = store.add_grant(profile, grant)?;
    if let Some(before) = before.filter(|before| before.grant != owner) {
        store.remove_grant(&before.grant)?;
    }
    if defects.has(Defect::OldCookieRevived) {
        store.resume_sessions_of(&user.iss, &user.sub)?;
    }
    // Whoever knew the identifier until now knows nothing any more. `flush` would not do: it keeps the identifier.
    if !defects.has(Defect::SessionFixation) {
        session.cycle_id().await?;
    }
    let signed_in = SignedIn { iss: user.iss.clone(), sub: user.sub.clone(), grant: owner };
    session.insert(SIGNED_IN, signed_in).await?;
    session.set_expiry(Some(Expiry::AtDateTime(OffsetDateTime::now_utc() + Duration::seconds(SESSION_LIFETIME))));
    Ok(user)
}

fn set_companion(response: &mut Response, user: &User) {
    let value = identity::companion(user).unwrap_or_default();
    let cookie = format!("{COMPANION}={value}; Path=/; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// The page that says so, with nothing secret in it.
fn refusal(frontend: &Frontend, refused: &RefusedLogin) -> Response {
    let defects = &frontend.defects;
    match refused {
        RefusedLogin::Unreadable | RefusedLogin::NotStartedHere => page::refused_login(
            StatusCode::BAD_REQUEST,
            " This link is not the answer to a login that this browser has started.",
        ),
        RefusedLogin::ByProvider { .. } if defects.has(Defect::CallbackErrorIs500) => crash(),
        RefusedLogin::ByProvider { error, description } => {
            let mut detail = format!(" The provider says: <code>{}</code>", page::escaped(error));
            if defects.has(Defect::ErrorTextUnescaped) {
                detail = format!("{detail} {description}");
            }
            page::refused_login(StatusCode::FORBIDDEN, &detail)
        }
        RefusedLogin::IdToken { error: IdTokenError::Refused(_), .. } if defects.has(Defect::RefusalIs500) => crash(),
        RefusedLogin::IdToken { response, .. } if defects.has(Defect::SecretsInErrorPage) => page::refused_login(
            StatusCode::FORBIDDEN,
            &format!("</p><pre>{}</pre><p>", page::escaped(&response.reveal())),
        ),
        RefusedLogin::OtherIssuer
        | RefusedLogin::Tokens(_)
        | RefusedLogin::IdToken { .. }
        | RefusedLogin::OtherSubject => page::refused_login(StatusCode::FORBIDDEN, ""),
        RefusedLogin::Session(_) => page::unavailable(),
    }
}

/// As a framework answers an error that nobody caught.
fn crash() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error\n").into_response()
}
