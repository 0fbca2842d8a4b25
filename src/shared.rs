//! What the two ends share: the slot behind its lock, a mirror of its flags, and the events that
//! threads park on. Whoever is to be woken is woken here, with the lock released.

use crate::panics::Panics;
use crate::slot::{Flags, Parting, Seat, Slot, Waiter};
use crate::sync::{AtomicUsize, Mutex, MutexGuard};
use crate::watch::Threads;
use event_listener::Event;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering;
use std::sync::PoisonError;

pub(crate) struct Shared<T> {
    slot: Mutex<Slot<T>>,
    /// The slot's flags as they were when the lock was last released. Written with the lock held,
    /// so that only the slot decides; read without it, to learn what needs no lock.
    mirror: Apart<AtomicUsize>,
    /// A receiving thread parks here.
    item_available: Event,
    /// A sending thread parks here.
    item_taken: Event,
    /// A thread of either end parks here until the other end closes.
    closed: Event,
    /// Where the ends run, for the watch.
    pub(crate) threads: Threads,
}

/// `Default`, because `Arc::default` makes it where it stays, and `Arc::new` moves it there from the
/// stack: a fifth of the cost of a channel that is used once.
impl<T> Default for Shared<T> {
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn default() -> Self {
        Shared {
            slot: Mutex::new(Slot::new()),
            mirror: Apart::new(AtomicUsize::new(0)),
            item_available: Event::new(),
            item_taken: Event::new(),
            closed: Event::new(),
            threads: Threads::new(),
        }
    }
}

impl<T> Shared<T> {
    /// Enters the slot. No code but ours may run until the guard is gone.
    pub(crate) fn lock(&self) -> SlotGuard<'_, T> {
        SlotGuard {
            // No transition panics half-way, so a poisoned slot is whole.
            slot: self.slot.lock().unwrap_or_else(PoisonError::into_inner),
            mirror: &self.mirror.value,
        }
    }

    /// The slot's flags without the lock. Everything that came before the change that they show
    /// is visible after this, as it would be after entering the lock: a send that resolves by
    /// this read alone still happens after the receive.
    pub(crate) fn flags(&self) -> Flags {
        Flags::from_bits(self.mirror.value.load(Ordering::Acquire))
    }

    /// Where a thread parks that waits on `seat`.
    pub(crate) fn event(&self, seat: Seat) -> &Event {
        match seat {
            Seat::Sender => &self.item_taken,
            Seat::Receiver => &self.item_available,
            Seat::SenderClosed | Seat::ReceiverClosed => &self.closed,
        }
    }

    /// Wakes whoever sat on `seat`. Runs foreign code: never with the lock held.
    pub(crate) fn wake(&self, seat: Seat, waiter: Waiter) {
        match waiter {
            Waiter::Nobody => {}
            Waiter::Task(waker) => waker.wake(),
            Waiter::Thread => self.wake_thread(seat),
        }
    }

    #[cold]
    fn wake_thread(&self, seat: Seat) {
        self.event(seat).notify(usize::MAX);
    }

    /// Wakes and drops whom and what a closing end left behind; returns whether the channel was
    /// open.
    #[cold]
    pub(crate) fn part(&self, parting: Parting) -> bool {
        let mut panics = Panics::default();
        for (seat, waiter) in parting.wake {
            if !waiter.is_nobody() {
                panics.catch(|| self.wake(seat, waiter));
            }
        }
        for waiter in parting.evicted {
            if !waiter.is_nobody() {
                panics.catch(|| drop(waiter));
            }
        }
        if self.flags().has_unreachable() {
            self.drop_unreachable(&mut panics);
        }
        panics.resume();
        parting.was_open
    }

    #[cold]
    fn drop_unreachable(&self, panics: &mut Panics) {
        loop {
            let item = self.lock().take_unreachable();
            if item.is_none() {
                break;
            }
            panics.catch(|| drop(item));
        }
    }

    /// What `Debug` of anything shows of its channel.
    pub(crate) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The formatter is the caller's code: it runs without the lock.
        let flags = self.flags();
        let item = match (flags.is_offered(), flags.is_lent()) {
            (true, _) => "on offer",
            (_, true) => "lent",
            _ => "none",
        };
        f.debug_struct(name)
            .field("sender_closed", &flags.is_sender_closed())
            .field("receiver_closed", &flags.is_receiver_closed())
            .field("item", &format_args!("{item}"))
            .field("given_back", &flags.is_given_back())
            .field(
                "sender_waits",
                &(flags.is_seated(Seat::Sender) || flags.is_seated(Seat::SenderClosed)),
            )
            .field(
                "receiver_waits",
                &(flags.is_receive_waiting() || flags.is_seated(Seat::ReceiverClosed)),
            )
            .finish()
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug("Channel", f)
    }
}

/// The slot with its lock held. Publishes the flags on release.
pub(crate) struct SlotGuard<'a, T> {
    slot: MutexGuard<'a, Slot<T>>,
    mirror: &'a AtomicUsize,
}

impl<T> Drop for SlotGuard<'_, T> {
    fn drop(&mut self) {
        self.mirror
            .store(self.slot.flags().bits(), Ordering::Release);
    }
}

impl<T> Deref for SlotGuard<'_, T> {
    type Target = Slot<T>;

    fn deref(&self) -> &Slot<T> {
        &self.slot
    }
}

impl<T> DerefMut for SlotGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut Slot<T> {
        &mut self.slot
    }
}

/// A value on a cache line that it shares with nothing, so that an end that watches it does not
/// slow down the other end's work in the slot (between two blocked threads on two cores 3.1 to 3.3
/// times the floor, and 3.7 to 4.5 without). By padding, because an allocation that must be aligned
/// costs as much as half a channel.
#[repr(C)]
struct Apart<T> {
    before: [usize; 8],
    value: T,
    after: [usize; 8],
}

impl<T> Apart<T> {
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn new(value: T) -> Self {
        Apart {
            before: [0; 8],
            value,
            after: [0; 8],
        }
    }
}
