//! Every step from every state that some program of so many steps can reach.
//!
//! States are those of the model, which say all that decides what comes next. Each is reached once, by a shortest
//! program, and from there each step is taken, on the channel as well.

use super::op::{Op, ReceiverOp};
use super::{decode, Oracle, World};
use std::collections::{BTreeMap, HashSet};

/// What a search covered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Covered {
    pub(crate) states: usize,
    pub(crate) steps: usize,
}

/// Takes all steps from all states that programs of less than `depth` steps reach. So many `tasks` poll.
pub(crate) fn search(depth: usize, tasks: u8) -> Covered {
    let mut known = HashSet::from([Oracle::new().state()]);
    let mut layer = vec![(Vec::new(), Oracle::new())];
    let mut covered = Covered {
        states: 1,
        steps: 0,
    };
    for _ in 0..depth {
        let mut next_layer = Vec::new();
        for (program, oracle) in layer {
            for op in steps_from(&oracle, tasks) {
                let mut next: Vec<Op> = program.clone();
                next.push(op);
                run(&next);
                covered.steps += 1;
                let mut after = oracle.clone();
                after.perform(op);
                if known.insert(after.state()) {
                    next_layer.push((next, after));
                }
            }
        }
        covered.states += next_layer.len();
        layer = next_layer;
    }
    covered
}

/// Each operation that can be done there, once.
fn steps_from(oracle: &Oracle, tasks: u8) -> Vec<Op> {
    let mut steps = BTreeMap::new();
    for what in 0..=u8::MAX {
        for task in 0..tasks {
            if let Some(op) = decode(oracle, what, task) {
                if !is_pointless(op) {
                    steps.insert(format!("{op:?}"), op);
                }
            }
        }
    }
    steps.into_values().collect()
}

/// A new channel, or another name for the same.
fn is_pointless(op: Op) -> bool {
    matches!(op, Op::Renew | Op::Receiver(ReceiverOp::PollNext(_)))
}

fn run(program: &[Op]) {
    let mut world = World::new();
    for &op in program {
        world.perform(op);
    }
    world.finish();
}
