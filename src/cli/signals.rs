//! Ctrl-C and its like: the first one ends the run in order, the second one at once.

use std::sync::Arc;

use tokio::sync::Notify;

use super::output::tell;

/// The exit code of a program that was interrupted.
pub const INTERRUPTED: u8 = 130;

/// Takes the signals from now on; the future resolves at the first one. From then on a second one ends the process.
pub fn interrupted() -> impl Future<Output = ()> {
    let mut signals = Signals::taken();
    let first = Arc::new(Notify::new());
    let told = Arc::clone(&first);
    // A task of its own, so that the second signal is seen while reports are written.
    tokio::spawn(async move {
        signals.next().await;
        tell("interrupted: writing what was seen; once more ends at once");
        told.notify_one();
        signals.next().await;
        std::process::exit(i32::from(INTERRUPTED));
    });
    async move { first.notified().await }
}

/// Ctrl-C, and SIGTERM, by which CI systems end a job that is cancelled. Where no handler can be set the signal ends the
/// process in its usual way.
#[cfg(unix)]
struct Signals([Option<tokio::signal::unix::Signal>; 2]);

#[cfg(unix)]
impl Signals {
    fn taken() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self([SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok()))
    }

    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.0;
        tokio::select! {
            () = received(interrupt) => {}
            () = received(terminate) => {}
        }
    }
}

#[cfg(unix)]
async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => _ = signal.recv().await,
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn taken() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
