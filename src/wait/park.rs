//! Parks a thread until an event is notified.
//!
//! `Listener::wait` would do, but `Event::notify` unparks threads while it holds the lock of its
//! list. With all cores busy, an unparked thread runs at once, finds that lock held, and sleeps
//! again. So a thread polls its listener as a task would, with a waker that only notes whom to
//! unpark. [`UnparkNoted`] does that once the list is free.
//!
//! Not by `std::thread::park`: that would take the token of a caller who unparks this thread for a
//! reason of its own.

use crate::sync::{self, Condvar, Mutex};
use event_listener::Event;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Wake, Waker};
use std::time::Instant;

/// Where a thread sleeps.
#[derive(Default)]
struct Parker {
    is_notified: Mutex<bool>,
    condvar: Condvar,
}

sync::thread_local! {
    /// That of this thread, for all of its waits.
    static PARKER: Arc<Parker> = Arc::default();
    /// Whom this thread is to unpark.
    static NOTED: Cell<Option<Arc<Parker>>> = Cell::default();
}

/// Unparks whom this thread noted, when it is dropped. It lives while an event may call wakers: in
/// a call of `notify`, and as long as a listener, whose drop passes an unused notification on.
pub(super) struct UnparkNoted;

impl Drop for UnparkNoted {
    fn drop(&mut self) {
        // A thread that ends may have lost this. Then `wake_by_ref` noted nobody.
        if let Ok(Some(parker)) = NOTED.try_with(Cell::take) {
            parker.unpark();
        }
    }
}

/// Notifies the threads that wait for the event.
pub(crate) fn notify(event: &Event) {
    let _unpark = UnparkNoted;
    event.notify(usize::MAX);
}

/// Sleeps until the listener was notified, or the deadline has passed.
pub(super) fn until_notified(
    mut listener: impl Future<Output = ()> + Unpin,
    deadline: Option<Instant>,
) {
    // A thread that ends may have lost its parker. It takes a new one.
    let parker = PARKER.try_with(Arc::clone).unwrap_or_default();
    let waker = Waker::from(Arc::clone(&parker));
    let mut cx = Context::from_waker(&waker);
    while Pin::new(&mut listener).poll(&mut cx).is_pending() {
        if !parker.park(deadline) {
            return;
        }
    }
}

/// The waker of a thread. The event calls it with its list locked.
impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let earlier = NOTED.try_with(|cell| cell.replace(Some(Arc::clone(self))));
        match earlier {
            Ok(None) => {}
            // There is room for one only.
            Ok(Some(earlier)) => earlier.unpark(),
            Err(_) => self.unpark(),
        }
    }
}

impl Parker {
    fn unpark(&self) {
        *sync::lock(&self.is_notified) = true;
        self.condvar.notify_one();
    }

    /// Sleeps until `unpark`; `false` if the deadline has passed before.
    fn park(&self, deadline: Option<Instant>) -> bool {
        let mut is_notified = sync::lock(&self.is_notified);
        while !*is_notified {
            is_notified = match deadline {
                None => self
                    .condvar
                    .wait(is_notified)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let remaining = deadline.saturating_duration_since(Instant::now());
                    if remaining.is_zero() {
                        return false;
                    }
                    let woken = self.condvar.wait_timeout(is_notified, remaining);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        *is_notified = false;
        true
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{until_notified, UnparkNoted};
    use std::future::poll_fn;
    use std::sync::mpsc;
    use std::task::Poll;
    use std::thread;
    use std::time::{Duration, Instant};

    #[test]
    fn a_thread_sleeps_until_it_is_notified() {
        let (done, ended) = mpsc::channel();
        thread::spawn(move || {
            let (notify, notified) = mpsc::channel();
            let mut polls = 0;
            let mut is_notified = false;
            let listener = poll_fn(|cx| {
                polls += 1;
                if polls == 1 {
                    let (notify, waker) = (notify.clone(), cx.waker().clone());
                    thread::spawn(move || {
                        let _unpark = UnparkNoted;
                        let _ = notify.send(());
                        waker.wake();
                    });
                    return Poll::Pending;
                }
                is_notified = notified.try_recv().is_ok();
                Poll::Ready(())
            });
            until_notified(listener, None);
            let _ = done.send((polls, is_notified));
        });
        let outcome = ended.recv_timeout(Duration::from_secs(60));
        assert_eq!(outcome, Ok((2, true)));
    }

    #[test]
    fn a_thread_sleeps_until_its_deadline() {
        let (done, ended) = mpsc::channel();
        thread::spawn(move || {
            let deadline = Instant::now() + Duration::from_millis(10);
            until_notified(poll_fn(|_| Poll::Pending), Some(deadline));
            let _ = done.send(Instant::now() >= deadline);
        });
        assert_eq!(ended.recv_timeout(Duration::from_secs(60)), Ok(true));
    }
}
