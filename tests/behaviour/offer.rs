//! The two-phase receive: an item is lent, and stays its sender's until it is accepted.

use crate::common::{
    lend, must_panic, offer_and_forget, race, watchdog, Fate, Item, Ledger, Probe,
};
use futures_lite::future::{block_on, zip};
use handoff::{channel, Offer, Receiver, RecvTimeoutError, SendError, Sender, TryRecvError};
use std::mem;
use std::task::Poll;
use std::time::Duration;

fn ledger_and_channel() -> (Ledger, Sender<Item>, Receiver<Item>) {
    let (tx, rx) = channel();
    (Ledger::new(), tx, rx)
}

fn taken(rx: &mut Receiver<Item>) -> Option<usize> {
    rx.try_recv().ok().map(Item::received)
}

fn reclaimed(tx: &mut Sender<Item>) -> Option<usize> {
    tx.reclaim().map(Item::reclaimed)
}

// The guard.

#[test]
fn an_offer_waits_for_an_item_and_lends_it() {
    let (mut tx, mut rx) = channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    let mut offer = rx.next_offer();
    assert!(receiver.poll(&mut offer).is_pending());
    let mut send = tx.send(String::from("job"));
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(receiver.wakes(), 1);

    let Poll::Ready(Some(mut guard)) = receiver.poll(&mut offer) else {
        panic!("it is on offer");
    };
    assert_eq!(*guard, "job");
    assert_eq!(guard.len(), 3);
    guard.push_str(", seen");
    assert!(sender.poll(&mut send).is_pending(), "seen is not taken");
    assert_eq!(sender.wakes(), 0);

    assert_eq!(Offer::accept(guard), "job, seen");
    assert_eq!(sender.wakes(), 1);
    assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
    drop(send);
    assert_eq!(tx.reclaim(), None);
}

#[test]
fn a_dropped_guard_puts_the_item_back_on_offer() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let sender = Probe::new();
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    for _ in 0..3 {
        drop(lend(&mut rx));
        assert!(sender.poll(&mut send).is_pending(), "nobody took it");
    }
    assert_eq!(ledger.fates(), [Fate::Alive]);
    assert_eq!(taken(&mut rx), Some(0));
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
}

#[test]
fn what_was_changed_through_a_guard_stays_changed() {
    let (mut tx, mut rx) = channel();
    offer_and_forget(&mut tx, 1);
    *lend(&mut rx) += 1;
    *lend(&mut rx) += 1;
    assert_eq!(tx.reclaim(), Some(3));
}

#[test]
fn a_worker_that_panics_puts_the_item_back() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let sender = Probe::new();
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    let message = must_panic(|| {
        let guard = lend(&mut rx);
        assert_eq!(guard.number(), 0);
        panic!("half-way");
    });
    assert_eq!(message, "half-way");
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(
        Offer::accept(lend(&mut rx)).received(),
        0,
        "the next worker's"
    );
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
}

#[test]
fn a_dropped_next_offer_lent_nothing() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    let mut offer = rx.next_offer();
    assert!(receiver.poll(&mut offer).is_pending());
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(receiver.wakes(), 1, "it was served");
    drop(offer);
    assert!(sender.poll(&mut send).is_pending());
    drop(send);
    assert_eq!(reclaimed(&mut tx), Some(0));
    assert_eq!(taken(&mut rx), None);
}

#[test]
fn an_item_for_try_send_can_be_lent() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let mut offer = rx.next_offer();
    assert!(Probe::new().poll(&mut offer).is_pending());
    tx.try_send(ledger.item()).unwrap();
    let Poll::Ready(Some(guard)) = Probe::new().poll(&mut offer) else {
        panic!("it is on offer");
    };
    assert_eq!(reclaimed(&mut tx), None);
    drop(guard);
    assert_eq!(reclaimed(&mut tx), Some(0));
}

#[test]
fn a_resolved_next_offer_is_done_with_the_guard_still_there() {
    let (mut tx, mut rx) = channel();
    offer_and_forget(&mut tx, 1);
    let mut offer = rx.next_offer();
    let Poll::Ready(Some(guard)) = Probe::new().poll(&mut offer) else {
        panic!("it is on offer");
    };
    drop(offer);
    assert_eq!(Offer::accept(guard), 1, "the guard is its own");
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn the_end_of_the_sender_ends_the_offers() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        offer_and_forget(&mut tx, 1);
        drop(tx);
        assert_eq!(*lend(&mut rx), 1, "first what is on offer");
        assert_eq!(Offer::accept(lend(&mut rx)), 1);
        assert!(matches!(
            Probe::new().poll(&mut rx.next_offer()),
            Poll::Ready(None)
        ));
        assert!(matches!(
            rx.next_offer().wait_timeout(Duration::ZERO),
            Err(RecvTimeoutError::Closed)
        ));
        assert!(rx.next_offer().wait().is_none());
    });
}

// What the sender can do meanwhile.

#[test]
fn a_lent_item_cannot_be_withdrawn() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let mut send = tx.send(ledger.item());
    assert!(Probe::new().poll(&mut send).is_pending());
    let guard = lend(&mut rx);
    drop(send);
    assert_eq!(reclaimed(&mut tx), None, "it is lent");
    assert_eq!(Offer::accept(guard).received(), 0);
    assert_eq!(reclaimed(&mut tx), None, "it was taken");
    assert_eq!(taken(&mut rx), None);
}

#[test]
fn an_item_put_back_after_its_send_was_dropped_stays_on_offer() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let mut send = tx.send(ledger.item());
    assert!(Probe::new().poll(&mut send).is_pending());
    let guard = lend(&mut rx);
    drop(send);
    assert_eq!(reclaimed(&mut tx), None);
    drop(guard);
    assert_eq!(taken(&mut rx), Some(0), "to be received");

    let mut send = tx.send(ledger.item());
    assert!(Probe::new().poll(&mut send).is_pending());
    let guard = lend(&mut rx);
    drop(send);
    drop(guard);
    assert_eq!(reclaimed(&mut tx), Some(1), "or reclaimed");
    assert_eq!(taken(&mut rx), None);
    assert_eq!(ledger.fates(), [Fate::Received, Fate::Reclaimed]);
}

#[test]
fn a_lent_item_occupies_the_slot() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    let guard = lend(&mut rx);
    let sender = Probe::new();
    assert!(!tx.is_wanted());
    assert!(sender.poll(&mut tx.wanted()).is_pending());
    let error = tx.try_send(ledger.item()).unwrap_err();
    assert!(error.is_full());
    error.into_inner().refused();
    assert_eq!(Offer::accept(guard).received(), 0);
}

#[test]
fn a_next_send_stands_in_line_behind_a_lent_item() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let sender = Probe::new();
    offer_and_forget(&mut tx, ledger.item());
    let guard = lend(&mut rx);
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(Offer::accept(guard).received(), 0);
    assert_eq!(sender.take_wakes(), 1, "the slot is empty");
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(taken(&mut rx), Some(1));
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
}

#[test]
fn what_a_guard_puts_back_stands_before_a_send_in_line() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let sender = Probe::new();
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    let guard = lend(&mut rx);
    drop(send);
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    drop(guard);
    assert_eq!(sender.take_wakes(), 0, "the slot is not empty");
    assert!(sender.poll(&mut send).is_pending());

    assert_eq!(taken(&mut rx), Some(0));
    assert_eq!(sender.take_wakes(), 1);
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(taken(&mut rx), Some(1));
    assert_eq!(sender.take_wakes(), 1);
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
}

#[test]
fn reclaim_gives_what_a_send_gave_back_before_what_a_guard_put_back() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    let guard = lend(&mut rx);
    let mut send = tx.send(ledger.item());
    assert!(Probe::new().poll(&mut send).is_pending());
    drop(send);
    drop(guard);
    assert_eq!(
        reclaimed(&mut tx),
        Some(1),
        "the verdict on the dropped send"
    );
    assert_eq!(reclaimed(&mut tx), Some(0));
    assert_eq!(reclaimed(&mut tx), None);
}

#[test]
fn the_verdict_on_a_send_behind_a_lent_item_is_its_own() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    let guard = lend(&mut rx);
    drop(tx.send(ledger.item()));
    assert_eq!(reclaimed(&mut tx), Some(1));
    assert_eq!(reclaimed(&mut tx), None, "the other is lent");
    drop(guard);
    assert_eq!(reclaimed(&mut tx), Some(0));
}

#[test]
fn a_send_polled_while_its_item_is_lent_changes_its_waker() {
    let (mut tx, mut rx) = channel();
    let (a, b) = (Probe::new(), Probe::new());
    let mut send = tx.send(1);
    assert!(a.poll(&mut send).is_pending());
    let guard = lend(&mut rx);
    assert!(b.poll(&mut send).is_pending());
    assert_eq!((a.held(), b.held()), (0, 1));
    assert_eq!(Offer::accept(guard), 1);
    assert_eq!((a.wakes(), b.wakes()), (0, 1));
    assert_eq!(b.poll(&mut send), Poll::Ready(Ok(())));
}

#[test]
fn the_sender_may_close_or_go_while_its_item_is_lent() {
    for close in [true, false] {
        for accept in [true, false] {
            let (ledger, mut tx, mut rx) = ledger_and_channel();
            let mut send = tx.send(ledger.item());
            assert!(Probe::new().poll(&mut send).is_pending());
            let guard = lend(&mut rx);
            drop(send);
            let mut tx = Some(tx);
            if close {
                assert!(tx.as_mut().unwrap().close());
            } else {
                drop(tx.take());
            }
            assert_eq!(ledger.fates(), [Fate::Alive], "it is in the guard");
            if accept {
                assert_eq!(Offer::accept(guard).received(), 0);
            } else {
                drop(guard);
                assert_eq!(taken(&mut rx), Some(0), "it was put back");
            }
            assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
            assert!(tx.map_or(true, |mut tx| tx.reclaim().is_none()));
        }
    }
}

#[test]
fn a_closed_sender_can_reclaim_what_a_guard_put_back() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    let guard = lend(&mut rx);
    tx.close();
    assert_eq!(reclaimed(&mut tx), None);
    drop(guard);
    assert_eq!(reclaimed(&mut tx), Some(0));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn what_a_guard_put_back_goes_with_both_ends() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    let guard = lend(&mut rx);
    drop(tx);
    drop(guard);
    assert_eq!(ledger.fates(), [Fate::Alive], "it can be received");
    drop(rx);
    assert_eq!(ledger.fates(), [Fate::Dropped]);
}

#[test]
fn a_send_is_refused_with_its_item_after_that_was_lent_and_put_back() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let sender = Probe::new();
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    drop(lend(&mut rx));
    drop(rx);
    assert_eq!(sender.wakes(), 1);
    let Poll::Ready(Err(SendError::Closed(item))) = sender.poll(&mut send) else {
        panic!("the receiver is gone");
    };
    assert_eq!(item.refused(), 0);
}

// A forgotten guard.

/// What the receiver may do next; all but the drop leave it there.
type Next = fn(Receiver<Item>) -> Option<Receiver<Item>>;

#[test]
fn a_forgotten_guard_counts_as_accepted_at_the_receivers_next_operation() {
    watchdog(|| {
        let nexts: [(&str, Next); 10] = [
            ("try_recv", |mut rx| {
                assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
                Some(rx)
            }),
            ("recv", |mut rx| {
                assert!(Probe::new().poll(&mut rx.recv()).is_pending());
                Some(rx)
            }),
            ("offer", |mut rx| {
                assert!(Probe::new().poll(&mut rx.next_offer()).is_pending());
                Some(rx)
            }),
            ("poll_next", |mut rx| {
                assert!(Probe::new().poll_next(&mut rx).is_pending());
                Some(rx)
            }),
            ("poll_recv", |mut rx| {
                assert!(rx.poll_recv(&mut Probe::new().cx()).is_pending());
                Some(rx)
            }),
            ("recv wait_timeout", |mut rx| {
                assert!(rx.recv().wait_timeout(Duration::ZERO).is_err());
                Some(rx)
            }),
            ("offer wait_timeout", |mut rx| {
                assert!(rx.next_offer().wait_timeout(Duration::ZERO).is_err());
                Some(rx)
            }),
            ("closed", |mut rx| {
                assert!(Probe::new().poll(&mut rx.closed()).is_pending());
                Some(rx)
            }),
            ("close", |mut rx| {
                assert!(rx.close());
                Some(rx)
            }),
            ("drop", |rx| {
                drop(rx);
                None
            }),
        ];
        for (name, next) in nexts {
            let (ledger, mut tx, mut rx) = ledger_and_channel();
            let sender = Probe::new();
            let mut send = tx.send(ledger.item());
            assert!(sender.poll(&mut send).is_pending());
            mem::forget(lend(&mut rx));
            assert!(sender.poll(&mut send).is_pending(), "{name}: not yet");
            let rx = next(rx);
            assert_eq!(sender.wakes(), 1, "{name}");
            assert!(
                matches!(sender.poll(&mut send), Poll::Ready(Ok(()))),
                "{name}: accepted"
            );
            drop(send);
            assert!(tx.reclaim().is_none(), "{name}");
            drop(rx);
            assert_eq!(ledger.fates(), [Fate::Alive], "{name}: leaked, not lost");
        }
    });
}

#[test]
fn the_next_item_is_not_harmed_by_a_forgotten_guard() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    offer_and_forget(&mut tx, ledger.item());
    mem::forget(lend(&mut rx));
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending(), "in line");

    let mut recv = rx.recv();
    assert!(receiver.poll(&mut recv).is_pending());
    assert_eq!(sender.take_wakes(), 1, "the slot is empty");
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(receiver.take_wakes(), 1);
    let Poll::Ready(Some(item)) = receiver.poll(&mut recv) else {
        panic!("it is on offer");
    };
    assert_eq!(item.received(), 1);
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
}

#[test]
fn a_forgotten_guard_and_then_another() {
    watchdog(|| {
        let (ledger, mut tx, mut rx) = ledger_and_channel();
        for leaked in 0..3 {
            offer_and_forget(&mut tx, ledger.item());
            assert_eq!(lend(&mut rx).number(), leaked);
            mem::forget(lend(&mut rx));
            assert!(rx.next_offer().wait_timeout(Duration::ZERO).is_err());
            assert!(tx.reclaim().is_none());
        }
        drop((tx, rx));
        assert_eq!(ledger.fates(), [Fate::Alive; 3]);
    });
}

#[test]
fn a_forgotten_guard_of_a_sender_that_is_gone() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    mem::forget(lend(&mut rx));
    drop(tx);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    drop(rx);
    assert_eq!(ledger.fates(), [Fate::Alive]);
}

#[test]
fn wanted_is_woken_by_a_receive_after_a_forgotten_guard() {
    let (mut tx, mut rx) = channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    offer_and_forget(&mut tx, 1);
    mem::forget(lend(&mut rx));
    let mut wanted = tx.wanted();
    assert!(sender.poll(&mut wanted).is_pending());
    assert!(receiver.poll_next(&mut rx).is_pending());
    assert_eq!(sender.wakes(), 1);
    assert_eq!(sender.poll(&mut wanted), Poll::Ready(true));
}

// At work.

#[test]
fn every_job_is_done_by_workers_that_fail_half_the_time() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        let sending = async {
            for _ in 0..50 {
                tx.send(ledger.item()).await.unwrap();
            }
            drop(tx);
        };
        let working = async {
            let mut attempts = 0;
            while let Some(job) = rx.next_offer().await {
                attempts += 1;
                match attempts % 4 {
                    0 => drop(must_panic(move || {
                        let _job = job;
                        panic!("this worker fails");
                    })),
                    1 => drop(job),
                    _ => drop(Offer::accept(job).received()),
                }
            }
            attempts
        };
        let ((), attempts) = block_on(zip(sending, working));
        assert_eq!(attempts, 99, "two of four succeed");
        assert_eq!(ledger.fates(), [Fate::Received; 50]);
    });
}

#[test]
fn a_guard_that_races_the_cancelling_of_its_send() {
    watchdog(|| {
        let (ledger, mut tx, mut rx) = ledger_and_channel();
        race(
            || {
                let sender = Probe::new();
                for _ in 0..3_000 {
                    let item = ledger.item();
                    let number = item.number();
                    let mut send = tx.send(item);
                    let outcome = sender.poll(&mut send);
                    drop(send);
                    // Drained, as is due before a send whose verdict matters: there may be one that was put back.
                    while let Some(item) = tx.reclaim() {
                        let withdrawn = item.reclaimed();
                        assert!(withdrawn <= number);
                        assert!(outcome.is_pending() || withdrawn < number);
                    }
                    if outcome.is_ready() {
                        assert_eq!(ledger.fate(number), Fate::Received);
                    }
                }
                drop(tx);
            },
            || {
                for attempt in 0_u32.. {
                    match rx.next_offer().wait_timeout(Duration::ZERO) {
                        Ok(guard) if attempt % 2 == 0 => drop(Offer::accept(guard).received()),
                        Ok(guard) => drop(guard),
                        Err(RecvTimeoutError::Timeout) => std::hint::spin_loop(),
                        Err(RecvTimeoutError::Closed) => break,
                    }
                }
            },
        );
        assert_eq!(ledger.fates().len(), 3_000);
        assert_eq!(
            ledger.count(Fate::Received) + ledger.count(Fate::Reclaimed),
            3_000,
            "every item was taken or came back"
        );
    });
}
