//! How an operation waits: one way for every operation of both ends, for tasks and threads.
//!
//! A turn goes like this, under the lock: the operation looks for its answer. If there is none,
//! it sits down on its seat and announces itself (a send puts its item on offer, a receive says
//! that it waits). Then the lock is released, and only then the other end is woken. A wake may run
//! the other end at once, within the call, so everything must be in place before.
//!
//! A task leaves its waker in the slot. A thread parks on the `Event` of its seat.

use crate::channel::Channel;
use crate::slot::{Flags, Seat, Slot, Wake};
use crate::spin::{Grant, Place, Spin};
use futures_core::ready;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

#[cfg(not(target_family = "wasm"))]
mod block;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod park;

/// Something that an end can wait for.
pub(crate) trait Operation<T> {
    type Output;

    /// Whether it brings an item, which its drop gives back, also before the first poll.
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
    fn answer(&mut self, slot: &mut Slot<T>, wake: &mut Wake) -> Self::Output;

    /// Lets the other end know that this operation waits. Once done, it changes nothing.
    #[inline]
    fn announce(&mut self, slot: &mut Slot<T>) -> Wake {
        let _ = slot;
        Wake::nobody()
    }

    /// The time is up and there is no answer. Undoes `announce`; `false` if that cannot be done now.
    fn withdraw(&mut self, slot: &mut Slot<T>) -> bool {
        let _ = slot;
        true
    }

    /// Dropped without an answer. Undoes `announce`.
    fn abandon(&mut self, slot: &mut Slot<T>) {
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
    // In the same step, so that the answer cannot be about what the sender does next.
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

/// What `Closed` and `Wanted` with a limit say of their outcome, which is pending if they gave up.
pub(crate) fn or_none<O>(outcome: Poll<O>) -> Option<O> {
    match outcome {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
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
    /// The other end does not know of it.
    Fresh,
    /// It is announced.
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

    /// Polls for a task. Once it was answered it stays pending.
    ///
    /// It is compiled into its caller, which saves instructions. But a large answer would be moved
    /// once more there.
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
        let mut flags = self.channel.check_in(end);
        self.begin_poll(flags);
        if self.may_spin(flags) {
            flags = self.spin(Place::Poll, Duration::MAX);
        }
        if let Some(output) = self.operation.try_unlocked(flags) {
            self.stage = Stage::Done;
            return Poll::Ready(output);
        }
        // A clone of the waker is foreign code, so it cannot be made under the lock. It is made
        // ahead if it will surely be needed: only this end sits down here, so an empty seat stays
        // empty. (Two calls, because each is compiled without the other's case.)
        if flags.is_seated(self.operation.seat()) || self.operation.is_ready(flags) {
            self.turn(Caller::Task(cx.waker(), None))
        } else {
            let clone = cx.waker().clone();
            self.turn(Caller::Task(cx.waker(), Some(clone)))
        }
    }

    #[inline]
    fn begin_poll(&mut self, flags: Flags) {
        if O::SPINS && self.spin.is_apart {
            let sits = flags.is_seated(self.operation.seat());
            self.spin.begin_poll(sits, self.operation.is_ready(flags));
        }
    }

    /// Polls an operation that leaves its registration behind when it is pending.
    #[inline]
    pub(crate) fn poll_and_stay(mut self, cx: &mut Context<'_>) -> Poll<O::Output> {
        let outcome = Pin::new(&mut self).poll(cx);
        // Its drop removes nothing.
        self.stage = Stage::Done;
        outcome
    }

    /// Polls for a task, and then polls a limit. Ready when it was answered, or gave up because the
    /// limit has come: then it is `Ready(Pending)`.
    #[inline]
    pub(crate) fn poll_until<L: Future>(
        &mut self,
        limit: Pin<&mut L>,
        cx: &mut Context<'_>,
    ) -> Poll<Poll<O::Output>> {
        if self.is_done() {
            return Poll::Pending;
        }
        let mut outcome = Poll::Pending;
        if self.stage == Stage::Late {
            self.begin_poll(self.channel.flags());
        } else {
            outcome = Pin::new(&mut *self).poll(cx);
            if outcome.is_pending() {
                let limit = limit.poll(cx);
                if O::SPINS && limit.is_pending() {
                    // It is only now that this thread leaves.
                    self.spin.end_pending();
                }
                let reached = ready!(limit);
                self.stage = Stage::Late;
                if O::SPINS {
                    self.spin.stay();
                }
                // Foreign code, so it runs before an item is in hand.
                drop(reached);
            }
        }
        if self.stage == Stage::Late {
            outcome = self.turn(Caller::Task(cx.waker(), None));
        }
        if outcome.is_ready() || self.is_done() {
            Poll::Ready(outcome)
        } else {
            Poll::Pending
        }
    }

    /// Answers, or gives up if it is late, or sits down and announces itself.
    ///
    /// After a `Pending` it is done if it gave up.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn turn(&mut self, mut caller: Caller<'_>) -> Poll<O::Output> {
        let seat = self.operation.seat();
        loop {
            let mut slot = self.channel.lock();
            if self.operation.is_ready(slot.flags()) {
                let mut wake = Wake::nobody();
                let answer = Poll::Ready(self.operation.answer(&mut slot, &mut wake));
                drop(slot);
                self.stage = Stage::Done;
                // A clone that was not needed is dropped here and not at the end of the function. A
                // panic there would leak the answer.
                self.channel.wake_and_drop(wake, caller.take_clone());
                return answer;
            }
            if self.stage == Stage::Late && self.operation.withdraw(&mut slot) {
                let waker = slot.remove(seat, mem::take(&mut self.added));
                drop(slot);
                // If this panics, the wait is not done, and its drop gives an item back.
                drop(waker.or_else(|| caller.take_clone()));
                self.stage = Stage::Done;
                return Poll::Pending;
            }
            match &mut caller {
                Caller::Visitor => return Poll::Pending,
                Caller::Task(waker, clone @ None) if !slot.has_waker(seat, waker) => {
                    drop(slot);
                    *clone = Some(waker.clone());
                    continue;
                }
                Caller::Task(..) | Caller::Thread => {}
            }
            let is_task = matches!(caller, Caller::Task(..));
            let displaced = self.sit_down(&mut slot, caller);
            let wake = self.operation.announce(&mut slot);
            drop(slot);
            self.channel.wake_and_drop(wake, displaced);
            if O::SPINS && is_task {
                self.spin.end_pending();
            }
            return Poll::Pending;
        }
    }

    /// Takes the seat, and notes what this added. Returns the waker that sat there.
    #[inline]
    fn sit_down(&mut self, slot: &mut Slot<T>, caller: Caller<'_>) -> Option<Waker> {
        self.begin();
        let (seat, reasons) = (self.operation.seat(), self.operation.reasons());
        let has_mark = self.added.is_receive_waiting();
        let waits_alone = !slot.flags().is_receive_waiting();
        let had_seat = self.added.is_seated(seat);
        let waker = match caller {
            // Its waker is there already.
            Caller::Task(_, None) => {
                self.added = self.added.with(slot.add_reasons(reasons));
                if seat == Seat::Receiver && waits_alone {
                    self.added = self.added.with_mark();
                }
                return None;
            }
            Caller::Task(_, clone) => clone,
            Caller::Thread | Caller::Visitor => None,
        };
        let (added, displaced) = slot.sit(seat, waker, reasons);
        self.added = added;
        // The mark of another task goes with its seat.
        let takes_mark = displaced.is_some() && !had_seat;
        if seat == Seat::Receiver && (has_mark || waits_alone || takes_mark) {
            self.added = self.added.with_mark();
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

    /// Announces the operation before anybody sits down.
    fn announce(&mut self) {
        let mut slot = self.channel.lock();
        let was_waiting = slot.flags().is_receive_waiting();
        let wake = self.operation.announce(&mut slot);
        self.begin();
        if slot.flags().is_receive_waiting() && !was_waiting {
            self.added = self.added.with_mark();
        }
        drop(slot);
        self.channel.wake(wake);
    }

    /// Whether this is a moment to spin: at the first look, before anybody sits down. Not for an
    /// item that has to wait until another one is gone, and not if the other end sleeps, unless this
    /// operation wakes it.
    #[inline]
    fn may_spin(&mut self, flags: Flags) -> bool {
        if !O::SPINS || self.stage != Stage::Fresh {
            return false;
        }
        let seat = self.operation.seat();
        let end = seat.end();
        // Always, so that the other end learns where this one is.
        self.spin.is_apart = self.channel.threads.are_apart(end);
        let comes_second = O::BRINGS_ITEM && flags.is_occupied();
        let wakes_other = O::BRINGS_ITEM || seat == Seat::Receiver;
        // The last takes note that it was asked.
        self.spin.is_apart
            && !self.operation.is_ready(flags)
            && !comes_second
            && !flags.is_seated(seat)
            && (wakes_other || !flags.is_seated(end.other().transfer_seat()))
            && self.spin.is_due()
    }

    /// Looks at the flags again and again, for as long as the thread may. Returns what it saw last.
    #[cold]
    fn spin(&mut self, place: Place, at_most: Duration) -> Flags {
        let other = self.operation.seat().end().other().transfer_seat();
        let other_sleeps = self.channel.flags().is_seated(other);
        // One that sleeps does not wake up within a short look.
        let is_long_only = other_sleeps || !self.spin.is_in_step();
        let mut grant = Grant::ask(place, at_most).filter(|it| it.is_long() || !is_long_only);
        if grant.is_some() && (O::BRINGS_ITEM || other_sleeps) {
            self.announce();
            if other_sleeps {
                // To wake it took time, and may have run anything.
                grant = Grant::ask(place, at_most);
            }
        }
        if let Some(grant) = grant {
            let is_full = grant.is_full();
            let seen = |wait: &Self| wait.operation.is_ready(wait.channel.flags());
            let outcome = grant.spin(self, seen, |wait| {
                if !O::BRINGS_ITEM {
                    // A peer in `wanted` would spin as well, and both in vain.
                    wait.announce();
                }
            });
            self.spin.learn(outcome, is_full);
        }
        self.channel.flags()
    }

    #[cold]
    fn cancel(&mut self) {
        if self.operation.try_unlocked(self.channel.flags()).is_some() {
            return;
        }
        let mut slot = self.channel.lock();
        self.operation.abandon(&mut slot);
        let waker = slot.remove(self.operation.seat(), self.added);
        drop(slot);
        // If this thread unwinds already, a drop that panics must not abort it.
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

#[cfg(all(test, not(any(target_family = "wasm", handoff_no_spin, loom))))]
mod tests {
    use super::{Operation, Stage, Wait};
    use crate::channel::Channel;
    use crate::closed::Closing;
    use crate::recv::Take;
    use crate::slot::{End, Flags, Offerer, Seat, Slot, Wake};
    use crate::spin::{is_away, Outcome, Place, Spin};
    use std::cell::Cell;
    use std::future::{pending, poll_fn, ready};
    use std::pin::{pin, Pin};
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};
    use std::thread;
    use std::time::{Duration, Instant};

    struct Idle;

    impl std::task::Wake for Idle {
        fn wake(self: Arc<Self>) {}
    }

    /// Something that the sender waits for, with or without an item.
    struct Waiting<const ITEM: bool>;

    impl<const ITEM: bool> Operation<()> for Waiting<ITEM> {
        type Output = ();

        const BRINGS_ITEM: bool = ITEM;

        fn seat(&self) -> Seat {
            Seat::Sender
        }

        fn is_ready(&self, flags: Flags) -> bool {
            flags.is_closed()
        }

        fn answer(&mut self, _slot: &mut Slot<()>, _wake: &mut Wake) {}
    }

    /// A channel whose receiver was last seen on another thread, with what `prepare` does.
    fn apart(prepare: impl FnOnce(&mut Slot<()>)) -> Channel<()> {
        let channel = Channel::default();
        thread::scope(|scope| {
            scope.spawn(|| channel.threads.are_apart(End::Receiver));
        });
        prepare(&mut channel.lock());
        channel
    }

    fn may_spin<const ITEM: bool>(channel: &Channel<()>) -> bool {
        let mut due = Spin::default();
        let mut wait = Wait::new(channel, &mut due, Waiting::<ITEM>);
        wait.may_spin(channel.flags())
    }

    /// Whether something with an item spins, and something without.
    fn who_spins(prepare: impl FnOnce(&mut Slot<()>)) -> [bool; 2] {
        let channel = apart(prepare);
        [may_spin::<true>(&channel), may_spin::<false>(&channel)]
    }

    #[test]
    fn who_spins_for_what() {
        let sit = |slot: &mut Slot<()>, seat| {
            let (_, nobody) = slot.sit(seat, None, Flags::default());
            assert!(nobody.is_none());
        };

        assert_eq!(who_spins(|_| {}), [true, true]);
        assert_eq!(
            who_spins(|slot| assert!(slot.offer((), Offerer::TrySend).is_nobody())),
            [false, true],
            "an item that has to wait for another one",
        );
        assert_eq!(
            who_spins(|slot| sit(slot, Seat::Receiver)),
            [true, false],
            "the other end sleeps, and only an item wakes it",
        );
        assert_eq!(
            who_spins(|slot| sit(slot, Seat::Sender)),
            [false, false],
            "a poll without a future has sat down already",
        );
        assert_eq!(
            who_spins(|slot| assert!(slot.close(End::Receiver).was_open)),
            [false, false],
            "there is an answer",
        );
    }

    #[test]
    fn a_wait_spins_once_and_when_it_is_due() {
        let channel = apart(|_| {});
        assert!(may_spin::<true>(&channel));

        let mut in_vain = Spin::default();
        in_vain.learn(Outcome::InVain, true);
        let mut wait = Wait::new(&channel, &mut in_vain, Waiting::<true>);
        assert!(!wait.may_spin(channel.flags()), "the last one was in vain");

        let mut due = Spin::default();
        let mut wait = Wait::new(&channel, &mut due, Waiting::<true>);
        wait.stage = Stage::Waiting;
        assert!(!wait.may_spin(channel.flags()), "it has begun already");

        let together = Channel::default();
        assert!(!may_spin::<true>(&together), "both are here");
    }

    /// An operation of the sender that has an answer after so many looks, and notes what is done with it.
    #[derive(Default)]
    struct Noted<const ITEM: bool> {
        looks: Cell<u32>,
        ready_after: Option<u32>,
        /// After how many looks it was announced.
        announced: Option<u32>,
    }

    impl<const ITEM: bool> Operation<()> for Noted<ITEM> {
        type Output = ();

        const BRINGS_ITEM: bool = ITEM;

        fn seat(&self) -> Seat {
            Seat::Sender
        }

        fn is_ready(&self, _flags: Flags) -> bool {
            self.looks.set(self.looks.get() + 1);
            self.ready_after.is_some_and(|it| self.looks.get() > it)
        }

        fn answer(&mut self, _slot: &mut Slot<()>, _wake: &mut Wake) {}

        fn announce(&mut self, _slot: &mut Slot<()>) -> Wake {
            self.announced.get_or_insert(self.looks.get());
            Wake::nobody()
        }
    }

    /// A spin of a blocked thread whose account is new. Returns whether it looked, and whether it was
    /// announced before that or at all.
    fn spun<const ITEM: bool>(
        in_step: bool,
        other_sleeps: bool,
        at_most: Duration,
    ) -> (bool, Option<bool>) {
        thread::spawn(move || {
            let channel = Channel::<()>::default();
            if other_sleeps {
                let _ = channel.lock().sit(Seat::Receiver, None, Flags::default());
            }
            let mut spin = Spin::default();
            if in_step {
                spin.learn(Outcome::Seen, true);
            }
            let mut wait = Wait::new(&channel, &mut spin, Noted::<ITEM>::default());
            wait.spin(Place::Thread, at_most);
            let noted = &wait.operation;
            (
                noted.looks.get() > 0,
                noted.announced.map(|looks| looks == 0),
            )
        })
        .join()
        .unwrap()
    }

    #[test]
    fn who_looks_and_who_is_announced_before() {
        const SHORT: Duration = Duration::from_micros(1);
        const LONG: Duration = Duration::MAX;
        for (in_step, other_sleeps, at_most, with_item, without) in [
            (false, false, SHORT, (false, None), (false, None)),
            (true, false, SHORT, (true, Some(true)), (true, None)),
            (true, true, SHORT, (false, None), (false, None)),
            (false, false, LONG, (true, Some(true)), (true, Some(false))),
            (true, false, LONG, (true, Some(true)), (true, Some(false))),
            (false, true, LONG, (true, Some(true)), (true, Some(true))),
        ] {
            let case = format!("in step {in_step}, sleeps {other_sleeps}, at most {at_most:?}");
            assert_eq!(
                spun::<true>(in_step, other_sleeps, at_most),
                with_item,
                "{case}"
            );
            assert_eq!(
                spun::<false>(in_step, other_sleeps, at_most),
                without,
                "{case}"
            );
        }
    }

    #[test]
    fn a_spin_that_was_cut_short_teaches_only_what_it_saw() {
        let channel = Channel::<()>::default();
        let mut spin = Spin::default();
        (0..3).for_each(|_| spin.learn(Outcome::InVain, true));
        spin.learn(Outcome::Seen, true);
        let mut cut_short = |ready_after| {
            let spin = &mut spin;
            let spun = || {
                let noted = Noted::<false> {
                    ready_after,
                    ..Noted::default()
                };
                let mut wait = Wait::new(&channel, spin, noted);
                wait.spin(Place::Thread, Duration::from_micros(1));
                assert!(wait.spin.is_in_step());
            };
            // On a thread whose account is new: one that was interrupted pauses.
            thread::scope(|scope| scope.spawn(spun).join().unwrap());
        };
        cut_short(None);
        cut_short(Some(3));
        // It has forgotten half of what came before, twice. So the next break is a short one.
        while !spin.is_due() {}
        (0..2).for_each(|_| spin.learn(Outcome::InVain, true));
        assert_eq!((0..100).find(|_| spin.is_due()), Some(3));
    }

    #[test]
    fn a_thread_leaves_only_with_a_poll_that_may_spin() {
        thread::spawn(|| {
            let channel = apart(|_| {});
            let mut spin = Spin::default();
            spin.is_apart = true;
            let waker = Waker::from(Arc::new(Idle));
            let mut cx = Context::from_waker(&waker);

            let soon = Instant::now() + Duration::from_millis(1);
            let mut wait = Wait::new(&channel, &mut spin, Waiting::<false>);
            assert!(wait.block_until(Some(soon)).is_pending());
            drop(wait);
            assert!(!is_away(), "it blocked");

            let closing = Closing { end: End::Sender };
            let mut wait = Wait::new(&channel, &mut spin, closing);
            assert!(Pin::new(&mut wait).poll(&mut cx).is_pending());
            assert!(wait.poll_until(pin!(pending::<()>()), &mut cx).is_pending());
            drop(wait);
            assert!(!is_away(), "it never spins");

            let mut wait = Wait::new(&channel, &mut spin, Waiting::<false>);
            assert!(Pin::new(&mut wait).poll(&mut cx).is_pending());
            assert!(is_away());

            let together = Channel::default();
            let mut here = Spin::default();
            let mut wait = Wait::new(&together, &mut here, Waiting::<false>);
            assert!(Pin::new(&mut wait).poll(&mut cx).is_pending());
            assert!(
                is_away(),
                "a poll of ends that are not apart changes nothing"
            );
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_thread_stays_with_a_poll_that_gave_up_or_was_answered_late() {
        /// Lent when its limit comes, and answered later.
        struct Lent(bool);

        impl Operation<()> for Lent {
            type Output = ();

            fn seat(&self) -> Seat {
                Seat::Sender
            }

            fn is_ready(&self, _flags: Flags) -> bool {
                self.0
            }

            fn answer(&mut self, _slot: &mut Slot<()>, _wake: &mut Wake) {}

            fn withdraw(&mut self, _slot: &mut Slot<()>) -> bool {
                false
            }
        }

        thread::spawn(|| {
            let channel = apart(|_| {});
            let mut spin = Spin::default();
            let waker = Waker::from(Arc::new(Idle));
            let mut cx = Context::from_waker(&waker);
            let poll = |wait: &mut Wait<'_, (), Lent>, cx: &mut Context<'_>, has_come: bool| {
                let limit = poll_fn(|_| {
                    if has_come {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                });
                wait.poll_until(pin!(limit), cx)
            };

            let mut wait = Wait::new(&channel, &mut spin, Waiting::<false>);
            let outcome = wait.poll_until(pin!(ready(())), &mut cx);
            assert_eq!(outcome, Poll::Ready(Poll::Pending));
            drop(wait);
            assert!(!is_away(), "it gave up");

            let mut wait = Wait::new(&channel, &mut spin, Lent(false));
            assert!(poll(&mut wait, &mut cx, false).is_pending());
            assert!(is_away());
            assert!(poll(&mut wait, &mut cx, true).is_pending());
            assert!(is_away(), "it has to wait, although it is late");
            wait.operation.0 = true;
            let outcome = poll(&mut wait, &mut cx, true);
            assert_eq!(outcome, Poll::Ready(Poll::Ready(())));
            assert!(!is_away(), "it was answered");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_late_thread_gives_up_once_and_does_not_park() {
        /// It can give up when it is asked for the second time. It counts that.
        struct Twice(u32);

        impl Operation<()> for Twice {
            type Output = ();

            fn seat(&self) -> Seat {
                Seat::Sender
            }

            fn is_ready(&self, _flags: Flags) -> bool {
                false
            }

            fn answer(&mut self, _slot: &mut Slot<()>, _wake: &mut Wake) {}

            fn withdraw(&mut self, _slot: &mut Slot<()>) -> bool {
                self.0 += 1;
                self.0 > 1
            }
        }

        let (done, ended) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let channel = Channel::default();
            let mut spin = Spin::default();
            let mut wait = Wait::new(&channel, &mut spin, Twice(0));
            let outcome = wait.block_until(Some(Instant::now()));
            let _ = done.send((outcome, wait.operation.0));
        });
        let outcome = ended.recv_timeout(Duration::from_secs(60));
        assert_eq!(outcome, Ok((Poll::Pending, 2)));
    }

    /// Whether a receive is announced after it has spun for so long at most, and after its end.
    fn announced(at_most: Duration) -> (bool, bool) {
        let spun = move || {
            let channel = Channel::<()>::default();
            let mut spin = Spin::default();
            // As if a short look were worth it.
            spin.learn(Outcome::Seen, true);
            let mut wait = Wait::new(&channel, &mut spin, Take);
            wait.spin(Place::Thread, at_most);
            let announced = channel.flags().is_receive_waiting();
            drop(wait);
            (announced, channel.flags().is_receive_waiting())
        };
        // On a thread whose account is new.
        thread::spawn(spun).join().unwrap()
    }

    #[test]
    fn a_receive_that_spins_for_long_is_announced() {
        assert_eq!(announced(Duration::MAX), (true, false));
        assert_eq!(announced(Duration::from_micros(1)), (false, false));
    }
}
