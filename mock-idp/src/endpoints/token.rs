//! The token endpoint (RFC 6749 sections 4.1.3, 4.4 and 6, OIDC Core 3.1.3).

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{authenticated_client, same_secret};
use crate::answer::Answer;
use crate::behaviour::{Action, BehaviourId, Endpoint, Grant};
use crate::incoming::{Incoming, find, refuse_duplicates};
use crate::issuer::{IssuerState, Login, Wanted, now, random_id};
use crate::model::{Client, Persona, TokenKind};
use crate::recipe::Recipe;
use crate::record::Issued;

/// Twelve hours.
const REFRESH_TOKEN_LIFETIME: i64 = 12 * 3600;

/// The grant that the request names.
pub(crate) fn grant(incoming: &Incoming) -> Option<Grant> {
    match find(&incoming.form, "grant_type")? {
        "authorization_code" => Some(Grant::AuthorizationCode),
        "refresh_token" => Some(Grant::RefreshToken),
        "client_credentials" => Some(Grant::ClientCredentials),
        _ => None,
    }
}

/// The scenario that is sealed into the code or refresh token.
pub(crate) fn scenario(issuer: &IssuerState, incoming: &Incoming) -> Option<String> {
    presented(issuer, incoming)?.scenario
}

fn presented(issuer: &IssuerState, incoming: &Incoming) -> Option<Login> {
    let code = find(&incoming.form, "code").and_then(|code| issuer.seal.open("code", code));
    code.or_else(|| issuer.seal.open("refresh-token", find(&incoming.form, "refresh_token")?))
}

pub(crate) async fn token(issuer: &IssuerState, incoming: &Incoming, scenario: Option<&str>) -> Answer {
    if incoming.method != Method::POST {
        return Answer::method_not_allowed("POST");
    }
    if let Err(answer) = refuse_duplicates(&incoming.form) {
        return answer;
    }
    let client = match authenticated_client(issuer, incoming) {
        Ok(client) => client,
        Err(answer) => return answer,
    };
    let granted = match (find(&incoming.form, "grant_type"), grant(incoming)) {
        (_, Some(Grant::AuthorizationCode)) => redeem_code(issuer, incoming, &client),
        (_, Some(Grant::RefreshToken)) => refresh(issuer, incoming, &client),
        (_, Some(Grant::ClientCredentials)) => client_credentials(issuer, incoming, &client),
        (Some(_), None) => Err(error("unsupported_grant_type", "this grant_type is not supported")),
        (None, None) => Err(error("invalid_request", "no grant_type")),
    };
    let answer = match granted {
        Ok(login) => issue(issuer, incoming, &client, &login, scenario).await,
        Err(answer) => answer,
    };
    answer.for_client(&client.id)
}

fn error(error: &str, why: &str) -> Answer {
    Answer::oauth_error(StatusCode::BAD_REQUEST, error, why)
}

fn redeem_code(issuer: &IssuerState, incoming: &Incoming, client: &Client) -> Result<Login, Answer> {
    let invalid = |why: &str| error("invalid_grant", why);
    let code = find(&incoming.form, "code").ok_or_else(|| error("invalid_request", "no code"))?;
    let login: Login = issuer.seal.open("code", code).ok_or_else(|| invalid("this code was not issued here"))?;
    if login.client_id != client.id || login.issuer != issuer.url {
        return Err(invalid("this code was issued to another client"));
    }
    if login.redirect_uri.as_deref() != find(&incoming.form, "redirect_uri") {
        return Err(invalid("redirect_uri is not that of the authorization request"));
    }
    match (&login.code_challenge, find(&incoming.form, "code_verifier")) {
        (None, None) => {}
        (None, Some(_)) => return Err(invalid("a code_verifier, but no code_challenge was sent")),
        (Some(_), None) => return Err(invalid("no code_verifier")),
        (Some(challenge), Some(verifier)) => {
            let hashed = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
            if !same_secret(&hashed, challenge) {
                return Err(invalid("the code_verifier does not fit the code_challenge"));
            }
        }
    }
    if login.expires < now() {
        return Err(invalid("this code has expired"));
    }
    if !issuer.spend(&login.id, login.expires) {
        return Err(invalid("this code was used before"));
    }
    Ok(login)
}

fn refresh(issuer: &IssuerState, incoming: &Incoming, client: &Client) -> Result<Login, Answer> {
    let invalid = |why: &str| error("invalid_grant", why);
    let sealed = find(&incoming.form, "refresh_token").ok_or_else(|| error("invalid_request", "no refresh_token"))?;
    let login: Login =
        issuer.seal.open("refresh-token", sealed).ok_or_else(|| invalid("this refresh token was not issued here"))?;
    if login.client_id != client.id || login.issuer != issuer.url {
        return Err(invalid("this refresh token was issued to another client"));
    }
    if login.expires < now() {
        return Err(invalid("this refresh token has expired"));
    }
    if issuer.is_spent(&login.sid) {
        return Err(invalid("this login was revoked"));
    }
    if !issuer.spend(&login.id, login.expires) {
        // RFC 9700 section 4.14.2: a token that comes twice was stolen, so its whole family ends.
        issuer.spend(&login.sid, login.expires);
        return Err(invalid("this refresh token was used before; all tokens of its login are revoked"));
    }
    Ok(login)
}

fn client_credentials(issuer: &IssuerState, incoming: &Incoming, client: &Client) -> Result<Login, Answer> {
    if client.secret.is_none() {
        return Err(error("unauthorized_client", "a public client has no credentials"));
    }
    Ok(Login {
        id: random_id(),
        issuer: issuer.url.clone(),
        client_id: client.id.clone(),
        persona: Persona { name: client.id.clone(), sub: client.id.clone(), claims: Map::new() },
        scenario: None,
        scope: find(&incoming.form, "scope").unwrap_or_default().into(),
        nonce: None,
        redirect_uri: None,
        code_challenge: None,
        auth_time: now(),
        expires: now(),
        sid: random_id(),
    })
}

/// The orders that touch this response.
struct Changes {
    caused_by: Option<BehaviourId>,
    id_token: Recipe,
    access_token: Recipe,
}

fn changes(issuer: &IssuerState, grant: Option<Grant>, scenario: Option<&str>) -> Changes {
    let id_token = issuer.orders.take(Endpoint::Token, grant, scenario, |action| match action {
        Action::IdToken(recipe) => Some(recipe.clone()),
        _ => None,
    });
    let access_token = issuer.orders.take(Endpoint::Token, grant, scenario, |action| match action {
        Action::AccessToken(recipe) => Some(recipe.clone()),
        _ => None,
    });
    Changes {
        caused_by: id_token.as_ref().or(access_token.as_ref()).map(|(id, _)| *id),
        id_token: id_token.map(|(_, recipe)| recipe).unwrap_or_default(),
        access_token: access_token.map(|(_, recipe)| recipe).unwrap_or_default(),
    }
}

async fn issue(
    issuer: &IssuerState,
    incoming: &Incoming,
    client: &Client,
    login: &Login,
    scenario: Option<&str>,
) -> Answer {
    let keys = issuer.ring(client.secret.clone()).await;
    let grant = grant(incoming);
    let changes = changes(issuer, grant, scenario);
    let seconds = |lifetime: u64| i64::try_from(lifetime).unwrap_or(i64::MAX / 2);
    let lifetime = seconds(issuer.settings.access_token_lifetime);
    let access = Login { id: random_id(), expires: now().saturating_add(lifetime), ..login.clone() };
    let wanted = Wanted {
        kind: TokenKind::AccessToken,
        login: &access,
        audience: issuer.access_token_audience(&client.id),
        lifetime,
        access_token: None,
        recipe: &changes.access_token,
    };
    let access_token = match issuer.sign(&wanted, &keys) {
        Ok(token) => token,
        Err(why) => return error("server_error", &why.to_string()),
    };
    let mut response = Map::new();
    let mut issued = vec![Issued { kind: TokenKind::AccessToken, token: access_token.clone() }];
    response.insert("access_token".into(), json!(access_token));
    response.insert("token_type".into(), json!("Bearer"));
    response.insert("expires_in".into(), json!(lifetime));
    response.insert("scope".into(), json!(login.scope));
    if grant != Some(Grant::ClientCredentials) {
        let refresh = Login { id: random_id(), expires: now() + REFRESH_TOKEN_LIFETIME, ..login.clone() };
        let refresh_token = issuer.seal.close("refresh-token", &refresh);
        response.insert("refresh_token".into(), json!(refresh_token));
        issued.push(Issued { kind: TokenKind::RefreshToken, token: refresh_token });
    }
    if login.scope.split(' ').any(|scope| scope == "openid") && grant != Some(Grant::ClientCredentials) {
        let wanted = Wanted {
            kind: TokenKind::IdToken,
            login,
            audience: vec![client.id.clone()],
            lifetime: seconds(issuer.settings.id_token_lifetime),
            access_token: Some(&access_token),
            recipe: &changes.id_token,
        };
        match issuer.sign(&wanted, &keys) {
            Ok(id_token) => {
                response.insert("id_token".into(), json!(id_token));
                issued.push(Issued { kind: TokenKind::IdToken, token: id_token });
            }
            Err(why) => return error("server_error", &why.to_string()),
        }
    }
    let members = issuer.orders.take(Endpoint::Token, grant, scenario, |action| match action {
        Action::TokenResponse(members) => Some(members.clone()),
        _ => None,
    });
    if let Some((_, members)) = &members {
        members.apply(&mut response);
    }
    let mut answer = Answer::json(&Value::Object(response)).caused_by(changes.caused_by);
    answer.issued = issued;
    answer.caused_by(members.map(|(id, _)| id))
}
