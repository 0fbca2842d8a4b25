//! The receiving end, which is also a stream.

use crate::channel::Channel;
use crate::closed::Closed;
use crate::error::TryRecvError;
#[cfg(not(target_family = "wasm"))]
use crate::iter::Iter;
use crate::offer::{Lend, NextOffer, Offer};
use crate::recv::{Recv, Take};
use crate::slot::{End, Flags};
use crate::spin::Spin;
use crate::sync::Arc;
use crate::wait::try_now;
use futures_core::stream::{FusedStream, Stream};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The receiving end of a channel, made by [`channel`](crate::channel()).
///
/// It is also a [`Stream`], and on targets with threads it can be iterated over, which blocks.
///
/// Dropping it closes it: a pending send gets its item back.
///
/// ```
/// let (mut sender, mut receiver) = handoff::channel();
/// std::thread::spawn(move || sender.send("hello").wait());
/// assert_eq!(receiver.recv().wait(), Some("hello"));
/// assert_eq!(receiver.recv().wait(), None);
/// ```
pub struct Receiver<T> {
    pub(crate) channel: Arc<Channel<T>>,
    pub(crate) spin: Spin,
}

impl<T> Receiver<T> {
    /// Waits for an item and takes it.
    ///
    /// Resolves to `None` once the sender is closed and nothing is on offer, or this end is
    /// closed. After that it stays `None`.
    ///
    /// # Cancel safety
    ///
    /// The item is taken in the poll that returns it and in no other. A `Recv` that is dropped
    /// before held nothing, so nothing is lost: the item stays on offer for the next receive.
    ///
    /// # Cost
    ///
    /// No allocation. One short lock to take the item, and one before if it has to wait.
    ///
    /// Between two threads it may spin before it sleeps: see [Spinning](crate#spinning).
    ///
    /// A task that is always answered at once does not return to its executor: see
    /// [Fairness](crate#fairness).
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let producer = async move {
    ///     sender.send(1).await.unwrap();
    ///     sender.send(2).await.unwrap();
    /// };
    /// let consumer = async move {
    ///     assert_eq!(receiver.recv().await, Some(1));
    ///     assert_eq!(receiver.recv().await, Some(2));
    ///     assert_eq!(receiver.recv().await, None);
    /// };
    /// futures_lite::future::zip(producer, consumer).await;
    /// # });
    /// ```
    pub fn recv(&mut self) -> Recv<'_, T> {
        Recv::new(&self.channel, &mut self.spin)
    }

    /// Takes the item on offer, and does not wait for one.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if nothing is on offer, and [`TryRecvError::Closed`] if nothing
    /// ever will be.
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    /// use handoff::{channel, TryRecvError};
    ///
    /// let (mut sender, mut receiver) = channel();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// let mut send = sender.send(1);
    /// assert!(block_on(poll_once(&mut send)).is_none());
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// assert_eq!(block_on(send), Ok(()));
    /// drop(sender);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        or_empty(try_now(&self.channel, &mut Take))
    }

    /// Polls for an item, for those who write a future or a stream by hand.
    ///
    /// `Pending` means that the task of `cx` will be woken when it is worth polling again. Only
    /// the waker of the last poll of this receiver is woken.
    ///
    /// # Cancel safety
    ///
    /// A poll that returned `Pending` holds nothing. After it a receive counts as waiting (see
    /// [`Sender::try_send`](crate::Sender::try_send)), even if it is never polled again. That ends when
    /// the receiver takes or borrows an item or closes, or when another task or thread waits instead.
    ///
    /// ```
    /// use std::future::poll_fn;
    ///
    /// let (sender, mut receiver) = handoff::channel::<u32>();
    /// drop(sender);
    /// let end = futures_lite::future::block_on(poll_fn(|cx| receiver.poll_recv(cx)));
    /// assert_eq!(end, None);
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.recv().wait.poll_and_stay(cx)
    }

    /// Waits for an item and borrows it, to decide later whether to take it.
    ///
    /// The [`Offer`] lends the item. The send stays pending until [`Offer::accept`]; a guard that
    /// is dropped, also by a panic or a cancelled task, puts the item back on offer. That makes
    /// processing at least once without a queue: accept when the work is done.
    ///
    /// Resolves to `None` when [`recv`](Self::recv) would.
    ///
    /// # Cancel safety
    ///
    /// A `NextOffer` that is dropped held nothing. For the guard see [`Offer`].
    ///
    /// ```
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let thread = std::thread::spawn(move || sender.send(String::from("job")).wait());
    ///
    /// let offer = receiver.next_offer().wait().unwrap();
    /// assert_eq!(offer.len(), 3);
    /// drop(offer); // not now
    ///
    /// let offer = receiver.next_offer().wait().unwrap();
    /// assert_eq!(handoff::Offer::accept(offer), "job"); // and only now the send is done
    /// assert_eq!(thread.join().unwrap(), Ok(()));
    /// ```
    pub fn next_offer(&mut self) -> NextOffer<'_, T> {
        NextOffer::new(&self.channel, &mut self.spin)
    }

    /// Borrows the item on offer, and does not wait for one.
    ///
    /// # Errors
    ///
    /// Those of [`try_recv`](Self::try_recv).
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    ///
    /// let (mut sender, mut receiver) = handoff::channel();
    /// assert!(receiver.try_next_offer().unwrap_err().is_empty());
    /// let mut send = sender.send(1);
    /// assert!(block_on(poll_once(&mut send)).is_none());
    /// let offer = receiver.try_next_offer().unwrap();
    /// assert_eq!(handoff::Offer::accept(offer), 1);
    /// assert_eq!(block_on(send), Ok(()));
    /// ```
    pub fn try_next_offer(&mut self) -> Result<Offer<'_, T>, TryRecvError> {
        let channel = &*self.channel;
        or_empty(try_now(channel, &mut Lend { channel }))
    }

    /// Whether [`try_recv`](Self::try_recv) would give an item now.
    ///
    /// It is the counterpart of [`Sender::is_wanted`](crate::Sender::is_wanted), and takes no lock.
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    ///
    /// let (mut sender, receiver) = handoff::channel();
    /// assert!(!receiver.is_offered());
    /// let mut send = sender.send(1);
    /// assert!(block_on(poll_once(&mut send)).is_none());
    /// assert!(receiver.is_offered());
    /// ```
    #[must_use]
    pub fn is_offered(&self) -> bool {
        self.channel.flags().is_receivable()
    }

    /// Waits until the sender is closed or dropped, also if a last item is still on offer.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the wake-up.
    ///
    /// ```
    /// let (sender, mut receiver) = handoff::channel::<()>();
    /// std::thread::spawn(move || drop(sender));
    /// receiver.closed().wait();
    /// assert!(receiver.is_closed());
    /// ```
    pub fn closed(&mut self) -> Closed<'_, T> {
        Closed::new(&self.channel, &mut self.spin, End::Receiver)
    }

    /// Polls for the end of the sender, for those who write a future by hand:
    /// [`closed`](Self::closed) without a future.
    ///
    /// `Pending` means that the task of `cx` will be woken. A poll of a new `Closed` each time does
    /// not do that, because its drop cancels the wake-up.
    ///
    /// # Cancel safety
    ///
    /// Nothing can be lost. The task may be woken once more after it lost interest.
    ///
    /// ```
    /// use std::future::poll_fn;
    ///
    /// let (sender, mut receiver) = handoff::channel::<u32>();
    /// drop(sender);
    /// futures_lite::future::block_on(poll_fn(|cx| receiver.poll_closed(cx)));
    /// ```
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.closed().wait.poll_and_stay(cx)
    }

    /// Whether either end was closed or dropped.
    ///
    /// A last item may still be on offer.
    ///
    /// ```
    /// let (sender, receiver) = handoff::channel::<()>();
    /// assert!(!receiver.is_closed());
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.channel.flags().is_closed()
    }

    /// Closes this end: nothing more will be received. Returns whether the channel was open until
    /// now.
    ///
    /// A pending send gets its item back at once.
    ///
    /// ```
    /// use handoff::{channel, SendError};
    ///
    /// let (mut sender, mut receiver) = channel();
    /// assert!(receiver.close());
    /// assert!(!receiver.close());
    /// assert_eq!(receiver.recv().wait(), None);
    /// assert_eq!(sender.send(1).wait(), Err(SendError::Closed(1)));
    /// ```
    pub fn close(&mut self) -> bool {
        self.channel.close(End::Receiver)
    }

    /// An iterator that blocks this thread for each item, and ends when the channel is closed.
    ///
    /// ```
    /// let (mut sender, mut receiver) = handoff::channel();
    /// std::thread::spawn(move || {
    ///     for i in 1..=3 {
    ///         sender.send(i).wait().unwrap();
    ///     }
    /// });
    /// assert_eq!(receiver.iter().sum::<i32>(), 6);
    /// ```
    #[cfg(not(target_family = "wasm"))]
    pub fn iter(&mut self) -> Iter<'_, T> {
        Iter::new(self)
    }
}

/// The items, until the channel is closed.
///
/// # Cancel safety
///
/// A dropped `StreamExt::next` held nothing. As with [`Receiver::poll_recv`], the receive still
/// counts as waiting.
///
/// ```
/// use futures_lite::{future, StreamExt};
///
/// let (mut sender, receiver) = handoff::channel();
/// let send = async move {
///     for i in 1..=3 {
///         sender.send(i).await.unwrap();
///     }
/// };
/// let ((), doubled) = future::block_on(future::zip(
///     send,
///     receiver.map(|i| 2 * i).collect::<Vec<_>>(),
/// ));
/// assert_eq!(doubled, [2, 4, 6]);
/// ```
impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.get_mut().poll_recv(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.channel.flags().most_to_come())
    }
}

impl<T> FusedStream for Receiver<T> {
    /// Whether this receiver has told its owner that nothing more will come: by a `None`, or by a
    /// `Closed` in an error, of whichever operation.
    fn is_terminated(&self) -> bool {
        self.channel.flags().has(Flags::TERMINATED)
    }
}

/// Makes the result of an operation that does not wait from its answer.
#[cfg_attr(not(debug_assertions), inline(always))]
fn or_empty<I>(answer: Poll<Option<I>>) -> Result<I, TryRecvError> {
    match answer {
        Poll::Ready(Some(item)) => Ok(item),
        Poll::Ready(None) => Err(TryRecvError::Closed),
        Poll::Pending => Err(TryRecvError::Empty),
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.channel.drop_end(End::Receiver);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.channel.debug("Receiver", f)
    }
}
