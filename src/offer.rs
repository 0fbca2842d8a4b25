//! The two-phase receive: waiting for an item to borrow, and the [`Offer`] guard that lends it.

use crate::channel::Channel;
use crate::panics::Panics;
use crate::slot::{Flags, Seat, Slot, Wake};
use crate::spin::Spin;
use crate::until::Until;
use crate::wait::{wait_future, Operation, Wait};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};
#[cfg(not(target_family = "wasm"))]
use {
    crate::error::RecvTimeoutError,
    crate::recv::or_timeout,
    std::time::{Duration, Instant},
};

/// An item on loan, from [`Receiver::next_offer`](crate::Receiver::next_offer).
///
/// The send stays pending as long as the guard lives. Then it depends:
///
/// * [`Offer::accept`] takes the item, and the send is completed.
/// * [`Offer::decline`] gives the item back to the sender.
/// * A drop puts the item back on offer, with what was changed in it, and the send stays pending.
///   But if the limit of its send has come, the item goes back in the `Timeout` error of that send.
///
/// # Cancel safety
///
/// A guard that is dropped half-way, by a panic or with the task that held it, puts its item back:
/// the next receive gets it.
///
/// While the guard lives its item cannot be withdrawn. If the `Send` is dropped in the meantime,
/// [`reclaim`](crate::Sender::reclaim) returns `None`, and an item that the guard puts back then
/// stays on offer, to be received or reclaimed. A send whose limit has come waits until the guard
/// is gone, and then has its item back before anybody can borrow it again.
///
/// A guard that is leaked with [`mem::forget`](std::mem::forget) counts as accepted, and its item
/// is leaked too. The sender learns of it at the receiver's next operation (one that receives,
/// waits or closes) or when the receiver is dropped.
///
/// ```
/// let (mut sender, mut receiver) = handoff::channel();
/// let thread = std::thread::spawn(move || sender.send(20).wait());
///
/// let mut offer = receiver.next_offer().wait().unwrap();
/// *offer += 1;
/// drop(offer);
///
/// assert_eq!(receiver.recv().wait(), Some(21));
/// assert_eq!(thread.join().unwrap(), Ok(()));
/// ```
#[must_use = "an offer that is dropped puts its item back"]
pub struct Offer<'a, T> {
    channel: &'a Channel<T>,
    /// Always there, until `accept`, `decline` or the drop takes it out.
    item: Option<T>,
}

const HELD: &str = "a guard holds its item as long as it lives";

impl<T> Offer<'_, T> {
    /// Takes the item. The send is completed.
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    /// use handoff::Offer;
    ///
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let mut send = sender.send("job");
    /// assert!(block_on(poll_once(&mut send)).is_none());
    /// let offer = receiver.next_offer().wait().unwrap();
    /// assert!(block_on(poll_once(&mut send)).is_none());
    /// assert_eq!(Offer::accept(offer), "job");
    /// assert_eq!(block_on(send), Ok(()));
    /// ```
    pub fn accept(mut offer: Self) -> T {
        let item = offer.take();
        let wake = offer.channel.lock().accept();
        offer.channel.wake(wake);
        item
    }

    /// Refuses the item. It goes back to the sender, with what was changed in it, and the channel
    /// stays open.
    ///
    /// A [`Send`](crate::Send), with or without a limit, resolves to an error `Declined` that carries
    /// the item. So does the next flush of a `Sink`. If nobody waits for the answer, this call returns
    /// the item instead: its `Send` was dropped, or it came from
    /// [`try_send`](crate::Sender::try_send). A send past its limit still waits.
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    /// use handoff::{Offer, SendError};
    ///
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let mut send = sender.send("job");
    /// assert!(block_on(poll_once(&mut send)).is_none());
    /// let offer = receiver.try_next_offer().unwrap();
    /// assert_eq!(Offer::decline(offer), None); // somebody waits for it
    /// assert_eq!(block_on(send), Err(SendError::Declined("job")));
    /// ```
    #[must_use = "this returns the item if its sender no longer waits; do not drop it"]
    pub fn decline(mut offer: Self) -> Option<T> {
        let item = offer.take();
        let mut slot = offer.channel.lock();
        let (item, wake) = slot.decline(item);
        drop(slot);
        offer.channel.wake(wake);
        item
    }

    /// Whether the `Send` that offered this item was dropped, or is past its limit. Once true, it
    /// stays true.
    ///
    /// A worker can look at it from time to time, and stop working for somebody who gave up. Who then
    /// gets a declined item differs: see [`decline`](Offer::decline).
    ///
    /// A limit in a task counts once a poll has seen it come: see [`Until`]. For an item of
    /// [`try_send`](crate::Sender::try_send) or of the `Sink` this is always false.
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    /// use handoff::Offer;
    ///
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let mut send = sender.send("job");
    /// assert!(block_on(poll_once(&mut send)).is_none());
    /// let offer = receiver.try_next_offer().unwrap();
    /// assert!(!Offer::is_abandoned(&offer));
    /// drop(send);
    /// assert!(Offer::is_abandoned(&offer));
    /// assert_eq!(Offer::decline(offer), Some("job")); // nobody waits for it
    /// ```
    #[must_use]
    pub fn is_abandoned(offer: &Self) -> bool {
        offer.channel.flags().has(Flags::ABANDONED)
    }

    /// Takes the item out, after which the drop of the guard does nothing.
    fn take(&mut self) -> T {
        self.item.take().expect(HELD)
    }
}

impl<T> Deref for Offer<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.item.as_ref().expect(HELD)
    }
}

impl<T> DerefMut for Offer<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.item.as_mut().expect(HELD)
    }
}

impl<T> Drop for Offer<'_, T> {
    fn drop(&mut self) {
        if let Some(item) = self.item.take() {
            let wake = self.channel.lock().put_back(item);
            if !wake.is_nobody() {
                // If this thread unwinds already, a waker that panics must not abort it.
                let mut panics = Panics::default();
                panics.catch(|| self.channel.wake(wake));
                panics.resume();
            }
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
    /// The future of [`Receiver::next_offer`](crate::Receiver::next_offer).
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
    ///     let offer = receiver.next_offer().await.unwrap();
    ///     assert_eq!(*offer, 7);
    ///     handoff::Offer::accept(offer)
    /// };
    /// assert_eq!(block_on(zip(sender.send(7), look)), (Ok(()), 7));
    /// ```
    #[must_use = "it does nothing unless it is awaited, polled or waited on"]
    pub struct NextOffer<'a, T> {
        #[pin]
        pub(crate) wait: Wait<'a, T, Lend<'a, T>>,
    }
}

impl<'a, T> NextOffer<'a, T> {
    pub(crate) fn new(channel: &'a Channel<T>, spin: &'a mut Spin) -> Self {
        NextOffer {
            wait: Wait::new(channel, spin, Lend { channel }),
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

wait_future!(NextOffer);

impl<T> NextOffer<'_, T> {
    /// Waits for an item to borrow, but gives up when `limit` comes: a timer of any runtime, a
    /// cancellation token, any future.
    ///
    /// It is for a task what [`wait_timeout`](NextOffer::wait_timeout) is for a thread. See [`Until`].
    ///
    /// # Errors
    ///
    /// [`Timeout`](crate::RecvTimeoutError::Timeout) if the limit came first, and
    /// [`Closed`](crate::RecvTimeoutError::Closed) once nothing more will come.
    ///
    /// # Cancel safety
    ///
    /// As that of the `NextOffer`: it holds nothing before it resolved.
    ///
    /// ```
    /// use futures_lite::future::{block_on, yield_now};
    ///
    /// let (sender, mut receiver) = handoff::channel::<()>();
    /// let outcome = block_on(receiver.next_offer().until(yield_now()));
    /// assert!(outcome.unwrap_err().is_timeout());
    /// # drop(sender);
    /// ```
    pub fn until<L: IntoFuture>(self, limit: L) -> Until<Self, L::IntoFuture> {
        Until::new(self, limit)
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
    /// let offer = receiver.next_offer().wait().unwrap();
    /// assert_eq!(handoff::Offer::accept(offer), 1);
    /// assert_eq!(thread.join().unwrap(), Ok(()));
    /// assert!(receiver.next_offer().wait().is_none());
    /// ```
    #[track_caller]
    pub fn wait(mut self) -> Option<Offer<'a, T>> {
        self.wait.block()
    }

    /// Blocks this thread until there is an item, and borrows it, but not longer than `timeout`.
    ///
    /// Even with a `timeout` of zero it borrows what is on offer. A `timeout` too large for an
    /// [`Instant`] is no limit.
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
    /// let error = receiver.next_offer().wait_timeout(Duration::from_millis(1)).unwrap_err();
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
    /// let error = receiver.next_offer().wait_deadline(Instant::now()).unwrap_err();
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
        flags.has(Flags::OFFERED) || flags.is_closed()
    }

    /// It makes the guard under the lock. So if a waker panics afterwards, the guard puts the item back.
    #[inline]
    fn answer(&mut self, slot: &mut Slot<'_, T>, _wake: &mut Wake) -> Option<Offer<'a, T>> {
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
    fn announce(&mut self, slot: &mut Slot<'_, T>) -> Wake {
        slot.start_waiting()
    }
}
