//! The loops that every contender runs: one end sends the numbers from zero up until its time is
//! over, the other checks that they come in order.

use crate::ends::{
    BlockingRecvEnd, BlockingSendEnd, Item, LocalRecvEnd, LocalSendEnd, Received, RecvEnd, SendEnd,
    Sent, Verdict,
};
use std::time::{Duration, Instant};

/// What is handed over.
pub trait Payload: Item {
    /// The `number`th item.
    fn make(number: u64) -> Self;
    /// Which one this is.
    fn number(&self) -> u64;
}

impl Payload for u64 {
    #[inline]
    fn make(number: u64) -> Self {
        number
    }

    #[inline]
    fn number(&self) -> u64 {
        *self
    }
}

/// An item of 4 KiB.
#[derive(Debug)]
pub struct Page([u64; 512]);

impl Payload for Page {
    #[inline]
    fn make(number: u64) -> Self {
        Page([number; 512])
    }

    #[inline]
    fn number(&self) -> u64 {
        assert_eq!(self.0[0], self.0[511], "a torn page");
        self.0[256]
    }
}

/// What was handed over, and in which time.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// Items.
    pub items: u64,
    /// From the arrival of the first to the end.
    pub time: Duration,
}

impl Batch {
    /// Nanoseconds per item.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn per_item(self) -> f64 {
        self.time.as_nanos() as f64 / self.items.max(1) as f64
    }
}

/// Tells a sender when its time is up. A batch is bounded by time and not by number, because the
/// same two threads may need a hundred nanoseconds for an item while they are in step and a hundred
/// times as long when they are not.
///
/// It looks at the clock only now and then, as often as makes no difference.
#[derive(Debug)]
pub struct Pace {
    start: Instant,
    budget: Duration,
    step: u64,
    next_look: u64,
    last_look: Duration,
}

impl Pace {
    /// Starts the clock.
    #[must_use]
    pub fn new(budget: Duration) -> Self {
        Self {
            start: Instant::now(),
            budget,
            step: 1,
            next_look: 1,
            last_look: Duration::ZERO,
        }
    }

    /// Whether to go on after `done` items.
    #[inline]
    pub fn goes_on(&mut self, done: u64) -> bool {
        done < self.next_look || self.look(done)
    }

    #[cold]
    fn look(&mut self, done: u64) -> bool {
        let now = self.start.elapsed();
        if now - self.last_look < self.budget / 512 {
            self.step *= 2;
        } else if now - self.last_look > self.budget / 128 {
            self.step = (self.step / 2).max(1);
        }
        self.last_look = now;
        self.next_look = done + self.step;
        now < self.budget
    }
}

macro_rules! loops {
    ($pump:ident by $tx:ident::$send:ident, $drain:ident by $rx:ident::$recv:ident) => {
        /// Sends until the time is up, then drops its end.
        ///
        /// # Panics
        ///
        /// If the channel refuses an item.
        pub async fn $pump<T: Payload, X: $tx<T>>(mut tx: X, budget: Duration) {
            let mut pace = Pace::new(budget);
            let mut number = 0;
            while pace.goes_on(number) {
                let sent = tx.$send(T::make(number)).await.sent();
                assert!(matches!(sent, Sent::Ok), "refused");
                number += 1;
            }
        }

        /// Receives until the other end is dropped.
        ///
        /// # Panics
        ///
        /// If an item is missing or out of order.
        pub async fn $drain<T: Payload, X: $rx<T>>(mut rx: X) -> Batch {
            let first = rx.$recv().await.received().expect("at least one item");
            assert_eq!(first.number(), 0, "out of order");
            let start = Instant::now();
            let mut items = 0;
            while let Some(item) = rx.$recv().await.received() {
                items += 1;
                assert_eq!(item.number(), items, "out of order");
            }
            Batch {
                items,
                time: start.elapsed(),
            }
        }
    };
}

loops!(pump by SendEnd::send, drain by RecvEnd::recv);
loops!(pump_local by LocalSendEnd::send_local, drain_local by LocalRecvEnd::recv_local);

/// Sends from a thread until the time is up, then drops its end.
///
/// # Panics
///
/// If the channel refuses an item.
pub fn pump_blocking<T: Payload, X: BlockingSendEnd<T>>(mut tx: X, budget: Duration) {
    let mut pace = Pace::new(budget);
    let mut number = 0;
    while pace.goes_on(number) {
        assert!(tx.send_blocking(T::make(number)), "refused");
        number += 1;
    }
}

/// Receives on a thread until the other end is dropped.
///
/// # Panics
///
/// If an item is missing or out of order.
pub fn drain_blocking<T: Payload, X: BlockingRecvEnd<T>>(mut rx: X) -> Batch {
    let first = rx.recv_blocking().expect("at least one item");
    assert_eq!(first.number(), 0, "out of order");
    let start = Instant::now();
    let mut items = 0;
    while let Some(item) = rx.recv_blocking() {
        items += 1;
        assert_eq!(item.number(), items, "out of order");
    }
    Batch {
        items,
        time: start.elapsed(),
    }
}
