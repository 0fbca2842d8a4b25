//! The two-phase receive, against everything that the sender may do meanwhile.

use crate::common::Probe;
use crate::model;
use handoff::{channel, Offer, Receiver, SendError, SendTimeoutError, Sender};
use loom::future::block_on;
use loom::thread;
use std::mem;
use std::task::Poll;
use std::time::Instant;

/// Polls a send of 1 once and drops it; what `reclaim` gave, which is the verdict.
fn send_and_cancel(tx: &mut Sender<u32>) -> Option<u32> {
    let mut send = tx.send(1);
    if let Poll::Ready(outcome) = Probe::new().poll(&mut send) {
        assert_eq!(outcome, Ok(()));
        return None;
    }
    drop(send);
    tx.reclaim()
}

/// Borrows what is on offer now, and lets go of it.
fn look_at(rx: &mut Receiver<u32>) -> Option<u32> {
    match Probe::new().poll(&mut rx.next_offer()) {
        Poll::Ready(offer) => offer.map(|offer| *offer),
        Poll::Pending => None,
    }
}

#[test]
fn put_back_and_accept() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || block_on(tx.send(1)));
        block_on(async {
            drop(rx.next_offer().await);
            assert_eq!(Offer::accept(rx.next_offer().await.unwrap()), 1);
        });
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn put_back_against_a_cancelled_send() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || {
            let seen = look_at(&mut rx);
            (rx, seen)
        });
        let verdict = send_and_cancel(&mut tx);
        let (mut rx, seen) = receiver.join().unwrap();
        assert!(verdict.is_some() || seen.is_some(), "it was lent");
        // Put back after that verdict, the item is on offer once more.
        let left = rx.try_recv().ok();
        assert_eq!((verdict.or(left), verdict.and(left)), (Some(1), None));
        assert_eq!(tx.reclaim(), None);
    });
}

#[test]
fn accept_against_a_cancelled_send() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || {
            let accepted = match Probe::new().poll(&mut rx.next_offer()) {
                Poll::Ready(offer) => offer.map(Offer::accept),
                Poll::Pending => None,
            };
            (rx, accepted)
        });
        let verdict = send_and_cancel(&mut tx);
        let (mut rx, accepted) = receiver.join().unwrap();
        assert_eq!(
            (verdict.or(accepted), verdict.and(accepted)),
            (Some(1), None)
        );
        assert_eq!(tx.reclaim(), None);
        assert!(rx.try_recv().is_err());
    });
}

#[test]
fn a_forgotten_guard_lets_the_next_send_pass() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender =
            thread::spawn(move || block_on(async move { (tx.send(1).await, tx.send(2).await) }));
        block_on(async {
            let offer = rx.next_offer().await.unwrap();
            assert_eq!(*offer, 1);
            mem::forget(offer);
            assert_eq!(rx.recv().await, Some(2));
        });
        assert_eq!(sender.join().unwrap(), (Ok(()), Ok(())));
    });
}

#[test]
fn a_forgotten_guard_counts_as_accepted_when_the_receiver_goes() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender =
            thread::spawn(move || block_on(async move { (tx.send(1).await, tx.send(2).await) }));
        mem::forget(block_on(rx.next_offer()));
        drop(rx);
        assert_eq!(sender.join().unwrap(), (Ok(()), Err(SendError::Closed(2))));
    });
}

#[test]
fn what_is_put_back_goes_before_a_send_in_line() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || {
            let verdict = send_and_cancel(&mut tx);
            assert_eq!(block_on(tx.send(2)), Ok(()));
            verdict
        });
        look_at(&mut rx);
        let mut received = vec![block_on(rx.recv()).unwrap()];
        if received == [1] {
            received.push(block_on(rx.recv()).unwrap());
        }
        match sender.join().unwrap() {
            Some(verdict) => assert_eq!((verdict, &*received), (1, &[2][..])),
            None => assert_eq!(received, [1, 2]),
        }
    });
}

#[test]
fn a_send_whose_time_is_up_outlasts_the_guard() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || {
            let seen = look_at(&mut rx);
            (rx, seen)
        });
        let sent = tx.send(1).wait_deadline(Instant::now());
        assert_eq!(sent, Err(SendTimeoutError::Timeout(1)));
        let (mut rx, _seen) = receiver.join().unwrap();
        assert!(rx.try_recv().is_err());
    });
}

#[test]
fn a_send_whose_time_is_up_learns_that_the_guard_was_accepted() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || {
            let accepted = match Probe::new().poll(&mut rx.next_offer()) {
                Poll::Ready(offer) => offer.map(Offer::accept),
                Poll::Pending => None,
            };
            (rx, accepted)
        });
        let sent = tx.send(1).wait_deadline(Instant::now());
        let (_rx, accepted) = receiver.join().unwrap();
        match accepted {
            Some(item) => assert_eq!((sent, item), (Ok(()), 1)),
            None => assert_eq!(sent, Err(SendTimeoutError::Timeout(1))),
        }
    });
}

#[test]
fn reclaim_against_put_back() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let mut send = tx.send(1);
        assert!(Probe::new().poll(&mut send).is_pending());
        mem::forget(send);
        let receiver = thread::spawn(move || {
            let seen = look_at(&mut rx);
            (rx, seen)
        });
        let reclaimed = tx.reclaim();
        let (mut rx, seen) = receiver.join().unwrap();
        assert!(reclaimed.is_some() || seen.is_some());
        let left = rx.try_recv().ok();
        assert_eq!((reclaimed.or(left), reclaimed.and(left)), (Some(1), None));
    });
}
