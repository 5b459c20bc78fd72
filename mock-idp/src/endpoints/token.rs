//! The token endpoint (RFC 6749 sections 4.1.3, 4.4 and 6, OIDC Core 3.1.3).

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{authenticated_client, same_secret};
use crate::answer::Answer;
use crate::behaviour::{Action, BehaviourId, Endpoint, Grant, Members};
use crate::incoming::{Incoming, find, refuse_duplicates};
use crate::issuer::{IssuerState, Login, REFRESH_TOKEN_LIFETIME, Wanted, now, random_id};
use crate::jose::RecipeError;
use crate::model::{Client, Persona, TokenKind};
use crate::recipe::Recipe;
use crate::record::Issued;

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
        (Some(_), Some(verifier)) if !is_verifier(verifier) => {
            return Err(invalid("a code_verifier is 43 to 128 unreserved characters"));
        }
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
    if !issuer.spent.spend(&login.id, login.expires, now()) {
        // RFC 6749 section 4.1.2: a code that comes twice was stolen.
        issuer.end_grant(&login);
        return Err(invalid("this code was used before; all tokens of its login are revoked"));
    }
    Ok(login)
}

/// RFC 7636 section 4.1.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
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
    // RFC 6749 section 6: not more than was granted.
    let scope = find(&incoming.form, "scope").unwrap_or(&login.scope).to_owned();
    if scope.split(' ').any(|wanted| !login.scope.split(' ').any(|granted| granted == wanted)) {
        return Err(error("invalid_scope", "this scope was not granted"));
    }
    if issuer.spent.contains(&login.grant) {
        return Err(invalid("this login was revoked"));
    }
    if !issuer.spent.spend(&login.id, login.expires, now()) {
        // RFC 9700 section 4.14.2: a token that comes twice was stolen, so its whole family ends.
        issuer.end_grant(&login);
        return Err(invalid("this refresh token was used before; all tokens of its login are revoked"));
    }
    Ok(Login { scope, ..login })
}

fn client_credentials(issuer: &IssuerState, incoming: &Incoming, client: &Client) -> Result<Login, Answer> {
    if client.secret.is_none() {
        return Err(error("unauthorized_client", "a public client has no credentials"));
    }
    Ok(Login {
        id: random_id(),
        grant: random_id(),
        generation: 0,
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

/// The orders that touch this response, taken only where they can be carried out.
struct Orders {
    id_token: Option<(BehaviourId, Recipe)>,
    access_token: Option<(BehaviourId, Recipe)>,
    members: Option<(BehaviourId, Members)>,
}

impl Orders {
    fn take(issuer: &IssuerState, grant: Option<Grant>, scenario: Option<&str>, with_id_token: bool) -> Self {
        let orders = &issuer.orders;
        let id_token = || {
            orders.take(Endpoint::Token, grant, scenario, |action| match action {
                Action::IdToken(recipe) => Some(recipe.clone()),
                _ => None,
            })
        };
        Self {
            id_token: with_id_token.then(id_token).flatten(),
            access_token: orders.take(Endpoint::Token, grant, scenario, |action| match action {
                Action::AccessToken(recipe) => Some(recipe.clone()),
                _ => None,
            }),
            members: orders.take(Endpoint::Token, grant, scenario, |action| match action {
                Action::TokenResponse(members) => Some(members.clone()),
                _ => None,
            }),
        }
    }

    fn ids(&self) -> impl Iterator<Item = BehaviourId> {
        let recipes = [&self.id_token, &self.access_token].into_iter().flatten().map(|(id, _)| *id);
        recipes.chain(self.members.iter().map(|(id, _)| *id))
    }
}

async fn issue(
    issuer: &IssuerState,
    incoming: &Incoming,
    client: &Client,
    login: &Login,
    scenario: Option<&str>,
) -> Answer {
    let grant = grant(incoming);
    let client_credentials = grant == Some(Grant::ClientCredentials);
    let with_id_token = !client_credentials && login.scope.split(' ').any(|scope| scope == "openid");
    let orders = Orders::take(issuer, grant, scenario, with_id_token);
    let response = Response { issuer, client, login, orders: &orders };
    match response.write(!client_credentials, with_id_token, grant).await {
        Ok(answer) => answer.caused_by(orders.ids().next()),
        Err(why) => {
            // What was not carried out must not count: a refusal would be taken for its effect.
            orders.ids().for_each(|id| issuer.orders.give_back(id));
            Answer::oauth_error(StatusCode::INTERNAL_SERVER_ERROR, "server_error", &why.to_string())
        }
    }
}

/// A token response in the making.
struct Response<'a> {
    issuer: &'a IssuerState,
    client: &'a Client,
    login: &'a Login,
    orders: &'a Orders,
}

impl Response<'_> {
    async fn write(
        &self,
        with_refresh_token: bool,
        with_id_token: bool,
        grant: Option<Grant>,
    ) -> Result<Answer, RecipeError> {
        let Self { issuer, login, orders, .. } = self;
        let lifetime = seconds(issuer.settings.access_token_lifetime);
        let mut response = Map::new();
        response.insert("access_token".into(), json!(self.access_token(lifetime).await?));
        response.insert("token_type".into(), json!("Bearer"));
        response.insert("expires_in".into(), json!(lifetime));
        if !login.scope.is_empty() {
            response.insert("scope".into(), json!(login.scope));
        }
        if with_refresh_token {
            response.insert("refresh_token".into(), json!(self.refresh_token()));
        }
        let members = orders.members.as_ref().map(|(_, members)| members);
        if with_id_token {
            // The hash fits the access token that is given out, whatever was ordered about it.
            let mut given_out = response.clone();
            members.inspect(|members| members.apply(&mut given_out));
            let access_token = given_out.get("access_token").and_then(Value::as_str);
            response.insert("id_token".into(), json!(self.id_token(access_token, grant).await?));
        }
        members.inspect(|members| members.apply(&mut response));
        let mut answer = Answer::json(&Value::Object(response.clone()));
        let kinds = [
            (TokenKind::AccessToken, "access_token"),
            (TokenKind::RefreshToken, "refresh_token"),
            (TokenKind::IdToken, "id_token"),
        ];
        let issued = |(kind, name)| Some(Issued { kind, token: response.get(name)?.as_str()?.to_owned() });
        answer.issued = kinds.into_iter().filter_map(issued).collect();
        Ok(answer)
    }

    async fn access_token(&self, lifetime: i64) -> Result<String, RecipeError> {
        let plain = Recipe::default();
        let recipe = self.orders.access_token.as_ref().map_or(&plain, |(_, recipe)| recipe);
        let login = Login { expires: now().saturating_add(lifetime), ..self.successor() };
        let wanted = Wanted {
            kind: TokenKind::AccessToken,
            login: &login,
            audience: self.issuer.access_token_audience(&self.client.id),
            lifetime,
            access_token: None,
            recipe,
        };
        self.sign(&wanted).await
    }

    fn refresh_token(&self) -> String {
        let login = Login { expires: now() + REFRESH_TOKEN_LIFETIME, ..self.successor() };
        self.issuer.seal.close("refresh-token", &login)
    }

    async fn id_token(&self, access_token: Option<&str>, grant: Option<Grant>) -> Result<String, RecipeError> {
        let plain = Recipe::default();
        let login = match grant {
            // OIDC Core 12.2: no nonce, since no authorization request is answered.
            Some(Grant::RefreshToken) => &self.successor(),
            _ => self.login,
        };
        let wanted = Wanted {
            kind: TokenKind::IdToken,
            login,
            audience: vec![self.client.id.clone()],
            lifetime: seconds(self.issuer.settings.id_token_lifetime),
            access_token,
            recipe: self.orders.id_token.as_ref().map_or(&plain, |(_, recipe)| recipe),
        };
        self.sign(&wanted).await
    }

    async fn sign(&self, wanted: &Wanted<'_>) -> Result<String, RecipeError> {
        let keys = self.issuer.ring(wanted.recipe, self.client.secret.clone()).await;
        self.issuer.sign(wanted, &keys)
    }

    /// The login as later tokens carry it: what only the code needs is left out, so that they stay short.
    fn successor(&self) -> Login {
        Login { id: random_id(), nonce: None, redirect_uri: None, code_challenge: None, ..self.login.clone() }
    }
}

fn seconds(lifetime: u64) -> i64 {
    i64::try_from(lifetime).unwrap_or(i64::MAX / 2)
}
