//! The slot between the two ends, as a state machine.
//!
//! An item is in one of these places, and the arrows are the only ways between them:
//!
//! ```text
//!                        offer             take
//!     with the sender ──────────▶ on offer ──────────▶ with the receiver
//!       │   ▲     ▲                │  │  ▲                      ▲
//!       │   │     └────────────────┘  │  │ put_back             │ accept; or decline,
//!       │   │          withdraw  lend │  │                      │ if nobody waits for it
//!       │   │                         ▼  │                      │
//!       │   │ take_given_back        lent ──────────────────────┘
//!       │   │                         │
//!       └─▶ given back ◀──────────────┘
//!        give_back     decline; or put_back, if the time of its send is up
//! ```
//!
//! On offer or given back, it is in the slot. Lent, it is in an `Offer` guard. An item given back
//! goes into the error of a send that waits for it, or to `reclaim`. Two ways lead out of the
//! picture: the next send drops what was given back and not fetched, and what nobody can reach any
//! more is dropped at once ([`Slot::take_unreachable`]).
//!
//! Every transition is a plain function on [`Slot`], which has the lock. It moves items and wakers.
//! If somebody is to be woken, it says so with a [`Wake`], which the caller uses after the lock is
//! released. All transitions keep two rules:
//!
//! * While an item is on offer, nobody sits on the receiver's seat: [`Slot::offer`] empties it.
//! * Once the sender has its answer, nobody sits on the sender's seat to learn of it. So a sender
//!   that sees the answer without the lock has nothing to clear.

use crate::sync::{self, AtomicUsize, Mutex, MutexGuard};
use std::mem;
use std::sync::atomic::Ordering;
use std::task::Waker;

mod flags;
mod seat;

pub(crate) use flags::Flags;
pub(crate) use seat::{End, Seat, Wake};

/// What is in the slot.
///
/// In this order, because what two running ends use for each item comes first.
#[repr(C)]
pub(crate) struct Contents<T> {
    /// The item on offer.
    offered: Option<T>,
    /// The task on each [`Seat`]. A seat that is taken and has no waker here is a thread's.
    seats: [Option<Waker>; 4],
    /// An item that came back. A send or a flush that waits for it fetches it, or `reclaim` does.
    given_back: Option<T>,
}

impl<T> Contents<T> {
    // Inlined, like all that a new slot passes on its way to the heap. Otherwise each function would
    // move a large `T` once more.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new() -> Self {
        Contents {
            offered: None,
            seats: Default::default(),
            given_back: None,
        }
    }
}

/// The slot with its lock held: the single truth about a channel.
pub(crate) struct Slot<'a, T> {
    flags: Flags,
    contents: MutexGuard<'a, Contents<T>>,
    /// Where the flags are written just before the lock is released.
    published: &'a AtomicUsize,
}

impl<T> Drop for Slot<'_, T> {
    #[inline]
    fn drop(&mut self) {
        debug_assert!(self.flags.is_consistent() || std::thread::panicking());
        self.published.store(self.flags.bits(), Ordering::Release);
    }
}

/// Who puts an item on offer, and so who waits for the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offerer {
    Send,
    #[cfg(feature = "sink")]
    Sink,
    /// `try_send` waits for nothing.
    TrySend,
}

/// What a transition that ends the use of an end leaves to do after the lock.
#[must_use]
pub(crate) struct Parting {
    /// The channel was open until now.
    pub(crate) was_open: bool,
    pub(crate) wakes: [Wake; 3],
    /// Wakers on the end's own seats, to be dropped: the end is gone, or closes in its own poll.
    pub(crate) evicted: [Option<Waker>; 2],
}

impl<'a, T> Slot<'a, T> {
    /// Enters the slot. No code but ours may run until it is dropped.
    #[inline]
    pub(crate) fn enter(contents: &'a Mutex<Contents<T>>, published: &'a AtomicUsize) -> Self {
        let contents = sync::lock(contents);
        // Whoever wrote the flags had the lock, so the weakest ordering will do.
        Slot {
            flags: Flags::from_bits(published.load(Ordering::Relaxed)),
            contents,
            published,
        }
    }

    #[inline]
    pub(crate) fn flags(&self) -> Flags {
        self.flags
    }

    // ---- Sending ----------------------------------------------------------------------------

    /// Puts an item on offer. The slot must be vacant. Wakes the receiver.
    #[inline]
    pub(crate) fn offer(&mut self, item: T, by: Offerer) -> Wake {
        debug_assert!(!self.flags.is_occupied() && !self.flags.is_closed());
        self.contents.offered = Some(item);
        self.flags.clear(Flags::TAKEN | Flags::DECLINED);
        self.flags.set(match by {
            Offerer::Send => Flags::OFFERED | Flags::AWAITED,
            #[cfg(feature = "sink")]
            Offerer::Sink => Flags::OFFERED | Flags::AWAITED | Flags::FROM_SINK,
            Offerer::TrySend => Flags::OFFERED,
        });
        self.wake_seat(Seat::Receiver)
    }

    /// Takes the item off the offer. The receive that the offer woke still waits.
    pub(crate) fn withdraw(&mut self) -> Option<T> {
        self.flags.clear(Flags::OF_ITEM);
        self.contents.offered.take()
    }

    /// Keeps an item for `reclaim`.
    pub(crate) fn give_back(&mut self, item: T) {
        // A send empties the place before it begins, and a guard gives back only while `AWAITED`.
        debug_assert!(self.contents.given_back.is_none());
        self.contents.given_back = Some(item);
        self.flags.set(Flags::GIVEN_BACK);
    }

    /// Takes out the item that was given back.
    pub(crate) fn take_given_back(&mut self) -> Option<T> {
        self.flags
            .clear(Flags::GIVEN_BACK | Flags::BACK_IN_SINK | Flags::DECLINED);
        self.contents.given_back.take()
    }

    /// `send` is called. If an earlier `Send` was leaked, nobody waits for its answer from now on.
    /// Returns the item to discard.
    #[must_use]
    pub(crate) fn end_earlier_send(&mut self) -> Option<T> {
        self.flags.clear(Flags::AWAITED);
        self.take_given_back()
    }

    /// A `Send` was dropped whose item is not on offer any more.
    pub(crate) fn abandon(&mut self) {
        self.flags.clear(Flags::AWAITED);
        self.mark_abandoned();
    }

    /// Tells the guard, if there is one, that the `Send` of its item has given up.
    pub(crate) fn mark_abandoned(&mut self) {
        if self.flags.has(Flags::LENT) {
            self.flags.set(Flags::ABANDONED);
        }
    }

    /// Takes out what was given back, and otherwise what is on offer. Wakes a task that
    /// waits, after a poll without a future, for the slot to be vacant or for demand.
    pub(crate) fn reclaim(&mut self) -> (Option<T>, Wake) {
        if self.flags.has(Flags::GIVEN_BACK) {
            (self.take_given_back(), Wake::nobody())
        } else if self.flags.has(Flags::OFFERED) {
            let item = self.withdraw();
            (item, self.wake_for_vacancy())
        } else {
            (None, Wake::nobody())
        }
    }

    // ---- Receiving --------------------------------------------------------------------------

    /// Gives the item on offer to the receiver. Wakes the sender.
    ///
    /// Whom to wake is written to `wake`, because an item that is returned beside it is moved once more.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take(&mut self, wake: &mut Wake) -> Option<T> {
        self.flags.clear(Flags::OF_ITEM | Flags::WAITING);
        self.flags.set(Flags::TAKEN);
        wake.add(self.wake_for_vacancy());
        self.contents.offered.take()
    }

    /// Moves the item on offer into a guard. The sender still waits.
    #[inline]
    pub(crate) fn lend(&mut self) -> Option<T> {
        self.flags.clear(Flags::OFFERED | Flags::WAITING);
        self.flags.set(Flags::LENT);
        self.contents.offered.take()
    }

    /// The item of a guard counts as taken. Wakes the sender.
    #[inline]
    pub(crate) fn accept(&mut self) -> Wake {
        self.flags.clear(Flags::OF_ITEM);
        self.flags.set(Flags::TAKEN);
        self.wake_for_vacancy()
    }

    /// An operation of `end` begins. A guard that lives borrows the receiver. So if the receiver can
    /// begin something while an item is lent, the guard was leaked, which counts as accepted.
    #[inline]
    pub(crate) fn accept_leaked(&mut self, end: End) -> Wake {
        if end == End::Receiver && self.flags.has(Flags::LENT) {
            self.accept()
        } else {
            Wake::nobody()
        }
    }

    /// A guard declines its item. It goes back to whoever waits for the answer, and otherwise to the
    /// decliner. Wakes the sender.
    pub(crate) fn decline(&mut self, item: T) -> (Option<T>, Wake) {
        let awaited = self.flags.has(Flags::AWAITED);
        let from_sink = self.flags.has(Flags::FROM_SINK);
        self.flags.clear(Flags::OF_ITEM);
        if !awaited {
            return (Some(item), self.wake_for_vacancy());
        }
        self.give_back(item);
        self.flags.set(Flags::DECLINED);
        if from_sink {
            self.flags.set(Flags::BACK_IN_SINK);
        }
        (None, self.wake_for_vacancy())
    }

    /// A guard puts its item back on offer. If the time of its `Send` is up, that `Send` is woken and
    /// gets the item instead: otherwise guard after guard could borrow it and keep it waiting.
    pub(crate) fn put_back(&mut self, item: T) -> Wake {
        debug_assert!(self.flags.has(Flags::LENT) && !self.flags.has(Flags::RECEIVER_CLOSED));
        if self.flags.has_all(Flags::AWAITED | Flags::ABANDONED) {
            self.flags.clear(Flags::OF_ITEM);
            self.give_back(item);
            self.wake_for_vacancy()
        } else {
            self.flags.clear(Flags::LENT);
            self.flags.set(Flags::OFFERED);
            self.contents.offered = Some(item);
            Wake::nobody()
        }
    }

    /// A receive waits from now on. Wakes a sender that waits for demand.
    #[inline]
    pub(crate) fn start_waiting(&mut self) -> Wake {
        self.flags.set(Flags::WAITING);
        self.wake_for_demand()
    }

    /// The receiver learns that nothing more will come.
    pub(crate) fn terminate(&mut self) {
        self.flags.clear(Flags::WAITING);
        self.flags.set(Flags::TERMINATED);
    }

    // ---- Waiting ----------------------------------------------------------------------------

    /// Whether the task of `waker` sits there already.
    #[inline]
    pub(crate) fn has_waker(&self, seat: Seat, waker: &Waker) -> bool {
        matches!(&self.contents.seats[seat as usize], Some(seated) if seated.will_wake(waker))
    }

    /// Seats a task, or a thread, which has no `waker`, in the place of whoever sat there. Returns
    /// what was added, and the waker that was there.
    #[inline]
    pub(crate) fn sit(
        &mut self,
        seat: Seat,
        waker: Option<Waker>,
        reasons: Flags,
    ) -> (Flags, Option<Waker>) {
        let added = Flags::seat(seat) | reasons;
        self.flags.clear(seat.reasons());
        self.flags.set(added);
        let displaced = mem::replace(&mut self.contents.seats[seat as usize], waker);
        (added, displaced)
    }

    /// The task that sits on the seat is to be woken for more `reasons`. Returns those that are new.
    #[inline]
    pub(crate) fn add_reasons(&mut self, reasons: Flags) -> Flags {
        let added = reasons.without(self.flags);
        self.flags.set(added);
        added
    }

    /// A wait ends without an answer: removes what it `added` and returns its waker. The rest stays,
    /// because a poll without a future may have added it and still count on it.
    pub(crate) fn remove(&mut self, seat: Seat, added: Flags) -> Option<Waker> {
        self.flags.clear(added);
        if !added.has(Flags::seat(seat)) {
            return None;
        }
        self.flags.clear(seat.reasons());
        self.contents.seats[seat as usize].take()
    }

    /// Empties a seat. Wakes whoever sat there.
    #[inline]
    fn wake_seat(&mut self, seat: Seat) -> Wake {
        if !self.flags.has(Flags::seat(seat)) {
            return Wake::nobody();
        }
        self.flags.clear(Flags::seat(seat) | seat.reasons());
        Wake::of(seat, self.contents.seats[seat as usize].take())
    }

    /// The slot became vacant. Wakes a sender that waits for that, or for demand if there is some.
    #[inline]
    fn wake_for_vacancy(&mut self) -> Wake {
        if self.flags.has(Flags::FOR_VACANCY) {
            self.wake_seat(Seat::Sender)
        } else {
            self.wake_for_demand()
        }
    }

    /// If an item is wanted, wakes a sender that waits for demand.
    #[inline]
    fn wake_for_demand(&mut self) -> Wake {
        if self.flags.has(Flags::FOR_DEMAND) && self.flags.is_wanted() {
            self.wake_seat(Seat::Sender)
        } else {
            Wake::nobody()
        }
    }

    // ---- Closing ----------------------------------------------------------------------------

    /// Closes an end. An item on offer stays there, but a closed receiver will not get it.
    ///
    /// Wakes both seats of the other end. On its own seat there can be the task of a poll without a
    /// future, which has its answer now and is woken, too.
    pub(crate) fn close(&mut self, end: End) -> Parting {
        let was_open = !self.flags.is_closed();
        let mut transfer = self.accept_leaked(end);
        self.mark_closed(end);
        transfer.add(self.wake_seat(end.other().transfer_seat()));
        Parting {
            was_open,
            wakes: [
                transfer,
                self.wake_seat(end.other().closed_seat()),
                self.wake_seat(end.transfer_seat()),
            ],
            evicted: Default::default(),
        }
    }

    /// Closes the sender in a poll, which must not wake its own end.
    #[cfg(feature = "sink")]
    pub(crate) fn close_in_poll(&mut self) -> Parting {
        let evicted = self.evict(Seat::Sender);
        Parting {
            evicted: [evicted, None],
            ..self.close(End::Sender)
        }
    }

    /// Closes an end for good: nobody can use it any more.
    pub(crate) fn drop_end(&mut self, end: End) -> Parting {
        self.mark_dropped(end);
        // Before `close`, which would wake them.
        let evicted = [
            self.evict(end.transfer_seat()),
            self.evict(end.closed_seat()),
        ];
        Parting {
            evicted,
            ..self.close(end)
        }
    }

    /// Drops an end if nobody waits and there is no item. Returns whether it did.
    #[inline]
    pub(crate) fn drop_quietly(&mut self, end: End) -> bool {
        let is_quiet = self.flags.is_quiet();
        if is_quiet {
            self.mark_dropped(end);
            self.mark_closed(end);
        }
        is_quiet
    }

    #[inline]
    fn mark_closed(&mut self, end: End) {
        self.flags.set(Flags::closed(end));
        if end == End::Receiver {
            self.flags.clear(Flags::WAITING);
        }
    }

    #[inline]
    fn mark_dropped(&mut self, end: End) {
        self.flags.set(Flags::dropped(end));
        if end == End::Sender {
            self.flags.clear(Flags::AWAITED);
        }
    }

    /// Empties a seat of an end that is dropped or closed in a poll.
    fn evict(&mut self, seat: Seat) -> Option<Waker> {
        self.remove(seat, Flags::seat(seat))
    }

    /// Takes out an item that nobody can reach any more: the sender was dropped, and the item was
    /// given back to it, or it is on offer to a closed receiver.
    pub(crate) fn take_unreachable(&mut self) -> Option<T> {
        if !self.flags.has_unreachable() {
            None
        } else if self.flags.has(Flags::GIVEN_BACK) {
            self.take_given_back()
        } else {
            self.withdraw()
        }
    }
}
