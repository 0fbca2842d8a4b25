//! Demand: a sender that waits to be asked.

use crate::common::Probe;
use crate::model;
use handoff::{channel, TrySendError};
use loom::future::block_on;
use loom::thread;
use std::mem;
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

#[test]
fn a_reclaim_wakes_the_demand_that_it_makes_possible() {
    model(|| {
        let (mut tx, mut rx) = channel::<u32>();
        let (producer, consumer) = (Probe::new(), Probe::new());
        assert!(consumer.poll_next(&mut rx).is_pending());
        tx.try_send(1).unwrap();
        assert!(tx.poll_wanted(&mut producer.cx()).is_pending());
        let receiver = thread::spawn(move || {
            // A receive that comes and goes.
            let mut recv = rx.recv();
            let got = match Probe::new().poll(&mut recv) {
                Poll::Ready(item) => item,
                Poll::Pending => None,
            };
            drop(recv);
            (rx, got)
        });
        let reclaimed = tx.reclaim();
        let (mut rx, got) = receiver.join().unwrap();
        assert_eq!(reclaimed.or(got), Some(1));
        assert!(
            reclaimed.is_none() || got.is_none(),
            "the item is in one place"
        );
        // Whoever waits for demand is woken, now or by the next receive.
        assert!(consumer.poll_next(&mut rx).is_pending());
        assert!(producer.wakes() > 0);
    });
}

#[test]
fn a_receive_that_comes_and_goes_leaves_the_streams_waker() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let task = Probe::new();
        assert!(task.poll_next(&mut rx).is_pending());
        let sender = thread::spawn(move || {
            let mut send = tx.send(1);
            // Ready if it was taken while this poll looked again.
            let _ = Probe::new().poll(&mut send);
            mem::forget(send);
            tx
        });
        let mut recv = rx.recv();
        let got = task.poll(&mut recv);
        drop(recv);
        drop(sender.join().unwrap());
        if got.is_pending() {
            assert!(task.wakes() > 0, "it waits for the item");
            assert_eq!(rx.try_recv(), Ok(1));
        }
    });
}
