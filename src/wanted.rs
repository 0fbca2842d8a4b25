//! Waiting until an item is wanted.

use crate::channel::Channel;
use crate::slot::{Flags, Seat, Slot, Wake};
use crate::spin::Spin;
use crate::until::Until;
use crate::wait::{wait_future, Operation, Wait};
use pin_project_lite::pin_project;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
#[cfg(not(target_family = "wasm"))]
use std::time::{Duration, Instant};

pin_project! {
    /// The future of [`Sender::wanted`].
    ///
    /// Await it, or block the thread on it with [`wait`](Wanted::wait) and its timed forms.
    ///
    /// # Cancel safety
    ///
    /// Dropping it cancels the wake-up. So a `poll` written by hand uses `poll_wanted`, and not a new
    /// future in each poll.
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    ///
    /// let (mut sender, mut receiver) = handoff::channel::<()>();
    /// let mut wanted = sender.wanted();
    /// assert_eq!(block_on(poll_once(&mut wanted)), None);
    /// let mut recv = receiver.recv();
    /// assert_eq!(block_on(poll_once(&mut recv)), None); // now a receive is waiting
    /// assert_eq!(block_on(wanted), true);
    /// ```
    #[must_use = "it does nothing unless it is awaited, polled or waited on"]
    pub struct Wanted<'a, T> {
        #[pin]
        pub(crate) wait: Wait<'a, T, Demand>,
    }
}

impl<'a, T> Wanted<'a, T> {
    pub(crate) fn new(channel: &'a Channel<T>, spin: &'a mut Spin) -> Self {
        Wanted {
            wait: Wait::new(channel, spin, Demand),
        }
    }
}

impl<T> Future for Wanted<'_, T> {
    type Output = bool;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().wait.poll(cx)
    }
}

wait_future!(Wanted);

impl<T> Wanted<'_, T> {
    /// Waits for demand, but gives up when `limit` comes: a timer of any runtime, a cancellation
    /// token, any future. `None` if the limit came first.
    ///
    /// It is for a task what [`wait_timeout`](Wanted::wait_timeout) is for a thread. See [`Until`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it cancels the wake-up.
    ///
    /// ```
    /// use futures_lite::future::{block_on, yield_now};
    ///
    /// let (mut sender, _receiver) = handoff::channel::<()>();
    /// assert_eq!(block_on(sender.wanted().until(yield_now())), None);
    /// ```
    pub fn until<L: IntoFuture>(self, limit: L) -> Until<Self, L::IntoFuture> {
        Until::new(self, limit)
    }
}

#[cfg(not(target_family = "wasm"))]
impl<T> Wanted<'_, T> {
    /// Blocks this thread until a receive is waiting (`true`) or an end is closed (`false`).
    ///
    /// # Panics
    ///
    /// If the future has resolved already.
    ///
    /// ```
    /// let (mut sender, receiver) = handoff::channel::<()>();
    /// drop(receiver);
    /// assert!(!sender.wanted().wait());
    /// ```
    #[track_caller]
    pub fn wait(mut self) -> bool {
        self.wait.block()
    }

    /// Blocks this thread as [`wait`](Wanted::wait) does, but not longer than `timeout`; `None` if
    /// the time was up.
    ///
    /// A `timeout` too large for an [`Instant`] is no limit.
    ///
    /// # Panics
    ///
    /// If the future has resolved already.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let (mut sender, _receiver) = handoff::channel::<()>();
    /// assert_eq!(sender.wanted().wait_timeout(Duration::from_millis(1)), None);
    /// ```
    #[track_caller]
    pub fn wait_timeout(mut self, timeout: Duration) -> Option<bool> {
        self.wait.block_for(timeout)
    }

    /// Blocks this thread as [`wait`](Wanted::wait) does, but not beyond `deadline`; `None` if the
    /// time was up.
    ///
    /// # Panics
    ///
    /// If the future has resolved already.
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// let (mut sender, _receiver) = handoff::channel::<()>();
    /// assert_eq!(sender.wanted().wait_deadline(Instant::now()), None);
    /// ```
    #[track_caller]
    pub fn wait_deadline(mut self, deadline: Instant) -> Option<bool> {
        self.wait.block_until(Some(deadline))
    }
}

/// How a `Wanted` waits.
pub(crate) struct Demand;

impl<T> Operation<T> for Demand {
    type Output = bool;

    #[inline]
    fn seat(&self) -> Seat {
        Seat::Sender
    }

    #[inline]
    fn reasons(&self) -> Flags {
        Flags::FOR_DEMAND
    }

    #[inline]
    fn is_ready(&self, flags: Flags) -> bool {
        flags.is_closed() || flags.is_wanted()
    }

    #[inline]
    fn try_unlocked(&mut self, flags: Flags) -> Option<bool> {
        Operation::<T>::is_ready(self, flags).then(|| flags.is_wanted())
    }

    #[inline]
    fn answer(&mut self, slot: &mut Slot<'_, T>, _wake: &mut Wake) -> bool {
        slot.flags().is_wanted()
    }
}
