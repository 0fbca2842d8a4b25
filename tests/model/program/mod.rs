//! A program of random operations on both ends of a channel, run against the channel and against a plain model of it.
//!
//! [`run`] takes the program as bytes, two for each step, so that a fuzzer can drive it too. Whoever includes this
//! module has `tests/common` beside it, as `crate::common`, and the crates `futures-core` and, with a feature `sink`,
//! `futures-sink`.

mod answer;
mod held;
mod item;
mod op;
mod oracle;
mod real;
pub(crate) mod search;

use crate::common::Probe;
use op::{Busy, FutureOp, GuardOp, Op, ReceiverOp, SenderOp};
use oracle::Oracle;
use real::Real;
use std::fmt::Write;
use std::rc::Rc;

/// How many tasks poll: enough for one to replace another on one end while a third is on the other, or on both.
const TASKS: usize = 3;

/// Runs a program, and panics where the channel does not do as the model says.
pub(crate) fn run(program: &[u8]) {
    let mut world = World::new();
    for step in program.chunks_exact(2) {
        if let Some(op) = decode(&world.oracle, step[0], step[1]) {
            world.perform(op);
        }
    }
    world.finish();
}

/// The operations of a program, one to a line.
pub(crate) fn explain(program: &[u8]) -> String {
    let mut oracle = Oracle::new();
    let mut text = String::new();
    for step in program.chunks_exact(2) {
        if let Some(op) = decode(&oracle, step[0], step[1]) {
            let expected = oracle.perform(op);
            writeln!(text, "{op:?}: {:?}", expected.answer).expect("text takes it");
        }
    }
    text
}

/// What two bytes say. The low bit of the first chooses the end; what the rest means depends on what that end is busy
/// with. `None` if that cannot be done now.
fn decode(oracle: &Oracle, what: u8, who: u8) -> Option<Op> {
    let (to_sender, what) = (what & 1 == 0, what >> 1);
    let task = usize::from(who) % TASKS;
    let alone = oracle.is_closed();
    let op = match (oracle.sender_busy(), oracle.receiver_busy()) {
        (None, None) => Op::Renew,
        (Some(busy), other) if to_sender || other.is_none() => {
            Op::Sender(op::of_sender(busy, alone, what, task))
        }
        (_, Some(busy)) => Op::Receiver(op::of_receiver(busy, alone, what, task)),
        (Some(_), None) => unreachable!("then it is the sender's turn"),
    };
    oracle.allows(op).then_some(op)
}

/// The channel, and the model of it.
struct World {
    tasks: Rc<[Probe; TASKS]>,
    real: Real,
    oracle: Oracle,
}

impl World {
    fn new() -> Self {
        item::forget_all();
        let tasks = Rc::new([Probe::new(), Probe::new(), Probe::new()]);
        World {
            real: Real::new(Rc::clone(&tasks)),
            tasks,
            oracle: Oracle::new(),
        }
    }

    fn perform(&mut self, op: Op) {
        let clones = self.clones();
        let expected = self.oracle.perform(op);
        let answer = self.real.perform(op);
        assert_eq!(answer, expected.answer, "the answer to {op:?}");
        assert_eq!(self.woken(), expected.woken, "whom {op:?} woke");
        let cloned = self.clones() - clones;
        assert!(
            cloned <= expected.clones,
            "{op:?} cloned {cloned} wakers, and {} would do",
            expected.clones
        );
        self.compare();
    }

    /// What can be seen at any time.
    fn compare(&self) {
        let held = [0, 1, 2].map(|task| self.tasks[task].held());
        assert_eq!(held, self.oracle.held(), "the wakers that are kept");
        assert_eq!(item::fates(), self.oracle.fates(), "where the items are");
        assert_eq!(self.real.sender(), self.oracle.sender(), "the sender");
        assert_eq!(self.real.receiver(), self.oracle.receiver(), "the receiver");
    }

    fn woken(&self) -> [usize; TASKS] {
        [0, 1, 2].map(|task| self.tasks[task].take_wakes())
    }

    fn clones(&self) -> usize {
        self.tasks.iter().map(Probe::clones).sum()
    }

    /// Lets go of everything. What is left then was leaked by the program.
    fn finish(mut self) {
        while let Some(busy) = self.oracle.sender_busy() {
            self.perform(Op::Sender(match busy {
                Busy::No => SenderOp::Drop,
                _ => SenderOp::Future(FutureOp::Drop),
            }));
        }
        while let Some(busy) = self.oracle.receiver_busy() {
            self.perform(Op::Receiver(match busy {
                Busy::No => ReceiverOp::Drop,
                Busy::Future | Busy::Done => ReceiverOp::Future(FutureOp::Drop),
                Busy::Guard | Busy::DoneAndGuard => ReceiverOp::Guard(GuardOp::Drop),
            }));
        }
    }
}
