//! The two-phase receive: waiting for an item to borrow, and the [`Offer`] guard that lends it.

use crate::channel::Channel;
use crate::slot::{Flags, Seat, Slot, Wake};
use crate::spin::Spin;
use crate::wait::{Operation, Wait};
use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};
#[cfg(not(target_family = "wasm"))]
use {
    crate::error::RecvTimeoutError,
    crate::recv::or_timeout,
    std::time::{Duration, Instant},
};

/// An item on loan, from [`Receiver::offer`].
///
/// The sender stays pending as long as the guard lives. [`accept`](Self::accept) takes the item
/// and completes the send; dropping the guard puts the item back on offer, changed if it was
/// changed through the guard, and the send stays pending.
///
/// # Cancel safety
///
/// A guard that is dropped half-way, by a panic or with the task that held it, puts its item back:
/// the next receive gets it.
///
/// While the guard lives its item cannot be withdrawn. If the `Send` is dropped in the meantime,
/// [`reclaim`](crate::Sender::reclaim) returns `None`, and an item that the guard puts back then
/// stays on offer, to be received or reclaimed. A send with a time limit outlasts it until the
/// guard is gone, and then has its item back before anybody can borrow it again.
///
/// A guard that is leaked with [`mem::forget`](std::mem::forget) counts as accepted, and its item
/// is leaked too. The sender learns of it at the receiver's next operation (one that receives,
/// waits or closes) or when the receiver is dropped.
///
/// ```
/// let (mut sender, mut receiver) = handoff::channel();
/// let thread = std::thread::spawn(move || sender.send(20).wait());
///
/// let mut offer = receiver.offer().wait().unwrap();
/// *offer += 1;
/// drop(offer);
///
/// assert_eq!(receiver.recv().wait(), Some(21));
/// assert_eq!(thread.join().unwrap(), Ok(()));
/// ```
#[must_use = "an offer that is dropped puts its item back"]
pub struct Offer<'a, T> {
    channel: &'a Channel<T>,
    /// Always there, until `accept` or the drop takes it out.
    item: Option<T>,
}

impl<T> Offer<'_, T> {
    /// Takes the item. The send is completed.
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    ///
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let mut send = sender.send("job");
    /// assert!(block_on(poll_once(&mut send)).is_none());
    /// let offer = receiver.offer().wait().unwrap();
    /// assert!(block_on(poll_once(&mut send)).is_none());
    /// assert_eq!(offer.accept(), "job");
    /// assert_eq!(block_on(send), Ok(()));
    /// ```
    pub fn accept(mut self) -> T {
        let item = self.item.take();
        let wake = self.channel.lock().accept();
        self.channel.wake(wake);
        match item {
            Some(item) => item,
            None => unreachable!("a guard holds its item as long as it lives"),
        }
    }
}

impl<T> Deref for Offer<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.item {
            Some(item) => item,
            None => unreachable!("a guard holds its item as long as it lives"),
        }
    }
}

impl<T> DerefMut for Offer<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.item {
            Some(item) => item,
            None => unreachable!("a guard holds its item as long as it lives"),
        }
    }
}

impl<T> Drop for Offer<'_, T> {
    fn drop(&mut self) {
        if let Some(item) = self.item.take() {
            let wake = self.channel.lock().put_back(item);
            self.channel.wake(wake);
        }
    }
}

impl<T> fmt::Debug for Offer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer")
            .field("channel", self.channel)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`Receiver::offer`].
    ///
    /// Await it, or block the thread on it with [`wait`](NextOffer::wait) and its timed forms.
    ///
    /// # Cancel safety
    ///
    /// Dropping it before it resolved loses nothing: it held nothing.
    ///
    /// ```
    /// use futures_lite::future::{block_on, zip};
    ///
    /// let (mut sender, mut receiver) = handoff::channel::<i32>();
    /// let look = async {
    ///     let offer = receiver.offer().await.unwrap();
    ///     assert_eq!(*offer, 7);
    ///     offer.accept()
    /// };
    /// assert_eq!(block_on(zip(sender.send(7), look)), (Ok(()), 7));
    /// ```
    #[must_use = "it does nothing unless it is awaited, polled or waited on"]
    pub struct NextOffer<'a, T> {
        #[pin]
        wait: Wait<'a, T, Lend<'a, T>>,
    }
}

impl<'a, T> NextOffer<'a, T> {
    pub(crate) fn new(channel: &'a Channel<T>, spin: &'a mut Spin) -> Self {
        NextOffer {
            wait: Wait::new(channel, Some(spin), Lend { channel }),
        }
    }
}

impl<'a, T> Future for NextOffer<'a, T> {
    type Output = Option<Offer<'a, T>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().wait.poll(cx)
    }
}

impl<T> FusedFuture for NextOffer<'_, T> {
    fn is_terminated(&self) -> bool {
        self.wait.is_done()
    }
}

impl<T> fmt::Debug for NextOffer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wait.debug("NextOffer", f)
    }
}

#[cfg(not(target_family = "wasm"))]
impl<'a, T> NextOffer<'a, T> {
    /// Blocks this thread until there is an item, and borrows it; `None` once nothing more will
    /// come.
    ///
    /// # Panics
    ///
    /// If the future has resolved already.
    ///
    /// ```
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let thread = std::thread::spawn(move || sender.send(1).wait());
    /// assert_eq!(receiver.offer().wait().unwrap().accept(), 1);
    /// assert_eq!(thread.join().unwrap(), Ok(()));
    /// assert!(receiver.offer().wait().is_none());
    /// ```
    #[track_caller]
    pub fn wait(mut self) -> Option<Offer<'a, T>> {
        self.wait.block()
    }

    /// Blocks this thread until there is an item, and borrows it, but not longer than `timeout`.
    ///
    /// An item that is on offer is borrowed, also with no time at all. A `timeout` too large for
    /// an [`Instant`] waits for ever.
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
    /// use std::time::Duration;
    ///
    /// let (sender, mut receiver) = handoff::channel::<()>();
    /// let error = receiver.offer().wait_timeout(Duration::from_millis(1)).unwrap_err();
    /// assert!(error.is_timeout());
    /// # drop(sender);
    /// ```
    #[track_caller]
    pub fn wait_timeout(mut self, timeout: Duration) -> Result<Offer<'a, T>, RecvTimeoutError> {
        or_timeout(self.wait.block_for(timeout))
    }

    /// Blocks this thread until there is an item, and borrows it, but not beyond `deadline`.
    ///
    /// Otherwise as [`wait_timeout`](NextOffer::wait_timeout).
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
    /// drop(sender);
    /// let error = receiver.offer().wait_deadline(Instant::now()).unwrap_err();
    /// assert!(error.is_closed());
    /// ```
    #[track_caller]
    pub fn wait_deadline(mut self, deadline: Instant) -> Result<Offer<'a, T>, RecvTimeoutError> {
        or_timeout(self.wait.block_until(Some(deadline)))
    }
}

/// How a `NextOffer` borrows its item.
pub(crate) struct Lend<'a, T> {
    pub(crate) channel: &'a Channel<T>,
}

impl<'a, T> Operation<T> for Lend<'a, T> {
    type Output = Option<Offer<'a, T>>;

    #[inline]
    fn seat(&self) -> Seat {
        Seat::Receiver
    }

    #[inline]
    fn is_ready(&self, flags: Flags) -> bool {
        flags.is_offered() || flags.is_closed()
    }

    /// The guard is there before the lock is released. So if a waker panics afterwards, the guard
    /// puts the item back.
    #[inline]
    fn answer(&mut self, slot: &mut Slot<T>, _wake: &mut Wake) -> Option<Offer<'a, T>> {
        if slot.flags().is_receivable() {
            Some(Offer {
                channel: self.channel,
                item: slot.lend(),
            })
        } else {
            slot.terminate();
            None
        }
    }

    #[inline]
    fn announce(&mut self, slot: &mut Slot<T>) -> Wake {
        slot.start_waiting()
    }
}
