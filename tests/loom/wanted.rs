//! Demand: a sender that waits to be asked.

use crate::common::Probe;
use crate::model;
use handoff::{channel, TrySendError};
use loom::future::block_on;
use loom::thread;
use std::task::Poll;

#[test]
fn a_receive_that_starts_is_announced() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || block_on(rx.recv()));
        assert!(block_on(tx.wanted()));
        assert_eq!(tx.try_send(1), Ok(()), "nobody cancels it");
        assert_eq!(receiver.join().unwrap(), Some(1));
    });
}

#[test]
fn every_receive_is_announced() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver =
            thread::spawn(move || block_on(async move { (rx.recv().await, rx.recv().await) }));
        for item in 1..3 {
            assert!(block_on(tx.wanted()));
            assert_eq!(tx.try_send(item), Ok(()), "nobody cancels it");
        }
        assert_eq!(receiver.join().unwrap(), (Some(1), Some(2)));
    });
}

#[test]
fn a_receive_that_is_cancelled_may_have_been_announced() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || {
            let early = Probe::new().poll(&mut rx.recv());
            match early {
                Poll::Ready(item) => item,
                Poll::Pending => block_on(rx.recv()),
            }
        });
        assert!(block_on(tx.wanted()));
        match tx.try_send(1) {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error, TrySendError::Full(1), "cancelled meanwhile");
                assert_eq!(block_on(tx.send(1)), Ok(()));
            }
        }
        assert_eq!(receiver.join().unwrap(), Some(1));
    });
}

#[test]
fn a_receiver_that_goes_wants_nothing() {
    model(|| {
        let (mut tx, rx) = channel::<u32>();
        let receiver = thread::spawn(move || drop(rx));
        assert!(!block_on(tx.wanted()));
        receiver.join().unwrap();
    });
}

#[test]
fn a_receive_cancelled_by_the_end_of_its_receiver() {
    model(|| {
        let (mut tx, mut rx) = channel::<u32>();
        let receiver = thread::spawn(move || {
            assert!(Probe::new().poll(&mut rx.recv()).is_pending());
        });
        let wanted = block_on(tx.wanted());
        receiver.join().unwrap();
        assert!(tx.is_closed());
        assert!(wanted || !tx.is_wanted());
    });
}

#[test]
fn a_cancelled_wait_for_demand_is_in_nobodys_way() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || block_on(rx.recv()));
        let _ = Probe::new().poll(&mut tx.wanted());
        assert_eq!(block_on(tx.send(1)), Ok(()));
        assert_eq!(receiver.join().unwrap(), Some(1));
    });
}
