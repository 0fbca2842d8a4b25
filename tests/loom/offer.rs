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

#[test]
fn decline_against_a_cancelled_send_and_then_another_send() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || {
            let declined = match Probe::new().poll(&mut rx.next_offer()) {
                Poll::Ready(Some(offer)) => Some(Offer::decline(offer)),
                _ => None,
            };
            (rx, declined)
        });
        let mut send = tx.send(1);
        let answered = match Probe::new().poll(&mut send) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        };
        drop(send);
        let verdict = tx.reclaim();
        let (mut rx, declined) = receiver.join().unwrap();
        // The item is in one place: an error, given back, with the decliner, or it was given back later.
        let mut places = usize::from(verdict.is_some());
        if let Some(outcome) = answered {
            assert_eq!(outcome, Err(SendError::Declined(1)));
            places += 1;
        }
        if declined == Some(Some(1)) {
            places += 1;
        }
        assert_eq!(places, 1);
        let mut send = tx.send(2);
        assert!(Probe::new().poll(&mut send).is_pending());
        assert_eq!(rx.try_recv(), Ok(2));
        assert_eq!(Probe::new().poll(&mut send), Poll::Ready(Ok(())));
    });
}

#[test]
fn a_limit_against_a_guard_that_is_dropped_declined_or_accepted() {
    for decide in 0..3 {
        model(move || {
            let (mut tx, mut rx) = channel();
            let receiver = thread::spawn(move || {
                let offer = block_on(rx.next_offer());
                let taken = offer.and_then(|offer| match decide {
                    0 => None,
                    1 => {
                        assert_eq!(Offer::decline(offer), None, "somebody waits for it");
                        None
                    }
                    _ => Some(Offer::accept(offer)),
                });
                (rx, taken)
            });
            let limit = async {
                // One more poll, at any time.
                thread::yield_now();
            };
            let outcome = block_on(tx.send(1).until(limit));
            drop(tx);
            let (mut rx, taken) = receiver.join().unwrap();
            match outcome {
                Ok(()) => assert_eq!(taken, Some(1)),
                Err(error) => {
                    assert!(!error.is_declined() || decide == 1);
                    assert_eq!((error.into_inner(), taken), (1, None));
                }
            }
            assert!(rx.try_recv().is_err(), "it is nowhere else");
        });
    }
}

#[test]
fn a_limited_send_forgotten_while_its_item_is_lent_and_the_send_after_it() {
    for decline in [false, true] {
        model(move || {
            let (mut tx, mut rx) = channel();
            let task = Probe::new();
            let mut send = tx.send(1);
            assert!(task.poll(&mut send).is_pending());
            let (lent, is_lent) = loom::sync::mpsc::channel();
            let receiver = thread::spawn(move || {
                let offer = rx.try_next_offer().unwrap();
                lent.send(()).unwrap();
                let back = if decline {
                    Offer::decline(offer)
                } else {
                    drop(offer);
                    None
                };
                (rx, back)
            });
            is_lent.recv().unwrap();
            let mut until = send.until(std::future::ready(()));
            let first = task.poll(&mut until);
            mem::forget(until);
            let mut send = tx.send(2);
            let second = task.poll(&mut send);
            drop(send);
            let reclaimed: Vec<_> = std::iter::from_fn(|| tx.reclaim()).collect();
            let (mut rx, back) = receiver.join().unwrap();
            let mut left: Vec<_> = rx.try_recv().into_iter().chain(back).collect();
            left.extend(&reclaimed);
            if let Poll::Ready(outcome) = first {
                left.push(outcome.unwrap_err().into_inner());
            }
            assert!(second.is_pending());
            assert_eq!(reclaimed.first(), Some(&2), "the verdict on the second");
            // The first may have been given back already, and was then discarded by the call of `send`.
            let discarded = first.is_pending() && back.is_none();
            left.sort_unstable();
            assert!(left == [1, 2] || (discarded && left == [2]), "{left:?}");
        });
    }
}
