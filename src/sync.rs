//! The primitives that loom replaces, chosen in one place.

#[cfg(not(all(loom, feature = "loom")))]
pub(crate) use std::sync::{atomic::AtomicUsize, Arc, Mutex, MutexGuard};

#[cfg(all(loom, feature = "loom"))]
pub(crate) use loom::sync::{atomic::AtomicUsize, Arc, Mutex, MutexGuard};

#[cfg(all(loom, feature = "loom", not(target_family = "wasm")))]
pub(crate) use loom::{sync::Condvar, thread_local};
#[cfg(not(any(all(loom, feature = "loom"), target_family = "wasm")))]
pub(crate) use std::{sync::Condvar, thread_local};

use std::sync::PoisonError;

/// Locks, also a mutex that is poisoned: nothing panics half-way under the crate's lock.
#[cfg(not(target_family = "wasm"))]
#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The main thread of a browser must not block, and `Mutex::lock` traps there when another thread
/// has the lock. It is held for some instructions only.
#[cfg(target_family = "wasm")]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    use std::sync::TryLockError;
    loop {
        match mutex.try_lock() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(error)) => return PoisonError::into_inner(error),
            Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
        }
    }
}
