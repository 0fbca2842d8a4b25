//! The flags of the slot: what is true of it at a moment, without the items and the waiters.

use super::Seat;

/// What is true of the slot, in one word, so that it can be mirrored in an atomic and read
/// without the lock. Only the holder of the lock changes it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Flags(usize);

impl Flags {
    /// The item is in the slot, for the receiver to take.
    pub(super) const OFFERED: usize = 1;
    /// The item is in the hands of an `Offer` guard.
    pub(super) const LENT: usize = 1 << 1;
    /// The item on offer came in through the `Sink`, which gets it back if the receiver closes.
    pub(super) const FROM_SINK: usize = 1 << 2;
    /// An item given back waits to be reclaimed. Only the sender's own operations change this, and a
    /// guard while the sender is parked.
    pub(super) const GIVEN_BACK: usize = 1 << 3;
    /// A receive is waiting. Not the same as "the receiver's seat is taken": a receive that was
    /// woken for an item since withdrawn waits all the same.
    pub(super) const WAITING: usize = 1 << 4;
    /// The sender was closed or dropped.
    pub(super) const SENDER_CLOSED: usize = 1 << 5;
    /// The receiver was closed or dropped.
    pub(super) const RECEIVER_CLOSED: usize = 1 << 6;
    /// The receiver has told its owner that nothing more will come.
    pub(super) const TERMINATED: usize = 1 << 7;
    /// The sender was dropped: nobody is left to reclaim an item.
    pub(super) const SENDER_DROPPED: usize = 1 << 8;
    /// The receiver was dropped.
    pub(super) const RECEIVER_DROPPED: usize = 1 << 9;
    /// Somebody sits on the seat; the first of four bits, one a [`Seat`].
    pub(super) const SEATED: usize = 1 << 10;
    const ANY_SEATED: usize = 0b1111 * Self::SEATED;

    const CLOSED: usize = Self::SENDER_CLOSED | Self::RECEIVER_CLOSED;
    const OCCUPIED: usize = Self::OFFERED | Self::LENT;

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
    pub(super) fn set(&mut self, bits: usize) {
        self.0 |= bits;
    }

    #[inline]
    pub(super) fn clear(&mut self, bits: usize) {
        self.0 &= !bits;
    }

    #[inline]
    pub(crate) fn is_offered(self) -> bool {
        self.any(Self::OFFERED)
    }

    /// An item is in the hands of an `Offer`, or was when the guard was leaked.
    #[inline]
    pub(crate) fn is_lent(self) -> bool {
        self.any(Self::LENT)
    }

    /// There is an item on offer or lent, so that no other can be offered.
    #[inline]
    pub(crate) fn is_occupied(self) -> bool {
        self.any(Self::OCCUPIED)
    }

    #[inline]
    pub(crate) fn is_given_back(self) -> bool {
        self.any(Self::GIVEN_BACK)
    }

    #[inline]
    pub(crate) fn is_receive_waiting(self) -> bool {
        self.any(Self::WAITING)
    }

    /// A receive is waiting and nothing is in its way: an item offered now would be for it.
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

    #[inline]
    pub(crate) fn is_terminated(self) -> bool {
        self.any(Self::TERMINATED)
    }

    /// There is an item that nobody can reach any more.
    #[inline]
    pub(crate) fn has_unreachable(self) -> bool {
        let out_of_reach = if self.is_receiver_closed() {
            Self::GIVEN_BACK | Self::OFFERED
        } else {
            Self::GIVEN_BACK
        };
        self.any(Self::SENDER_DROPPED) && self.any(out_of_reach)
    }

    /// Nobody waits and nothing is in the slot, so that an end can go without a word.
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
        self.any(Self::SEATED << seat as usize)
    }
}
