//! Waiting for the other end to close: [`Closed`], the same future on both ends.

use crate::shared::Shared;
use crate::signal::{Operation, Wait};
use crate::slot::{End, Flags, Seat, Slot, Waiter};
use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
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
    /// Dropping it changes nothing.
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
        wait: Wait<Closing>,
        shared: &'a Shared<T>,
    }

    impl<T> PinnedDrop for Closed<'_, T> {
        fn drop(this: Pin<&mut Self>) {
            this.get_mut().cancel();
        }
    }
}

impl<'a, T> Closed<'a, T> {
    /// For `end`, which waits for the other one.
    pub(crate) fn new(shared: &'a Shared<T>, end: End) -> Self {
        Closed {
            wait: Wait::new(Closing { end }),
            shared,
        }
    }

    fn cancel(&mut self) {
        self.wait.cancel(self.shared);
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
        self.run(None);
    }

    /// Blocks this thread as [`wait`](Closed::wait) does, but not longer than `timeout`; `None` if
    /// the time was up.
    ///
    /// A `timeout` too large for an [`Instant`] waits for ever.
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
        self.run(Instant::now().checked_add(timeout))
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
        self.run(Some(deadline))
    }

    #[track_caller]
    fn run(&mut self, deadline: Option<Instant>) -> Option<()> {
        match self.wait.wait(self.shared, None, deadline) {
            Poll::Ready(()) => Some(()),
            Poll::Pending => None,
        }
    }
}

impl<T> Future for Closed<'_, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Closed { wait, shared } = self.get_mut();
        wait.poll(shared, None, cx)
    }
}

impl<T> FusedFuture for Closed<'_, T> {
    fn is_terminated(&self) -> bool {
        self.wait.is_done()
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed")
            .field("progress", &self.wait.progress())
            .field("channel", &self.shared)
            .finish()
    }
}

/// How a `Closed` waits.
struct Closing {
    /// Who waits.
    end: End,
}

impl Closing {
    fn is_closed(&self, flags: Flags) -> bool {
        match self.end {
            End::Sender => flags.is_receiver_closed(),
            End::Receiver => flags.is_sender_closed(),
        }
    }
}

impl<T> Operation<T> for Closing {
    type Output = ();

    #[inline]
    fn seat(&self) -> Seat {
        match self.end {
            End::Sender => Seat::SenderClosed,
            End::Receiver => Seat::ReceiverClosed,
        }
    }

    #[inline]
    fn has_answer(&self, flags: Flags) -> bool {
        self.is_closed(flags)
    }

    #[inline]
    fn look(&mut self, slot: &mut Slot<T>, wake: &mut Waiter) -> bool {
        if self.end == End::Receiver {
            *wake = slot.settle();
        }
        self.is_closed(slot.flags())
    }

    #[inline]
    fn answer(&mut self, _slot: &mut Slot<T>, _wake: &mut Waiter) {}

    #[inline]
    fn commit(&mut self, _slot: &mut Slot<T>, _wake: &mut Waiter) {}
}
