//! The flags of the slot: what is true of a channel, without its items and wakers.

use super::Seat;

/// What is true of the slot, in one word, so that a copy of it can be read without the lock. Only
/// the holder of the lock changes it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flags(usize);

impl Flags {
    // ---- The item between the ends

    /// The item is in the slot. The receiver can take it.
    pub(super) const OFFERED: usize = 1;
    /// The item is in an `Offer` guard, or was when the guard was leaked.
    pub(super) const LENT: usize = 1 << 1;
    /// The item on offer or lent came from the `Sink`.
    pub(super) const FROM_SINK: usize = 1 << 2;
    /// Somebody waits for the answer: an item of a `Send` or of the `Sink` is on offer or lent, and
    /// the place for an item given back is empty.
    pub(super) const AWAITED: usize = 1 << 3;
    /// The `Send` of the lent item was dropped, or its time is up. Together with `AWAITED` it means
    /// "time is up": that `Send` only waits to get its item back.
    pub(super) const ABANDONED: usize = 1 << 4;
    /// The receiver took the last item that was on offer. This is the answer for its `Send`.
    pub(super) const TAKEN: usize = 1 << 5;

    /// The receiver declined the last item that was on offer. This is the answer for its `Send` or
    /// for the `Sink`, and the item was given back.
    pub(super) const DECLINED: usize = 1 << 6;

    // ---- The item given back

    /// `Sender::reclaim` can return an item. Only the sender sets and clears this, and a guard
    /// while an item is awaited.
    pub(super) const GIVEN_BACK: usize = 1 << 7;
    /// The `Sink` started that item.
    pub(super) const BACK_IN_SINK: usize = 1 << 8;

    // ---- The receiver

    /// A receive waits. Not the same as "the receiver's seat is taken": a receive that was woken for
    /// an item, which was then withdrawn, still waits.
    pub(super) const WAITING: usize = 1 << 9;
    /// The receiver has told its owner that nothing more will come.
    pub(super) const TERMINATED: usize = 1 << 10;

    // ---- The ends

    /// The sender was closed or dropped.
    pub(super) const SENDER_CLOSED: usize = 1 << 11;
    /// The receiver was closed or dropped.
    pub(super) const RECEIVER_CLOSED: usize = 1 << 12;
    /// The sender was dropped: nobody can reclaim an item.
    pub(super) const SENDER_DROPPED: usize = 1 << 13;
    /// The receiver was dropped.
    pub(super) const RECEIVER_DROPPED: usize = 1 << 14;

    // ---- Who waits

    /// Whoever sits on the sender's seat is woken when the slot becomes vacant.
    pub(super) const FOR_VACANCY: usize = 1 << 15;
    /// Whoever sits on the sender's seat is woken when an item becomes wanted.
    pub(super) const FOR_DEMAND: usize = 1 << 16;
    /// Somebody sits on a seat. The first of four bits, one for each [`Seat`].
    pub(super) const SEATED: usize = 1 << 17;

    const ANY_SEATED: usize = 0b1111 * Self::SEATED;
    const CLOSED: usize = Self::SENDER_CLOSED | Self::RECEIVER_CLOSED;
    const OCCUPIED: usize = Self::OFFERED | Self::LENT;

    /// What is true of the item between the ends, and ends when it leaves.
    pub(super) const OF_ITEM: usize =
        Self::OCCUPIED | Self::FROM_SINK | Self::AWAITED | Self::ABANDONED;

    /// To be woken when the slot becomes vacant.
    #[inline]
    pub(crate) fn for_vacancy() -> Self {
        Flags(Self::FOR_VACANCY)
    }

    /// To be woken when an item becomes wanted.
    #[inline]
    pub(crate) fn for_demand() -> Self {
        Flags(Self::FOR_DEMAND)
    }

    #[inline]
    pub(crate) fn from_bits(bits: usize) -> Self {
        Flags(bits)
    }

    #[inline]
    pub(crate) fn bits(self) -> usize {
        self.0
    }

    #[inline]
    pub(super) fn any(self, bits: usize) -> bool {
        self.0 & bits != 0
    }

    #[inline]
    pub(super) fn all(self, bits: usize) -> bool {
        self.0 & bits == bits
    }

    #[inline]
    pub(super) fn set(&mut self, bits: usize) {
        self.0 |= bits;
    }

    #[inline]
    pub(super) fn clear(&mut self, bits: usize) {
        self.0 &= !bits;
    }

    /// These flags and more.
    #[inline]
    pub(crate) fn with(self, more: Flags) -> Self {
        Flags(self.0 | more.0)
    }

    /// These flags, and the mark that a receive waits.
    #[inline]
    pub(crate) fn with_mark(self) -> Self {
        Flags(self.0 | Self::WAITING)
    }

    /// What must be true whenever the lock is released. Checked in debug builds.
    pub(crate) fn is_consistent(self) -> bool {
        let occupied = self.is_occupied();
        let awaited = occupied && !self.is_given_back();
        let receiver_is_woken = !self.is_seated(Seat::Receiver) || self.is_receiver_closed();
        !self.all(Self::OCCUPIED)
            && (!self.is_answered() || !occupied)
            && (!self.is_declined() || self.is_given_back())
            && (!self.any(Self::AWAITED) || awaited)
            && (!self.is_offered() || receiver_is_woken)
    }

    #[inline]
    pub(crate) fn is_offered(self) -> bool {
        self.any(Self::OFFERED)
    }

    /// The receiver can take or borrow an item.
    #[inline]
    pub(crate) fn is_receivable(self) -> bool {
        self.is_offered() && !self.is_receiver_closed()
    }

    /// An item is in an `Offer`, or was when the guard was leaked.
    #[inline]
    pub(crate) fn is_lent(self) -> bool {
        self.any(Self::LENT)
    }

    /// An item is on offer or lent, so no other item can be offered.
    #[inline]
    pub(crate) fn is_occupied(self) -> bool {
        self.any(Self::OCCUPIED)
    }

    /// The receiver took the last item that was on offer.
    #[inline]
    pub(crate) fn is_taken(self) -> bool {
        self.any(Self::TAKEN)
    }

    #[inline]
    pub(crate) fn is_declined(self) -> bool {
        self.any(Self::DECLINED)
    }

    /// The receiver took or declined the last item that was on offer.
    #[inline]
    pub(crate) fn is_answered(self) -> bool {
        self.any(Self::TAKEN | Self::DECLINED)
    }

    /// The `Send` of the item was dropped while it was lent, or its time is up.
    #[inline]
    pub(crate) fn is_abandoned(self) -> bool {
        self.any(Self::ABANDONED)
    }

    #[inline]
    pub(crate) fn is_given_back(self) -> bool {
        self.any(Self::GIVEN_BACK)
    }

    /// The item on offer or lent came from the `Sink`.
    #[cfg(feature = "sink")]
    #[inline]
    pub(crate) fn is_from_sink(self) -> bool {
        self.any(Self::FROM_SINK)
    }

    /// The item given back is one that the `Sink` started and nobody fetched yet.
    #[cfg(feature = "sink")]
    #[inline]
    pub(crate) fn is_back_in_sink(self) -> bool {
        self.any(Self::BACK_IN_SINK)
    }

    /// The next call of `send` has to end the wait of an earlier one, or to discard its item.
    #[inline]
    pub(crate) fn has_earlier_send(self) -> bool {
        self.any(Self::AWAITED | Self::GIVEN_BACK)
    }

    #[inline]
    pub(crate) fn is_receive_waiting(self) -> bool {
        self.any(Self::WAITING)
    }

    /// A receive waits and nothing is in its way: an item offered now would be for it.
    #[inline]
    pub(crate) fn is_wanted(self) -> bool {
        self.0 & (Self::WAITING | Self::OCCUPIED | Self::CLOSED) == Self::WAITING
    }

    #[inline]
    pub(crate) fn is_sender_closed(self) -> bool {
        self.any(Self::SENDER_CLOSED)
    }

    #[inline]
    pub(crate) fn is_receiver_closed(self) -> bool {
        self.any(Self::RECEIVER_CLOSED)
    }

    /// At least one end is closed.
    #[inline]
    pub(crate) fn is_closed(self) -> bool {
        self.any(Self::CLOSED)
    }

    /// `end` was closed or dropped.
    #[inline]
    pub(crate) fn is_end_closed(self, end: super::End) -> bool {
        match end {
            super::End::Sender => self.is_sender_closed(),
            super::End::Receiver => self.is_receiver_closed(),
        }
    }

    #[inline]
    pub(crate) fn is_terminated(self) -> bool {
        self.any(Self::TERMINATED)
    }

    /// Nobody can reach an item that is here.
    #[inline]
    pub(crate) fn has_unreachable(self) -> bool {
        let out_of_reach = if self.is_receiver_closed() {
            Self::GIVEN_BACK | Self::OFFERED
        } else {
            Self::GIVEN_BACK
        };
        self.any(Self::SENDER_DROPPED) && self.any(out_of_reach)
    }

    /// Nobody waits and there is no item, so an end can go without telling anybody.
    #[inline]
    pub(crate) fn is_quiet(self) -> bool {
        !self.any(Self::ANY_SEATED | Self::OCCUPIED | Self::GIVEN_BACK)
    }

    /// The other end is gone, and nothing is left to do for the last one.
    #[inline]
    pub(crate) fn is_deserted(self) -> bool {
        self.any(Self::SENDER_DROPPED | Self::RECEIVER_DROPPED) && self.is_quiet()
    }

    /// How many items can still be received, if there is a limit. Not while a guard lives.
    #[inline]
    pub(crate) fn most_to_come(self) -> Option<usize> {
        if self.is_receiver_closed() {
            Some(0)
        } else if self.is_sender_closed() {
            Some(usize::from(self.is_offered()))
        } else {
            None
        }
    }

    #[inline]
    pub(crate) fn is_seated(self, seat: Seat) -> bool {
        self.any(seat.flag())
    }
}
