//! Cancelling: a future dropped, or leaked, at any point neither loses nor duplicates an item.

use crate::common::{must_panic, offer_and_forget, race, watchdog, Fate, Item, Ledger, Probe};
use handoff::{channel, Receiver, SendError, Sender, TryRecvError, TrySendError};
use std::mem;
use std::task::Poll;
use std::time::Duration;

fn ledger_and_channel() -> (Ledger, Sender<Item>, Receiver<Item>) {
    let (tx, rx) = channel();
    (Ledger::new(), tx, rx)
}

/// What the receiver finds on offer.
fn taken(rx: &mut Receiver<Item>) -> Option<usize> {
    rx.try_recv().ok().map(Item::received)
}

fn reclaimed(tx: &mut Sender<Item>) -> Option<usize> {
    tx.reclaim().map(Item::reclaimed)
}

// A dropped Send.

#[test]
fn there_is_nothing_to_reclaim_at_first() {
    let (_, mut tx, _rx) = ledger_and_channel();
    assert_eq!(reclaimed(&mut tx), None);
}

#[test]
fn a_send_dropped_before_its_first_poll_gives_its_item_back() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    drop(tx.send(ledger.item()));
    assert_eq!(taken(&mut rx), None);
    assert_eq!(reclaimed(&mut tx), Some(0));
    assert_eq!(reclaimed(&mut tx), None);
    assert_eq!(ledger.fates(), [Fate::Reclaimed]);
}

#[test]
fn a_send_dropped_after_it_was_offered_takes_its_item_off_the_offer() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let sender = Probe::new();
    for polls in 1..4 {
        let mut send = tx.send(ledger.item());
        for _ in 0..polls {
            assert!(sender.poll(&mut send).is_pending());
        }
        drop(send);
        assert_eq!(taken(&mut rx), None, "it is not on offer any more");
        assert_eq!(reclaimed(&mut tx), Some(polls - 1));
        assert_eq!(reclaimed(&mut tx), None);
        assert_eq!(taken(&mut rx), None);
    }
    assert_eq!(ledger.fates(), [Fate::Reclaimed; 3]);
}

#[test]
fn a_given_back_item_is_not_received_before_it_is_reclaimed_either() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    drop(send);

    let mut recv = rx.recv();
    assert!(receiver.poll(&mut recv).is_pending());
    assert_eq!(reclaimed(&mut tx), Some(0));
    assert!(receiver.poll(&mut recv).is_pending());
}

#[test]
fn a_send_dropped_after_its_item_was_taken_has_nothing_to_give_back() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let mut send = tx.send(ledger.item());
    assert!(Probe::new().poll(&mut send).is_pending());
    assert_eq!(taken(&mut rx), Some(0));
    drop(send);
    assert_eq!(reclaimed(&mut tx), None, "the verdict: delivered");
    assert_eq!(ledger.fates(), [Fate::Received]);
}

#[test]
fn a_resolved_send_has_nothing_to_give_back() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let sender = Probe::new();

    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(taken(&mut rx), Some(0));
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
    drop(send);
    assert_eq!(reclaimed(&mut tx), None);

    let mut send = tx.send(ledger.item());
    rx.close();
    let Poll::Ready(Err(SendError::Closed(item))) = sender.poll(&mut send) else {
        panic!("the receiver is closed");
    };
    drop(send);
    assert_eq!(reclaimed(&mut tx), None, "it is in the error");
    assert_eq!(item.refused(), 1);
}

#[test]
fn a_send_dropped_after_the_receiver_went_gives_its_item_back() {
    let (ledger, mut tx, rx) = ledger_and_channel();
    let mut send = tx.send(ledger.item());
    assert!(Probe::new().poll(&mut send).is_pending());
    drop(rx);
    drop(send);
    assert_eq!(reclaimed(&mut tx), Some(0));
    assert_eq!(reclaimed(&mut tx), None);
    assert_eq!(ledger.fates(), [Fate::Reclaimed]);
}

#[test]
fn a_send_dropped_by_a_panic_gives_its_item_back() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let message = must_panic(|| {
        let mut send = tx.send(ledger.item());
        assert!(Probe::new().poll(&mut send).is_pending());
        panic!("half-way");
    });
    assert_eq!(message, "half-way");
    assert_eq!(taken(&mut rx), None);
    assert_eq!(reclaimed(&mut tx), Some(0));
}

#[test]
fn a_withdrawn_offer_leaves_the_receive_waiting() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    let mut recv = rx.recv();
    assert!(receiver.poll(&mut recv).is_pending());

    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(receiver.take_wakes(), 1);
    drop(send);
    assert!(receiver.poll(&mut recv).is_pending(), "it was withdrawn");

    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(receiver.take_wakes(), 1, "the next offer wakes it again");
    let Poll::Ready(Some(item)) = receiver.poll(&mut recv) else {
        panic!("it is on offer");
    };
    assert_eq!(item.received(), 1);
}

// What becomes of an item that nobody reclaims.

#[test]
fn only_the_last_dropped_send_can_be_reclaimed() {
    let (ledger, mut tx, _rx) = ledger_and_channel();
    drop(tx.send(ledger.item()));
    drop(tx.send(ledger.item()));
    assert_eq!(ledger.fates(), [Fate::Dropped, Fate::Alive]);
    assert_eq!(reclaimed(&mut tx), Some(1));
    assert_eq!(reclaimed(&mut tx), None);
}

#[test]
fn the_next_call_of_send_drops_an_unreclaimed_item() {
    let (ledger, mut tx, _rx) = ledger_and_channel();
    drop(tx.send(ledger.item()));
    assert_eq!(ledger.fates(), [Fate::Alive]);
    let send = tx.send(ledger.item());
    assert_eq!(
        ledger.fates(),
        [Fate::Dropped, Fate::Alive],
        "the call does it, not the first poll"
    );
    drop(send);
}

#[test]
fn the_next_call_of_try_send_drops_an_unreclaimed_item_whatever_it_answers() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();

    drop(tx.send(ledger.item()));
    let Err(TrySendError::Full(item)) = tx.try_send(ledger.item()) else {
        panic!("nobody waits");
    };
    assert_eq!(item.refused(), 1);
    assert_eq!(ledger.fates(), [Fate::Dropped, Fate::Refused]);

    assert!(rx.poll_recv(&mut Probe::new().cx()).is_pending());
    drop(tx.send(ledger.item()));
    assert!(tx.try_send(ledger.item()).is_ok());
    assert_eq!(ledger.fate(2), Fate::Dropped);
    assert_eq!(taken(&mut rx), Some(3));

    drop(tx.send(ledger.item()));
    drop(rx);
    let Err(TrySendError::Closed(item)) = tx.try_send(ledger.item()) else {
        panic!("the receiver is gone");
    };
    assert_eq!(item.refused(), 5);
    assert_eq!(ledger.fate(4), Fate::Dropped);
    assert_eq!(reclaimed(&mut tx), None);
}

#[cfg(feature = "sink")]
#[test]
fn the_next_call_of_start_send_drops_an_unreclaimed_item_whatever_it_answers() {
    use futures::SinkExt;

    let (ledger, mut tx, mut rx) = ledger_and_channel();
    drop(tx.send(ledger.item()));
    assert!(tx.start_send_unpin(ledger.item()).is_ok());
    assert_eq!(ledger.fates(), [Fate::Dropped, Fate::Alive]);

    drop(tx.send(ledger.item()));
    let Err(error) = tx.start_send_unpin(ledger.item()) else {
        panic!("the slot is occupied");
    };
    assert_eq!(error.into_inner().refused(), 3);
    assert_eq!(ledger.fate(2), Fate::Dropped);
    assert_eq!(taken(&mut rx), Some(1));

    drop(tx.send(ledger.item()));
    drop(rx);
    let Err(error) = tx.start_send_unpin(ledger.item()) else {
        panic!("the receiver is gone");
    };
    assert_eq!(error.into_inner().refused(), 5);
    assert_eq!(ledger.fate(4), Fate::Dropped);
}

#[test]
fn nothing_but_the_next_send_drops_an_unreclaimed_item() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    drop(tx.send(ledger.item()));

    assert!(!tx.is_wanted());
    assert!(!tx.is_closed());
    assert!(sender.poll(&mut tx.wanted()).is_pending());
    assert!(sender.poll(&mut tx.closed()).is_pending());
    assert!(receiver.poll(&mut rx.recv()).is_pending());
    assert!(receiver.poll(&mut rx.next_offer()).is_pending());
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Empty)));
    rx.close();
    tx.close();
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Closed)));
    drop(rx);
    assert_eq!(ledger.fates(), [Fate::Alive]);
    assert_eq!(reclaimed(&mut tx), Some(0));
}

#[test]
fn a_send_on_a_closed_channel_gives_its_item_back_too() {
    let (ledger, mut tx, rx) = ledger_and_channel();
    drop(rx);
    drop(tx.send(ledger.item()));
    assert_eq!(reclaimed(&mut tx), Some(0));
    drop(tx.send(ledger.item()));
    drop(tx.send(ledger.item()));
    assert_eq!(reclaimed(&mut tx), Some(2));
    assert_eq!(
        ledger.fates(),
        [Fate::Reclaimed, Fate::Dropped, Fate::Reclaimed]
    );
}

#[test]
fn an_unreclaimed_item_goes_with_the_sender() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let mut send = tx.send(ledger.item());
    assert!(Probe::new().poll(&mut send).is_pending());
    drop(send);
    drop(tx);
    assert_eq!(ledger.fates(), [Fate::Dropped]);
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Closed)));
}

// A leaked Send.

#[test]
fn a_send_leaked_before_its_first_poll_leaks_its_item() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    mem::forget(tx.send(ledger.item()));
    assert_eq!(reclaimed(&mut tx), None);
    assert_eq!(taken(&mut rx), None);

    let sender = Probe::new();
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(taken(&mut rx), Some(1), "nothing is in the way");
    assert!(sender.poll(&mut send).is_ready());
    drop(send);
    drop((tx, rx));
    assert_eq!(ledger.fates(), [Fate::Alive, Fate::Received]);
}

#[test]
fn a_leaked_send_leaves_its_item_on_offer() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    assert_eq!(taken(&mut rx), Some(0));
    assert_eq!(taken(&mut rx), None);
    assert_eq!(reclaimed(&mut tx), None);

    offer_and_forget(&mut tx, ledger.item());
    assert_eq!(reclaimed(&mut tx), Some(1));
    assert_eq!(reclaimed(&mut tx), None);
    assert_eq!(taken(&mut rx), None);
}

#[test]
fn the_next_send_stands_in_line_behind_a_leaked_one() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    offer_and_forget(&mut tx, ledger.item());

    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(sender.take_wakes(), 0);
    assert_eq!(taken(&mut rx), Some(0), "the oldest first");
    assert_eq!(sender.take_wakes(), 1, "it is its turn");

    assert!(rx.poll_recv(&mut receiver.cx()).is_pending());
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(receiver.take_wakes(), 1);
    assert_eq!(taken(&mut rx), Some(1));
    assert_eq!(sender.take_wakes(), 1);
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
    drop(send);
    assert_eq!(reclaimed(&mut tx), None);
}

#[test]
fn a_send_in_line_that_is_dropped_gives_its_own_item_back() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    let mut send = tx.send(ledger.item());
    assert!(Probe::new().poll(&mut send).is_pending());
    assert_eq!(taken(&mut rx), Some(0));
    drop(send);
    assert_eq!(taken(&mut rx), None, "it never got its turn");
    assert_eq!(reclaimed(&mut tx), Some(1));
    assert_eq!(reclaimed(&mut tx), None);
}

#[test]
fn a_send_leaked_in_line_leaks_its_item_alone() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    offer_and_forget(&mut tx, ledger.item());
    assert_eq!(taken(&mut rx), Some(0));
    assert_eq!(taken(&mut rx), None, "it was never offered");

    let sender = Probe::new();
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(taken(&mut rx), Some(2));
    assert!(sender.poll(&mut send).is_ready());
    drop(send);
    drop((tx, rx));
    assert_eq!(
        ledger.fates(),
        [Fate::Received, Fate::Alive, Fate::Received]
    );
}

#[test]
fn a_send_in_line_is_refused_when_the_receiver_goes() {
    let (ledger, mut tx, rx) = ledger_and_channel();
    let sender = Probe::new();
    offer_and_forget(&mut tx, ledger.item());
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    drop(rx);
    assert_eq!(sender.wakes(), 1);
    let Poll::Ready(Err(SendError::Closed(item))) = sender.poll(&mut send) else {
        panic!("the receiver is gone");
    };
    assert_eq!(item.refused(), 1);
    drop(send);
    assert_eq!(reclaimed(&mut tx), Some(0), "the leaked one's, still there");
    assert_eq!(reclaimed(&mut tx), None);
}

#[test]
fn reclaim_gives_first_what_was_given_back() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    let mut send = tx.send(ledger.item());
    assert!(Probe::new().poll(&mut send).is_pending());
    drop(send);
    assert_eq!(
        reclaimed(&mut tx),
        Some(1),
        "the verdict on the dropped send"
    );
    assert_eq!(reclaimed(&mut tx), Some(0));
    assert_eq!(reclaimed(&mut tx), None);
    assert_eq!(taken(&mut rx), None);

    // Also if it was never polled, whoever put the other one there.
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    assert!(Probe::new().poll_next(&mut rx).is_pending());
    tx.try_send(ledger.item()).unwrap();
    drop(tx.send(ledger.item()));
    assert_eq!(reclaimed(&mut tx), Some(1));
    assert_eq!(reclaimed(&mut tx), Some(0));
}

#[test]
fn a_dropped_send_does_not_drop_the_item_on_offer_before_it() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    drop(tx.send(ledger.item()));
    drop(tx.send(ledger.item()));
    assert_eq!(
        ledger.fates(),
        [Fate::Alive, Fate::Dropped, Fate::Alive],
        "only what was given back goes with the next call"
    );
    assert_eq!(taken(&mut rx), Some(0));
    assert_eq!(reclaimed(&mut tx), Some(2));
}

#[test]
fn a_send_after_reclaim_does_not_stand_in_line() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    assert_eq!(reclaimed(&mut tx), Some(0));
    let sender = Probe::new();
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(taken(&mut rx), Some(1));
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
}

#[test]
fn an_item_whose_receive_is_pending_can_be_reclaimed_and_the_receive_waits_on() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let receiver = Probe::new();
    let mut recv = rx.recv();
    assert!(receiver.poll(&mut recv).is_pending());

    tx.try_send(ledger.item()).unwrap();
    assert_eq!(reclaimed(&mut tx), Some(0));
    assert!(tx.is_wanted(), "the receive still waits");
    assert!(receiver.poll(&mut recv).is_pending());
    receiver.take_wakes();

    tx.try_send(ledger.item()).unwrap();
    assert_eq!(receiver.take_wakes(), 1);
    let Poll::Ready(Some(item)) = receiver.poll(&mut recv) else {
        panic!("it is on offer");
    };
    assert_eq!(item.received(), 1);
}

#[test]
fn what_is_on_offer_survives_its_sender() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    drop(tx);
    assert_eq!(ledger.fates(), [Fate::Alive]);
    assert_eq!(taken(&mut rx), Some(0));
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Closed)));
}

#[test]
fn what_is_on_offer_goes_with_the_receiver_when_the_sender_is_gone() {
    let (ledger, mut tx, rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    drop(tx);
    drop(rx);
    assert_eq!(ledger.fates(), [Fate::Dropped]);
}

// A dropped or leaked Recv.

#[test]
fn a_dropped_recv_never_held_anything() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let (sender, receiver) = (Probe::new(), Probe::new());

    let mut recv = rx.recv();
    assert!(receiver.poll(&mut recv).is_pending());
    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(receiver.wakes(), 1, "it was served");
    drop(recv);
    assert!(sender.poll(&mut send).is_pending(), "and yet took nothing");

    assert_eq!(taken(&mut rx), Some(0), "the next one gets it");
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
}

#[test]
fn an_item_for_a_recv_that_was_dropped_can_be_withdrawn() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let mut recv = rx.recv();
    assert!(Probe::new().poll(&mut recv).is_pending());
    let mut send = tx.send(ledger.item());
    assert!(Probe::new().poll(&mut send).is_pending());
    drop(recv);
    drop(send);
    assert_eq!(reclaimed(&mut tx), Some(0));
    assert_eq!(taken(&mut rx), None);
}

#[test]
fn a_recv_dropped_before_its_first_poll_changes_nothing() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    drop(rx.recv());
    drop(rx.next_offer());
    mem::forget(rx.recv());
    mem::forget(rx.next_offer());
    assert_eq!(taken(&mut rx), Some(0));
}

#[test]
fn a_leaked_recv_swallows_nothing() {
    let (ledger, mut tx, mut rx) = ledger_and_channel();
    let (sender, leaked, receiver) = (Probe::new(), Probe::new(), Probe::new());
    let mut recv = rx.recv();
    assert!(leaked.poll(&mut recv).is_pending());
    mem::forget(recv);

    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    let Poll::Ready(Some(item)) = receiver.poll(&mut rx.recv()) else {
        panic!("it is on offer");
    };
    assert_eq!(item.received(), 0);
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
    drop(send);

    let mut send = tx.send(ledger.item());
    let mut recv = rx.recv();
    assert!(receiver.poll(&mut recv).is_pending());
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(receiver.wakes(), 1, "the one that waits now is woken");
}

// Cancelling against the other side, on real threads.

const ROUNDS: usize = if cfg!(miri) { 20 } else { 5_000 };

#[test]
fn the_verdict_of_reclaim_is_the_truth_whatever_races() {
    watchdog(|| {
        let (ledger, mut tx, mut rx) = ledger_and_channel();
        let mut verdicts = Vec::new();
        race(
            || {
                let sender = Probe::new();
                for _ in 0..ROUNDS {
                    let mut send = tx.send(ledger.item());
                    let outcome = sender.poll(&mut send);
                    drop(send);
                    verdicts.push(match (outcome, tx.reclaim()) {
                        (Poll::Pending | Poll::Ready(Ok(())), None) => Fate::Received,
                        (Poll::Pending, Some(item)) => {
                            item.end(Fate::Reclaimed);
                            Fate::Reclaimed
                        }
                        other => panic!("the receiver is there: {other:?}"),
                    });
                }
                drop(tx);
            },
            || loop {
                match rx.try_recv() {
                    Ok(item) => item.end(Fate::Received),
                    Err(TryRecvError::Empty) => std::hint::spin_loop(),
                    Err(TryRecvError::Closed) => break,
                }
            },
        );
        assert_eq!(ledger.fates(), verdicts);
    });
}

#[test]
fn cancelled_on_both_sides_at_once() {
    watchdog(|| {
        let (ledger, mut tx, mut rx) = ledger_and_channel();
        let mut verdicts = Vec::new();
        race(
            || {
                let sender = Probe::new();
                for round in 0..ROUNDS {
                    let mut send = tx.send(ledger.item());
                    let mut outcome = Poll::Pending;
                    for _ in 0..=round % 5 {
                        if outcome.is_pending() {
                            outcome = sender.poll(&mut send);
                        }
                    }
                    drop(send);
                    verdicts.push(match (outcome, tx.reclaim()) {
                        (_, None) => Fate::Received,
                        (_, Some(item)) => {
                            item.end(Fate::Reclaimed);
                            Fate::Reclaimed
                        }
                    });
                }
                drop(tx);
            },
            || {
                let receiver = Probe::new();
                'all: for round in 0.. {
                    let mut recv = rx.recv();
                    for _ in 0..=round % 3 {
                        match receiver.poll(&mut recv) {
                            Poll::Ready(Some(item)) => {
                                item.end(Fate::Received);
                                break;
                            }
                            Poll::Ready(None) => break 'all,
                            Poll::Pending => std::hint::spin_loop(),
                        }
                    }
                }
            },
        );
        assert_eq!(ledger.fates(), verdicts);
    });
}

/// On a single core either end runs only while the other sleeps.
fn longer(patience: Duration) -> Duration {
    patience + patience / 4
}

#[test]
fn every_item_arrives_in_order_when_timed_sends_are_tried_again() {
    watchdog(|| {
        let (ledger, mut tx, mut rx) = ledger_and_channel();
        let mut received = Vec::new();
        race(
            || {
                for _ in 0..ROUNDS {
                    let mut item = ledger.item();
                    let mut patience = Duration::from_nanos(200);
                    while let Err(error) = tx.send(item).wait_timeout(patience) {
                        assert!(error.is_timeout());
                        assert!(tx.reclaim().is_none(), "the item is in the error");
                        item = error.into_inner();
                        patience = longer(patience);
                    }
                }
                drop(tx);
            },
            || {
                let mut patience = Duration::from_nanos(100);
                loop {
                    match rx.recv().wait_timeout(patience) {
                        Ok(item) => {
                            received.push(item.received());
                            patience = Duration::from_nanos(100);
                        }
                        Err(error) if error.is_timeout() => patience = longer(patience),
                        Err(_) => break,
                    }
                }
            },
        );
        assert!(received.iter().copied().eq(0..ROUNDS));
        assert_eq!(ledger.count(Fate::Received), ROUNDS);
    });
}

#[test]
fn polls_of_a_send_that_was_dropped_half_way_leave_the_channel_in_order() {
    let (mut tx, mut rx) = channel();
    let sender = Probe::new();
    for i in 0..10 {
        for polls in 0..3 {
            let mut send = tx.send(i);
            for _ in 0..polls {
                assert_eq!(sender.poll(&mut send), Poll::Pending);
            }
            drop(send);
            assert_eq!(tx.reclaim(), Some(i));
        }
        let mut send = tx.send(i);
        assert_eq!(sender.poll(&mut send), Poll::Pending);
        assert_eq!(rx.try_recv(), Ok(i));
        assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
    }
}
