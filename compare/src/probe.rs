//! Does a peer's `Ok` mean that the receiver took the item? Asked of each contender before it is
//! measured, so that the mark in tables and chart is as much a measurement as the time beside it.

use crate::ends::{AsyncEnds, BlockingEnds, BlockingSendEnd, RecvEnd, SendEnd, Sent, Verdict};
use futures_lite::future::{block_on, poll_once};
use std::{future::Future, pin::Pin};

/// The occasions on which a contender says `Ok` for an item that nobody took.
#[derive(Debug, Clone, Copy)]
pub struct Early {
    /// With no receive waiting.
    pub unasked: bool,
    /// With a receive waiting that has not run since, and may still be cancelled.
    pub before_take: bool,
    /// Once the receiver is dropped.
    pub at_drop: bool,
}

impl Early {
    /// Whether there is any.
    #[must_use]
    pub fn any(self) -> bool {
        self.unasked || self.before_take || self.at_drop
    }

    /// Whether there is one when the receiver is a thread, whose receive cannot be cancelled.
    #[must_use]
    pub fn for_thread(self) -> bool {
        self.unasked || self.at_drop
    }
}

fn says_ok<F: Future<Output: Verdict<u64>>>(send: Pin<&mut F>) -> bool {
    let sent = block_on(poll_once(send)).map(Verdict::sent);
    matches!(sent, Some(Sent::Ok))
}

/// Tries the three occasions.
#[must_use]
pub fn early<E: AsyncEnds>() -> Early {
    let (mut tx, rx) = E::channel::<u64>();
    let mut send = Box::pin(tx.send(0));
    let unasked = says_ok(send.as_mut());
    drop(rx);
    let at_drop = !unasked && says_ok(send.as_mut());
    drop(send);

    let (mut tx, mut rx) = E::channel::<u64>();
    let mut recv = Box::pin(rx.recv());
    assert!(
        block_on(poll_once(recv.as_mut())).is_none(),
        "an item from nowhere"
    );
    let mut send = Box::pin(tx.send(0));
    let before_take = says_ok(send.as_mut());
    Early {
        unasked,
        before_take,
        at_drop,
    }
}

/// Whether a thread's send says `Ok` with no receive waiting.
#[must_use]
pub fn buffers<E: BlockingEnds>() -> bool {
    let (mut tx, _rx) = E::channel::<u64>();
    tx.send_at_once(0)
}
