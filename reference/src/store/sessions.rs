//! Sessions, as tower-sessions wants them stored.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use super::{Store, StoreError};
use crate::clock::now;
use crate::defects::Defect;

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let data = encoded(record)?;
        let expires = record.expiry_date.unix_timestamp();
        self.with(|connection| {
            connection.prepare_cached("DELETE FROM sessions WHERE expires <= ?1")?.execute([now()])?;
            let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO sessions VALUES (?1, ?2, ?3)")?;
            while insert.execute(params![record.id.to_string(), data, expires])? == 0 {
                record.id = Id::default();
            }
            Ok(())
        })
        .map_err(backend)
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let data = encoded(record)?;
        let expires = record.expiry_date.unix_timestamp();
        // A session that has been ended meanwhile is not brought back.
        let update = "UPDATE sessions SET data = ?2, expires = ?3 WHERE id = ?1";
        self.with(|connection| {
            connection.prepare_cached(update)?.execute(params![record.id.to_string(), data, expires])
        })
        .map_err(backend)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let id = id.to_string();
        let found = self.with(|connection| match self.defects.has(Defect::CookieTampering) {
            true => find(connection, "substr(id, 1, 10) = substr(?1, 1, 10)", &id),
            false => find(connection, "id = ?1", &id),
        });
        let Some((id, data, expires)) = found.map_err(backend)? else { return Ok(None) };
        let decode = |what: &str| Error::Decode(format!("a session with an unreadable {what}"));
        Ok(Some(Record {
            id: id.parse().map_err(|_| decode("identifier"))?,
            data: serde_json::from_str(&data).map_err(|_| decode("record"))?,
            expiry_date: OffsetDateTime::from_unix_timestamp(expires).map_err(|_| decode("expiry"))?,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.with(|connection| {
            connection.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([id.to_string()])
        })
        .map_err(backend)?;
        Ok(())
    }
}

/// What two defects do to sessions.
impl Store {
    /// Deletes every session of that user (defect `logout-ends-all-sessions`).
    pub(crate) fn end_sessions_of(&self, iss: &str, sub: &str) -> std::result::Result<(), StoreError> {
        let delete = "DELETE FROM sessions
            WHERE json_extract(data, '$.signed_in.sub') = ?2 AND json_extract(data, '$.signed_in.iss') = ?1";
        self.with(|connection| connection.prepare_cached(delete)?.execute([iss, sub])).map(drop)
    }

    /// Suspends the session of that browser until its user logs in again (defect `old-cookie-revived`).
    pub(crate) fn suspend(&self, browser: &str, iss: &str, sub: &str) -> std::result::Result<(), StoreError> {
        let insert = "INSERT INTO suspended VALUES (?1, ?2, ?3)";
        self.with(|connection| connection.prepare_cached(insert)?.execute([browser, iss, sub])).map(drop)
    }

    pub(crate) fn is_suspended(&self, browser: &str) -> std::result::Result<bool, StoreError> {
        self.with(|connection| {
            connection.prepare_cached("SELECT 1 FROM suspended WHERE browser = ?1")?.exists([browser])
        })
    }

    pub(crate) fn resume_sessions_of(&self, iss: &str, sub: &str) -> std::result::Result<(), StoreError> {
        let delete = "DELETE FROM suspended WHERE iss = ?1 AND sub = ?2";
        self.with(|connection| connection.prepare_cached(delete)?.execute([iss, sub])).map(drop)
    }
}

fn find(connection: &Connection, condition: &str, id: &str) -> rusqlite::Result<Option<(String, String, i64)>> {
    let select = format!("SELECT id, data, expires FROM sessions WHERE {condition} AND expires > ?2");
    let mut select = connection.prepare_cached(&select)?;
    select.query_row(params![id, now()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()
}

fn encoded(record: &Record) -> Result<String> {
    serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

fn backend(error: StoreError) -> Error {
    Error::Backend(error.to_string())
}
