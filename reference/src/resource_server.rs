//! What metadata and search have in common: open and closed paths, and the access token that a closed one needs.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use serde_json::{Map, Value};

use crate::access_token::{self, AccessTokenError, Expected};
use crate::bearer::{self, Denial};
use crate::clock::now;
use crate::defects::{Defect, Defects};
use crate::guard::{Guard, guarded, is_open};
use crate::introspection::{self, Introspection};
use crate::provider::Provider;
use crate::{health, openapi};

/// A service that takes access tokens. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ResourceServer {
    /// Its name in challenges and in its description.
    pub(crate) name: &'static str,
    pub(crate) provider: Provider,
    pub(crate) http: reqwest::Client,
    pub(crate) audience: Arc<str>,
    /// Which scope a token must have been granted; `None`: any will do.
    pub(crate) scope: Option<&'static str>,
    pub(crate) validation: Validation,
    pub(crate) defects: Defects,
}

/// How an access token is validated.
#[derive(Debug, Clone)]
pub(crate) enum Validation {
    /// By its signature and claims (RFC 9068).
    Jwt,
    /// By asking the provider (RFC 7662).
    Introspection(Introspection),
}

/// Whose access token it is. Nobody's, where a path is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) sub: Option<String>,
    pub(crate) email: Option<String>,
}

impl ResourceServer {
    /// `api` with all that stands before it: the guard, the demand for a token, the health endpoint beside it. `paths` are
    /// those of `api`.
    pub(crate) fn routes(self, api: Router, paths: &'static [&'static str], closed: &'static [&'static str]) -> Router {
        let guard = Guard::new(&[health::PATH], closed, &self.defects);
        let health = health::routes(&self.provider, &self.http, &self.defects);
        let routes = api.merge(openapi::routes(self.name, paths)).merge(health);
        guarded(routes.layer(from_fn_with_state(self, admit)), guard)
    }

    /// Who sent a request with these headers, if the access token in it is good.
    async fn caller(&self, headers: &HeaderMap, uri: &Uri) -> Result<Caller, Denial> {
        let token = bearer::access_token(headers, uri, &self.defects)?;
        if self.defects.has(Defect::BearerSelfAsserted)
            && let Some(claims) = self_asserted(&token)
        {
            return Ok(Caller::from(&claims));
        }
        let expected =
            Expected { issuer: self.provider.issuer(), audience: &self.audience, now: now(), defects: &self.defects };
        let validated = match &self.validation {
            Validation::Jwt => access_token::validated(&token, &self.provider, &expected).await,
            Validation::Introspection(introspection) => {
                introspection::validated(&token, &self.provider, introspection, &expected).await
            }
        };
        let claims = validated.map_err(|error| match error {
            AccessTokenError::Refused(_) => Denial::InvalidToken,
            AccessTokenError::Provider(_) => Denial::ProviderOutage,
        })?;
        match self.scope {
            Some(scope) if !grants(&claims, scope) => Err(Denial::InsufficientScope),
            _ => Ok(Caller::from(&claims)),
        }
    }

    /// A path that serves whoever comes without a token, by one defect or another.
    fn forgoes_token(&self, request: &Request) -> bool {
        let is_guarded = matches!(*request.method(), Method::GET | Method::POST);
        // A token in the query would be one; that it opens anything is the mistake of another defect.
        let has_none = !request.headers().contains_key(header::AUTHORIZATION) && request.uri().query().is_none();
        let is_lookup = request.method() == Method::GET && request.uri().path() == crate::metadata::USER;
        self.defects.has(Defect::MethodUnguarded) && !is_guarded
            || self.defects.has(Defect::BearerMissingAccepted) && is_lookup && has_none
    }
}

/// Lets a request pass to its handler with a [`Caller`], or answers why not. It runs for unknown paths and methods too.
async fn admit(State(server): State<ResourceServer>, mut request: Request, next: Next) -> Response {
    let admitted = match is_open(&request) || server.forgoes_token(&request) {
        true => Ok(Caller::default()),
        false => server.caller(request.headers(), request.uri()).await,
    };
    let mut response = match admitted {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(denial) => denial.answer(server.name, server.scope, &server.defects),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl From<&Map<String, Value>> for Caller {
    fn from(claims: &Map<String, Value>) -> Self {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        Self { sub: text("sub"), email: text("email") }
    }
}

/// RFC 6749 section 3.3: a list of words with single spaces between them, compared whole and with case.
fn grants(claims: &Map<String, Value>, wanted: &str) -> bool {
    let granted = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    granted.split(' ').any(|scope| scope == wanted)
}

/// The defect: a JSON text that says itself how long it is good for.
fn self_asserted(token: &str) -> Option<Map<String, Value>> {
    let claims: Map<String, Value> = serde_json::from_str(token).ok()?;
    (claims.get("expires_at")?.as_i64()? > now()).then_some(claims)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use mock_idp::{Client, IssuerSettings, Mint, MockIdp, Persona, TokenKind};
    use serde_json::json;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_token_without_the_scope_is_told_which_one_is_missing() {
        let client = Client::confidential("web", "s3cret");
        let idp = MockIdp::builder().issuer(IssuerSettings::at_path("").client(client)).start().await.unwrap();
        let issuer = idp.first_issuer();
        let http = crate::backchannel::client(std::time::Duration::from_secs(10)).unwrap();
        let server = ResourceServer {
            name: "metadata",
            provider: Provider::new(issuer.url(), http.clone()),
            http,
            audience: "web".into(),
            scope: Some("read"),
            validation: Validation::Jwt,
            defects: Defects::none(),
        };
        let routes = server.routes(Router::new().route("/data", get("data")), &["/data"], &["/data"]);
        let ask = async |scope: &str| {
            let issuer = issuer.clone();
            let mint = Mint::new(TokenKind::AccessToken, "web", Persona::named("alice"));
            let mint = Mint { scope: scope.into(), ..mint };
            let token = tokio::task::spawn_blocking(move || issuer.mint(&mint).unwrap()).await.unwrap();
            let request = Request::get("/data").header("authorization", format!("Bearer {token}"));
            let response = routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
            (response.status().as_u16(), challenge.unwrap_or_default())
        };

        let refused = (403, r#"Bearer realm="metadata", error="insufficient_scope", scope="read""#.to_owned());
        assert_eq!(ask("openid readwrite").await, refused);
        assert_eq!(ask("openid read").await, (200, String::new()));
    }

    #[test]
    fn a_scope_counts_only_as_a_whole_word_of_a_text() {
        let grants = |scope: Value| grants(&Map::from_iter([("scope".to_owned(), scope)]), "read");

        assert!(grants(json!("openid read")));
        for scope in ["readwrite", "xread", "READ", "openid,read", "openid+read", ""] {
            assert!(!grants(json!(scope)), "{scope}");
        }
        assert!(!grants(json!(["read"])));
    }
}
