//! The slot between the two ends, as a state machine.
//!
//! An item is in one of these places, and the arrows are the only ways between them:
//!
//! ```text
//!                        offer              take
//!     with the sender ──────────▶ on offer ──────────▶ with the receiver
//!       │   ▲     ▲                │  │  │ ▲                     ▲
//!       │   │     └────────────────┘  │  │ │ put_back            │ accept, or settle
//!       │   │          withdraw       │  ▼ │                     │ (a leaked guard)
//!       │   │ reclaim                 │ lent to an `Offer` ──────┘
//!       │   │                         │
//!       └─▶ given back ◀──────────────┘
//!             give_back: the `Send` was dropped, and nobody took its item; or its time was up
//!             while the item was lent, and so it is not put back on offer
//! ```
//!
//! Every transition is a plain function on [`Slot`], called under the lock. It moves items and
//! wakers and runs no code but our own: whom to wake and what to drop is its result, which the
//! caller acts on once the lock is released. (`take` has whom to wake written elsewhere, for an item
//! that is returned beside it is moved once more.) All of them keep these two rules:
//!
//! * While an item is on offer, nobody sits on the receiver's seat. Whoever sat there was taken
//!   off it, to be woken, by the offer.
//! * Once an item was taken, nobody sits on the sender's seat to learn of it: the take did the
//!   same. So a sender that sees, without the lock, that its item is gone has nothing to clear.

use std::mem;
use std::task::Waker;

mod flags;

pub(crate) use flags::Flags;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Sender,
    Receiver,
}

/// The fixed places for whoever waits. Each end waits for one thing at a time, so these four are
/// all there will ever be, and no queue is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Seat {
    /// The sender waits with an item, or to be asked for one.
    Sender,
    /// The receiver waits for an item.
    Receiver,
    /// The sender waits for the receiver to close. Apart from `Sender`, because polls without a
    /// future (the `Sink`) leave somebody on that seat whom a short-lived `closed()` must not
    /// push off.
    SenderClosed,
    /// The receiver waits for the sender to close. Apart from `Receiver` for the same reason: the
    /// stream.
    ReceiverClosed,
}

impl Seat {
    /// Whose seat it is.
    #[inline]
    pub(crate) fn end(self) -> End {
        match self {
            Seat::Sender | Seat::SenderClosed => End::Sender,
            Seat::Receiver | Seat::ReceiverClosed => End::Receiver,
        }
    }
}

/// Who sits on a [`Seat`]; and, as the result of a transition, whom to wake.
#[derive(Default)]
pub(crate) enum Waiter {
    #[default]
    Nobody,
    Task(Waker),
    /// A thread, parked on the seat's `Event`.
    #[cfg_attr(target_family = "wasm", allow(dead_code))]
    Thread,
}

impl Waiter {
    pub(crate) fn is_nobody(&self) -> bool {
        matches!(self, Waiter::Nobody)
    }
}

/// What the one on the sender's seat is to be woken for. A closing receiver wakes it in any case.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    /// The slot becoming vacant: its item was taken, or the one before it.
    Vacancy,
    /// The same, or its lent item being put back: the time of this send is up.
    VacancyOrReturn,
    /// A receive that starts to wait.
    Demand,
}

/// The single truth about a channel.
///
/// In this order, what two running ends use for each item is side by side.
#[repr(C)]
pub(crate) struct Slot<T> {
    flags: Flags,
    /// Has a meaning only while somebody sits on the sender's seat.
    interest: Interest,
    /// The item on offer.
    offered: Option<T>,
    seats: [Waiter; 4],
    /// The item of a dropped `Send`, until it is reclaimed or the next send discards it.
    given_back: Option<T>,
}

/// The waiters that a closing end leaves, for the caller to wake and to drop after the lock. The
/// items that it leaves are taken out with [`Slot::take_unreachable`].
#[must_use]
pub(crate) struct Parting {
    /// The channel was open until now.
    pub(crate) was_open: bool,
    /// Whom to wake, and on which seat it sat.
    pub(crate) wake: [(Seat, Waiter); 3],
    /// Whoever sat on the seats of an end that was dropped. Never woken: nobody can poll there.
    pub(crate) evicted: [Waiter; 2],
}

impl<T> Slot<T> {
    // Inlined, as is all else on the way of a new slot to the heap, so that a large `T` is not
    // moved once a function.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Slot {
            flags: Flags::default(),
            offered: None,
            given_back: None,
            seats: Default::default(),
            interest: Interest::Vacancy,
        }
    }

    pub(crate) fn flags(&self) -> Flags {
        self.flags
    }

    // ---- Sending ----------------------------------------------------------------------------

    /// Puts an item on offer. The slot must be vacant. To be woken: the receiver.
    #[must_use]
    #[inline]
    pub(crate) fn offer(&mut self, item: T) -> Waiter {
        debug_assert!(!self.flags.is_occupied() && !self.flags.is_closed());
        self.offered = Some(item);
        self.flags.set(Flags::OFFERED);
        self.leave(Seat::Receiver)
    }

    /// Marks the item just offered as the `Sink`'s.
    #[cfg(feature = "sink")]
    pub(crate) fn mark_from_sink(&mut self) {
        self.flags.set(Flags::FROM_SINK);
    }

    /// Takes the item on offer back to the sender. The receive that it woke waits on.
    pub(crate) fn withdraw(&mut self) -> Option<T> {
        self.flags.clear(Flags::OFFERED | Flags::FROM_SINK);
        self.offered.take()
    }

    /// Takes the `Sink`'s item back, if the receiver closed without having taken it.
    #[cfg(feature = "sink")]
    pub(crate) fn withdraw_from_sink(&mut self) -> Option<T> {
        if self.flags.is_offered()
            && self.flags.any(Flags::FROM_SINK)
            && self.flags.is_receiver_closed()
        {
            self.withdraw()
        } else {
            None
        }
    }

    /// Keeps the item of a dropped `Send` for `reclaim`; or that of one whose time is up, for itself.
    pub(crate) fn give_back(&mut self, item: T) {
        // Creating that `Send` discarded what was here before.
        debug_assert!(self.given_back.is_none());
        self.given_back = Some(item);
        self.flags.set(Flags::GIVEN_BACK);
    }

    /// Takes out the item of a dropped `Send`.
    pub(crate) fn take_given_back(&mut self) -> Option<T> {
        self.flags.clear(Flags::GIVEN_BACK);
        self.given_back.take()
    }

    /// The oldest item that is not lent goes back to the sender. What is on offer is older than
    /// what was given back: an offer discards what was given back before it. To be woken: a poll of
    /// the `Sink` that waits for the vacancy.
    pub(crate) fn reclaim(&mut self) -> (Option<T>, Waiter) {
        if self.flags.is_offered() {
            let item = self.withdraw();
            (item, self.vacated())
        } else {
            (self.take_given_back(), Waiter::Nobody)
        }
    }

    /// Says what the one on the sender's seat waits for.
    pub(crate) fn set_interest(&mut self, interest: Interest) {
        self.interest = interest;
    }

    // ---- Receiving --------------------------------------------------------------------------

    /// Counts an item whose guard was leaked as accepted. Only the receiver calls this, before
    /// anything else, and it cannot while a guard lives. To be woken: the sender.
    #[must_use]
    #[inline]
    pub(crate) fn settle(&mut self) -> Waiter {
        if self.flags.is_lent() {
            self.accept()
        } else {
            Waiter::Nobody
        }
    }

    /// Gives the item on offer to the receiver. To be woken: the sender.
    #[inline]
    pub(crate) fn take(&mut self, wake: &mut Waiter) -> Option<T> {
        self.flags
            .clear(Flags::OFFERED | Flags::FROM_SINK | Flags::WAITING);
        *wake = self.vacated();
        self.offered.take()
    }

    /// Moves the item on offer into a guard. To the sender nothing has changed.
    #[inline]
    pub(crate) fn lend(&mut self) -> Option<T> {
        self.flags.clear(Flags::OFFERED | Flags::WAITING);
        self.flags.set(Flags::LENT);
        self.offered.take()
    }

    /// A guard keeps its item: it is taken now. To be woken: the sender.
    #[must_use]
    #[inline]
    pub(crate) fn accept(&mut self) -> Waiter {
        self.flags.clear(Flags::LENT | Flags::FROM_SINK);
        self.vacated()
    }

    /// A guard puts its item back on offer. Or back to a sender that only waits to withdraw it, and
    /// which is to be woken: before it has woken up, the item could be lent again, time after time.
    #[must_use]
    pub(crate) fn put_back(&mut self, item: T) -> Waiter {
        debug_assert!(self.flags.is_lent() && !self.flags.is_receiver_closed());
        self.flags.clear(Flags::LENT);
        if self.flags.is_seated(Seat::Sender) && self.interest == Interest::VacancyOrReturn {
            self.give_back(item);
            self.leave(Seat::Sender)
        } else {
            self.flags.set(Flags::OFFERED);
            self.offered = Some(item);
            Waiter::Nobody
        }
    }

    /// A receive waits from now on. To be woken: a sender that waits for just that.
    #[must_use]
    #[inline]
    pub(crate) fn start_waiting(&mut self) -> Waiter {
        self.flags.set(Flags::WAITING);
        // Otherwise it would have had an answer.
        debug_assert!(self.flags.is_wanted());
        if self.interest == Interest::Demand {
            self.leave(Seat::Sender)
        } else {
            Waiter::Nobody
        }
    }

    pub(crate) fn stop_waiting(&mut self) {
        self.flags.clear(Flags::WAITING);
    }

    /// The receiver learns that nothing more will come.
    pub(crate) fn terminate(&mut self) {
        self.flags.clear(Flags::WAITING);
        self.flags.set(Flags::TERMINATED);
    }

    // ---- Waiting ----------------------------------------------------------------------------

    /// Whether a task sits there that `waker` would wake as well.
    #[inline]
    pub(crate) fn has_waker(&self, seat: Seat, waker: &Waker) -> bool {
        matches!(&self.seats[seat as usize], Waiter::Task(seated) if seated.will_wake(waker))
    }

    /// Seats somebody, and returns who sat there before.
    #[inline]
    pub(crate) fn sit(&mut self, seat: Seat, waiter: Waiter) -> Waiter {
        self.flags.set(Flags::SEATED << seat as usize);
        mem::replace(&mut self.seats[seat as usize], waiter)
    }

    /// Empties a seat, and returns who sat there.
    #[inline]
    pub(crate) fn leave(&mut self, seat: Seat) -> Waiter {
        if !self.flags.is_seated(seat) {
            return Waiter::Nobody;
        }
        self.flags.clear(Flags::SEATED << seat as usize);
        mem::take(&mut self.seats[seat as usize])
    }

    /// The slot became vacant: whoever waits for that is to be woken.
    #[inline]
    fn vacated(&mut self) -> Waiter {
        match self.interest {
            Interest::Vacancy | Interest::VacancyOrReturn => self.leave(Seat::Sender),
            Interest::Demand => Waiter::Nobody,
        }
    }

    // ---- Closing ----------------------------------------------------------------------------

    /// Drops an end where that touches nobody and nothing; returns whether it did.
    #[inline]
    pub(crate) fn drop_quietly(&mut self, end: End) -> bool {
        let quiet = self.flags.is_quiet();
        if quiet {
            match end {
                End::Sender => {
                    self.flags.set(Flags::SENDER_CLOSED | Flags::SENDER_DROPPED);
                }
                End::Receiver => {
                    self.flags.clear(Flags::WAITING);
                    self.flags
                        .set(Flags::RECEIVER_CLOSED | Flags::RECEIVER_DROPPED);
                }
            }
        }
        quiet
    }

    /// Closes the sender. What is on offer stays on offer.
    pub(crate) fn close_sender(&mut self) -> Parting {
        let was_open = !self.flags.is_closed();
        self.flags.set(Flags::SENDER_CLOSED);
        Parting {
            was_open,
            wake: [
                self.leave_to_wake(Seat::Receiver),
                self.leave_to_wake(Seat::ReceiverClosed),
                // Its own seat can hold a poll of the `Sink`, which now has an answer.
                self.leave_to_wake(Seat::Sender),
            ],
            evicted: Default::default(),
        }
    }

    /// Closes the sender for good: nobody is left to reclaim anything.
    pub(crate) fn drop_sender(&mut self) -> Parting {
        self.flags.set(Flags::SENDER_DROPPED);
        // Before `close_sender`, which would have it woken.
        let evicted = [self.leave(Seat::Sender), self.leave(Seat::SenderClosed)];
        Parting {
            evicted,
            ..self.close_sender()
        }
    }

    /// Closes the sender in a poll, which is to wake nobody of its own end: on the seat of a `Sink`
    /// that was flushed can only be what was leaked.
    #[cfg(feature = "sink")]
    pub(crate) fn close_sink(&mut self) -> Parting {
        let evicted = [self.leave(Seat::Sender), Waiter::Nobody];
        Parting {
            evicted,
            ..self.close_sender()
        }
    }

    /// Closes the receiver. What is on offer will not be received.
    pub(crate) fn close_receiver(&mut self) -> Parting {
        let was_open = !self.flags.is_closed();
        self.flags.set(Flags::RECEIVER_CLOSED);
        self.flags.clear(Flags::WAITING);
        if self.flags.is_lent() {
            // The guard was leaked and counts as accepted. Whom that wakes is woken below anyway.
            self.flags.clear(Flags::LENT | Flags::FROM_SINK);
        }
        Parting {
            was_open,
            wake: [
                self.leave_to_wake(Seat::Sender),
                self.leave_to_wake(Seat::SenderClosed),
                // Its own seat can hold a poll of the stream, which now has an answer.
                self.leave_to_wake(Seat::Receiver),
            ],
            evicted: Default::default(),
        }
    }

    /// Closes the receiver for good.
    pub(crate) fn drop_receiver(&mut self) -> Parting {
        self.flags.set(Flags::RECEIVER_DROPPED);
        let evicted = [self.leave(Seat::Receiver), self.leave(Seat::ReceiverClosed)];
        Parting {
            evicted,
            ..self.close_receiver()
        }
    }

    fn leave_to_wake(&mut self, seat: Seat) -> (Seat, Waiter) {
        (seat, self.leave(seat))
    }

    /// Takes out an item that nobody can reach any more: one given back to a sender that was
    /// dropped, or on offer between that and a receiver that is closed.
    pub(crate) fn take_unreachable(&mut self) -> Option<T> {
        if !self.flags.has_unreachable() {
            None
        } else if self.flags.is_given_back() {
            self.take_given_back()
        } else {
            self.withdraw()
        }
    }
}
