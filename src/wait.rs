//! How an operation waits: one way for every operation of both ends, for tasks and threads.
//!
//! A turn ([`Wait::turn`]) goes like this. Under the lock, the operation looks for its answer. If
//! there is none, it sits down on its seat and announces itself: a send puts its item on offer, a
//! receive says that it waits. The other end is woken after that, because a wake may run the other
//! end at once, within the call.
//!
//! A task leaves its waker in the slot. A thread parks on the `Event` of its seat.

use crate::channel::Channel;
use crate::slot::{Flags, Seat, Slot, Wake};
use crate::spin::Spin;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

#[cfg(not(target_family = "wasm"))]
mod block;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod park;
mod spin;

/// Something that an end can wait for.
pub(crate) trait Operation<T> {
    type Output;

    /// Whether it brings an item. Its drop gives that back, also before the first poll.
    const BRINGS_ITEM: bool = false;

    /// Whether it may spin before it sleeps. Not if the answer can be far away.
    const SPINS: bool = true;

    /// Where it waits.
    fn seat(&self) -> Seat;

    /// For what it is woken, on the sender's seat.
    #[inline]
    fn reasons(&self) -> Flags {
        Flags::default()
    }

    /// Whether there is an answer. This is exact for the flags of a locked slot, and a guess for
    /// flags that were read without the lock.
    fn is_ready(&self, flags: Flags) -> bool;

    /// Answers without the lock, if that is possible.
    #[inline]
    fn try_unlocked(&mut self, flags: Flags) -> Option<Self::Output> {
        let _ = flags;
        None
    }

    /// Gives the answer, which is ready.
    fn answer(&mut self, slot: &mut Slot<'_, T>, wake: &mut Wake) -> Self::Output;

    /// Lets the other end know that this operation waits. A second call changes nothing.
    ///
    /// An operation on the receiver's seat sets the mark `WAITING` here, and clears it in its answer.
    /// If there is no answer, [`Wait`] clears it, so `withdraw` and `abandon` need not.
    #[inline]
    fn announce(&mut self, slot: &mut Slot<'_, T>) -> Wake {
        let _ = slot;
        Wake::nobody()
    }

    /// The time is up and there is no answer. Undoes `announce`, or returns `false` if it cannot now.
    fn withdraw(&mut self, slot: &mut Slot<'_, T>) -> bool {
        let _ = slot;
        true
    }

    /// Dropped without an answer. Undoes `announce`.
    fn abandon(&mut self, slot: &mut Slot<'_, T>) {
        let _ = slot;
    }
}

/// Gives the answer of an operation if it is ready, and does not wait.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn try_now<T, O: Operation<T>>(
    channel: &Channel<T>,
    operation: &mut O,
) -> Poll<O::Output> {
    let mut slot = channel.lock();
    // Under the same lock, so that the sender cannot offer its next item in between.
    let mut wake = slot.accept_leaked(operation.seat().end());
    let answer = if operation.is_ready(slot.flags()) {
        Poll::Ready(operation.answer(&mut slot, &mut wake))
    } else {
        Poll::Pending
    };
    drop(slot);
    channel.wake(wake);
    answer
}

/// An operation on its way to its answer. Every future of the crate is a wrapper around one.
pub(crate) struct Wait<'a, T, O: Operation<T>> {
    pub(crate) channel: &'a Channel<T>,
    /// How spins went for this end.
    spin: &'a mut Spin,
    pub(crate) operation: O,
    pub(crate) stage: Stage,
    /// What this wait added to the slot, and so removes if it ends without an answer: a seat,
    /// reasons, the mark that a receive waits.
    added: Flags,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// Nothing of it is in the slot.
    Fresh,
    /// It sat down, or announced itself.
    Waiting,
    /// The time is up. It gives up as soon as it can.
    Late,
    /// It was answered, or it gave up.
    Done,
}

/// Who takes a turn.
enum Caller<'a> {
    /// A task, with its waker and perhaps a clone of it, made ahead.
    Task(&'a Waker, Option<Waker>),
    /// A thread, which parks if there is no answer.
    #[cfg_attr(target_family = "wasm", allow(dead_code))]
    Thread,
    /// A thread that only looks, and does not sit down.
    #[cfg_attr(target_family = "wasm", allow(dead_code))]
    Visitor,
}

/// Nothing is pinned in it.
impl<T, O: Operation<T>> Unpin for Wait<'_, T, O> {}

impl<'a, T, O: Operation<T>> Wait<'a, T, O> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(channel: &'a Channel<T>, spin: &'a mut Spin, operation: O) -> Self {
        Wait {
            channel,
            spin,
            operation,
            stage: Stage::Fresh,
            added: Flags::default(),
        }
    }

    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Polls for a task. After its answer it stays pending.
    ///
    /// It is compiled into its caller, which saves instructions, unless the answer is large: that
    /// would be moved once more there.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Output> {
        const LARGE: usize = 256;
        let this = self.get_mut();
        if mem::size_of::<O::Output>() < LARGE {
            this.poll_inline(cx)
        } else {
            this.poll_apart(cx)
        }
    }

    #[inline(never)]
    fn poll_apart(&mut self, cx: &mut Context<'_>) -> Poll<O::Output> {
        self.poll_inline(cx)
    }

    /// The poll itself.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll_inline(&mut self, cx: &mut Context<'_>) -> Poll<O::Output> {
        if self.is_done() {
            return Poll::Pending;
        }
        let end = self.operation.seat().end();
        let flags = self.channel.check_in(end);
        let flags = self.begin_poll(flags);
        if let Some(output) = self.operation.try_unlocked(flags) {
            self.stage = Stage::Done;
            return Poll::Ready(output);
        }
        // The waker is cloned before the lock is taken, if the clone will surely be needed: only
        // this end sits down here, so an empty seat stays empty. (Two calls, because each is
        // compiled without the other's case.)
        if flags.has(Flags::seat(self.operation.seat())) || self.operation.is_ready(flags) {
            self.turn(Caller::Task(cx.waker(), None))
        } else {
            let clone = cx.waker().clone();
            self.turn(Caller::Task(cx.waker(), Some(clone)))
        }
    }

    /// A poll without a future: if it is pending, it leaves its waker on the seat.
    #[inline]
    pub(crate) fn poll_and_stay(mut self, cx: &mut Context<'_>) -> Poll<O::Output> {
        let outcome = Pin::new(&mut self).poll(cx);
        // So the drop of this wait removes nothing.
        self.stage = Stage::Done;
        outcome
    }

    /// Polls for a task, and then polls a limit. `Ready(None)` if it gave up because the limit has
    /// come.
    #[inline]
    pub(crate) fn poll_until<L: Future>(
        &mut self,
        limit: Pin<&mut L>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<O::Output>> {
        if self.is_done() {
            return Poll::Pending;
        }
        if self.stage == Stage::Late {
            self.begin_poll(self.channel.flags());
        } else {
            if let Poll::Ready(output) = Pin::new(&mut *self).poll(cx) {
                return Poll::Ready(Some(output));
            }
            let Poll::Ready(reached) = limit.poll(cx) else {
                // The poll has said so before, but only now does this thread leave.
                self.end_pending();
                return Poll::Pending;
            };
            self.stage = Stage::Late;
            self.stay();
            // Its drop may panic, so it comes before an item is in hand.
            drop(reached);
        }
        match self.turn(Caller::Task(cx.waker(), None)) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.is_done() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Answers, or gives up if it is late, or sits down and announces itself.
    ///
    /// If it gave up, it is `Pending`, and done.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn turn(&mut self, mut caller: Caller<'_>) -> Poll<O::Output> {
        loop {
            let mut slot = self.channel.lock();
            if self.operation.is_ready(slot.flags()) {
                let mut wake = Wake::nobody();
                let answer = Poll::Ready(self.operation.answer(&mut slot, &mut wake));
                drop(slot);
                self.stage = Stage::Done;
                // An unneeded clone is dropped here, because a panic at the end of the function would
                // leak the answer.
                self.channel.wake_and_drop(wake, caller.take_clone());
                return answer;
            }
            match self.turn_without_answer(slot, caller) {
                Some(with_clone) => caller = with_clone,
                None => return Poll::Pending,
            }
        }
    }

    /// Gives up if it is late, or sits down and announces itself.
    ///
    /// Returns a caller for another turn if that needed a clone of its waker.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn turn_without_answer<'c>(
        &mut self,
        mut slot: Slot<'_, T>,
        mut caller: Caller<'c>,
    ) -> Option<Caller<'c>> {
        let seat = self.operation.seat();
        if self.stage == Stage::Late && self.operation.withdraw(&mut slot) {
            let waker = slot.remove(seat, mem::take(&mut self.added));
            drop(slot);
            // If this panics, the wait is not done yet, and its drop gives the item back.
            drop(waker.or_else(|| caller.take_clone()));
            self.stage = Stage::Done;
            return None;
        }
        match caller {
            Caller::Visitor => return None,
            Caller::Task(waker, None) if !slot.has_waker(seat, waker) => {
                drop(slot);
                return Some(Caller::Task(waker, Some(waker.clone())));
            }
            Caller::Task(..) | Caller::Thread => {}
        }
        let is_task = matches!(caller, Caller::Task(..));
        let displaced = self.sit_down(&mut slot, caller);
        let wake = self.operation.announce(&mut slot);
        drop(slot);
        self.channel.wake_and_drop(wake, displaced);
        if is_task {
            self.end_pending();
        }
        None
    }

    /// Takes the seat, and notes what this added. Returns the waker that sat there.
    #[inline]
    fn sit_down(&mut self, slot: &mut Slot<'_, T>, caller: Caller<'_>) -> Option<Waker> {
        self.begin();
        let (seat, reasons) = (self.operation.seat(), self.operation.reasons());
        let had = self.added;
        let is_marked = slot.flags().has(Flags::WAITING);
        let (added, displaced) = match caller {
            // Its waker is there already.
            Caller::Task(_, None) => (had | slot.add_reasons(reasons), None),
            Caller::Task(_, clone) => slot.sit(seat, clone, reasons),
            Caller::Thread | Caller::Visitor => slot.sit(seat, None, reasons),
        };
        self.added = added;
        // Whoever takes the seat of another task takes over its mark.
        let takes_mark = displaced.is_some() && !had.has(Flags::seat(seat));
        if seat == Seat::Receiver && (!is_marked || had.has(Flags::WAITING) || takes_mark) {
            self.added = added | Flags::WAITING;
        }
        displaced
    }

    /// From now on there is something to undo.
    #[inline]
    fn begin(&mut self) {
        if self.stage != Stage::Late {
            self.stage = Stage::Waiting;
        }
    }

    #[cold]
    fn cancel(&mut self) {
        if self.operation.try_unlocked(self.channel.flags()).is_some() {
            // It was answered after all. Nothing of it is left in the slot.
            return;
        }
        let mut slot = self.channel.lock();
        self.operation.abandon(&mut slot);
        let waker = slot.remove(self.operation.seat(), self.added);
        drop(slot);
        // Not a plain drop, which could abort a thread that unwinds.
        self.channel.wake_and_drop(Wake::nobody(), waker);
    }
}

/// Dropped without an answer: it takes back what it announced, and removes what it added.
impl<T, O: Operation<T>> Drop for Wait<'_, T, O> {
    #[inline]
    fn drop(&mut self) {
        let has_begun = O::BRINGS_ITEM || self.stage != Stage::Fresh;
        if has_begun && !self.is_done() {
            self.cancel();
        }
    }
}

impl Caller<'_> {
    #[inline]
    fn take_clone(&mut self) -> Option<Waker> {
        match self {
            Caller::Task(_, clone) => mem::take(clone),
            Caller::Thread | Caller::Visitor => None,
        }
    }
}

/// What every future of the crate has besides its `Future`.
macro_rules! wait_future {
    ($future:ident) => {
        impl<T> futures_core::future::FusedFuture for $future<'_, T> {
            fn is_terminated(&self) -> bool {
                self.wait.is_done()
            }
        }

        impl<T> std::fmt::Debug for $future<'_, T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($future))
                    .field("stage", &self.wait.stage)
                    .field("channel", &self.wait.channel)
                    .finish()
            }
        }
    };
}
pub(crate) use wait_future;
