//! How a thread waits: it takes turns as a task does, and parks on the `Event` of its seat between
//! them. Whoever empties the seat notifies the event.

use super::park::{self, UnparkNoted};
use super::{try_now, Caller, Operation, Stage, Wait};
use crate::spin::{self, Place};
use event_listener::listener;
use std::mem;
use std::task::Poll;
use std::time::{Duration, Instant};

impl<T, O: Operation<T>> Wait<'_, T, O> {
    /// Blocks this thread until there is an answer.
    #[inline]
    #[track_caller]
    pub(crate) fn block(&mut self) -> O::Output {
        self.begin_block();
        // If the answer is there already, this way out moves a large item once less.
        if let Poll::Ready(output) = self.try_answer() {
            return output;
        }
        self.block_without_answer()
    }

    fn block_without_answer(&mut self) -> O::Output {
        loop {
            self.spin_in_time(None);
            if let Poll::Ready(output) = self.try_answer() {
                return output;
            }
            self.sleep_or_give_up(None);
        }
    }

    /// The same, but not longer than `timeout`. One that is too large for an `Instant` is no limit.
    #[track_caller]
    pub(crate) fn block_for(&mut self, timeout: Duration) -> Option<O::Output> {
        self.block_until(Instant::now().checked_add(timeout))
    }

    /// Blocks this thread until there is an answer, or the deadline has passed and it gave up: `None`.
    #[track_caller]
    pub(crate) fn block_until(&mut self, deadline: Option<Instant>) -> Option<O::Output> {
        self.begin_block();
        while !self.is_done() {
            self.spin_in_time(deadline);
            if let Poll::Ready(output) = self.try_answer() {
                return Some(output);
            }
            self.sleep_or_give_up(deadline);
        }
        None
    }

    #[track_caller]
    fn begin_block(&self) {
        assert!(
            !self.is_done(),
            "a `handoff` future was waited on that had resolved already"
        );
        spin::begin_block();
        self.channel.check_in(self.operation.seat().end());
    }

    /// Spins if that may help, unless the time is up.
    fn spin_in_time(&mut self, deadline: Option<Instant>) {
        let remaining = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if remaining == Some(Duration::ZERO) {
            self.stage = Stage::Late;
            if O::BRINGS_ITEM {
                // Also with no time at all, an item is on offer for an instant.
                self.announce_early();
            }
        } else if self.note_thread() && self.decide_to_spin(self.channel.flags()) {
            self.spin_before_sleep(Place::Thread, remaining.unwrap_or(Duration::MAX));
        }
    }

    /// Sleeps until it is worth looking for the answer again. If it is late it gives up, and is done.
    fn sleep_or_give_up(&mut self, deadline: Option<Instant>) {
        if self.stage == Stage::Late {
            // As a visitor: a thread that gives up here needs no listener.
            if self.is_ready_after_turn(Caller::Visitor) || self.is_done() {
                return;
            }
        }
        // Declared first, so dropped after the listener.
        let _unpark = UnparkNoted;
        // Before the turn, so that it hears each notification that comes after it.
        listener!(self.channel.event(self.operation.seat()) => listener);
        if self.is_ready_after_turn(Caller::Thread) || self.is_done() {
            return;
        }
        // If it is late and could not give up, it waits without a deadline.
        let deadline = deadline.filter(|_| self.stage != Stage::Late);
        park::until_notified(listener, deadline);
    }

    /// A turn that leaves the answer to the next look: a large item is moved less often.
    fn is_ready_after_turn(&mut self, caller: Caller<'_>) -> bool {
        let slot = self.channel.lock();
        let is_ready = self.operation.is_ready(slot.flags());
        if !is_ready {
            self.turn_without_answer(slot, caller);
        }
        is_ready
    }

    /// Answers if there is an answer.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn try_answer(&mut self) -> Poll<O::Output> {
        let flags = self.channel.flags();
        // Before the answer: if a waker panics, this wait has nothing to undo.
        let stage = mem::replace(&mut self.stage, Stage::Done);
        if let Some(output) = self.operation.try_unlocked(flags) {
            return Poll::Ready(output);
        }
        if self.operation.is_ready(flags) {
            let answer = try_now(self.channel, &mut self.operation);
            if answer.is_ready() {
                return answer;
            }
        }
        self.stage = stage;
        Poll::Pending
    }
}
