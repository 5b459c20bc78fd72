//! Pending logins: what a callback must fit. Each belongs to one browser and is good for one callback.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params};

use super::{Store, StoreError};
use crate::clock::now;
use crate::defects::Defect;

/// Long enough to type a password and a second factor.
const LIFETIME: i64 = 600;

/// A login that has been started.
pub(crate) struct PendingLogin {
    pub(crate) state: String,
    /// A secret of the session in which it was started.
    pub(crate) browser: String,
    pub(crate) nonce: String,
    pub(crate) verifier: Option<String>,
    /// As the authorization request carried it.
    pub(crate) redirect_uri: String,
    /// A path of this site.
    pub(crate) return_to: String,
}

impl Store {
    pub(crate) fn add_login(&self, login: &PendingLogin) -> Result<(), StoreError> {
        self.with(|connection| {
            connection.prepare_cached("DELETE FROM logins WHERE expires <= ?1")?.execute([now()])?;
            let mut insert = connection.prepare_cached("INSERT INTO logins VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
            insert.execute(params![
                login.state,
                login.browser,
                login.nonce,
                login.verifier,
                login.redirect_uri,
                login.return_to,
                now() + LIFETIME
            ])
        })
        .map(drop)
    }

    /// The login that this browser started under `state`. It is gone afterwards, whatever becomes of the callback.
    pub(crate) fn take_login(&self, state: Option<&str>, browser: &str) -> Result<Option<PendingLogin>, StoreError> {
        self.with(|connection| {
            let (now, any_browser) = (now(), self.defects.has(Defect::StateNotBoundToBrowser));
            let mut found = match any_browser {
                true => find(connection, "state = :state", named_params! { ":state": state, ":now": now })?,
                false => {
                    let bound = named_params! { ":state": state, ":browser": browser, ":now": now };
                    find(connection, "state = :state AND browser = :browser", bound)?
                }
            };
            if found.is_none() && self.defects.has(Defect::StateUnchecked) {
                found = find(connection, "browser = :browser", named_params! { ":browser": browser, ":now": now })?;
            }
            let Some((row, login)) = found else { return Ok(None) };
            if !self.defects.has(Defect::StateReusable) {
                connection.prepare_cached("DELETE FROM logins WHERE rowid = ?1")?.execute([row])?;
            }
            Ok(Some(login))
        })
    }

    /// The nonces of all pending logins (defect `code-injection`).
    pub(crate) fn pending_nonces(&self) -> Result<Vec<String>, StoreError> {
        self.with(|connection| {
            let mut select = connection.prepare_cached("SELECT nonce FROM logins WHERE expires > ?1")?;
            select.query_map([now()], |row| row.get(0))?.collect()
        })
    }
}

/// The newest one that fits, with its row.
fn find(
    connection: &Connection,
    condition: &str,
    values: &[(&str, &dyn ToSql)],
) -> rusqlite::Result<Option<(i64, PendingLogin)>> {
    let select = format!(
        "SELECT rowid, state, browser, nonce, verifier, redirect_uri, return_to FROM logins
         WHERE {condition} AND expires > :now ORDER BY rowid DESC LIMIT 1"
    );
    connection.prepare_cached(&select)?.query_row(values, read).optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, PendingLogin)> {
    let login = PendingLogin {
        state: row.get(1)?,
        browser: row.get(2)?,
        nonce: row.get(3)?,
        verifier: row.get(4)?,
        redirect_uri: row.get(5)?,
        return_to: row.get(6)?,
    };
    Ok((row.get(0)?, login))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defects::Defects;

    fn login(state: &str, browser: &str) -> PendingLogin {
        PendingLogin {
            state: state.into(),
            browser: browser.into(),
            nonce: format!("nonce of {state}"),
            verifier: None,
            redirect_uri: "http://a.test/callback".into(),
            return_to: "/".into(),
        }
    }

    #[test]
    fn a_login_is_taken_once_and_by_its_own_browser_only() {
        let store = Store::open(None, Defects::none()).unwrap();
        store.add_login(&login("one", "mine")).unwrap();
        store.add_login(&login("two", "mine")).unwrap();

        let nonce = |state, browser| store.take_login(state, browser).unwrap().map(|login| login.nonce);

        assert_eq!(nonce(Some("one"), "yours"), None);
        assert_eq!(nonce(None, "mine"), None);
        assert_eq!(nonce(Some("one"), "mine").as_deref(), Some("nonce of one"));
        assert_eq!(nonce(Some("one"), "mine"), None);
        assert_eq!(nonce(Some("two"), "mine").as_deref(), Some("nonce of two"));
    }
}
