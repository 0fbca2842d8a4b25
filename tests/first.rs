//! The first channel of a process, alone in a process of its own: it allocates no more than the next one.

mod common;

use allocation_counter::measure;
use common::{elsewhere, poll_next, poll_once};
use futures::task::noop_waker_ref;

#[test]
fn the_first_channel_of_a_process_is_one_allocation() {
    let mut ends = None;
    let made = measure(|| ends = Some(handoff::channel::<u32>()));
    assert_eq!(made.count_total, 1);

    // The first time that an end sees the other one on another thread.
    let (mut tx, mut rx) = ends.expect("they were made");
    elsewhere(|| assert!(poll_next(&mut rx, noop_waker_ref()).is_pending()));
    let offered = measure(|| assert!(poll_once(&mut tx.send(1), noop_waker_ref()).is_pending()));
    assert_eq!(offered.count_total, 0);
}
