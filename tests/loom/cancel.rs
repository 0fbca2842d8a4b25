//! Futures dropped or leaked half-way: every item is in one place, and nobody sleeps for ever.

use crate::common::Probe;
use crate::model;
use handoff::{channel, Receiver, SendError};
use loom::future::block_on;
use loom::sync::atomic::AtomicBool;
use loom::sync::Arc;
use loom::thread;
use std::mem;
use std::sync::atomic::Ordering;
use std::task::Poll;

#[test]
fn a_cancelled_send_is_never_received_later() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        let sender = {
            let cancelled = Arc::clone(&cancelled);
            thread::spawn(move || {
                let mut send = tx.send(1);
                let early = Probe::new().poll(&mut send);
                drop(send);
                cancelled.store(true, Ordering::Release);
                let verdict = tx.reclaim();
                assert!(early.is_pending() || verdict.is_none());
                assert_eq!(block_on(tx.send(2)), Ok(()));
                verdict
            })
        };

        let too_late = cancelled.load(Ordering::Acquire);
        let first = block_on(rx.recv());
        if first == Some(1) {
            assert!(!too_late, "it was withdrawn before");
            assert_eq!(block_on(rx.recv()), Some(2));
            assert_eq!(sender.join().unwrap(), None, "the verdict: taken");
        } else {
            assert_eq!(first, Some(2));
            assert_eq!(sender.join().unwrap(), Some(1), "the verdict: not taken");
        }
    });
}

#[test]
fn a_cancelled_receive_takes_nothing_along() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || block_on(tx.send(1)));
        let mut recv = rx.recv();
        let early = Probe::new().poll(&mut recv);
        drop(recv);
        match early {
            Poll::Ready(item) => assert_eq!(item, Some(1)),
            Poll::Pending => assert_eq!(block_on(rx.recv()), Some(1)),
        }
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_forgotten_send_is_received_before_the_next() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || {
            let mut send = tx.send(1);
            let _ = Probe::new().poll(&mut send);
            mem::forget(send);
            block_on(tx.send(2))
        });
        assert_eq!(block_on(rx.recv()), Some(1));
        assert_eq!(block_on(rx.recv()), Some(2));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_forgotten_send_reclaimed_makes_way_for_the_next() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || {
            let mut send = tx.send(1);
            let _ = Probe::new().poll(&mut send);
            mem::forget(send);
            let reclaimed = tx.reclaim();
            assert_eq!(block_on(tx.send(2)), Ok(()));
            reclaimed
        });
        let mut received = vec![block_on(rx.recv()).unwrap()];
        if received == [1] {
            received.push(block_on(rx.recv()).unwrap());
        }
        match sender.join().unwrap() {
            Some(reclaimed) => assert_eq!((reclaimed, &*received), (1, &[2][..])),
            None => assert_eq!(received, [1, 2]),
        }
    });
}

#[test]
fn a_forgotten_receive_swallows_nothing() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || block_on(tx.send(1)));
        let mut recv = rx.recv();
        let early = Probe::new().poll(&mut recv);
        mem::forget(recv);
        match early {
            Poll::Ready(item) => assert_eq!(item, Some(1)),
            Poll::Pending => assert_eq!(block_on(rx.recv()), Some(1)),
        }
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn an_item_tried_for_a_receive_that_is_cancelled_stays_for_the_next() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || {
            let handed = tx.try_send(1).is_ok();
            if !handed {
                assert_eq!(block_on(tx.send(1)), Ok(()));
            }
        });
        let mut recv = rx.recv();
        let early = Probe::new().poll(&mut recv);
        drop(recv);
        match early {
            Poll::Ready(item) => assert_eq!(item, Some(1)),
            Poll::Pending => assert_eq!(block_on(rx.recv()), Some(1)),
        }
        sender.join().unwrap();
    });
}

#[test]
fn a_cancelled_item_that_owns_an_end_lets_go_of_the_other() {
    model(|| {
        let (mut tx, mut rx) = channel::<Receiver<u32>>();
        let (mut inner_tx, inner_rx) = channel::<u32>();
        let outer = thread::spawn(move || {
            let _ = Probe::new().poll(&mut tx.send(inner_rx));
            // The item goes with the sender, unless it was taken.
        });
        let receiver = thread::spawn(move || drop(rx.try_recv()));
        assert_eq!(block_on(inner_tx.send(1)), Err(SendError::Closed(1)));
        outer.join().unwrap();
        receiver.join().unwrap();
    });
}

/// An item that may be the end of a channel of such items.
enum End {
    None,
    Receiver(Receiver<End>),
}

/// Were an item dropped under the lock of its channel, these two would take each other's lock with their own held.
#[test]
fn two_channels_drop_items_that_own_ends_of_each_other() {
    model(|| {
        let (mut tx1, mut rx1) = channel();
        let (mut tx2, rx2) = channel();
        let first = thread::spawn(move || {
            let _ = Probe::new().poll(&mut tx1.send(End::Receiver(rx2)));
            // Discards it.
            drop(tx1.send(End::None));
        });

        let received = match Probe::new().poll(&mut rx1.recv()) {
            Poll::Ready(item) => item,
            Poll::Pending => None,
        };
        let _ = Probe::new().poll(&mut tx2.send(End::Receiver(rx1)));
        drop(tx2.send(End::None));
        first.join().unwrap();

        match received {
            Some(End::Receiver(mut rx2)) => {
                drop(tx2);
                assert!(rx2.try_recv().is_err_and(|error| error.is_closed()));
            }
            Some(End::None) => panic!("that one was never offered"),
            None => assert!(tx2.is_closed(), "its receiver was dropped"),
        }
    });
}
