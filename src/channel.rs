//! What the two ends share: the slot behind its lock, its flags, and the events that threads park on.
//! Whoever is to be woken is woken here, with the lock released.

use crate::panics::Panics;
use crate::slot::{Contents, End, Flags, Parting, Seat, Slot, Wake};
use crate::spin::Threads;
use crate::sync::{AtomicUsize, Mutex};
#[cfg(not(target_family = "wasm"))]
use crate::wait::park;
use event_listener::Event;
use std::fmt;
use std::sync::atomic::Ordering;
use std::task::Waker;

/// In this order, the flags, the lock and a small item share a cache line, if the allocator's
/// alignment allows.
#[repr(C)]
pub(crate) struct Channel<T> {
    /// The slot's flags, for who reads them without the lock. Written just before it is released, so
    /// only the slot decides.
    flags: AtomicUsize,
    contents: Mutex<Contents<T>>,
    /// A receiving thread parks here.
    item_available: Event,
    /// A sending thread parks here.
    item_taken: Event,
    /// A thread of either end parks here until the other end closes.
    closed: Event,
    /// On which threads the ends run, for the spin.
    pub(crate) threads: Threads,
}

/// `Default`, because `Arc::default` makes it in place, and `Arc::new` moves it there from the stack.
impl<T> Default for Channel<T> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn default() -> Self {
        Channel {
            flags: AtomicUsize::new(0),
            contents: Mutex::new(Contents::new()),
            item_available: Event::new(),
            item_taken: Event::new(),
            closed: Event::new(),
            threads: Threads::new(),
        }
    }
}

impl<T> Channel<T> {
    /// Enters the slot. No foreign code may run until the guard is gone: no waker is cloned, woken or
    /// dropped, no item is dropped, no limit is polled. Such code might use the channel.
    #[inline]
    pub(crate) fn lock(&self) -> Slot<'_, T> {
        Slot::enter(&self.contents, &self.flags)
    }

    /// The slot's flags without the lock. What happened before they changed is visible afterwards,
    /// as if the lock had been taken. So a send may resolve by this read alone.
    #[inline]
    pub(crate) fn flags(&self) -> Flags {
        Flags::from_bits(self.flags.load(Ordering::Acquire))
    }

    /// Begins an operation of `end`, and returns the flags. Only the receiver lends, so no lock is
    /// needed to see that a guard was leaked.
    #[inline]
    pub(crate) fn check_in(&self, end: End) -> Flags {
        let flags = self.flags();
        if end == End::Receiver && flags.has(Flags::LENT) {
            self.accept_leaked();
            return self.flags();
        }
        flags
    }

    #[cold]
    fn accept_leaked(&self) {
        let wake = self.lock().accept_leaked(End::Receiver);
        self.wake(wake);
    }

    /// Where a thread parks that waits on `seat`.
    pub(crate) fn event(&self, seat: Seat) -> &Event {
        match seat {
            Seat::Sender => &self.item_taken,
            Seat::Receiver => &self.item_available,
            Seat::SenderClosed | Seat::ReceiverClosed => &self.closed,
        }
    }

    /// Wakes whoever is to be woken. This is foreign code.
    #[inline]
    pub(crate) fn wake(&self, mut wake: Wake) {
        match wake.take() {
            (_, Some(waker)) => waker.wake(),
            (Some(seat), None) => self.wake_thread(seat),
            (None, None) => {}
        }
    }

    #[cold]
    fn wake_thread(&self, seat: Seat) {
        let event = self.event(seat);
        #[cfg(not(target_family = "wasm"))]
        park::notify(event);
        // No thread parks on this target.
        #[cfg(target_family = "wasm")]
        event.notify(usize::MAX);
    }

    /// Wakes, and then drops a waker that is not needed, even if the wake panics.
    #[inline]
    pub(crate) fn wake_and_drop(&self, wake: Wake, unneeded: Option<Waker>) {
        if unneeded.is_none() {
            self.wake(wake);
        } else {
            self.wake_and_drop_cold(wake, unneeded);
        }
    }

    #[cold]
    fn wake_and_drop_cold(&self, wake: Wake, unneeded: Option<Waker>) {
        let mut panics = Panics::default();
        panics.catch(|| self.wake(wake));
        panics.catch(|| drop(unneeded));
        panics.resume();
    }

    /// Does what a closing end leaves to do. Returns whether the channel was open.
    #[cold]
    pub(crate) fn part(&self, parting: Parting) -> bool {
        let mut panics = Panics::default();
        for wake in parting.wakes {
            if !wake.is_nobody() {
                panics.catch(|| self.wake(wake));
            }
        }
        for waker in parting.evicted.into_iter().flatten() {
            panics.catch(|| drop(waker));
        }
        while self.flags().has_unreachable() {
            let item = self.lock().take_unreachable();
            panics.catch(|| drop(item));
        }
        panics.resume();
        parting.was_open
    }

    /// An end is dropped.
    #[inline]
    pub(crate) fn drop_end(&self, end: End) {
        if self.flags().is_deserted() {
            return;
        }
        let mut slot = self.lock();
        if slot.drop_quietly(end) {
            return;
        }
        let parting = slot.drop_end(end);
        drop(slot);
        self.part(parting);
    }

    /// An end is closed. Returns whether the channel was open.
    pub(crate) fn close(&self, end: End) -> bool {
        let parting = self.lock().close(end);
        self.part(parting)
    }

    /// What `Debug` of anything shows of its channel.
    pub(crate) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The formatter is the caller's code: it runs without the lock.
        let flags = self.flags();
        let item = match (flags.has(Flags::OFFERED), flags.has(Flags::LENT)) {
            (true, _) => "on offer",
            (_, true) => "lent",
            _ => "none",
        };
        f.debug_struct(name)
            .field("sender_closed", &flags.has(Flags::SENDER_CLOSED))
            .field("receiver_closed", &flags.has(Flags::RECEIVER_CLOSED))
            .field("item", &format_args!("{item}"))
            .field("given_back", &flags.has(Flags::GIVEN_BACK))
            .field(
                "sender_waits",
                &(flags.has(Flags::seat(Seat::Sender))
                    || flags.has(Flags::seat(Seat::SenderClosed))),
            )
            .field(
                "receiver_waits",
                &(flags.has(Flags::WAITING) || flags.has(Flags::seat(Seat::ReceiverClosed))),
            )
            .finish()
    }
}

impl<T> fmt::Debug for Channel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug("Channel", f)
    }
}
