//! Users, known by issuer and subject (OIDC Core 5.7). Everything else about them follows their latest login.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};

use super::{Store, StoreError};
use crate::defects::{Defect, Defects};

/// Somebody who has logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) iss: String,
    pub(crate) sub: String,
    /// Only where the provider has verified it.
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
}

impl User {
    /// The name for people to read; it identifies nobody.
    pub(crate) fn shown_name(&self) -> &str {
        self.name.as_deref().or(self.email.as_deref()).unwrap_or(&self.sub)
    }
}

/// What validated claims tell about somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) email: Option<String>,
    pub(crate) email_verified: bool,
    pub(crate) name: Option<String>,
}

impl Profile {
    /// Copies the claims that are used, each by name and type; the rest is left where it is.
    pub(crate) fn of(claims: &Map<String, Value>, defects: &Defects) -> Self {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let internal = text("user_id").filter(|_| defects.has(Defect::ClaimSetsInternalField));
        Self {
            iss: text("iss").unwrap_or_default().into(),
            sub: internal.or(text("sub")).unwrap_or_default().into(),
            email: text("email").map(str::to_owned),
            email_verified: claims.get("email_verified") == Some(&Value::Bool(true)),
            name: text("name").map(str::to_owned),
        }
    }
}

impl Store {
    /// The user whom the profile tells about, with the profile's attributes from now on.
    pub(crate) fn admit_user(&self, profile: &Profile) -> Result<User, StoreError> {
        self.with(|connection| {
            if let Some(other) = mistaken(connection, profile, &self.defects)? {
                return Ok(other);
            }
            let follow = match self.defects.has(Defect::FirstEmailKept) {
                true => "name = excluded.name",
                false => "name = excluded.name, email = excluded.email",
            };
            let upsert = format!(
                "INSERT INTO users (iss, sub, email, name) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (iss, sub) DO UPDATE SET {follow} RETURNING iss, sub, email, name"
            );
            let email = profile.email.as_ref().filter(|_| profile.email_verified);
            let mut upsert = connection.prepare_cached(&upsert)?;
            upsert.query_row(params![profile.iss, profile.sub, email, profile.name], read)
        })
    }

    pub(crate) fn find_user(&self, iss: &str, sub: &str) -> Result<Option<User>, StoreError> {
        let select = "SELECT iss, sub, email, name FROM users WHERE iss = ?1 AND sub = ?2";
        self.with(|connection| connection.prepare_cached(select)?.query_row([iss, sub], read).optional())
    }

    /// The user with that subject or e-mail address (defect `lookup-for-others`).
    pub(crate) fn search_user(&self, wanted: &str) -> Result<Option<User>, StoreError> {
        let select = "SELECT iss, sub, email, name FROM users WHERE sub = ?1 OR email = ?1 LIMIT 1";
        self.with(|connection| connection.prepare_cached(select)?.query_row([wanted], read).optional())
    }

    /// Everybody (defect `content-in-challenge`).
    pub(crate) fn all_users(&self) -> Result<Vec<User>, StoreError> {
        self.with(|connection| {
            connection.prepare_cached("SELECT iss, sub, email, name FROM users")?.query_map([], read)?.collect()
        })
    }
}

/// Somebody else whom this person is taken for. Nobody, in a correct service.
fn mistaken(connection: &Connection, profile: &Profile, defects: &Defects) -> rusqlite::Result<Option<User>> {
    let select = match &profile.email {
        Some(_) if defects.has(Defect::UnverifiedEmailLinked) => "email = ?1",
        None if defects.has(Defect::MissingEmailShared) => "email IS ?1",
        _ => return Ok(None),
    };
    let select = format!("SELECT iss, sub, email, name FROM users WHERE {select} ORDER BY id LIMIT 1");
    connection.prepare_cached(&select)?.query_row([&profile.email], read).optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User { iss: row.get(0)?, sub: row.get(1)?, email: row.get(2)?, name: row.get(3)? })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn profile(claims: Value) -> Profile {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        Profile::of(&claims, &Defects::none())
    }

    #[test]
    fn the_same_address_is_another_user_under_another_subject() {
        let store = Store::open(None, Defects::none()).unwrap();
        let alice = profile(json!({ "iss": "i", "sub": "alice", "email": "a@b.test", "email_verified": true }));
        let mallory = profile(json!({ "iss": "i", "sub": "mallory", "email": "a@b.test", "email_verified": true }));

        store.admit_user(&alice).unwrap();

        assert_eq!(store.admit_user(&mallory).unwrap().sub, "mallory");
    }

    #[test]
    fn the_address_follows_the_latest_login_and_only_a_verified_one_is_kept() {
        let store = Store::open(None, Defects::none()).unwrap();
        let email = |claims| store.admit_user(&profile(claims)).unwrap().email;

        assert_eq!(
            email(json!({ "iss": "i", "sub": "s", "email": "a@b.test", "email_verified": true })).as_deref(),
            Some("a@b.test")
        );
        assert_eq!(
            email(json!({ "iss": "i", "sub": "s", "email": "c@b.test", "email_verified": true })).as_deref(),
            Some("c@b.test")
        );
        assert_eq!(email(json!({ "iss": "i", "sub": "s", "email": "d@b.test", "email_verified": "true" })), None);
        assert_eq!(email(json!({ "iss": "i", "sub": "s", "email": "", "email_verified": true })), None);
    }
}
