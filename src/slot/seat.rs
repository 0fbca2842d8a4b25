//! The fixed places for whoever waits, and whom a transition wakes.

use super::Flags;
use std::mem;
use std::task::Waker;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Sender,
    Receiver,
}

impl End {
    pub(crate) fn other(self) -> End {
        match self {
            End::Sender => End::Receiver,
            End::Receiver => End::Sender,
        }
    }

    /// Where this end waits to send or to receive.
    #[inline]
    pub(crate) fn transfer_seat(self) -> Seat {
        match self {
            End::Sender => Seat::Sender,
            End::Receiver => Seat::Receiver,
        }
    }

    /// Where this end waits for the other one to close.
    #[inline]
    pub(crate) fn closed_seat(self) -> Seat {
        match self {
            End::Sender => Seat::SenderClosed,
            End::Receiver => Seat::ReceiverClosed,
        }
    }
}

/// Where somebody waits. The borrow of its end keeps others from waiting there, so there is no queue.
///
/// An end has a seat of its own for `closed()`. On the other one, a poll without a future may have
/// left its waker, which a `closed()` that comes and goes must not remove.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Seat {
    /// The sender waits with an item, or to be asked for one.
    Sender,
    /// The receiver waits for an item.
    Receiver,
    /// The sender waits for the receiver to close.
    SenderClosed,
    /// The receiver waits for the sender to close.
    ReceiverClosed,
}

impl Seat {
    #[inline]
    pub(crate) fn end(self) -> End {
        match self {
            Seat::Sender | Seat::SenderClosed => End::Sender,
            Seat::Receiver | Seat::ReceiverClosed => End::Receiver,
        }
    }

    /// The flags that say for what a waiter on this seat is woken. Only the sender waits for
    /// different things.
    #[inline]
    pub(super) fn reasons(self) -> Flags {
        match self {
            Seat::Sender => Flags::FOR_VACANCY | Flags::FOR_DEMAND,
            _ => Flags::default(),
        }
    }
}

/// Whom to wake after the lock is released: the result of a transition.
///
/// [`Channel::wake`](crate::channel::Channel::wake) uses it up. A debug build reports one that is lost.
#[derive(Default)]
#[must_use = "somebody waits for this"]
pub(crate) struct Wake {
    /// Where whoever is woken sat.
    seat: Option<Seat>,
    /// The waker of a task. A thread has none: it is parked on the `Event` of its seat.
    task: Option<Waker>,
}

impl Wake {
    #[inline]
    pub(crate) fn nobody() -> Self {
        Wake::default()
    }

    /// Whoever sat on `seat`: a task with this waker, or a thread.
    #[inline]
    pub(super) fn of(seat: Seat, task: Option<Waker>) -> Self {
        Wake {
            seat: Some(seat),
            task,
        }
    }

    #[inline]
    pub(crate) fn is_nobody(&self) -> bool {
        self.seat.is_none()
    }

    /// Adds whom the next transition of the same step wakes. Two transitions of one step never both
    /// wake somebody.
    #[inline]
    pub(crate) fn add(&mut self, other: Wake) {
        if !other.is_nobody() {
            debug_assert!(self.is_nobody());
            // Should it not be empty, its waker must not be dropped under the lock.
            mem::forget(mem::replace(self, other));
        }
    }

    /// Takes out whom to wake.
    #[inline]
    pub(crate) fn take(&mut self) -> (Option<Seat>, Option<Waker>) {
        (self.seat.take(), self.task.take())
    }
}

#[cfg(debug_assertions)]
impl Drop for Wake {
    fn drop(&mut self) {
        debug_assert!(
            self.is_nobody() || std::thread::panicking(),
            "a wake is lost"
        );
    }
}
