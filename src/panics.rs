//! Foreign code may panic, and one waker's panic must not cost another its wake.

use std::any::Any;
use std::mem;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::thread;

/// Runs several pieces of foreign code, each of which may panic, to the end of the last one.
#[derive(Default)]
pub(crate) struct Panics {
    first: Option<Box<dyn Any + Send>>,
}

impl Panics {
    /// Runs `f`. Should it panic, the panic waits for [`resume`](Self::resume).
    pub(crate) fn catch(&mut self, f: impl FnOnce()) {
        // Unwind safe: the slot was left in order before any foreign code ran.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(f)) {
            if self.first.is_none() {
                self.first = Some(panic);
            } else {
                discard(panic);
            }
        }
    }

    /// Lets the first panic go on.
    pub(crate) fn resume(self) {
        if let Some(panic) = self.first() {
            resume_unwind(panic);
        }
    }

    /// The first panic, to let it go on. Not while this thread unwinds from another: that would
    /// abort.
    pub(crate) fn first(self) -> Option<Box<dyn Any + Send>> {
        let panic = self.first?;
        if thread::panicking() {
            discard(panic);
            return None;
        }
        Some(panic)
    }
}

/// Drops what a panic carried, which is foreign code, too. Should that panic again, it ends there.
fn discard(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        mem::forget(again);
    }
}
