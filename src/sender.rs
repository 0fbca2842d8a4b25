//! The sending end: [`Sender`], and its futures [`Send`] and [`Wanted`].

use crate::closed::Closed;
use crate::error::{SendError, TrySendError};
use crate::shared::Shared;
use crate::signal::{Operation, Wait};
use crate::slot::{End, Flags, Interest, Seat, Slot, Waiter};
use crate::sync::Arc;
use crate::watch::Watch;
use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
#[cfg(not(target_family = "wasm"))]
use {
    crate::error::SendTimeoutError,
    std::time::{Duration, Instant},
};

/// The sending end of a channel, made by [`channel`](crate::channel).
///
/// Dropping it closes it. An item that is on offer at that time (see [`Sender::reclaim`]) can
/// still be received. Such an item that owns the [`Receiver`](crate::Receiver) of its own channel
/// keeps itself alive, like any other cycle of shared ownership.
///
/// ```
/// let (mut sender, mut receiver) = handoff::channel();
/// std::thread::spawn(move || sender.send("hello").wait());
/// assert_eq!(receiver.recv().wait(), Some("hello"));
/// ```
pub struct Sender<T> {
    pub(crate) shared: Arc<Shared<T>>,
    pub(crate) watch: Watch,
}

impl<T> Sender<T> {
    /// Hands `item` over to the receiver, and waits until it was taken.
    ///
    /// Nothing happens until the future is first polled, or waited on with [`Send::wait`]. It then
    /// puts the item on offer and resolves to `Ok(())` once the receiver has taken it: `Ok` means
    /// taken, not queued.
    ///
    /// An item that is still on offer, left there by a leaked `Send`, by [`try_send`] or by the
    /// `Sink`, goes first: this one stands in line until the slot is empty.
    ///
    /// The call itself drops an item that a dropped `Send` gave back and nobody
    /// [reclaimed](Self::reclaim).
    ///
    /// # Errors
    ///
    /// [`SendError`] with the item, if either end is closed before the item was taken.
    ///
    /// # Cancel safety
    ///
    /// A `Send` dropped before it resolved withdraws its item and gives it back: the next
    /// [`reclaim`](Self::reclaim) returns it. No item is lost and none is delivered later.
    ///
    /// A `Send` leaked with [`mem::forget`](std::mem::forget) leaves its item on offer, if it was
    /// polled; otherwise the item leaks with it.
    ///
    /// # Cost
    ///
    /// No allocation. One short lock to offer the item, and none to learn that it was taken.
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::future::zip;
    ///
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let (sent, received) = zip(sender.send(7), receiver.recv()).await;
    /// assert_eq!(sent, Ok(()));
    /// assert_eq!(received, Some(7));
    /// # });
    /// ```
    ///
    /// [`try_send`]: Self::try_send
    #[inline]
    pub fn send(&mut self, item: T) -> Send<'_, T> {
        self.discard_given_back();
        Send {
            wait: Wait::new(Handover {
                item: Some(item),
                late: false,
            }),
            sender: self,
        }
    }

    /// Hands `item` over to a receive that is waiting at this moment, and does not wait itself.
    ///
    /// This succeeds only if nothing is on offer and a receive is waiting: a
    /// [`Recv`](crate::Recv), a [`NextOffer`](crate::NextOffer) or a stream that was polled and
    /// found nothing, or a blocked thread. The item is then on offer to it. (A thread that has only
    /// begun to wait may watch the channel for a moment, and does not count until then.)
    ///
    /// `Ok` means handed to a waiting receive, which is less than what [`send`](Self::send) says:
    /// if that receive is cancelled before it runs, the item stays on offer for the next one; and
    /// if the receiver is closed instead, [`reclaim`](Self::reclaim) returns the item.
    ///
    /// The call drops an item that a dropped `Send` gave back and nobody reclaimed.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Full`] if no receive is waiting or an item is on offer already, and
    /// [`TrySendError::Closed`] if either end is closed. The item comes back in both.
    ///
    /// ```
    /// use handoff::{channel, TrySendError};
    /// use std::{pin::pin, task};
    ///
    /// let (mut sender, mut receiver) = channel();
    /// assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
    ///
    /// # use std::future::Future;
    /// # struct Idle;
    /// # impl task::Wake for Idle { fn wake(self: std::sync::Arc<Self>) {} }
    /// # let waker = task::Waker::from(std::sync::Arc::new(Idle));
    /// # let mut cx = task::Context::from_waker(&waker);
    /// let mut recv = pin!(receiver.recv());
    /// assert!(recv.as_mut().poll(&mut cx).is_pending());
    /// assert_eq!(sender.try_send(2), Ok(()));
    /// assert_eq!(recv.as_mut().poll(&mut cx), task::Poll::Ready(Some(2)));
    /// ```
    pub fn try_send(&mut self, item: T) -> Result<(), TrySendError<T>> {
        self.discard_given_back();
        let mut slot = self.shared.lock();
        if slot.flags().is_closed() {
            return Err(TrySendError::Closed(item));
        }
        if !slot.flags().is_wanted() {
            return Err(TrySendError::Full(item));
        }
        let wake = slot.offer(item);
        drop(slot);
        self.shared.wake(Seat::Receiver, wake);
        Ok(())
    }

    /// Takes back an item that was not delivered.
    ///
    /// Directly after a [`Send`] was dropped this is the verdict on its item. `Some(item)`: it was
    /// not delivered and never will be. `None`: it was taken, or it is lent in an
    /// [`Offer`](crate::Offer) and whoever holds that decides.
    ///
    /// Also returned are items that are on offer with nobody waiting for the answer: those of
    /// leaked sends, of [`try_send`](Self::try_send) and of the `Sink`. The oldest comes first,
    /// so where such items can exist, drain them before a send whose verdict matters:
    /// `while sender.reclaim().is_some() {}`.
    ///
    /// What is not reclaimed is not kept for ever: an item given back by a dropped `Send` is
    /// dropped when [`send`](Self::send), `try_send` or the `Sink`'s `start_send` is next called,
    /// or with the `Sender`. An item left on offer stays there, also when the receiver closes,
    /// until it is received or reclaimed, or nobody is left to do so.
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    ///
    /// let (mut sender, mut receiver) = handoff::channel();
    /// // Offer an item, and think better of it.
    /// assert!(block_on(poll_once(sender.send("draft"))).is_none());
    /// assert_eq!(sender.reclaim(), Some("draft"));
    /// assert_eq!(sender.reclaim(), None);
    /// assert!(receiver.try_recv().is_err());
    /// ```
    pub fn reclaim(&mut self) -> Option<T> {
        let flags = self.shared.flags();
        if !flags.is_offered() && !flags.is_given_back() {
            return None;
        }
        let mut slot = self.shared.lock();
        let (item, wake) = slot.reclaim();
        drop(slot);
        self.shared.wake(Seat::Sender, wake);
        item
    }

    /// Waits until a receive is waiting, so that a value can be made at the last moment.
    ///
    /// Resolves to `true` when a receive is waiting and nothing is on offer, and to `false` when
    /// either end is closed. `true` is a hint and no promise: the receive may be cancelled next. One
    /// that was polled once and dropped may be gone before this is polled again, and then this waits
    /// for the next.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    ///
    /// ```
    /// # use std::thread;
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let camera = thread::spawn(move || {
    ///     let mut samples = 0;
    ///     while sender.wanted().wait() {
    ///         samples += 1; // taken when asked for, not before
    ///         if sender.send(samples).wait().is_err() {
    ///             break;
    ///         }
    ///     }
    ///     samples
    /// });
    /// assert_eq!(receiver.recv().wait(), Some(1));
    /// assert_eq!(receiver.recv().wait(), Some(2));
    /// drop(receiver);
    /// assert_eq!(camera.join().unwrap(), 2);
    /// ```
    pub fn wanted(&mut self) -> Wanted<'_, T> {
        Wanted {
            wait: Wait::new(Demand),
            sender: self,
        }
    }

    /// Whether a receive is waiting and nothing is on offer, at this moment.
    ///
    /// ```
    /// let (sender, receiver) = handoff::channel::<()>();
    /// assert!(!sender.is_wanted());
    /// # drop(receiver);
    /// ```
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.shared.flags().is_wanted()
    }

    /// Waits until the receiver is closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    ///
    /// ```
    /// let (mut sender, receiver) = handoff::channel::<()>();
    /// std::thread::spawn(move || drop(receiver));
    /// sender.closed().wait();
    /// assert!(sender.is_closed());
    /// ```
    pub fn closed(&mut self) -> Closed<'_, T> {
        Closed::new(&self.shared, End::Sender)
    }

    /// Whether either end was closed or dropped.
    ///
    /// ```
    /// let (sender, receiver) = handoff::channel::<()>();
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.flags().is_closed()
    }

    /// Closes this end: nothing more will be sent. Returns whether the channel was open until now.
    ///
    /// What is on offer can still be received, or [reclaimed](Self::reclaim). After that, receives
    /// get `None`.
    ///
    /// ```
    /// use handoff::{channel, SendError};
    ///
    /// let (mut sender, mut receiver) = channel();
    /// assert!(sender.close());
    /// assert!(!sender.close());
    /// assert_eq!(sender.send(1).wait(), Err(SendError(1)));
    /// assert_eq!(receiver.recv().wait(), None);
    /// ```
    pub fn close(&mut self) -> bool {
        let parting = self.shared.lock().close_sender();
        self.shared.part(parting)
    }

    /// Drops what a dropped `Send` gave back, before the next item comes in.
    #[inline]
    pub(crate) fn discard_given_back(&mut self) {
        // Only this end gives back and takes out, and a guard in its place while it is parked. So the
        // flag is exact without the lock.
        if self.shared.flags().is_given_back() {
            self.drop_given_back();
        }
    }

    #[cold]
    fn drop_given_back(&mut self) {
        let item = self.shared.lock().take_given_back();
        drop(item);
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.shared.flags().is_deserted() {
            return;
        }
        let mut slot = self.shared.lock();
        if slot.drop_quietly(End::Sender) {
            return;
        }
        let parting = slot.drop_sender();
        drop(slot);
        self.shared.part(parting);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.debug("Sender", f)
    }
}

/// How a `Send` gets its item to the receiver.
struct Handover<T> {
    /// The item, until it is put on offer. From then on it is in the slot, or lent, or taken.
    item: Option<T>,
    /// The time is up, but the item was lent and cannot be withdrawn.
    late: bool,
}

impl<T> Handover<T> {
    fn is_offered(&self) -> bool {
        self.item.is_none()
    }

    /// As long as this send lives, nobody else can offer an item or withdraw this one. So once it
    /// was put on offer, an empty slot means that it was taken; or that a guard gave it back, because
    /// the time is up.
    #[inline]
    fn is_taken(&self, flags: Flags) -> bool {
        self.is_offered() && !flags.is_occupied() && !flags.is_given_back()
    }

    fn offer(&mut self, slot: &mut Slot<T>, wake: &mut Waiter) {
        if !slot.flags().is_occupied() {
            if let Some(item) = self.item.take() {
                *wake = slot.offer(item);
            }
        }
    }

    /// The item, wherever it is, unless it was taken or is lent.
    fn withdraw(&mut self, slot: &mut Slot<T>) -> Option<T> {
        if !self.is_offered() {
            self.item.take()
        } else if slot.flags().is_offered() {
            slot.withdraw()
        } else {
            slot.take_given_back()
        }
    }
}

impl<T> Operation<T> for Handover<T> {
    type Output = Result<(), SendError<T>>;

    const HOLDS_ITEM: bool = true;

    #[inline]
    fn seat(&self) -> Seat {
        Seat::Sender
    }

    #[inline]
    fn answer_unlocked(&mut self, flags: Flags) -> Option<Self::Output> {
        self.is_taken(flags).then_some(Ok(()))
    }

    #[inline]
    fn has_answer(&self, flags: Flags) -> bool {
        flags.is_closed() || self.is_taken(flags)
    }

    /// Taken wins over closed.
    #[inline]
    fn answer(&mut self, slot: &mut Slot<T>, _wake: &mut Waiter) -> Self::Output {
        if self.is_taken(slot.flags()) {
            return Ok(());
        }
        match self.withdraw(slot) {
            Some(item) => Err(SendError(item)),
            None => unreachable!("an item that was not taken is on offer or here"),
        }
    }

    #[inline]
    fn commit(&mut self, slot: &mut Slot<T>, wake: &mut Waiter) {
        slot.set_interest(if self.late {
            Interest::VacancyOrReturn
        } else {
            Interest::Vacancy
        });
        self.offer(slot, wake);
    }

    #[inline]
    fn begin(&mut self, slot: &mut Slot<T>, wake: &mut Waiter) {
        if !slot.flags().is_closed() {
            self.offer(slot, wake);
        }
    }

    fn give_up(&mut self, slot: &mut Slot<T>) -> bool {
        self.item = self.withdraw(slot);
        // Neither back nor taken, or there would have been an answer: it is lent.
        self.late = self.is_offered();
        !self.late
    }

    fn cancel(&mut self, slot: &mut Slot<T>) {
        if let Some(item) = self.withdraw(slot) {
            slot.give_back(item);
        }
    }
}

pin_project! {
    /// The future of [`Sender::send`].
    ///
    /// Await it, or block the thread on it with [`wait`](Send::wait) and its timed forms. It is
    /// `Unpin`, also for items that are not.
    ///
    /// It has the name of the trait [`Send`](std::marker::Send), which a glob import (`use
    /// handoff::*`) would hide. Import by name.
    ///
    /// # Cancel safety
    ///
    /// Dropping it before it resolved takes the item off the offer and gives it back through
    /// [`Sender::reclaim`].
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    ///
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let mut send = sender.send(7);
    /// assert_eq!(block_on(poll_once(&mut send)), None); // on offer, and not taken
    /// assert_eq!(receiver.try_recv(), Ok(7));
    /// assert_eq!(block_on(send), Ok(()));
    /// ```
    #[must_use = "a send does nothing unless it is awaited, polled or waited on"]
    pub struct Send<'a, T> {
        wait: Wait<Handover<T>>,
        sender: &'a mut Sender<T>,
    }

    impl<T> PinnedDrop for Send<'_, T> {
        fn drop(this: Pin<&mut Self>) {
            this.get_mut().cancel();
        }
    }
}

impl<T> Send<'_, T> {
    fn cancel(&mut self) {
        self.wait.cancel(&self.sender.shared);
    }
}

#[cfg(not(target_family = "wasm"))]
impl<T> Send<'_, T> {
    /// Blocks this thread until the receiver has taken the item.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the item, if either end is closed before the item was taken.
    ///
    /// # Panics
    ///
    /// If the future has resolved already.
    ///
    /// ```
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let thread = std::thread::spawn(move || receiver.recv().wait());
    /// assert_eq!(sender.send(1).wait(), Ok(()));
    /// assert_eq!(thread.join().unwrap(), Some(1));
    /// ```
    #[track_caller]
    pub fn wait(mut self) -> Result<(), SendError<T>> {
        match self.run(None) {
            Ok(()) => Ok(()),
            Err(SendTimeoutError::Closed(item) | SendTimeoutError::Timeout(item)) => {
                Err(SendError(item))
            }
        }
    }

    /// Blocks this thread until the receiver has taken the item, but not longer than `timeout`.
    ///
    /// Delivery wins over time-out: `Ok` if the item was taken by then, however late this thread
    /// learns of it. Also with no time at all the item is on offer for an instant. An item that is
    /// lent in an [`Offer`](crate::Offer) when the time is up cannot be withdrawn; the wait then
    /// goes on until the guard is accepted (`Ok`) or dropped (`Timeout`).
    ///
    /// A `timeout` too large for an [`Instant`] waits for ever.
    ///
    /// # Errors
    ///
    /// [`SendTimeoutError`] with the item, which then is not delivered.
    ///
    /// # Panics
    ///
    /// If the future has resolved already.
    ///
    /// ```
    /// use handoff::{channel, SendTimeoutError};
    /// use std::time::Duration;
    ///
    /// let (mut sender, _receiver) = channel();
    /// let outcome = sender.send("anyone?").wait_timeout(Duration::from_millis(1));
    /// assert_eq!(outcome, Err(SendTimeoutError::Timeout("anyone?")));
    /// ```
    #[track_caller]
    pub fn wait_timeout(mut self, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        self.run(Instant::now().checked_add(timeout))
    }

    /// Blocks this thread until the receiver has taken the item, but not beyond `deadline`.
    ///
    /// Otherwise as [`wait_timeout`](Send::wait_timeout).
    ///
    /// # Errors
    ///
    /// [`SendTimeoutError`] with the item, which then is not delivered.
    ///
    /// # Panics
    ///
    /// If the future has resolved already.
    ///
    /// ```
    /// use handoff::channel;
    /// use std::time::Instant;
    ///
    /// let (mut sender, _receiver) = channel();
    /// let error = sender.send(1).wait_deadline(Instant::now()).unwrap_err();
    /// assert!(error.is_timeout());
    /// ```
    #[track_caller]
    pub fn wait_deadline(mut self, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        self.run(Some(deadline))
    }

    #[track_caller]
    fn run(&mut self, deadline: Option<Instant>) -> Result<(), SendTimeoutError<T>> {
        let Sender { shared, watch } = &mut *self.sender;
        match self.wait.wait(shared, Some(watch), deadline) {
            Poll::Ready(outcome) => outcome.map_err(SendTimeoutError::from),
            Poll::Pending => match self.wait.operation.item.take() {
                Some(item) => Err(SendTimeoutError::Timeout(item)),
                None => unreachable!("a send that gave up holds its item"),
            },
        }
    }
}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Send { wait, sender } = self.get_mut();
        wait.poll(&sender.shared, Some(&mut sender.watch), cx)
    }
}

impl<T> FusedFuture for Send<'_, T> {
    fn is_terminated(&self) -> bool {
        self.wait.is_done()
    }
}

impl<T> fmt::Debug for Send<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send")
            .field("progress", &self.wait.progress())
            .field("sender", &self.sender)
            .finish()
    }
}

/// How a `Wanted` waits.
struct Demand;

impl<T> Operation<T> for Demand {
    type Output = bool;

    #[inline]
    fn seat(&self) -> Seat {
        Seat::Sender
    }

    #[inline]
    fn answer_unlocked(&mut self, flags: Flags) -> Option<bool> {
        Operation::<T>::has_answer(self, flags).then(|| flags.is_wanted())
    }

    #[inline]
    fn has_answer(&self, flags: Flags) -> bool {
        flags.is_closed() || flags.is_wanted()
    }

    #[inline]
    fn answer(&mut self, slot: &mut Slot<T>, _wake: &mut Waiter) -> bool {
        slot.flags().is_wanted()
    }

    #[inline]
    fn commit(&mut self, slot: &mut Slot<T>, _wake: &mut Waiter) {
        slot.set_interest(Interest::Demand);
    }
}

pin_project! {
    /// The future of [`Sender::wanted`].
    ///
    /// Await it, or block the thread on it with [`wait`](Wanted::wait) and its timed forms.
    ///
    /// # Cancel safety
    ///
    /// Dropping it changes nothing.
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
        wait: Wait<Demand>,
        sender: &'a mut Sender<T>,
    }

    impl<T> PinnedDrop for Wanted<'_, T> {
        fn drop(this: Pin<&mut Self>) {
            this.get_mut().cancel();
        }
    }
}

impl<T> Wanted<'_, T> {
    fn cancel(&mut self) {
        self.wait.cancel(&self.sender.shared);
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
        // Without a deadline it does not give up.
        self.run(None).unwrap_or(false)
    }

    /// Blocks this thread as [`wait`](Wanted::wait) does, but not longer than `timeout`; `None` if
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
    /// let (mut sender, _receiver) = handoff::channel::<()>();
    /// assert_eq!(sender.wanted().wait_timeout(Duration::from_millis(1)), None);
    /// ```
    #[track_caller]
    pub fn wait_timeout(mut self, timeout: Duration) -> Option<bool> {
        self.run(Instant::now().checked_add(timeout))
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
        self.run(Some(deadline))
    }

    #[track_caller]
    fn run(&mut self, deadline: Option<Instant>) -> Option<bool> {
        let Sender { shared, watch } = &mut *self.sender;
        match self.wait.wait(shared, Some(watch), deadline) {
            Poll::Ready(wanted) => Some(wanted),
            Poll::Pending => None,
        }
    }
}

impl<T> Future for Wanted<'_, T> {
    type Output = bool;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let Wanted { wait, sender } = self.get_mut();
        wait.poll(&sender.shared, Some(&mut sender.watch), cx)
    }
}

impl<T> FusedFuture for Wanted<'_, T> {
    fn is_terminated(&self) -> bool {
        self.wait.is_done()
    }
}

impl<T> fmt::Debug for Wanted<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wanted")
            .field("progress", &self.wait.progress())
            .field("sender", &self.sender)
            .finish()
    }
}
