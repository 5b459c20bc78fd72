//! Tokens of the issuer's own that come back to it: whose they are, and whether they still count.

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

use crate::issuer::{IssuerState, Login};
use crate::jose;

/// The scenario of an access token or refresh token, by what is sealed into it.
pub(crate) fn scenario(issuer: &IssuerState, token: &str) -> Option<String> {
    sealed_login(issuer, token).or_else(|| issuer.seal.open("refresh-token", token))?.scenario
}

/// The login of an access token, whatever its signature.
pub(crate) fn sealed_login(issuer: &IssuerState, token: &str) -> Option<Login> {
    let claims = jose::claims_of(token)?;
    issuer.seal.open("access-token", claims.get("jti")?.as_str()?)
}

/// Whose access token it is, where this issuer signed it, it is in its time and nobody has revoked it.
pub(crate) async fn live_access_token(issuer: &IssuerState, token: &str) -> Option<Login> {
    let login = sealed_login(issuer, token)?;
    // The keys that signed when it was made, so that it outlives a rotation. A recipe that signs with the retired key
    // seals the present generation, whose key does not fit.
    let keys = issuer.keys_of(login.generation)?.get().await;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    validation.validate_nbf = true;
    validation.leeway = 0;
    verified(issuer, token, &DecodingKey::from_jwk(&jwk(keys.jwk("RS256"))?).ok()?, validation)?;
    // No extension is known here, so none may be demanded. jsonwebtoken does not look.
    let demanding = jose::has_crit(token);
    let revoked = issuer.spent.contains(&login.id) || issuer.spent.contains(&login.grant);
    (!revoked && !demanding).then_some(login)
}

/// The claims of an id_token that comes as a hint: its time may be over, its signature may not be wrong.
pub(crate) async fn hinted(issuer: &IssuerState, token: &str) -> Option<Map<String, Value>> {
    let claims = jose::claims_of(token)?;
    let client_id = audience(&claims)?;
    let client = issuer.find_client(&client_id)?;
    let mut validation = Validation::new(match client.id_token_alg.as_str() {
        // There is nothing to verify where the client registered it so.
        "none" => return (token.ends_with('.') && jose::alg_of(token)? == "none").then_some(claims),
        "HS256" => Algorithm::HS256,
        "PS256" => Algorithm::PS256,
        "ES256" => Algorithm::ES256,
        "EdDSA" => Algorithm::EdDSA,
        _ => Algorithm::RS256,
    });
    validation.set_required_spec_claims(&["iss"]);
    validation.validate_exp = false;
    if let (Algorithm::HS256, Some(secret)) = (validation.algorithms[0], &client.secret) {
        return verified(issuer, token, &DecodingKey::from_secret(secret.as_bytes()), validation);
    }
    for keys in issuer.published_keys() {
        let jwk = jwk(keys.get().await.jwk(&client.id_token_alg))?;
        if let Some(claims) = verified(issuer, token, &DecodingKey::from_jwk(&jwk).ok()?, validation.clone()) {
            return Some(claims);
        }
    }
    None
}

/// The client that an id_token is for.
pub(crate) fn audience(claims: &Map<String, Value>) -> Option<String> {
    let audience = claims.get("aud")?;
    audience.as_str().or_else(|| audience.get(0)?.as_str()).map(str::to_owned)
}

fn jwk(value: Value) -> Option<Jwk> {
    serde_json::from_value(value).ok()
}

fn verified(
    issuer: &IssuerState,
    token: &str,
    key: &DecodingKey,
    mut validation: Validation,
) -> Option<Map<String, Value>> {
    validation.set_issuer(&[&issuer.url]);
    validation.validate_aud = false;
    let claims = jsonwebtoken::decode::<Map<String, Value>>(token, key, &validation).ok()?.claims;
    // jsonwebtoken takes a list that holds the right issuer for the right issuer.
    (claims.get("iss").and_then(Value::as_str) == Some(&issuer.url)).then_some(claims)
}
