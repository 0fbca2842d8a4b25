//! The only `unsafe` in this repository: [`std::task::Wake`] does not let anybody see a waker being cloned or dropped.

use super::waker::Observer;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::task::{RawWaker, RawWakerVTable, Waker};

/// A static, so that it has one address and `will_wake` is exact.
static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop);

/// A waker that tells `observer` whatever happens to it.
pub(super) fn waker(observer: Arc<Observer>) -> Waker {
    let raw = RawWaker::new(Arc::into_raw(observer).cast(), &VTABLE);
    // SAFETY: the data pointer is an `Arc<Observer>` turned raw, which is what all four functions of `VTABLE` take it
    // for; each waker owns one of the `Arc`'s counts, and `Observer` is `Send + Sync`.
    unsafe { Waker::from_raw(raw) }
}

/// The observer of a waker that lives on.
///
/// # Safety
///
/// `data` must be the data pointer of a live waker of this file, and the result must not outlive it.
unsafe fn borrow(data: *const ()) -> ManuallyDrop<Arc<Observer>> {
    // SAFETY: `data` came from `Arc::into_raw`, and `ManuallyDrop` leaves the waker its count.
    ManuallyDrop::new(unsafe { Arc::from_raw(data.cast()) })
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: whoever clones a waker holds it for as long as that takes.
    let observer = unsafe { borrow(data) };
    // May panic: no count was taken yet.
    observer.cloned();
    RawWaker::new(Arc::into_raw(Arc::clone(&observer)).cast(), &VTABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: `data` came from `Arc::into_raw`; waking by value ends the waker, so its count is ours to drop.
    let observer: Arc<Observer> = unsafe { Arc::from_raw(data.cast()) };
    observer.woken_by_value();
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: whoever wakes by reference holds the waker for as long as that takes.
    let observer = unsafe { borrow(data) };
    observer.woken();
}

unsafe fn drop(data: *const ()) {
    // SAFETY: `data` came from `Arc::into_raw`, and the waker is at its end, so its count is ours to drop.
    let observer: Arc<Observer> = unsafe { Arc::from_raw(data.cast()) };
    observer.dropped();
}
