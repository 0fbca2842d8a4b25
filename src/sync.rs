//! The primitives that loom replaces, chosen in one place.

#[cfg(not(all(loom, feature = "loom")))]
pub(crate) use std::sync::{atomic::AtomicUsize, Arc, Mutex, MutexGuard};

#[cfg(all(loom, feature = "loom"))]
pub(crate) use loom::sync::{atomic::AtomicUsize, Arc, Mutex, MutexGuard};
