//! Threads, and the end of one's patience with them.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

/// Far more than any test takes, and little enough for a deadlock to be reported.
const PATIENCE: Duration = Duration::from_secs(if cfg!(miri) { 900 } else { 20 });

/// Runs `body` on a thread of its own, and panics if that does not come to an end: a hang is a failed test, with a name.
///
/// A panic of `body` goes on in the caller, and so does its result. The thread of a `body` that hangs is left behind.
#[track_caller]
pub(crate) fn watchdog<R: Send + 'static>(body: impl FnOnce() -> R + Send + 'static) -> R {
    watchdog_for(PATIENCE, body)
}

/// A [`watchdog`] with a patience of its own.
#[track_caller]
pub(crate) fn watchdog_for<R: Send + 'static>(
    patience: Duration,
    body: impl FnOnce() -> R + Send + 'static,
) -> R {
    let (running, ended) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let _running = running;
        body()
    });
    match ended.recv_timeout(patience) {
        Err(RecvTimeoutError::Timeout) => panic!("it hangs: no end after {patience:?}"),
        Ok(()) | Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Ok(result) => result,
            Err(payload) => panic::resume_unwind(payload),
        },
    }
}

/// Runs both on threads of their own, which start at the same moment.
///
/// A panic of either goes on in the caller, after the other ended.
pub(crate) fn race<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    let start = Barrier::new(2);
    thread::scope(|scope| {
        let a = scope.spawn(|| {
            start.wait();
            a()
        });
        let b = scope.spawn(|| {
            start.wait();
            b()
        });
        match (a.join(), b.join()) {
            (Ok(a), Ok(b)) => (a, b),
            (Err(payload), _) | (_, Err(payload)) => panic::resume_unwind(payload),
        }
    })
}

/// Runs `body` on a thread of its own, and waits for it.
pub(crate) fn elsewhere<R: Send>(body: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| match scope.spawn(body).join() {
        Ok(result) => result,
        Err(payload) => panic::resume_unwind(payload),
    })
}

/// Looks again and again until `condition` holds; under a [`watchdog`], since it may never.
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

/// Runs `body`, which must panic, and gives the message.
#[track_caller]
pub(crate) fn must_panic<R>(body: impl FnOnce() -> R) -> String {
    match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(_) => panic!("it did not panic"),
        Err(payload) => message_of(&*payload),
    }
}

/// The text of a panic.
pub(crate) fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    text.or(owned).unwrap_or("(no text)").to_owned()
}
