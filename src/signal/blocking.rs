//! How a thread waits: as a poll does, it looks for an answer and otherwise sits down; then it parks
//! on the `Event` of its seat. Whoever empties the seat notifies the event.

use super::{finish, peer_seat, Operation, Progress, Wait};
use crate::shared::{Shared, SlotGuard};
use crate::slot::Waiter;
use crate::watch::{self, Watch};
use event_listener::{listener, Listener};
use std::task::Poll;
use std::time::{Duration, Instant};

impl<O> Wait<O> {
    /// Blocks this thread on the operation; `Pending` when the deadline has passed and it gave up.
    #[track_caller]
    pub(crate) fn wait<T>(
        &mut self,
        shared: &Shared<T>,
        mut watch: Option<&mut Watch>,
        deadline: Option<Instant>,
    ) -> Poll<O::Output>
    where
        O: Operation<T>,
    {
        if self.is_done() {
            already_done();
        }
        loop {
            let remaining =
                deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let late = remaining == Some(Duration::ZERO);
            if late {
                self.begin(shared);
            } else if let Some(watch) = watch.take() {
                if self.may_watch(shared, shared.flags(), watch, watch::IN_WAIT) {
                    let limit = remaining.map_or(watch::IN_WAIT, |time| time.min(watch::IN_WAIT));
                    self.watch(shared, watch, limit);
                }
            }
            let flags = shared.flags();
            if let Some(output) = self.operation.answer_unlocked(flags) {
                self.progress = Progress::Done;
                return Poll::Ready(output);
            }
            if late || self.operation.has_answer(flags) {
                match self.attempt(shared, late, InVain::LookAgain) {
                    Attempt::Turn(turn) => return self.take_turn(shared, turn),
                    Attempt::GaveUp => return Poll::Pending,
                    Attempt::InVain => {}
                }
            }
            // On the stack, and before the look: a notification from then on is for us.
            listener!(shared.event(self.operation.seat()) => listener);
            match self.attempt(shared, late, InVain::Park) {
                Attempt::Turn(turn) => return self.take_turn(shared, turn),
                Attempt::GaveUp => return Poll::Pending,
                Attempt::InVain => {}
            }
            match deadline {
                Some(deadline) if !late => {
                    listener.wait_deadline(deadline);
                }
                // Late, and yet it could not give up: it waits for as long as that takes.
                _ => listener.wait(),
            }
        }
    }

    /// Looks for an answer, and gives up if there is none and it is `late`. A thread that is to park
    /// otherwise is seated.
    fn attempt<'a, T>(
        &mut self,
        shared: &'a Shared<T>,
        late: bool,
        in_vain: InVain,
    ) -> Attempt<'a, T>
    where
        O: Operation<T>,
    {
        let seat = self.operation.seat();
        let mut wake = Waiter::Nobody;
        let mut slot = shared.lock();
        if self.operation.look(&mut slot, &mut wake) {
            return Attempt::Turn(Turn { slot, wake });
        }
        let gave_up = late && self.operation.give_up(&mut slot);
        let left = if gave_up {
            self.leave(&mut slot)
        } else if in_vain == InVain::Park {
            self.progress = Progress::Waiting;
            let left = slot.sit(seat, Waiter::Thread);
            self.operation.commit(&mut slot, &mut wake);
            left
        } else {
            Waiter::Nobody
        };
        drop(slot);
        finish(shared, seat, wake, left);
        if gave_up {
            Attempt::GaveUp
        } else {
            Attempt::InVain
        }
    }

    /// Gives the answer that was found.
    #[inline]
    fn take_turn<T>(&mut self, shared: &Shared<T>, mut turn: Turn<'_, T>) -> Poll<O::Output>
    where
        O: Operation<T>,
    {
        debug_assert!(!(self.is_waiting() && turn.slot.flags().is_seated(self.operation.seat())));
        self.progress = Progress::Done;
        // The one variable that is returned, filled under the lock, so that a large item goes from
        // the slot to the caller in one move (two, and slower than handoff 1.0.2, otherwise).
        let answer = Poll::Ready(self.operation.answer(&mut turn.slot, &mut turn.wake));
        drop(turn.slot);
        shared.wake(peer_seat(self.operation.seat()), turn.wake);
        answer
    }
}

/// The moment in which an operation finds its answer in the slot.
struct Turn<'a, T> {
    slot: SlotGuard<'a, T>,
    /// Whom to wake at the other end, afterwards.
    wake: Waiter,
}

/// What a thread is about to do if it looks in vain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InVain {
    LookAgain,
    Park,
}

/// How a thread's look at the slot ends.
enum Attempt<'a, T> {
    Turn(Turn<'a, T>),
    GaveUp,
    InVain,
}

#[cold]
#[track_caller]
pub(crate) fn already_done() -> ! {
    panic!("a `handoff` future was waited on that had resolved already")
}
