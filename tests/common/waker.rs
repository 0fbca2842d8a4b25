//! A waker that counts what is done to it, and can run any code while it is done.

use super::{poll, raw_waker};
use futures_core::Stream;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// What was done to a [`Probe`]'s waker and its clones, by anybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Calls of `Waker::clone`.
    pub(crate) clones: usize,
    /// Calls of `Waker::wake` and `Waker::wake_by_ref`.
    pub(crate) wakes: usize,
    /// Clones that are gone again, dropped or consumed by `Waker::wake`.
    pub(crate) gone: usize,
}

type Hook = Box<dyn FnOnce() + Send>;

/// Where the wakers of one [`Probe`] report.
#[derive(Default)]
pub(super) struct Observer {
    clones: AtomicUsize,
    wakes: AtomicUsize,
    gone: AtomicUsize,
    on_clone: Mutex<Option<Hook>>,
    on_wake: Mutex<Option<Hook>>,
    on_drop: Mutex<Option<Hook>>,
}

impl Observer {
    pub(super) fn cloned(&self) {
        fire(&self.on_clone);
        // Not before: a hook that panics leaves no clone.
        self.clones.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn woken(&self) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        fire(&self.on_wake);
    }

    pub(super) fn woken_by_value(&self) {
        self.gone.fetch_add(1, Ordering::SeqCst);
        self.woken();
    }

    pub(super) fn dropped(&self) {
        self.gone.fetch_add(1, Ordering::SeqCst);
        fire(&self.on_drop);
    }
}

/// Runs an armed hook, with nothing locked, and disarms it.
fn fire(hook: &Mutex<Option<Hook>>) {
    let armed = hook.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(run) = armed {
        run();
    }
}

fn arm(hook: &Mutex<Option<Hook>>, run: Hook) {
    let unfired = hook
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .replace(run);
    assert!(unfired.is_none(), "a hook was armed twice");
}

fn disarm(hook: &Mutex<Option<Hook>>) -> bool {
    let armed = hook.lock().unwrap_or_else(PoisonError::into_inner).take();
    armed.is_some()
}

/// One observed task: polls by hand with a waker that counts, and that runs a hook when it is cloned, woken or dropped.
///
/// Each Probe is another task: its waker `will_wake` only itself. The Probe's own waker appears in no count.
pub(crate) struct Probe {
    waker: Waker,
    observer: Arc<Observer>,
}

impl Probe {
    pub(crate) fn new() -> Self {
        let observer = Arc::new(Observer::default());
        Self {
            waker: raw_waker::waker(Arc::clone(&observer)),
            observer,
        }
    }

    /// Polls a future once, as this task.
    pub(crate) fn poll<F: Future + Unpin>(&self, future: &mut F) -> Poll<F::Output> {
        poll::poll_once(future, &self.waker)
    }

    /// Polls a stream once, as this task.
    pub(crate) fn poll_next<S: Stream + Unpin>(&self, stream: &mut S) -> Poll<Option<S::Item>> {
        poll::poll_next(stream, &self.waker)
    }

    /// For `poll_*` functions that are neither a future's nor a stream's.
    pub(crate) fn cx(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }

    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            clones: self.observer.clones.load(Ordering::SeqCst),
            wakes: self.observer.wakes.load(Ordering::SeqCst),
            gone: self.observer.gone.load(Ordering::SeqCst),
        }
    }

    pub(crate) fn wakes(&self) -> usize {
        self.counts().wakes
    }

    pub(crate) fn clones(&self) -> usize {
        self.counts().clones
    }

    /// How often it was woken since this was last asked.
    pub(crate) fn take_wakes(&self) -> usize {
        self.observer.wakes.swap(0, Ordering::SeqCst)
    }

    /// How many clones of the waker somebody keeps at this moment.
    pub(crate) fn held(&self) -> usize {
        let counts = self.counts();
        counts.clones - counts.gone
    }

    /// Runs `hook` inside the next `Waker::clone`, before there is a clone.
    pub(crate) fn on_clone(&self, hook: impl FnOnce() + Send + 'static) {
        arm(&self.observer.on_clone, Box::new(hook));
    }

    /// Runs `hook` inside the next `Waker::wake` or `Waker::wake_by_ref`.
    pub(crate) fn on_wake(&self, hook: impl FnOnce() + Send + 'static) {
        arm(&self.observer.on_wake, Box::new(hook));
    }

    /// Runs `hook` when a clone of the waker is next dropped; being consumed by `Waker::wake` is no drop.
    pub(crate) fn on_drop(&self, hook: impl FnOnce() + Send + 'static) {
        arm(&self.observer.on_drop, Box::new(hook));
    }

    /// Takes all hooks off, and says whether any of them had not been run.
    pub(crate) fn disarm(&self) -> bool {
        let clone = disarm(&self.observer.on_clone);
        let wake = disarm(&self.observer.on_wake);
        let drop = disarm(&self.observer.on_drop);
        clone | wake | drop
    }
}

impl Drop for Probe {
    /// A hook is for what the channel does with the waker, not for the end of the Probe itself.
    fn drop(&mut self) {
        self.disarm();
    }
}
