//! The receiving end: [`Receiver`], its futures [`Recv`] and [`NextOffer`], and the stream.

use crate::closed::Closed;
use crate::error::TryRecvError;
use crate::offer::Offer;
use crate::shared::Shared;
use crate::signal::{Operation, Wait};
use crate::slot::{End, Flags, Seat, Slot, Waiter};
use crate::sync::Arc;
use crate::watch::Watch;
use futures_core::future::FusedFuture;
use futures_core::stream::{FusedStream, Stream};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
#[cfg(not(target_family = "wasm"))]
use {
    crate::error::RecvTimeoutError,
    crate::iter::Iter,
    crate::signal::already_done,
    std::time::{Duration, Instant},
};

/// The receiving end of a channel, made by [`channel`](crate::channel).
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
    pub(crate) shared: Arc<Shared<T>>,
    pub(crate) watch: Watch,
}

impl<T> Receiver<T> {
    /// Waits for an item and takes it.
    ///
    /// Resolves to `None` once the sender is closed and nothing is on offer, or this end is
    /// closed; and then for ever after.
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
        Recv {
            wait: Wait::new(Receive),
            receiver: self,
        }
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
        let mut receive = Receive::<false>;
        let mut wake = Waiter::Nobody;
        let mut slot = self.shared.lock();
        // A poll of the stream, or a leaked `Recv`, waited until this. Its waker may stay: should
        // that task sleep, it is to be woken all the same.
        slot.stop_waiting();
        let answer = receive
            .look(&mut slot, &mut wake)
            .then(|| receive.answer(&mut slot, &mut wake));
        drop(slot);
        self.shared.wake(Seat::Sender, wake);
        match answer {
            Some(Some(item)) => Ok(item),
            Some(None) => Err(TryRecvError::Closed),
            None => Err(TryRecvError::Empty),
        }
    }

    /// Polls for an item, for those who write a future or a stream by hand.
    ///
    /// `Pending` means that the task of `cx` will be woken when it is worth polling again. Only
    /// the waker of the last poll of this receiver is relied on.
    ///
    /// # Cancel safety
    ///
    /// A poll that returned `Pending` holds nothing. Other than a [`Recv`] it has no drop: the
    /// receive counts as waiting (see [`Sender::try_send`](crate::Sender::try_send)) until a later
    /// receive has an answer, or is dropped after a poll, or until the next
    /// [`try_recv`](Self::try_recv).
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
        Wait::new(Receive::<false>).poll(&self.shared, Some(&mut self.watch), cx)
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
    /// let offer = receiver.offer().wait().unwrap();
    /// assert_eq!(offer.len(), 3);
    /// drop(offer); // not now
    ///
    /// let offer = receiver.offer().wait().unwrap();
    /// assert_eq!(offer.accept(), "job"); // and only now the send is done
    /// assert_eq!(thread.join().unwrap(), Ok(()));
    /// ```
    pub fn offer(&mut self) -> NextOffer<'_, T> {
        NextOffer {
            wait: Wait::new(Receive),
            receiver: Some(self),
        }
    }

    /// Waits until the sender is closed or dropped, also if a last item is still on offer.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    ///
    /// ```
    /// let (sender, mut receiver) = handoff::channel::<()>();
    /// std::thread::spawn(move || drop(sender));
    /// receiver.closed().wait();
    /// assert!(receiver.is_closed());
    /// ```
    pub fn closed(&mut self) -> Closed<'_, T> {
        Closed::new(&self.shared, End::Receiver)
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
        self.shared.flags().is_closed()
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
    /// assert_eq!(sender.send(1).wait(), Err(SendError(1)));
    /// ```
    pub fn close(&mut self) -> bool {
        let parting = self.shared.lock().close_receiver();
        self.shared.part(parting)
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
/// A dropped `StreamExt::next` held nothing. As with [`Receiver::poll_recv`], the receive counts as
/// waiting until a later one has an answer or is dropped after a poll.
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
        (0, self.shared.flags().most_to_come())
    }
}

impl<T> FusedStream for Receiver<T> {
    /// Whether this receiver has told its owner that nothing more will come: by a `None`, or by a
    /// `Closed` in an error, of whichever operation.
    fn is_terminated(&self) -> bool {
        self.shared.flags().is_terminated()
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.shared.flags().is_deserted() {
            return;
        }
        let mut slot = self.shared.lock();
        if slot.drop_quietly(End::Receiver) {
            return;
        }
        let parting = slot.drop_receiver();
        drop(slot);
        self.shared.part(parting);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.debug("Receiver", f)
    }
}

/// How a receive waits: a `Recv`, a `NextOffer` that is to `LEND` the item, or a stream.
struct Receive<const LEND: bool>;

impl<T, const LEND: bool> Operation<T> for Receive<LEND> {
    type Output = Option<T>;

    #[inline]
    fn seat(&self) -> Seat {
        Seat::Receiver
    }

    #[inline]
    fn has_answer(&self, flags: Flags) -> bool {
        flags.is_offered() || flags.is_closed()
    }

    #[inline]
    fn look(&mut self, slot: &mut Slot<T>, wake: &mut Waiter) -> bool {
        *wake = slot.settle();
        Operation::<T>::has_answer(self, slot.flags())
    }

    #[inline]
    fn answer(&mut self, slot: &mut Slot<T>, wake: &mut Waiter) -> Option<T> {
        let flags = slot.flags();
        if !flags.is_offered() || flags.is_receiver_closed() {
            slot.terminate();
            None
        } else if LEND {
            slot.lend()
        } else {
            slot.take(wake)
        }
    }

    #[inline]
    fn commit(&mut self, slot: &mut Slot<T>, wake: &mut Waiter) {
        let demanded = slot.start_waiting();
        // Nobody, if settling a leaked guard took the sender off its seat just now.
        if wake.is_nobody() {
            *wake = demanded;
        }
    }

    fn cancel(&mut self, slot: &mut Slot<T>) {
        slot.stop_waiting();
    }
}

pin_project! {
    /// The future of [`Receiver::recv`].
    ///
    /// Await it, or block the thread on it with [`wait`](Recv::wait) and its timed forms.
    ///
    /// # Cancel safety
    ///
    /// Dropping it before it resolved loses nothing: it held nothing.
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
        wait: Wait<Receive<false>>,
        receiver: &'a mut Receiver<T>,
    }

    impl<T> PinnedDrop for Recv<'_, T> {
        fn drop(this: Pin<&mut Self>) {
            this.get_mut().cancel();
        }
    }
}

impl<T> Recv<'_, T> {
    fn cancel(&mut self) {
        self.wait.cancel(&self.receiver.shared);
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
        match self.run(None) {
            Poll::Ready(item) => item,
            Poll::Pending => unreachable!("without a deadline it does not give up"),
        }
    }

    /// Blocks this thread until there is an item, and takes it, but not longer than `timeout`.
    ///
    /// Delivery wins over time-out: also with no time at all, what is on offer is taken, as
    /// [`try_recv`](Receiver::try_recv) would.
    ///
    /// A `timeout` too large for an [`Instant`] waits for ever.
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
        or_timeout(self.run(Instant::now().checked_add(timeout)))
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
        or_timeout(self.run(Some(deadline)))
    }

    #[track_caller]
    fn run(&mut self, deadline: Option<Instant>) -> Poll<Option<T>> {
        let Receiver { shared, watch } = &mut *self.receiver;
        self.wait.wait(shared, Some(watch), deadline)
    }
}

/// What a receive with a time limit says of its outcome, which is pending if the time was up.
#[cfg(not(target_family = "wasm"))]
fn or_timeout<T>(outcome: Poll<Option<T>>) -> Result<T, RecvTimeoutError> {
    match outcome {
        Poll::Ready(Some(item)) => Ok(item),
        Poll::Ready(None) => Err(RecvTimeoutError::Closed),
        Poll::Pending => Err(RecvTimeoutError::Timeout),
    }
}

impl<T> Future for Recv<'_, T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Recv { wait, receiver } = self.get_mut();
        wait.poll(&receiver.shared, Some(&mut receiver.watch), cx)
    }
}

impl<T> FusedFuture for Recv<'_, T> {
    fn is_terminated(&self) -> bool {
        self.wait.is_done()
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv")
            .field("progress", &self.wait.progress())
            .field("receiver", &self.receiver)
            .finish()
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
        wait: Wait<Receive<true>>,
        // Goes over to the `Offer`.
        receiver: Option<&'a mut Receiver<T>>,
    }

    impl<T> PinnedDrop for NextOffer<'_, T> {
        fn drop(this: Pin<&mut Self>) {
            this.get_mut().cancel();
        }
    }
}

impl<'a, T> NextOffer<'a, T> {
    fn cancel(&mut self) {
        if let Some(receiver) = &self.receiver {
            self.wait.cancel(&receiver.shared);
        }
    }

    /// Wraps the item that the slot has lent.
    fn lent(&mut self, item: Option<T>) -> Option<Offer<'a, T>> {
        let receiver = self.receiver.take()?;
        item.map(|item| Offer::new(receiver, item))
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
        match self.run(None) {
            Poll::Ready(offer) => offer,
            Poll::Pending => unreachable!("without a deadline it does not give up"),
        }
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
        or_timeout(self.run(Instant::now().checked_add(timeout)))
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
        or_timeout(self.run(Some(deadline)))
    }

    #[track_caller]
    fn run(&mut self, deadline: Option<Instant>) -> Poll<Option<Offer<'a, T>>> {
        let Some(Receiver { shared, watch }) = self.receiver.as_deref_mut() else {
            already_done();
        };
        let outcome = self.wait.wait(shared, Some(watch), deadline);
        outcome.map(|item| self.lent(item))
    }
}

impl<'a, T> Future for NextOffer<'a, T> {
    type Output = Option<Offer<'a, T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Offer<'a, T>>> {
        let this = self.get_mut();
        let Some(Receiver { shared, watch }) = this.receiver.as_deref_mut() else {
            return Poll::Pending;
        };
        this.wait
            .poll(shared, Some(watch), cx)
            .map(|item| this.lent(item))
    }
}

impl<T> FusedFuture for NextOffer<'_, T> {
    fn is_terminated(&self) -> bool {
        self.wait.is_done()
    }
}

impl<T> fmt::Debug for NextOffer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextOffer")
            .field("progress", &self.wait.progress())
            .field("receiver", &self.receiver)
            .finish()
    }
}
