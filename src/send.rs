//! The future of a send, and how it hands its item over.

use crate::channel::Channel;
use crate::error::{SendError, SendTimeoutError};
use crate::slot::{Flags, Offerer, Seat, Slot, Wake};
use crate::spin::Spin;
use crate::until::Until;
use crate::wait::{wait_future, Operation, Wait};
use pin_project_lite::pin_project;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{ready, Context, Poll};
#[cfg(not(target_family = "wasm"))]
use std::time::{Duration, Instant};

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
        #[pin]
        pub(crate) wait: Wait<'a, T, Handover<T>>,
    }
}

impl<'a, T> Send<'a, T> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(channel: &'a Channel<T>, spin: &'a mut Spin, item: T) -> Self {
        let handover = Handover { item: Some(item) };
        Send {
            wait: Wait::new(channel, spin, handover),
        }
    }
}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let fate = ready!(Pin::new(&mut this.wait).poll(cx));
        Poll::Ready(this.result(fate))
    }
}

wait_future!(Send);

impl<T> Send<'_, T> {
    /// Sends, but gives up when `limit` comes: a timer of any runtime, a cancellation token, any future.
    ///
    /// It is for a task what [`wait_timeout`](Send::wait_timeout) is for a thread. The result says
    /// whether the item was taken, and each error carries it, so there is nothing to reclaim. See
    /// [`Until`] for what a limit can do and what it cannot.
    ///
    /// # Errors
    ///
    /// [`SendTimeoutError`] with the item, which then is not delivered.
    ///
    /// # Cancel safety
    ///
    /// As that of the `Send`: dropped before it resolved, it gives the item back through
    /// [`reclaim`](crate::Sender::reclaim).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use handoff::{channel, SendTimeoutError};
    /// use std::time::Duration;
    /// use tokio::time::sleep;
    ///
    /// let (mut sender, _receiver) = channel();
    /// let outcome = sender.send("anyone?").until(sleep(Duration::from_millis(1))).await;
    /// assert_eq!(outcome, Err(SendTimeoutError::Timeout("anyone?")));
    /// # }
    /// ```
    pub fn until<L: IntoFuture>(self, limit: L) -> Until<Self, L::IntoFuture> {
        Until::new(self, limit)
    }

    /// The result of a send whose item had this fate.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn result(&mut self, fate: Fate) -> Result<(), SendError<T>> {
        match fate {
            Fate::Taken => Ok(()),
            Fate::Closed => Err(SendError::Closed(self.take_back())),
            Fate::Declined => Err(SendError::Declined(self.take_back())),
        }
    }

    /// The result of a send with a limit. There is no fate if it gave up.
    pub(crate) fn or_timeout(&mut self, fate: Option<Fate>) -> Result<(), SendTimeoutError<T>> {
        match fate {
            Some(Fate::Taken) => Ok(()),
            Some(Fate::Closed) => Err(SendTimeoutError::Closed(self.take_back())),
            Some(Fate::Declined) => Err(SendTimeoutError::Declined(self.take_back())),
            None => Err(SendTimeoutError::Timeout(self.take_back())),
        }
    }

    fn take_back(&mut self) -> T {
        let item = self.wait.operation.item.take();
        item.expect("an item that was not taken has come back")
    }
}

#[cfg(not(target_family = "wasm"))]
impl<T> Send<'_, T> {
    /// Blocks this thread until the receiver has taken the item.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the item: `Closed` if either end is closed before the item was taken, and
    /// `Declined` if the receiver declined it.
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
        let fate = self.wait.block();
        self.result(fate)
    }

    /// Blocks this thread until the receiver has taken the item, or `timeout` is over.
    ///
    /// Delivery wins over time-out: `Ok` if the item was taken by then, however late this thread
    /// learns of it. Even a `timeout` of zero puts the item on offer for an instant. That is too short
    /// for a receiver that is parked, but [`try_send`](crate::Sender::try_send) reaches it.
    ///
    /// If the item is lent in an [`Offer`](crate::Offer) when the time is up, the wait goes on until
    /// the guard is gone: see [`Until`]. A thread cannot end it earlier.
    ///
    /// A `timeout` too large for an [`Instant`] is no limit.
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
        let fate = self.wait.block_for(timeout);
        self.or_timeout(fate)
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
        let fate = self.wait.block_until(Some(deadline));
        self.or_timeout(fate)
    }
}

/// How a `Send` gets its item to the receiver.
pub(crate) struct Handover<T> {
    /// The item, until it is put on offer; and again when it has come back.
    item: Option<T>,
}

/// What became of the item of a `Send`. If it was not taken, it is with the send again.
///
/// It has no item in it, because a large one would be moved by each function on the way.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    Taken,
    Closed,
    Declined,
}

impl<T> Handover<T> {
    /// Whether its item was put on offer. Then the slot says what became of it.
    fn has_offered(&self) -> bool {
        self.item.is_none()
    }
}

/// While this `Send` lives, nobody else can offer or withdraw an item. So once its own item was put
/// on offer, whatever the slot says of an item is about this one.
impl<T> Operation<T> for Handover<T> {
    type Output = Fate;

    const BRINGS_ITEM: bool = true;

    #[inline]
    fn seat(&self) -> Seat {
        Seat::Sender
    }

    #[inline]
    fn reasons(&self) -> Flags {
        Flags::FOR_VACANCY
    }

    #[inline]
    fn is_ready(&self, flags: Flags) -> bool {
        if self.has_offered() {
            flags.is_answered() || (flags.has(Flags::OFFERED) && flags.has(Flags::RECEIVER_CLOSED))
        } else {
            flags.is_closed()
        }
    }

    #[inline]
    fn try_unlocked(&mut self, flags: Flags) -> Option<Fate> {
        (self.has_offered() && flags.has(Flags::TAKEN)).then_some(Fate::Taken)
    }

    #[inline]
    fn answer(&mut self, slot: &mut Slot<'_, T>, _wake: &mut Wake) -> Fate {
        let flags = slot.flags();
        if !self.has_offered() {
            Fate::Closed
        } else if flags.has(Flags::TAKEN) {
            Fate::Taken
        } else if flags.has(Flags::DECLINED) {
            self.item = slot.take_given_back();
            Fate::Declined
        } else {
            self.item = slot.withdraw();
            Fate::Closed
        }
    }

    /// Puts the item on offer, if no other is there.
    #[inline]
    fn announce(&mut self, slot: &mut Slot<'_, T>) -> Wake {
        if slot.flags().is_occupied() || slot.flags().is_closed() {
            return Wake::nobody();
        }
        match self.item.take() {
            Some(item) => slot.offer(item, Offerer::Send),
            None => Wake::nobody(),
        }
    }

    fn withdraw(&mut self, slot: &mut Slot<'_, T>) -> bool {
        if !self.has_offered() {
            return true;
        }
        self.item = if slot.flags().has(Flags::OFFERED) {
            slot.withdraw()
        } else {
            // A guard gave it back because the time was up. Otherwise it is lent.
            slot.take_given_back()
        };
        if self.item.is_none() {
            slot.mark_abandoned();
        }
        self.item.is_some()
    }

    fn abandon(&mut self, slot: &mut Slot<'_, T>) {
        let item = match self.item.take() {
            None if slot.flags().has(Flags::OFFERED) => slot.withdraw(),
            item => item,
        };
        match item {
            Some(item) => slot.give_back(item),
            None => slot.abandon(),
        }
    }
}
