//! Random programs on one thread against a plain model of the channel, over the whole of its interface: every answer,
//! every waker that is woken, every waker that is kept, and where every item is, after every step.
//!
//! `PROPTEST_CASES` says how many programs; the soak is a million of them. A program that failed once is kept in
//! `random.proptest-regressions` and run first from then on.

use crate::common::watchdog;
use crate::program;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use std::env;
use std::fmt;

/// The longest program.
const STEPS: usize = 120;

/// How many programs, if nobody says.
const CASES: u32 = 4096;

/// Bytes that show what they mean.
#[derive(Clone)]
struct Program(Vec<u8>);

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}\n{}", self.0, program::explain(&self.0))
    }
}

fn programs() -> impl Strategy<Value = Program> {
    vec(any::<[u8; 2]>(), 0..STEPS).prop_map(|steps| Program(steps.concat()))
}

fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let persistence = FileFailurePersistence::WithSource("proptest-regressions");
    config.failure_persistence = Some(Box::new(persistence));
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_channel_does_as_its_model(program in programs()) {
        watchdog(move || program::run(&program.0));
    }
}
