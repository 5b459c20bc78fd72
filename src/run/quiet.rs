//! Panics of steps are results and print nothing; panics of everything else must be heard.
//!
//! Cucumber replaces the process's panic hook by an empty one while it runs, so a server that panics dies in silence, and
//! two runs at once may leave the empty hook behind for good. So we put one in its place that is silent for steps alone,
//! and bring the first one back when the last run has ended.

use std::cell::Cell;
use std::future::Future;
use std::panic::{self, PanicHookInfo};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

type Hook = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

struct Runs {
    active: usize,
    /// The hook from before the first of them.
    outside: Option<Hook>,
}

static RUNS: Mutex<Runs> = Mutex::new(Runs { active: 0, outside: None });

thread_local! {
    static IN_STEP: Cell<bool> = const { Cell::new(false) };
}

/// A run that goes on.
pub(super) struct Guard(());

impl Guard {
    pub(super) fn new() -> Self {
        let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.active == 0 {
            runs.outside = Some(Arc::from(panic::take_hook()));
        }
        runs.active += 1;
        drop(runs);
        install();
        Self(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
        runs.active -= 1;
        if runs.active > 0 {
            return;
        }
        // A hook cannot be set while this thread panics; the one that is there lets such panics through.
        if let (Some(outside), false) = (runs.outside.take(), std::thread::panicking()) {
            panic::set_hook(Box::new(move |info| outside(info)));
        }
    }
}

/// Puts our hook in place, again after cucumber has put its own there.
pub(super) fn install() {
    let outside = RUNS.lock().unwrap_or_else(PoisonError::into_inner).outside.clone();
    let Some(outside) = outside else { return };
    panic::set_hook(Box::new(move |info| {
        if !IN_STEP.get() {
            outside(info);
        }
    }));
}

/// `step`, whose panics are not printed.
pub(super) async fn hushed<T>(step: impl Future<Output = T>) -> T {
    /// Resets the mark when a panic passes through.
    struct Marked(bool);
    impl Drop for Marked {
        fn drop(&mut self) {
            IN_STEP.set(self.0);
        }
    }
    let mut step = pin!(step);
    std::future::poll_fn(move |context| {
        let _marked = Marked(IN_STEP.replace(true));
        match step.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(value),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn steps_panic_in_silence_and_everything_else_is_heard() {
        static HEARD: AtomicUsize = AtomicUsize::new(0);
        const MARK: &str = "a panic of the quiet test";
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| match info.payload_as_str() {
            Some(MARK) => _ = HEARD.fetch_add(1, Ordering::SeqCst),
            _ => before(info),
        }));
        let outside = || std::thread::spawn(|| panic!("{MARK}")).join().is_err();
        let (one, other) = (Guard::new(), Guard::new());
        // What cucumber does.
        panic::set_hook(Box::new(|_| {}));
        install();

        let in_step = std::panic::AssertUnwindSafe(hushed(async { panic!("{MARK}") })).catch_unwind().await;
        assert!(in_step.is_err());
        assert_eq!(HEARD.load(Ordering::SeqCst), 0);
        assert!(outside());
        assert_eq!(HEARD.load(Ordering::SeqCst), 1);
        drop(one);
        assert!(outside());
        assert_eq!(HEARD.load(Ordering::SeqCst), 2);
        panic::set_hook(Box::new(|_| {}));
        drop(other);
        assert!(outside());
        assert_eq!(HEARD.load(Ordering::SeqCst), 3);
    }
}
