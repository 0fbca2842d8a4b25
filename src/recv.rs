//! The future of a receive, and how it takes its item.

use crate::channel::Channel;
use crate::error::RecvTimeoutError;
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
    /// The future of [`Receiver::recv`].
    ///
    /// Await it, or block the thread on it with [`wait`](Recv::wait) and its timed forms.
    ///
    /// # Cancel safety
    ///
    /// Dropping it before it resolved loses nothing: it held nothing. But it cancels the wake-up. So a
    /// `poll` written by hand uses [`poll_recv`](crate::Receiver::poll_recv), and not a new future in
    /// each poll.
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    ///
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let mut recv = receiver.recv();
    /// assert_eq!(block_on(poll_once(&mut recv)), None); // it waits
    /// let mut send = sender.send(7);
    /// assert_eq!(block_on(poll_once(&mut send)), None); // on offer
    /// drop(recv);
    /// assert_eq!(block_on(receiver.recv()), Some(7)); // it is for the next receive
    /// assert_eq!(block_on(send), Ok(()));
    /// ```
    #[must_use = "a receive does nothing unless it is awaited, polled or waited on"]
    pub struct Recv<'a, T> {
        #[pin]
        pub(crate) wait: Wait<'a, T, Take>,
    }
}

impl<'a, T> Recv<'a, T> {
    pub(crate) fn new(channel: &'a Channel<T>, spin: &'a mut Spin) -> Self {
        Recv {
            wait: Wait::new(channel, spin, Take),
        }
    }
}

impl<T> Future for Recv<'_, T> {
    type Output = Option<T>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().wait.poll(cx)
    }
}

wait_future!(Recv);

impl<T> Recv<'_, T> {
    /// Receives, but gives up when `limit` comes: a timer of any runtime, a cancellation token, any
    /// future.
    ///
    /// It is for a task what [`wait_timeout`](Recv::wait_timeout) is for a thread. See [`Until`].
    ///
    /// # Errors
    ///
    /// [`Timeout`](crate::RecvTimeoutError::Timeout) if the limit came first, and
    /// [`Closed`](crate::RecvTimeoutError::Closed) once nothing more will come.
    ///
    /// # Cancel safety
    ///
    /// As that of the `Recv`: it holds nothing before it resolved.
    ///
    /// ```
    /// use futures_lite::future::{block_on, yield_now};
    ///
    /// let (sender, mut receiver) = handoff::channel::<()>();
    /// let outcome = block_on(receiver.recv().until(yield_now()));
    /// assert!(outcome.unwrap_err().is_timeout());
    /// # drop(sender);
    /// ```
    pub fn until<L: IntoFuture>(self, limit: L) -> Until<Self, L::IntoFuture> {
        Until::new(self, limit)
    }
}

#[cfg(not(target_family = "wasm"))]
impl<T> Recv<'_, T> {
    /// Blocks this thread until there is an item, and takes it; `None` once nothing more will come.
    ///
    /// # Panics
    ///
    /// If the future has resolved already.
    ///
    /// ```
    /// let (mut sender, mut receiver) = handoff::channel();
    /// std::thread::spawn(move || sender.send(1).wait());
    /// assert_eq!(receiver.recv().wait(), Some(1));
    /// assert_eq!(receiver.recv().wait(), None);
    /// ```
    #[track_caller]
    pub fn wait(mut self) -> Option<T> {
        self.wait.block()
    }

    /// Blocks this thread until there is an item, and takes it, but not longer than `timeout`.
    ///
    /// Delivery wins over time-out: even with a `timeout` of zero it takes what is on offer, as
    /// [`try_recv`](crate::Receiver::try_recv) does.
    ///
    /// A `timeout` too large for an [`Instant`] is no limit.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError::Timeout`] if the time was up, and [`RecvTimeoutError::Closed`] once
    /// nothing more will come.
    ///
    /// # Panics
    ///
    /// If the future has resolved already.
    ///
    /// ```
    /// use handoff::{channel, RecvTimeoutError};
    /// use std::time::Duration;
    ///
    /// let (sender, mut receiver) = channel::<()>();
    /// let outcome = receiver.recv().wait_timeout(Duration::from_millis(1));
    /// assert_eq!(outcome, Err(RecvTimeoutError::Timeout));
    /// # drop(sender);
    /// ```
    #[track_caller]
    pub fn wait_timeout(mut self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        or_timeout(self.wait.block_for(timeout))
    }

    /// Blocks this thread until there is an item, and takes it, but not beyond `deadline`.
    ///
    /// Otherwise as [`wait_timeout`](Recv::wait_timeout).
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError::Timeout`] if the time was up, and [`RecvTimeoutError::Closed`] once
    /// nothing more will come.
    ///
    /// # Panics
    ///
    /// If the future has resolved already.
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// let (sender, mut receiver) = handoff::channel::<()>();
    /// let error = receiver.recv().wait_deadline(Instant::now()).unwrap_err();
    /// assert!(error.is_timeout());
    /// # drop(sender);
    /// ```
    #[track_caller]
    pub fn wait_deadline(mut self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        or_timeout(self.wait.block_until(Some(deadline)))
    }
}

/// Makes the result of a receive with a limit from its outcome, which is `None` if it gave up.
#[allow(clippy::option_option)]
pub(crate) fn or_timeout<T>(outcome: Option<Option<T>>) -> Result<T, RecvTimeoutError> {
    let received = outcome.ok_or(RecvTimeoutError::Timeout)?;
    received.ok_or(RecvTimeoutError::Closed)
}

/// How a receive takes its item: a `Recv`, the stream, or `try_recv`.
pub(crate) struct Take;

impl<T> Operation<T> for Take {
    type Output = Option<T>;

    #[inline]
    fn seat(&self) -> Seat {
        Seat::Receiver
    }

    #[inline]
    fn is_ready(&self, flags: Flags) -> bool {
        flags.has(Flags::OFFERED) || flags.is_closed()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn answer(&mut self, slot: &mut Slot<'_, T>, wake: &mut Wake) -> Option<T> {
        if slot.flags().is_receivable() {
            slot.take(wake)
        } else {
            slot.terminate();
            None
        }
    }

    #[inline]
    fn announce(&mut self, slot: &mut Slot<'_, T>) -> Wake {
        slot.start_waiting()
    }
}
