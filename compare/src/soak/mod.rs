//! handoff under everything at once: both ends in tasks and threads of all kinds, every way of
//! sending against every way of receiving, cancelled at random, with all cores busy. Each channel
//! lives for some milliseconds and then has to balance: every item that was made was received, or
//! is still (or again) in the sender's hands, once, and in order.
//!
//! [`parcel`] is the item, [`sender`] and [`receiver`] are what the two ends do, [`hosts`] is where
//! they run, [`ledger`] draws the balance.

pub mod hosts;
pub mod ledger;
pub mod parcel;
pub mod receiver;
pub mod sender;

use fastrand::Rng;
use futures_lite::future::{or, yield_now};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// How an end is to behave.
#[derive(Debug)]
pub struct Plan {
    /// Its chances.
    pub rng: Rng,
    /// When it is to leave.
    pub until: Instant,
    /// Whether it has its thread to itself, and may block.
    pub may_block: bool,
    /// How it leaves.
    pub end: End,
}

/// How an end is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Not before the other end is gone; the receiver then has all that was left on offer.
    Last,
    /// Closed, and handed in.
    Close,
    /// Dropped where it is.
    Drop,
}

/// An end that was left.
#[derive(Debug)]
pub enum Done<E, A> {
    /// Handed in.
    Open(E),
    /// Dropped; its account remains.
    Gone(A),
}

impl Plan {
    /// Whether the time is up.
    #[must_use]
    pub fn over(&self) -> bool {
        self.end != End::Last && Instant::now() >= self.until
    }

    /// One time in so many.
    pub fn once_in(&mut self, times: u32) -> bool {
        self.rng.u32(0..times) == 0
    }

    /// A short time-out, often none at all.
    pub fn patience(&mut self) -> Duration {
        match self.rng.u32(0..4) {
            0 => Duration::ZERO,
            1 => Duration::from_micros(self.rng.u64(0..10)),
            2 => Duration::from_micros(self.rng.u64(0..200)),
            _ => Duration::from_micros(self.rng.u64(0..3000)),
        }
    }

    /// How many turns of the executor to wait before giving up; none means that a future is not
    /// even polled.
    pub fn turns(&mut self) -> u32 {
        match self.rng.u32(0..4) {
            0 => 0,
            1 => 1,
            _ => self.rng.u32(1..20),
        }
    }

    /// Does something else for a moment, or not.
    pub async fn dawdle(&mut self) {
        match self.rng.u32(0..200) {
            0 if self.may_block => std::thread::sleep(Duration::from_micros(self.rng.u64(0..300))),
            0..=20 => yield_now().await,
            _ => {}
        }
    }
}

/// Waits for a future, but only for so many turns of the executor; then drops it.
pub async fn for_turns<F: Future>(turns: u32, future: F) -> Option<F::Output> {
    if turns == 0 {
        drop(future);
        return None;
    }
    let patience = async {
        for _ in 1..turns {
            yield_now().await;
        }
        None
    };
    or(async { Some(future.await) }, patience).await
}

/// Polls once, for nobody.
pub fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
