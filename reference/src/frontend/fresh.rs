//! The access token of a session, refreshed when it has run out.

use std::sync::{Arc, PoisonError};

use super::Frontend;
use super::identity::Caller;
use crate::clock::now;
use crate::id_token::{self, Expected, IdTokenError};
use crate::store::{Grant, StoreError, User};
use crate::tokens::{TokenError, TokenResponse};

/// A token that runs out on its way is of no use, in seconds.
const MARGIN: i64 = 5;

/// Held by whoever refreshes the tokens of a login.
pub(super) type Lock = tokio::sync::Mutex<()>;

/// Why there is no access token.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAccessToken {
    /// The provider does not renew it, or there is none: the session is over.
    #[error("the login has ended")]
    Ended,
    #[error("the provider or the database does not answer")]
    Unavailable,
}

/// The tokens of this session, good for a call now.
pub(super) async fn grant(frontend: &Frontend, caller: &Caller) -> Result<Grant, NoAccessToken> {
    let kept = find(frontend, caller)?;
    if is_fresh(&kept) {
        return Ok(kept);
    }
    let (frontend, caller) = (frontend.clone(), caller.clone());
    // A task of its own: a client that hangs up must not cut off a refresh, whose new tokens would be lost.
    let refreshed = tokio::spawn(async move {
        let lock = lock_of(&frontend, &caller.grant);
        let refreshed = refresh_alone(&frontend, &caller, &lock).await;
        release(&frontend, &caller.grant, &lock);
        refreshed
    });
    refreshed.await.unwrap_or(Err(NoAccessToken::Unavailable))
}

/// A refresh token is good for one use (RFC 9700 section 4.14.2), so of several calls at once only one may use it.
async fn refresh_alone(frontend: &Frontend, caller: &Caller, lock: &Lock) -> Result<Grant, NoAccessToken> {
    let _alone = lock.lock().await;
    let kept = find(frontend, caller)?;
    if is_fresh(&kept) { Ok(kept) } else { renew(frontend, caller, kept).await }
}

fn find(frontend: &Frontend, caller: &Caller) -> Result<Grant, NoAccessToken> {
    frontend.store.find_grant(&caller.grant)?.ok_or(NoAccessToken::Ended)
}

fn is_fresh(grant: &Grant) -> bool {
    grant.expires.is_none_or(|expires| expires > now() + MARGIN)
}

async fn renew(frontend: &Frontend, caller: &Caller, kept: Grant) -> Result<Grant, NoAccessToken> {
    let refresh_token = kept.refresh_token.as_deref().ok_or(NoAccessToken::Ended)?;
    let response = frontend.client.refresh(refresh_token).await?;
    let fresh = response.grant()?;
    check_subject(frontend, &caller.user, &response).await?;
    let renewed = Grant {
        access_token: fresh.access_token,
        // RFC 6749 section 6: a new refresh token replaces the old one; without a new one the old one stays good.
        refresh_token: fresh.refresh_token.or(kept.refresh_token),
        id_token: fresh.id_token.or(kept.id_token),
        expires: fresh.expires,
    };
    frontend.store.renew_grant(&caller.grant, &renewed)?;
    Ok(renewed)
}

/// OIDC Core 12.2: a new id_token is validated like the first one, and is about the same person.
async fn check_subject(frontend: &Frontend, user: &User, response: &TokenResponse) -> Result<(), NoAccessToken> {
    let Some(id_token) = response.id_token() else { return Ok(()) };
    let expected = Expected { client_id: &frontend.client.id, nonces: None, now: now(), defects: &frontend.defects };
    let claims = match id_token::validated(id_token, &frontend.provider, &expected).await {
        Ok(claims) => claims,
        Err(IdTokenError::Refused(_)) => return Err(NoAccessToken::Ended),
        Err(IdTokenError::Provider(_)) => return Err(NoAccessToken::Unavailable),
    };
    let same = |name: &str, known: &str| claims.get(name).is_some_and(|told| told == known);
    if same("iss", &user.iss) && same("sub", &user.sub) { Ok(()) } else { Err(NoAccessToken::Ended) }
}

fn lock_of(frontend: &Frontend, owner: &str) -> Arc<Lock> {
    let mut locks = frontend.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(locks.entry(owner.to_owned()).or_default())
}

/// Forgets the lock when nobody else waits for it: only the table and this call hold it then.
fn release(frontend: &Frontend, owner: &str, lock: &Arc<Lock>) {
    let mut locks = frontend.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
    if Arc::strong_count(lock) <= 2 {
        locks.remove(owner);
    }
}

impl From<StoreError> for NoAccessToken {
    fn from(_: StoreError) -> Self {
        Self::Unavailable
    }
}

impl From<TokenError> for NoAccessToken {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Refused | TokenError::Malformed => Self::Ended,
            TokenError::Unreachable | TokenError::Provider(_) => Self::Unavailable,
        }
    }
}
