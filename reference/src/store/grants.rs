//! The tokens of a login, kept on the server under a secret of its session.

use rusqlite::{OptionalExtension, params};

use super::{Profile, SESSION_LIFETIME, Store, StoreError};
use crate::clock::now;
use crate::defects::{Defect, Defects};

/// What the provider granted to one login.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    /// For the logout.
    pub(crate) id_token: Option<String>,
    /// When the access token runs out, in seconds since 1970; `None` if the provider has not told.
    pub(crate) expires: Option<i64>,
}

/// The name under which the tokens of a login are kept: one that no other login has.
fn owner(profile: &Profile, defects: &Defects) -> String {
    match &profile.email {
        Some(email) if defects.has(Defect::TokensKeyedByEmail) => email.clone(),
        _ if defects.has(Defect::TokensKeyedByCutSubject) => {
            let length = profile.sub.len();
            profile.sub.get(length.saturating_sub(16)..).unwrap_or(&profile.sub).to_owned()
        }
        _ => crate::random::secret(),
    }
}

impl Store {
    /// Keeps the tokens of a new login, and tells under which name.
    pub(crate) fn add_grant(&self, profile: &Profile, grant: &Grant) -> Result<String, StoreError> {
        let owner = owner(profile, &self.defects);
        let insert = match self.defects.has(Defect::TokensKeyedByEmail) {
            true => "INSERT OR IGNORE INTO grants VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            false => "INSERT OR REPLACE INTO grants VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        };
        let Grant { access_token, refresh_token, id_token, expires } = grant;
        self.with(|connection| {
            connection.prepare_cached("DELETE FROM grants WHERE kept_until <= ?1")?.execute([now()])?;
            let mut insert = connection.prepare_cached(insert)?;
            let kept_until = now() + SESSION_LIFETIME;
            insert.execute(params![owner, access_token, refresh_token, id_token, expires, kept_until])
        })?;
        Ok(owner)
    }

    pub(crate) fn find_grant(&self, owner: &str) -> Result<Option<Grant>, StoreError> {
        let select = "SELECT access_token, refresh_token, id_token, expires FROM grants WHERE owner = ?1";
        self.with(|connection| {
            let mut select = connection.prepare_cached(select)?;
            let read = select.query_row([owner], |row| {
                Ok(Grant {
                    access_token: row.get(0)?,
                    refresh_token: row.get(1)?,
                    id_token: row.get(2)?,
                    expires: row.get(3)?,
                })
            });
            read.optional()
        })
    }

    /// Puts refreshed tokens in place of the old ones; a grant that was ended meanwhile stays ended.
    pub(crate) fn renew_grant(&self, owner: &str, grant: &Grant) -> Result<(), StoreError> {
        let update =
            "UPDATE grants SET access_token = ?2, refresh_token = ?3, id_token = ?4, expires = ?5 WHERE owner = ?1";
        let Grant { access_token, refresh_token, id_token, expires } = grant;
        self.with(|connection| {
            let mut update = connection.prepare_cached(update)?;
            update.execute(params![owner, access_token, refresh_token, id_token, expires])
        })
        .map(drop)
    }

    pub(crate) fn remove_grant(&self, owner: &str) -> Result<(), StoreError> {
        self.with(|connection| connection.prepare_cached("DELETE FROM grants WHERE owner = ?1")?.execute([owner]))
            .map(drop)
    }
}
