//! The sending end.

use crate::channel::Channel;
use crate::closed::Closed;
use crate::error::TrySendError;
use crate::panics::Panics;
use crate::send::Send;
use crate::slot::{End, Flags, Offerer, Slot};
use crate::spin::Spin;
use crate::sync::Arc;
use crate::wanted::Wanted;
use std::any::Any;
use std::fmt;
use std::panic::resume_unwind;
use std::task::{Context, Poll};

/// The sending end of a channel, made by [`channel`](crate::channel()).
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
    pub(crate) channel: Arc<Channel<T>>,
    pub(crate) spin: Spin,
}

impl<T> Sender<T> {
    /// Hands `item` over to the receiver, and waits until it was taken.
    ///
    /// Nothing happens until the future is first polled, or waited on with [`Send::wait`]. It then
    /// puts the item on offer and resolves to `Ok(())` once the receiver has taken it: `Ok` means
    /// taken, not queued.
    ///
    /// An item that is still on offer, left there by a leaked `Send`, by [`try_send`] or by the
    /// `Sink`, goes first. This one waits until the slot is empty, and is offered then.
    ///
    /// The call itself drops an item that was given back and not [reclaimed](Self::reclaim). If that
    /// drop panics, the new item is given back in turn. An earlier `Send` that was leaked no longer
    /// counts as waiting: if its item is declined, [`decline`](crate::Offer::decline) returns it.
    ///
    /// # Errors
    ///
    /// [`SendError`](crate::SendError) with the item: `Closed` if either end is closed before the
    /// item was taken, and `Declined` if the receiver [declined](crate::Offer::decline) it.
    ///
    /// # Cancel safety
    ///
    /// A `Send` dropped before it resolved withdraws its item and gives it back: the next
    /// [`reclaim`](Self::reclaim) returns it. No item is lost and none is delivered later.
    ///
    /// Make the `Send` outside of an `async` block that may never be polled, such as an arm of a
    /// `select!`: `async { sender.send(item).await }` owns the item, and drops it if the block is
    /// dropped before its first poll. `sender.send(item)` as the arm gives it back.
    ///
    /// A `Send` leaked with [`mem::forget`](std::mem::forget) leaves its item on offer, if it was
    /// polled; otherwise the item leaks with it.
    ///
    /// # Cost
    ///
    /// No allocation. One short lock to offer the item, and none to learn that it was taken.
    ///
    /// Between two threads it may spin before it sleeps: see [Spinning](crate#spinning).
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
        if self.channel.flags().has_earlier_send() {
            if let Some(panic) = self.discard(|slot| slot.end_earlier_send()) {
                self.give_back_and_resume(item, panic);
            }
        }
        Send::new(&self.channel, &mut self.spin, item)
    }

    /// Offers `item` to a receive that is waiting at this moment, and does not wait itself.
    ///
    /// This succeeds only if nothing is on offer and a receive is waiting: a
    /// [`Recv`](crate::Recv), a [`NextOffer`](crate::NextOffer) or a stream that was polled and
    /// found nothing, or a blocked thread. The item is then on offer to it. (A receive that begins may
    /// spin for some 2 µs before it counts as waiting.)
    ///
    /// `Ok` means offered to a waiting receive, and not yet taken. If that receive is cancelled before
    /// it runs, the item stays on offer for the next one. If the receiver is closed instead,
    /// [`reclaim`](Self::reclaim) returns the item.
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
        if self.channel.flags().has(Flags::GIVEN_BACK) {
            if let Some(panic) = self.discard(|slot| slot.take_given_back()) {
                self.give_back_and_resume(item, panic);
            }
        }
        let mut slot = self.channel.lock();
        if slot.flags().is_closed() {
            return Err(TrySendError::Closed(item));
        }
        if !slot.flags().is_wanted() {
            return Err(TrySendError::Full(item));
        }
        let wake = slot.offer(item, Offerer::TrySend);
        drop(slot);
        self.channel.wake(wake);
        Ok(())
    }

    /// Takes back an item that was not delivered.
    ///
    /// Directly after a [`Send`] was dropped, this tells what became of its item. `Some(item)`: it was
    /// not delivered and never will be. `None`: it was taken, or it is lent in an
    /// [`Offer`](crate::Offer) and whoever holds that decides. (The result of a send with a limit,
    /// [`Send::until`] or [`Send::wait_timeout`], says so itself.)
    ///
    /// What was given back comes first. After that come items that are on offer with nobody waiting
    /// for the answer: those of leaked sends, of [`try_send`](Self::try_send) and of the `Sink`. So
    /// the first call is always about the send that was dropped last.
    ///
    /// What is not reclaimed is not kept forever. An item given back is dropped when
    /// [`send`](Self::send), `try_send` or the `Sink`'s `start_send` is next called, or with the
    /// `Sender`. An item left on offer stays there, also when the receiver closes, until it is
    /// received or reclaimed, or nobody is left to do so.
    ///
    /// If an `async` block around a send is dropped before its first poll, `reclaim` cannot return the
    /// item: see [`send`](Self::send).
    ///
    /// # Panics
    ///
    /// It does not panic itself. If a waker that it wakes panics, the item in hand is dropped.
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
        let flags = self.channel.flags();
        if !flags.has(Flags::OFFERED | Flags::GIVEN_BACK) {
            return None;
        }
        let mut slot = self.channel.lock();
        let (item, wake) = slot.reclaim();
        drop(slot);
        self.channel.wake(wake);
        item
    }

    /// Waits until a receive is waiting, so that a value can be made at the last moment.
    ///
    /// Resolves to `true` when a receive is waiting and nothing is on offer, and to `false` when
    /// either end is closed. A receive is a [`Recv`](crate::Recv), a
    /// [`NextOffer`](crate::NextOffer), a stream or a blocked thread, but no
    /// [`try_recv`](crate::Receiver::try_recv), which does not wait.
    ///
    /// `true` is a hint and no promise: the receive may be cancelled next. If it is dropped before
    /// this future is polled again, this future waits for the next one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the wake-up. A `poll` written by hand uses
    /// [`poll_wanted`](Self::poll_wanted).
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
        Wanted::new(&self.channel, &mut self.spin)
    }

    /// Polls for demand, for those who write a future by hand: [`wanted`](Self::wanted) without a
    /// future.
    ///
    /// `Pending` means that the task of `cx` will be woken when it is worth polling again. A poll of
    /// a new `Wanted` each time does not do that, because its drop cancels the wake-up.
    ///
    /// It may be polled again after `Ready(true)`, and is pending once that receive has gone. So a
    /// task can poll something else only while an item is wanted.
    ///
    /// # Cancel safety
    ///
    /// Nothing can be lost. The task may be woken once more after it lost interest.
    ///
    /// ```
    /// use std::future::poll_fn;
    ///
    /// let (mut sender, receiver) = handoff::channel::<u32>();
    /// drop(receiver);
    /// let wanted = futures_lite::future::block_on(poll_fn(|cx| sender.poll_wanted(cx)));
    /// assert!(!wanted);
    /// ```
    pub fn poll_wanted(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        self.wanted().wait.poll_and_stay(cx)
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
        self.channel.flags().is_wanted()
    }

    /// Waits until the receiver is closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the wake-up.
    ///
    /// ```
    /// let (mut sender, receiver) = handoff::channel::<()>();
    /// std::thread::spawn(move || drop(receiver));
    /// sender.closed().wait();
    /// assert!(sender.is_closed());
    /// ```
    pub fn closed(&mut self) -> Closed<'_, T> {
        Closed::new(&self.channel, &mut self.spin, End::Sender)
    }

    /// Polls for the end of the receiver, for those who write a future by hand:
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
    /// let (mut sender, receiver) = handoff::channel::<u32>();
    /// drop(receiver);
    /// futures_lite::future::block_on(poll_fn(|cx| sender.poll_closed(cx)));
    /// ```
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.closed().wait.poll_and_stay(cx)
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
        self.channel.flags().is_closed()
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
    /// assert_eq!(sender.send(1).wait(), Err(SendError::Closed(1)));
    /// assert_eq!(receiver.recv().wait(), None);
    /// ```
    pub fn close(&mut self) -> bool {
        self.channel.close(End::Sender)
    }

    /// Drops what `take` takes out of the slot, before the next item goes in. If that drop panics,
    /// returns the panic.
    #[cold]
    pub(crate) fn discard(
        &mut self,
        take: fn(&mut Slot<'_, T>) -> Option<T>,
    ) -> Option<Box<dyn Any + std::marker::Send>> {
        let item = take(&mut self.channel.lock());
        let mut panics = Panics::default();
        panics.catch(|| drop(item));
        panics.first()
    }

    /// The drop of an item panicked. The next one is given back, so that it is not lost.
    #[cold]
    pub(crate) fn give_back_and_resume(
        &mut self,
        item: T,
        panic: Box<dyn Any + std::marker::Send>,
    ) -> ! {
        self.channel.lock().give_back(item);
        resume_unwind(panic)
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.channel.drop_end(End::Sender);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.channel.debug("Sender", f)
    }
}
