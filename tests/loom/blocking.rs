//! Threads that park, against tasks, and waits whose time is up already.
//!
//! loom has no clock, so the only deadline here is one that has passed.

use crate::common::Probe;
use crate::model;
use handoff::{channel, RecvTimeoutError, SendError, SendTimeoutError};
use loom::future::block_on;
use loom::thread;
use std::task::Poll;
use std::time::Instant;

#[test]
fn a_thread_sends_to_a_task() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || tx.send(1).wait());
        assert_eq!(block_on(rx.recv()), Some(1));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_thread_receives_from_a_task() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || rx.recv().wait());
        assert_eq!(block_on(tx.send(1)), Ok(()));
        assert_eq!(receiver.join().unwrap(), Some(1));
    });
}

#[test]
fn a_thread_sends_to_a_thread() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || tx.send(1).wait());
        assert_eq!(rx.recv().wait(), Some(1));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_sending_thread_learns_that_the_receiver_went() {
    model(|| {
        let (mut tx, rx) = channel();
        let sender = thread::spawn(move || tx.send(1).wait());
        drop(rx);
        assert_eq!(sender.join().unwrap(), Err(SendError::Closed(1)));
    });
}

#[test]
fn a_receiving_thread_learns_that_the_sender_went() {
    model(|| {
        let (tx, mut rx) = channel::<u32>();
        let receiver = thread::spawn(move || rx.recv().wait());
        drop(tx);
        assert_eq!(receiver.join().unwrap(), None);
    });
}

#[test]
fn a_thread_waits_for_the_other_end_to_go() {
    model(|| {
        let (mut tx, rx) = channel::<u32>();
        let sender = thread::spawn(move || tx.closed().wait());
        drop(rx);
        sender.join().unwrap();
    });
}

#[test]
fn a_thread_waits_to_be_asked() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || {
            assert!(tx.wanted().wait());
            tx.try_send(1)
        });
        assert_eq!(rx.recv().wait(), Some(1));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_receive_polled_by_a_task_goes_on_in_a_thread() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || block_on(tx.send(1)));
        let mut recv = rx.recv();
        let received = match Probe::new().poll(&mut recv) {
            Poll::Ready(item) => item,
            Poll::Pending => recv.wait(),
        };
        assert_eq!(received, Some(1));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_send_polled_by_a_task_goes_on_in_a_thread() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || block_on(rx.recv()));
        let mut send = tx.send(1);
        let sent = match Probe::new().poll(&mut send) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => send.wait(),
        };
        assert_eq!(sent, Ok(()));
        assert_eq!(receiver.join().unwrap(), Some(1));
    });
}

#[test]
fn a_send_without_time_against_a_take() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || {
            let received = rx.try_recv().ok();
            (rx, received)
        });
        let sent = tx.send(1).wait_deadline(Instant::now());
        let (_rx, received) = receiver.join().unwrap();
        match received {
            Some(item) => assert_eq!((sent, item), (Ok(()), 1)),
            None => assert_eq!(sent, Err(SendTimeoutError::Timeout(1))),
        }
        assert_eq!(tx.reclaim(), None);
    });
}

#[test]
fn a_send_polled_and_then_out_of_time_against_a_take() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || {
            let received = rx.try_recv().ok();
            (rx, received)
        });
        let mut send = tx.send(1);
        let sent = match Probe::new().poll(&mut send) {
            Poll::Ready(outcome) => outcome.map_err(SendTimeoutError::from),
            Poll::Pending => send.wait_deadline(Instant::now()),
        };
        let (_rx, received) = receiver.join().unwrap();
        match received {
            Some(item) => assert_eq!((sent, item), (Ok(()), 1)),
            None => assert_eq!(sent, Err(SendTimeoutError::Timeout(1))),
        }
    });
}

#[test]
fn a_receive_without_time_against_a_send() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || {
            let received = rx.recv().wait_deadline(Instant::now());
            drop(rx);
            received
        });
        let sent = block_on(tx.send(1));
        match receiver.join().unwrap() {
            Ok(item) => assert_eq!((sent, item), (Ok(()), 1)),
            Err(error) => {
                assert_eq!(error, RecvTimeoutError::Timeout);
                assert_eq!(sent, Err(SendError::Closed(1)));
            }
        }
    });
}

/// The receive takes the item of a send that sees no other end of it than to sleep until that.
#[test]
fn a_receive_without_time_wakes_the_send_that_it_serves() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || tx.send(1).wait());
        let early = rx.recv().wait_deadline(Instant::now());
        let received = early.ok().or_else(|| rx.recv().wait());
        assert_eq!(received, Some(1));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}
