//! An end that foreign code can get at.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

/// An end that the hook of a waker or an item can get at, unless the end is in use at that moment.
pub(crate) struct Shared<E>(Arc<Mutex<Option<E>>>);

impl<E> Clone for Shared<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> Shared<E> {
    pub(crate) fn new(end: E) -> Self {
        Self(Arc::new(Mutex::new(Some(end))))
    }

    /// Runs `action` on the end, with nothing of ours locked, and puts back what it leaves, also when it panics.
    ///
    /// There is no end if it is in use, or was dropped.
    pub(crate) fn run<R>(&self, action: impl FnOnce(&mut Option<E>) -> R) -> R {
        let mut end = self.0.lock().unwrap().take();
        let result = panic::catch_unwind(AssertUnwindSafe(|| action(&mut end)));
        *self.0.lock().unwrap() = end;
        result.unwrap_or_else(|payload| panic::resume_unwind(payload))
    }
}
