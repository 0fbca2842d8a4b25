//! The flags of the slot: what is true of a channel, without its items and wakers.

use super::{End, Seat};
use std::ops::BitOr;

/// What is true of the slot, in one word, so that it can be read without the lock. Only
/// the holder of the lock changes it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flags(usize);

impl Flags {
    // ---- The item between the ends

    /// The item is in the slot. The receiver can take it, if it is open.
    pub(crate) const OFFERED: Self = Flags(1);
    /// The item is in an `Offer` guard, or was when the guard was leaked.
    pub(crate) const LENT: Self = Flags(1 << 1);
    /// The item on offer or lent came from the `Sink`.
    pub(crate) const FROM_SINK: Self = Flags(1 << 2);
    /// Somebody waits for the answer: an item of a `Send` or of the `Sink` is on offer or lent, and
    /// the place for an item given back is empty.
    pub(super) const AWAITED: Self = Flags(1 << 3);
    /// The `Send` of the lent item was dropped, or its time is up. Together with `AWAITED` it means
    /// "time is up": that `Send` only waits to get its item back.
    pub(crate) const ABANDONED: Self = Flags(1 << 4);

    // ---- The answer to the last item that was on offer

    /// The receiver took it.
    pub(crate) const TAKEN: Self = Flags(1 << 5);
    /// The receiver declined it, and it was given back to the `Send` or the `Sink` that waits for it.
    pub(crate) const DECLINED: Self = Flags(1 << 6);

    // ---- The item given back

    /// `Sender::reclaim` can return an item. Only the sender sets and clears this, but for a guard,
    /// which sets it while its item is awaited.
    pub(crate) const GIVEN_BACK: Self = Flags(1 << 7);
    /// The `Sink` started that item, and nobody fetched it yet.
    pub(crate) const BACK_IN_SINK: Self = Flags(1 << 8);

    // ---- The receiver

    /// The mark that a receive waits. Not the same as "the receiver's seat is taken": if an offer
    /// woke a receive and was withdrawn, the seat is empty and the receive still waits.
    pub(crate) const WAITING: Self = Flags(1 << 9);
    /// The receiver has told its owner that nothing more will come.
    pub(crate) const TERMINATED: Self = Flags(1 << 10);

    // ---- The ends

    /// The sender was closed or dropped.
    pub(crate) const SENDER_CLOSED: Self = Flags(1 << 11);
    /// The receiver was closed or dropped.
    pub(crate) const RECEIVER_CLOSED: Self = Flags(1 << 12);
    /// The sender was dropped: nobody can reclaim an item.
    pub(super) const SENDER_DROPPED: Self = Flags(1 << 13);
    /// The receiver was dropped.
    const RECEIVER_DROPPED: Self = Flags(1 << 14);

    // ---- Who waits

    /// Whoever sits on the sender's seat is woken when the slot becomes vacant.
    pub(crate) const FOR_VACANCY: Self = Flags(1 << 15);
    /// Whoever sits on the sender's seat is woken when an item becomes wanted.
    pub(crate) const FOR_DEMAND: Self = Flags(1 << 16);
    /// Somebody sits on a seat: four bits from this one on, one for each [`Seat`].
    const FIRST_SEAT: usize = 1 << 17;

    // ---- Several at once

    const OCCUPIED: Self = Flags(Self::OFFERED.0 | Self::LENT.0);
    const CLOSED: Self = Flags(Self::SENDER_CLOSED.0 | Self::RECEIVER_CLOSED.0);
    const ANY_SEAT: Self = Flags(0b1111 * Self::FIRST_SEAT);
    /// What is said of the item between the ends. Cleared when it leaves.
    pub(super) const OF_ITEM: Self =
        Flags(Self::OCCUPIED.0 | Self::FROM_SINK.0 | Self::AWAITED.0 | Self::ABANDONED.0);

    /// Somebody sits on this seat.
    #[inline]
    pub(crate) fn seat(seat: Seat) -> Self {
        Flags(Self::FIRST_SEAT << seat as usize)
    }

    /// This end was closed or dropped.
    #[inline]
    pub(crate) fn closed(end: End) -> Self {
        match end {
            End::Sender => Self::SENDER_CLOSED,
            End::Receiver => Self::RECEIVER_CLOSED,
        }
    }

    /// This end was dropped.
    #[inline]
    pub(super) fn dropped(end: End) -> Self {
        match end {
            End::Sender => Self::SENDER_DROPPED,
            End::Receiver => Self::RECEIVER_DROPPED,
        }
    }

    /// Whether at least one of these is set.
    #[inline]
    pub(crate) fn has(self, flags: Flags) -> bool {
        self.0 & flags.0 != 0
    }

    /// Whether all of these are set.
    #[inline]
    pub(super) fn has_all(self, flags: Flags) -> bool {
        self.0 & flags.0 == flags.0
    }

    #[inline]
    pub(super) fn set(&mut self, flags: Flags) {
        self.0 |= flags.0;
    }

    #[inline]
    pub(super) fn clear(&mut self, flags: Flags) {
        self.0 &= !flags.0;
    }

    #[inline]
    pub(crate) fn without(self, flags: Flags) -> Self {
        Flags(self.0 & !flags.0)
    }

    #[inline]
    pub(crate) fn from_bits(bits: usize) -> Self {
        Flags(bits)
    }

    #[inline]
    pub(crate) fn bits(self) -> usize {
        self.0
    }

    /// An item is on offer or lent, so no other item can be offered.
    #[inline]
    pub(crate) fn is_occupied(self) -> bool {
        self.has(Self::OCCUPIED)
    }

    /// The receiver can take or borrow an item.
    #[inline]
    pub(crate) fn is_receivable(self) -> bool {
        self.has(Self::OFFERED) && !self.has(Self::RECEIVER_CLOSED)
    }

    /// The receiver took the last item that was on offer, or declined it while somebody waited.
    #[inline]
    pub(crate) fn is_answered(self) -> bool {
        self.has(Self::TAKEN | Self::DECLINED)
    }

    /// A receive waits, and it would get an item that is offered now.
    #[inline]
    pub(crate) fn is_wanted(self) -> bool {
        self.0 & (Self::WAITING | Self::OCCUPIED | Self::CLOSED).0 == Self::WAITING.0
    }

    /// At least one end is closed.
    #[inline]
    pub(crate) fn is_closed(self) -> bool {
        self.has(Self::CLOSED)
    }

    /// The next call of `send` has to clean up after an earlier one: `Slot::end_earlier_send`.
    #[inline]
    pub(crate) fn has_earlier_send(self) -> bool {
        self.has(Self::AWAITED | Self::GIVEN_BACK)
    }

    /// Nobody can reach an item that is here.
    #[inline]
    pub(crate) fn has_unreachable(self) -> bool {
        let is_on_offer_to_nobody = self.has(Self::OFFERED) && self.has(Self::RECEIVER_CLOSED);
        self.has(Self::SENDER_DROPPED) && (self.has(Self::GIVEN_BACK) || is_on_offer_to_nobody)
    }

    /// Nobody waits and there is no item, so an end can go without telling anybody.
    #[inline]
    pub(crate) fn is_quiet(self) -> bool {
        !self.has(Self::ANY_SEAT | Self::OCCUPIED | Self::GIVEN_BACK)
    }

    /// The other end is gone, and nothing is left to do for the last one.
    #[inline]
    pub(crate) fn is_deserted(self) -> bool {
        self.has(Self::SENDER_DROPPED | Self::RECEIVER_DROPPED) && self.is_quiet()
    }

    /// How many items can still be received, if there is a limit. No guard lives meanwhile.
    #[inline]
    pub(crate) fn most_to_come(self) -> Option<usize> {
        self.is_closed().then(|| usize::from(self.is_receivable()))
    }

    /// What must be true whenever the lock is released. Checked in debug builds.
    pub(crate) fn is_consistent(self) -> bool {
        let implies = |this: bool, that: bool| !this || that;
        let is_given_back = self.has(Self::GIVEN_BACK);
        let is_awaitable = self.is_occupied() && !is_given_back;
        let has_sleeping_receiver = self.has(Self::seat(Seat::Receiver));
        !self.has_all(Self::OCCUPIED)
            && implies(self.is_answered(), !self.is_occupied())
            && implies(self.has(Self::DECLINED), is_given_back)
            && implies(self.has(Self::AWAITED), is_awaitable)
            && implies(self.is_receivable(), !has_sleeping_receiver)
    }
}

impl BitOr for Flags {
    type Output = Flags;

    #[inline]
    fn bitor(self, more: Flags) -> Flags {
        Flags(self.0 | more.0)
    }
}
