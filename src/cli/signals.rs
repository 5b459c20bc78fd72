//! Ctrl-C and its like: the first one ends the run in order, the second one at once.

use std::sync::Arc;

use tokio::sync::Notify;

use super::output::tell;

/// The exit code of a program that was interrupted.
pub const INTERRUPTED: u8 = 130;

/// Resolves at the first signal. From then on a second one ends the process.
pub async fn interrupted() {
    let first = Arc::new(Notify::new());
    let told = Arc::clone(&first);
    // A task of its own, so that the second signal is seen while reports are written.
    tokio::spawn(async move {
        signal().await;
        tell("interrupted: writing what was seen; once more ends at once");
        told.notify_one();
        signal().await;
        std::process::exit(i32::from(INTERRUPTED));
    });
    first.notified().await;
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    // CI systems end a job that is cancelled with SIGTERM.
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            () = ctrl_c() => {}
        },
        Err(_) => ctrl_c().await,
    }
}

#[cfg(not(unix))]
async fn signal() {
    ctrl_c().await;
}

/// Where no handler can be set the signal ends the process in its usual way.
async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
