//! Waiting for the other end to close: [`Closed`], the same future on both ends.

use crate::channel::Channel;
use crate::slot::{End, Flags, Seat, Slot, Wake};
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
    /// The future of [`Sender::closed`](crate::Sender::closed) and
    /// [`Receiver::closed`](crate::Receiver::closed).
    ///
    /// Await it, or block the thread on it with [`wait`](Closed::wait) and its timed forms.
    ///
    /// # Cancel safety
    ///
    /// Dropping it cancels the wake-up. So a `poll` written by hand uses `poll_closed`, and not a new
    /// future in each poll.
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    ///
    /// let (mut sender, receiver) = handoff::channel::<()>();
    /// let mut closed = sender.closed();
    /// assert_eq!(block_on(poll_once(&mut closed)), None);
    /// drop(receiver);
    /// assert_eq!(block_on(closed), ());
    /// ```
    #[must_use = "it does nothing unless it is awaited, polled or waited on"]
    pub struct Closed<'a, T> {
        #[pin]
        pub(crate) wait: Wait<'a, T, Closing>,
    }
}

impl<'a, T> Closed<'a, T> {
    /// For `end`, which waits for the other one.
    pub(crate) fn new(channel: &'a Channel<T>, spin: &'a mut Spin, end: End) -> Self {
        Closed {
            wait: Wait::new(channel, spin, Closing { end }),
        }
    }
}

impl<T> Future for Closed<'_, T> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().wait.poll(cx)
    }
}

wait_future!(Closed);

impl<T> Closed<'_, T> {
    /// Waits for the other end to close, but gives up when `limit` comes: a timer of any runtime, a
    /// cancellation token, any future. `None` if the limit came first.
    ///
    /// It is for a task what [`wait_timeout`](Closed::wait_timeout) is for a thread. See [`Until`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it cancels the wake-up.
    ///
    /// ```
    /// use futures_lite::future::{block_on, yield_now};
    ///
    /// let (mut sender, receiver) = handoff::channel::<()>();
    /// assert_eq!(block_on(sender.closed().until(yield_now())), None);
    /// drop(receiver);
    /// assert_eq!(block_on(sender.closed().until(yield_now())), Some(()));
    /// ```
    pub fn until<L: IntoFuture>(self, limit: L) -> Until<Self, L::IntoFuture> {
        Until::new(self, limit)
    }
}

#[cfg(not(target_family = "wasm"))]
impl<T> Closed<'_, T> {
    /// Blocks this thread until the other end is closed or dropped.
    ///
    /// # Panics
    ///
    /// If the future has resolved already.
    ///
    /// ```
    /// let (mut sender, receiver) = handoff::channel::<()>();
    /// let thread = std::thread::spawn(move || sender.closed().wait());
    /// drop(receiver);
    /// thread.join().unwrap();
    /// ```
    #[track_caller]
    pub fn wait(mut self) {
        self.wait.block();
    }

    /// Blocks this thread as [`wait`](Closed::wait) does, but not longer than `timeout`; `None` if
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
    /// let (mut sender, receiver) = handoff::channel::<()>();
    /// assert_eq!(sender.closed().wait_timeout(Duration::from_millis(1)), None);
    /// drop(receiver);
    /// assert_eq!(sender.closed().wait_timeout(Duration::from_millis(1)), Some(()));
    /// ```
    #[track_caller]
    pub fn wait_timeout(mut self, timeout: Duration) -> Option<()> {
        self.wait.block_for(timeout)
    }

    /// Blocks this thread as [`wait`](Closed::wait) does, but not beyond `deadline`; `None` if the
    /// time was up.
    ///
    /// # Panics
    ///
    /// If the future has resolved already.
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// let (sender, mut receiver) = handoff::channel::<()>();
    /// assert_eq!(receiver.closed().wait_deadline(Instant::now()), None);
    /// # drop(sender);
    /// ```
    #[track_caller]
    pub fn wait_deadline(mut self, deadline: Instant) -> Option<()> {
        self.wait.block_until(Some(deadline))
    }
}

/// How a `Closed` waits.
pub(crate) struct Closing {
    /// Who waits.
    end: End,
}

impl<T> Operation<T> for Closing {
    type Output = ();

    const SPINS: bool = false;

    #[inline]
    fn seat(&self) -> Seat {
        self.end.closed_seat()
    }

    #[inline]
    fn is_ready(&self, flags: Flags) -> bool {
        flags.has(Flags::closed(self.end.other()))
    }

    #[inline]
    fn answer(&mut self, _slot: &mut Slot<'_, T>, _wake: &mut Wake) {}
}
