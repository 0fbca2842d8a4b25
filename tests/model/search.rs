//! Every order of steps, as far as it leads to a state that is new: what random programs find by chance, for short ones.
//!
//! `HANDOFF_SEARCH` says of how many steps, if not of the default, which is small for the time that it takes.

use crate::common::watchdog_for;
use crate::program::search::search;
use std::env;
use std::time::Duration;

fn depth(default: usize) -> usize {
    env::var("HANDOFF_SEARCH").map_or(default, |depth| depth.parse().expect("a number"))
}

#[test]
fn every_step_from_every_state() {
    watchdog_for(Duration::from_secs(3600), || {
        let covered = search(depth(6), 1);
        println!("{covered:?}");
        assert!(covered.states > 8_000, "{covered:?}");
    });
}

#[test]
fn every_step_from_every_state_with_two_tasks() {
    watchdog_for(Duration::from_secs(3600), || {
        let covered = search(depth(6) - 1, 2);
        println!("{covered:?}");
        assert!(covered.states > 5_000, "{covered:?}");
    });
}
