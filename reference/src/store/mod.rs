//! What the frontend keeps: sessions, pending logins, users and grants, in one SQLite database.
//!
//! The database is in memory unless a path is given. Each method is one statement or two under a lock held for
//! microseconds, so none of them is worth a thread of its own.

mod grants;
mod logins;
mod sessions;
mod users;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::defects::Defects;

pub(crate) use grants::Grant;
pub(crate) use logins::PendingLogin;
pub(crate) use users::{Profile, User};

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, data TEXT NOT NULL, expires INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires);
    CREATE TABLE IF NOT EXISTS suspended (browser TEXT NOT NULL, iss TEXT NOT NULL, sub TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS logins (
        state TEXT NOT NULL, browser TEXT NOT NULL, nonce TEXT NOT NULL, verifier TEXT,
        redirect_uri TEXT NOT NULL, return_to TEXT NOT NULL, expires INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS logins_by_state ON logins (state);
    CREATE INDEX IF NOT EXISTS logins_by_expiry ON logins (expires);
    CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY, iss TEXT NOT NULL, sub TEXT NOT NULL, email TEXT, name TEXT, UNIQUE (iss, sub)
    );
    CREATE INDEX IF NOT EXISTS users_by_email ON users (email);
    CREATE TABLE IF NOT EXISTS grants (
        owner TEXT PRIMARY KEY, access_token TEXT NOT NULL, refresh_token TEXT, id_token TEXT, expires INTEGER,
        kept_until INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS grants_by_end ON grants (kept_until);
";

/// How long a login is good for, in seconds: a working day.
pub(crate) const SESSION_LIFETIME: i64 = 8 * 3600;

/// The database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    connection: Arc<Mutex<Connection>>,
    defects: Defects,
}

/// The database does not answer.
#[derive(Debug, thiserror::Error)]
#[error("the database does not answer: {0}")]
pub(crate) struct StoreError(#[from] rusqlite::Error);

impl Store {
    /// Opens the database at `path`, or one in memory.
    pub(crate) fn open(path: Option<&Path>, defects: Defects) -> rusqlite::Result<Self> {
        let connection = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        connection.execute_batch(SCHEMA)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self { connection: Arc::new(Mutex::new(connection)), defects })
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(work(&connection)?)
    }
}

// tower-sessions asks for it. What is kept here is nobody's to print.
impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
