//! What is allocated: a channel is one allocation, an operation none, and a thread's first sleep one for its event.

mod common;

use allocation_counter::measure;
use common::{elsewhere, poll_next, poll_once, watchdog};
use futures::task::noop_waker_ref;
use handoff::{channel, Offer, Receiver, Sender, TryRecvError};
use std::future::{pending, ready, Future};
use std::mem;
use std::task::Poll;
use std::time::Duration;

/// Polls with a waker that allocates nothing itself.
fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_once(future, noop_waker_ref())
}

fn offer(tx: &mut Sender<u64>, item: u64) {
    let mut send = tx.send(item);
    assert!(poll(&mut send).is_pending());
    mem::forget(send);
}

/// How often `body` allocates, on this thread.
#[track_caller]
fn allocates(times: u64, body: impl FnOnce()) {
    assert_eq!(measure(body).count_total, times);
}

#[test]
fn a_channel_is_one_allocation() {
    allocates(1, || drop(channel::<[u64; 32]>()));
}

fn item_by_item(tx: &mut Sender<u64>, rx: &mut Receiver<u64>) {
    // The receiver first.
    let mut recv = rx.recv();
    assert!(poll(&mut recv).is_pending());
    let mut send = tx.send(1);
    assert!(poll(&mut send).is_pending());
    assert_eq!(poll(&mut recv), Poll::Ready(Some(1)));
    assert_eq!(poll(&mut send), Poll::Ready(Ok(())));
    drop((recv, send));

    // The sender first; a guard; cancelled ones.
    let mut send = tx.send(2);
    assert!(poll(&mut send).is_pending());
    for accept in [false, true] {
        let mut next = rx.next_offer();
        let Poll::Ready(Some(guard)) = poll(&mut next) else {
            panic!("it is on offer");
        };
        if accept {
            assert_eq!(Offer::accept(guard), 2);
        }
    }
    drop(send);
    assert_eq!(tx.reclaim(), None);
    let mut send = tx.send(3);
    assert!(poll(&mut send).is_pending());
    drop(send);
    assert_eq!(tx.reclaim(), Some(3));

    // A limit that comes, and one that does not; a receiver that declines.
    let mut limited = tx.send(7).until(ready(()));
    assert!(matches!(poll(&mut limited), Poll::Ready(Err(_))));
    drop(limited);
    let mut limited = tx.send(8).until(pending::<()>());
    assert!(poll(&mut limited).is_pending());
    assert_eq!(rx.try_next_offer().map(Offer::decline), Ok(None));
    assert!(matches!(poll(&mut limited), Poll::Ready(Err(_))));
    drop(limited);

    // Demand.
    let mut wanted = tx.wanted();
    assert!(poll(&mut wanted).is_pending());
    let mut recv = rx.recv();
    assert!(poll(&mut recv).is_pending());
    assert_eq!(poll(&mut wanted), Poll::Ready(true));
    drop(wanted);
    assert_eq!(tx.try_send(4), Ok(()));
    assert_eq!(poll(&mut recv), Poll::Ready(Some(4)));
    drop(recv);

    // Polls without a future, and of what never comes.
    assert!(poll_next(rx, noop_waker_ref()).is_pending());
    assert!(poll(&mut tx.closed()).is_pending());
    assert!(poll(&mut rx.closed()).is_pending());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn no_operation_of_a_task_allocates() {
    let (mut tx, mut rx) = channel();
    allocates(0, || item_by_item(&mut tx, &mut rx));
    allocates(0, || {
        tx.close();
        drop((tx, rx));
    });
}

#[test]
fn an_end_that_spins_allocates_nothing() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        elsewhere(|| assert!(poll_next(&mut rx, noop_waker_ref()).is_pending()));
        allocates(0, || item_by_item(&mut tx, &mut rx));
        elsewhere(|| assert!(poll_next(&mut rx, noop_waker_ref()).is_pending()));
        allocates(0, || {
            assert!(tx.send(1).wait_timeout(Duration::ZERO).is_err());
            assert_eq!(tx.wanted().wait_timeout(Duration::ZERO), Some(true));
        });
    });
}

#[test]
fn no_operation_of_a_thread_allocates_unless_it_sleeps() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        allocates(0, || {
            offer(&mut tx, 1);
            assert_eq!(rx.recv().wait(), Some(1));
            offer(&mut tx, 2);
            assert_eq!(rx.next_offer().wait().map(Offer::accept), Some(2));
            // The time is up before they begin.
            assert!(rx.recv().wait_timeout(Duration::ZERO).is_err());
            assert!(tx.send(3).wait_timeout(Duration::ZERO).is_err());
            drop(tx);
            assert_eq!(rx.recv().wait(), None);
        });
    });
}

#[test]
fn only_the_first_sleep_of_a_thread_allocates() {
    watchdog(|| {
        let (_tx, mut rx) = channel::<u32>();
        let mut sleep = || assert!(rx.recv().wait_timeout(Duration::from_millis(1)).is_err());
        // This thread's own parker and the seat's event.
        measure(&mut sleep);
        allocates(0, &mut sleep);
    });
}
