//! How an end waits: a task leaves its waker in the slot, a thread parks on an `Event`.
//!
//! Both go the same way, for every operation of both ends. The operation looks whether it has an
//! answer; if not, somebody sits down on its seat; then it commits to waiting (a send puts its
//! item on offer); and only with all that done, and the lock released, is the other end woken.
//! A wake may run the other end on the spot, so it must find everything in place.
//!
//! Why a task's waker is not simply left with the `Event`, as a thread is: `Event::notify` calls
//! `Waker::wake`, and registering there clones and drops wakers, while the event's own list is
//! locked (event-listener 5.4.2). A waker that re-enters the channel would deadlock, one that
//! panics would leave the list's count wrong, and a woken thread would run straight into the lock
//! that its waker still holds; besides, every `listen()` outside `listener!` allocates. Measured
//! per item, before the rest was built, both on one machine: 146 ns in one task and 10 µs across
//! threads with futures on the events, 32 ns and 4 µs with the waker in the slot.

use crate::panics::Panics;
use crate::shared::Shared;
use crate::slot::{End, Flags, Seat, Slot, Waiter};
use crate::watch::{self, Watch};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

#[cfg(not(target_family = "wasm"))]
mod blocking;

#[cfg(not(target_family = "wasm"))]
pub(crate) use blocking::already_done;

/// Something that an end can wait for.
pub(crate) trait Operation<T> {
    type Output;

    /// Whether it brings an item. A drop gives that back, also before the first poll; and `begin`
    /// puts it on offer, which wakes the other end.
    const HOLDS_ITEM: bool = false;

    /// Where it waits.
    fn seat(&self) -> Seat;

    /// Answers without the lock, if that is possible.
    #[inline]
    fn answer_unlocked(&mut self, flags: Flags) -> Option<Self::Output> {
        let _ = flags;
        None
    }

    /// Whether there is an answer. Whoever made it so has emptied the seat. Of the flags that were
    /// read without the lock this is a guess, and a wrong one costs a little time.
    fn has_answer(&self, flags: Flags) -> bool;

    /// Looks for an answer, with the lock. `wake` becomes whom to wake at the other end.
    #[inline]
    fn look(&mut self, slot: &mut Slot<T>, wake: &mut Waiter) -> bool {
        let _ = wake;
        self.has_answer(slot.flags())
    }

    /// Gives the answer that `look` found.
    fn answer(&mut self, slot: &mut Slot<T>, wake: &mut Waiter) -> Self::Output;

    /// There was no answer and somebody sits on the seat now: does what comes before a wait.
    fn commit(&mut self, slot: &mut Slot<T>, wake: &mut Waiter);

    /// Does what it can to get an answer before anybody sits down.
    fn begin(&mut self, slot: &mut Slot<T>, wake: &mut Waiter) {
        let _ = (slot, wake);
    }

    /// The time is up, and the last look had no answer. Undoes what `commit` did; `false` if that
    /// cannot be done now.
    #[cfg_attr(target_family = "wasm", allow(dead_code))]
    fn give_up(&mut self, slot: &mut Slot<T>) -> bool {
        self.cancel(slot);
        true
    }

    /// Dropped before it had an answer. Undoes what `commit` did.
    fn cancel(&mut self, slot: &mut Slot<T>) {
        let _ = slot;
    }
}

/// The seat of the other end whose waiter an operation on `seat` can wake: that of its transfer.
#[inline]
fn peer_seat(seat: Seat) -> Seat {
    match seat.end() {
        End::Sender => Seat::Receiver,
        End::Receiver => Seat::Sender,
    }
}

/// An operation on its way to its answer. Every future of the crate is one of these and the end
/// that it borrows.
pub(crate) struct Wait<O> {
    pub(crate) operation: O,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Progress {
    /// Nobody was seated yet.
    Fresh,
    /// Somebody was seated, and may sit there still.
    Waiting,
    /// The answer was given.
    Done,
}

impl<O> Wait<O> {
    pub(crate) fn new(operation: O) -> Self {
        Wait {
            operation,
            progress: Progress::Fresh,
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress
    }

    fn is_waiting(&self) -> bool {
        self.progress == Progress::Waiting
    }

    pub(crate) fn is_done(&self) -> bool {
        self.progress == Progress::Done
    }

    /// Polls the operation for a task. Once it was answered it stays pending.
    #[inline]
    pub(crate) fn poll<T>(
        &mut self,
        shared: &Shared<T>,
        watch: Option<&mut Watch>,
        cx: &mut Context<'_>,
    ) -> Poll<O::Output>
    where
        O: Operation<T>,
    {
        if self.is_done() {
            return Poll::Pending;
        }
        let seat = self.operation.seat();
        let mut flags = shared.flags();
        if let Some(watch) = watch {
            if self.may_watch(shared, flags, watch, watch::IN_POLL) {
                flags = self.watch(shared, watch, watch::IN_POLL);
            }
        }
        if let Some(output) = self.operation.answer_unlocked(flags) {
            self.progress = Progress::Done;
            return Poll::Ready(output);
        }
        // A waker is foreign code, so it cannot be cloned under the lock, and entering the slot
        // twice would cost more than the clone. So it is cloned ahead if it will surely be needed:
        // only this end seats a task here, hence a seat seen empty stays empty.
        let fresh = if flags.is_seated(seat) || self.operation.has_answer(flags) {
            None
        } else {
            Some(cx.waker().clone())
        };
        self.poll_slot(shared, cx, fresh)
    }

    /// Looks into the slot for an answer; otherwise seats the task, for which it may have a `fresh`
    /// waker already.
    #[inline]
    fn poll_slot<T>(
        &mut self,
        shared: &Shared<T>,
        cx: &mut Context<'_>,
        mut fresh: Option<Waker>,
    ) -> Poll<O::Output>
    where
        O: Operation<T>,
    {
        let seat = self.operation.seat();
        loop {
            let mut wake = Waiter::Nobody;
            let mut slot = shared.lock();
            if self.operation.look(&mut slot, &mut wake) {
                // As `take_turn` does for a thread. To hand the lock's guard over to it writes it to
                // memory in small pieces and reads it in a large one, for which a processor waits:
                // 58 to 76 ns an item in one task, and 50 this way.
                debug_assert!(!(self.is_waiting() && slot.flags().is_seated(seat)));
                self.progress = Progress::Done;
                let answer = Poll::Ready(self.operation.answer(&mut slot, &mut wake));
                drop(slot);
                // A clone that was not needed goes here and not at the end of the function, where
                // a panic of its drop would leak the answer, or abort if the wake panics as well.
                let unused = fresh.map_or(Waiter::Nobody, Waiter::Task);
                finish(shared, seat, wake, unused);
                return answer;
            }
            let left = if slot.has_waker(seat, cx.waker()) {
                Waiter::Nobody
            } else if let Some(waker) = fresh.take() {
                slot.sit(seat, Waiter::Task(waker))
            } else {
                drop(slot);
                shared.wake(peer_seat(seat), wake);
                fresh = Some(cx.waker().clone());
                continue;
            };
            self.progress = Progress::Waiting;
            self.operation.commit(&mut slot, &mut wake);
            drop(slot);
            finish(shared, seat, wake, left);
            return Poll::Pending;
        }
    }

    /// Whether to watch the slot for a moment before anybody sits down: at the first look only,
    /// and not if the other end sleeps, unless it is this operation that wakes it and `patience`
    /// allows for its waking up. Nor if another item is in the slot than this operation brings: a
    /// watch would not see it go, which is not the answer yet.
    #[inline]
    fn may_watch<T>(
        &self,
        shared: &Shared<T>,
        flags: Flags,
        watch: &mut Watch,
        patience: Duration,
    ) -> bool
    where
        O: Operation<T>,
    {
        let seat = self.operation.seat();
        let is_in_line = O::HOLDS_ITEM && flags.is_occupied();
        let can_wait_for_sleeper = O::HOLDS_ITEM && patience == watch::IN_WAIT;
        // The last two take note that they were asked, so they come last.
        self.progress == Progress::Fresh
            && !self.operation.has_answer(flags)
            && !is_in_line
            && !flags.is_seated(seat)
            && (can_wait_for_sleeper || !flags.is_seated(peer_seat(seat)))
            && shared.threads.are_apart(seat.end())
            && watch.is_due()
    }

    /// Watches the slot for a moment, and returns what it saw last.
    #[cold]
    fn watch<T>(&mut self, shared: &Shared<T>, watch: &mut Watch, limit: Duration) -> Flags
    where
        O: Operation<T>,
    {
        self.begin(shared);
        watch.watch(limit, || self.operation.has_answer(shared.flags()));
        shared.flags()
    }

    fn begin<T>(&mut self, shared: &Shared<T>)
    where
        O: Operation<T>,
    {
        if O::HOLDS_ITEM {
            let mut wake = Waiter::Nobody;
            self.operation.begin(&mut shared.lock(), &mut wake);
            shared.wake(peer_seat(self.operation.seat()), wake);
        }
    }

    /// Ends the operation without an answer. What a drop of the future comes down to.
    #[inline]
    pub(crate) fn cancel<T>(&mut self, shared: &Shared<T>)
    where
        O: Operation<T>,
    {
        match self.progress {
            Progress::Done => {}
            Progress::Fresh if !O::HOLDS_ITEM => {}
            Progress::Fresh | Progress::Waiting => self.cancel_unanswered(shared),
        }
    }

    #[cold]
    fn cancel_unanswered<T>(&mut self, shared: &Shared<T>)
    where
        O: Operation<T>,
    {
        if self.operation.answer_unlocked(shared.flags()).is_some() {
            self.progress = Progress::Done;
            return;
        }
        let mut slot = shared.lock();
        self.operation.cancel(&mut slot);
        let left = self.leave(&mut slot);
        drop(slot);
        // This thread may be unwinding, and a drop that panics would abort it.
        finish(shared, self.operation.seat(), Waiter::Nobody, left);
    }

    /// Ends the wait, and takes whom it seated off the seat. Anybody else there is left alone: a
    /// poll of the stream or the `Sink`, that nothing but the next poll can replace.
    fn leave<T>(&mut self, slot: &mut Slot<T>) -> Waiter
    where
        O: Operation<T>,
    {
        let waited = self.progress == Progress::Waiting;
        self.progress = Progress::Done;
        if waited {
            slot.leave(self.operation.seat())
        } else {
            Waiter::Nobody
        }
    }
}

/// Wakes the other end, and drops who left the seat: the wake first, and whatever either does.
#[inline]
fn finish<T>(shared: &Shared<T>, seat: Seat, wake: Waiter, left: Waiter) {
    if left.is_nobody() {
        shared.wake(peer_seat(seat), wake);
    } else {
        finish_both(shared, seat, wake, left);
    }
}

#[cold]
fn finish_both<T>(shared: &Shared<T>, seat: Seat, wake: Waiter, left: Waiter) {
    let mut panics = Panics::default();
    panics.catch(|| shared.wake(peer_seat(seat), wake));
    panics.catch(|| drop(left));
    panics.resume();
}

#[cfg(all(test, not(target_family = "wasm"), not(loom)))]
mod tests {
    use super::{Operation, Progress, Wait};
    use crate::shared::Shared;
    use crate::slot::{End, Flags, Seat, Slot, Waiter};
    use crate::watch::{Watch, IN_POLL, IN_WAIT};
    use std::thread;

    /// Something that the sender waits for, with or without an item.
    struct Waiting<const ITEM: bool>;

    impl<const ITEM: bool> Operation<()> for Waiting<ITEM> {
        type Output = ();

        const HOLDS_ITEM: bool = ITEM;

        fn seat(&self) -> Seat {
            Seat::Sender
        }

        fn has_answer(&self, flags: Flags) -> bool {
            flags.is_closed()
        }

        fn answer(&mut self, _slot: &mut Slot<()>, _wake: &mut Waiter) {}

        fn commit(&mut self, _slot: &mut Slot<()>, _wake: &mut Waiter) {}
    }

    /// A channel whose receiver was last seen on another thread; with what `prepare` does.
    fn apart(prepare: impl FnOnce(&mut Slot<()>)) -> Shared<()> {
        let shared = Shared::default();
        thread::scope(|scope| {
            scope.spawn(|| shared.threads.are_apart(End::Receiver));
        });
        prepare(&mut shared.lock());
        shared
    }

    /// Whether something with an item watches: in a poll, and in a thread; and something without.
    fn who_watches(prepare: impl FnOnce(&mut Slot<()>)) -> [bool; 3] {
        let shared = apart(prepare);
        let with = Wait::new(Waiting::<true>);
        let without = Wait::new(Waiting::<false>);
        let due = Watch::default;
        [
            with.may_watch(&shared, shared.flags(), &mut due(), IN_POLL),
            with.may_watch(&shared, shared.flags(), &mut due(), IN_WAIT),
            without.may_watch(&shared, shared.flags(), &mut due(), IN_WAIT),
        ]
    }

    #[test]
    fn who_watches_what() {
        if !apart(|_| {}).threads.are_apart(End::Sender) {
            return; // On a single core, nobody.
        }
        let sit = |slot: &mut Slot<()>, seat| drop(slot.sit(seat, Waiter::Thread));

        assert_eq!(who_watches(|_| {}), [true, true, true]);
        assert_eq!(
            who_watches(|slot| drop(slot.offer(()))),
            [false, false, true],
            "an item that stands in line",
        );
        assert_eq!(
            who_watches(|slot| sit(slot, Seat::Receiver)),
            [false, true, false],
            "the other end sleeps, and only a thread with an item can wait for its waking up",
        );
        assert_eq!(
            who_watches(|slot| sit(slot, Seat::Sender)),
            [false, false, false],
            "a poll without a future has sat down already",
        );
        assert_eq!(
            who_watches(|slot| drop(slot.close_receiver())),
            [false, false, false],
            "there is an answer",
        );
    }

    #[test]
    fn a_wait_watches_once_and_when_it_is_due() {
        let shared = apart(|_| {});
        let may_watch = |wait: &Wait<Waiting<true>>, watch: &mut Watch| {
            wait.may_watch(&shared, shared.flags(), watch, IN_WAIT)
        };
        let mut wait = Wait::new(Waiting::<true>);
        let several_cores = shared.threads.are_apart(End::Sender);
        assert_eq!(may_watch(&wait, &mut Watch::default()), several_cores);

        let mut in_vain = Watch::default();
        in_vain.watch(IN_POLL, || false);
        assert!(!may_watch(&wait, &mut in_vain), "the last one was in vain");

        wait.progress = Progress::Waiting;
        assert!(!may_watch(&wait, &mut Watch::default()), "it sits already");

        wait.progress = Progress::Fresh;
        let together = Shared::default();
        let mut due = Watch::default();
        let flags = together.flags();
        assert!(
            !wait.may_watch(&together, flags, &mut due, IN_WAIT),
            "both are here"
        );
    }
}
