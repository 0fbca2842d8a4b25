//! A receiver that looks at an item and says no.

use crate::common::{lend, offer_and_forget, watchdog, Fate, Item, Ledger, Probe};
use handoff::{channel, Offer, Receiver, SendError, SendTimeoutError, Sender};
use std::task::Poll;
use std::time::Duration;

fn ledger_and_channel() -> (Ledger, Sender<Item>, Receiver<Item>, Probe) {
    let (tx, rx) = channel();
    (Ledger::new(), tx, rx, Probe::new())
}

#[test]
fn a_send_has_its_item_back_as_the_guard_left_it() {
    let (mut tx, mut rx) = channel();
    let task = Probe::new();
    let mut send = tx.send(1);
    assert!(task.poll(&mut send).is_pending());
    let mut guard = rx.try_next_offer().unwrap();
    *guard += 1;
    assert_eq!(Offer::decline(guard), None);
    assert_eq!(task.wakes(), 1);
    assert_eq!(
        task.poll(&mut send),
        Poll::Ready(Err(SendError::Declined(2)))
    );
    drop(send);
    assert_eq!(tx.reclaim(), None, "the error had it");
    assert!(!tx.is_closed() && !rx.is_offered());
    assert_eq!(
        task.poll(&mut tx.send(3)),
        Poll::Pending,
        "the channel is open"
    );
}

#[test]
fn a_blocked_send_has_its_item_back() {
    watchdog(|| {
        for timed in [false, true] {
            let (mut tx, mut rx) = channel();
            let decliner = std::thread::spawn(move || {
                let guard = rx.next_offer().wait().unwrap();
                assert_eq!(Offer::decline(guard), None);
                rx
            });
            if timed {
                let outcome = tx.send(1).wait_timeout(Duration::from_secs(60));
                assert_eq!(outcome, Err(SendTimeoutError::Declined(1)));
            } else {
                assert_eq!(tx.send(1).wait(), Err(SendError::Declined(1)));
            }
            drop(decliner.join().unwrap());
        }
    });
}

#[test]
fn declined_wins_over_closed() {
    let (ledger, mut tx, mut rx, task) = ledger_and_channel();
    let mut send = tx.send(ledger.item());
    assert!(task.poll(&mut send).is_pending());
    assert!(Offer::decline(lend(&mut rx)).is_none());
    drop(rx);
    let Poll::Ready(Err(SendError::Declined(item))) = task.poll(&mut send) else {
        panic!("it was declined");
    };
    item.refused();
}

#[test]
fn reclaim_gives_what_was_declined_after_its_send_was_dropped() {
    let (ledger, mut tx, mut rx, task) = ledger_and_channel();
    let mut send = tx.send(ledger.item());
    assert!(task.poll(&mut send).is_pending());
    assert!(Offer::decline(lend(&mut rx)).is_none());
    drop(send);
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
    assert!(tx.reclaim().is_none());
}

#[test]
fn a_leaked_send_waits_for_the_answer_until_the_next_call_of_send() {
    let (ledger, mut tx, mut rx, _) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    assert!(Offer::decline(lend(&mut rx)).is_none());
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));

    offer_and_forget(&mut tx, ledger.item());
    let guard = lend(&mut rx);
    drop(tx.send(ledger.item()));
    assert_eq!(
        Offer::decline(guard).map(Item::received),
        Some(1),
        "nobody waits"
    );
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(2));

    // And what was declined is discarded by that call.
    offer_and_forget(&mut tx, ledger.item());
    assert!(Offer::decline(lend(&mut rx)).is_none());
    drop(tx.send(ledger.item()));
    assert_eq!(ledger.fate(3), Fate::Dropped);
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(4));
}

#[test]
fn the_decliner_has_it_where_nobody_waits() {
    // An item of `try_send`.
    let (ledger, mut tx, mut rx, task) = ledger_and_channel();
    assert!(task.poll_next(&mut rx).is_pending());
    tx.try_send(ledger.item()).unwrap();
    let guard = lend(&mut rx);
    assert!(!Offer::is_abandoned(&guard), "it has not given up");
    assert_eq!(Offer::decline(guard).map(Item::received), Some(0));

    // One whose send was dropped.
    let mut send = tx.send(ledger.item());
    assert!(task.poll(&mut send).is_pending());
    let guard = lend(&mut rx);
    drop(send);
    assert!(Offer::is_abandoned(&guard));
    assert_eq!(Offer::decline(guard).map(Item::received), Some(1));

    // One whose sender is gone.
    offer_and_forget(&mut tx, ledger.item());
    let guard = lend(&mut rx);
    drop(tx);
    assert!(!Offer::is_abandoned(&guard), "its send was not dropped");
    assert_eq!(Offer::decline(guard).map(Item::received), Some(2));
}

#[test]
fn a_new_item_is_not_abandoned_with_the_one_before() {
    let (ledger, mut tx, mut rx, task) = ledger_and_channel();
    let mut send = tx.send(ledger.item());
    assert!(task.poll(&mut send).is_pending());
    let guard = lend(&mut rx);
    drop(send);
    Offer::accept(guard).received();
    let mut send = tx.send(ledger.item());
    assert!(task.poll(&mut send).is_pending());
    assert!(!Offer::is_abandoned(&lend(&mut rx)));
}

#[test]
fn to_decline_makes_room_for_the_next_send() {
    let (ledger, mut tx, mut rx, task) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    let guard = lend(&mut rx);
    let mut send = tx.send(ledger.item());
    assert!(task.poll(&mut send).is_pending());
    assert_eq!(Offer::decline(guard).map(Item::received), Some(0));
    assert_eq!(task.take_wakes(), 1);
    assert!(task.poll(&mut send).is_pending());
    assert_eq!(rx.try_recv().map(Item::received), Ok(1));
}

#[cfg(feature = "sink")]
mod of_a_sink {
    use super::*;
    use futures_sink::Sink;
    use handoff::SinkError;
    use std::pin::Pin;

    fn sink(tx: &mut Sender<Item>) -> Pin<&mut Sender<Item>> {
        Pin::new(tx)
    }

    #[track_caller]
    fn declined(outcome: Poll<Result<(), SinkError<Item>>>) -> usize {
        match outcome {
            Poll::Ready(Err(SinkError::Declined(item))) => item.refused(),
            other => panic!("expected a declined item, got {other:?}"),
        }
    }

    #[test]
    fn a_flush_or_a_close_has_it_also_from_a_receiver_that_went() {
        for close in [false, true] {
            for goes in [false, true] {
                let (ledger, mut tx, mut rx, task) = ledger_and_channel();
                sink(&mut tx).start_send(ledger.item()).unwrap();
                assert!(sink(&mut tx).poll_flush(&mut task.cx()).is_pending());
                let guard = lend(&mut rx);
                assert!(!Offer::is_abandoned(&guard));
                assert!(Offer::decline(guard).is_none());
                assert_eq!(task.wakes(), 1);
                if goes {
                    rx.close();
                }
                let outcome = if close {
                    sink(&mut tx).poll_close(&mut task.cx())
                } else {
                    sink(&mut tx).poll_flush(&mut task.cx())
                };
                assert_eq!(declined(outcome), 0);
                assert!(matches!(
                    sink(&mut tx).poll_flush(&mut task.cx()),
                    Poll::Ready(Ok(()))
                ));
                assert!(tx.reclaim().is_none());
            }
        }
    }

    #[test]
    fn a_declined_item_keeps_the_sink_busy_until_it_is_fetched() {
        watchdog(|| {
            let (ledger, mut tx, mut rx, task) = ledger_and_channel();
            sink(&mut tx).start_send(ledger.item()).unwrap();
            assert!(Offer::decline(lend(&mut rx)).is_none());
            assert!(matches!(
                sink(&mut tx).poll_ready(&mut task.cx()),
                Poll::Ready(Ok(()))
            ));
            let Err(SinkError::Busy(item)) = sink(&mut tx).start_send(ledger.item()) else {
                panic!("the first was not fetched");
            };
            item.refused();
            assert_eq!(declined(sink(&mut tx).poll_flush(&mut task.cx())), 0);
            sink(&mut tx).start_send(ledger.item()).unwrap();
            assert!(Offer::decline(lend(&mut rx)).is_none());
            assert_eq!(tx.reclaim().map(Item::reclaimed), Some(2));
            sink(&mut tx).start_send(ledger.item()).unwrap();

            // On a closed channel the answer is that it is closed.
            assert!(Offer::decline(lend(&mut rx)).is_none());
            rx.close();
            let Err(SinkError::Closed(item)) = sink(&mut tx).start_send(ledger.item()) else {
                panic!("it is closed");
            };
            item.refused();
            assert_eq!(declined(sink(&mut tx).poll_flush(&mut task.cx())), 3);
        });
    }

    #[test]
    fn send_and_try_send_discard_it() {
        for by_send in [false, true] {
            let (ledger, mut tx, mut rx, task) = ledger_and_channel();
            sink(&mut tx).start_send(ledger.item()).unwrap();
            assert!(Offer::decline(lend(&mut rx)).is_none());
            if by_send {
                drop(tx.send(ledger.item()));
                assert_eq!(tx.reclaim().map(Item::reclaimed), Some(1));
            } else {
                let Err(handoff::TrySendError::Full(item)) = tx.try_send(ledger.item()) else {
                    panic!("nobody waits");
                };
                item.refused();
            }
            assert_eq!(ledger.fate(0), Fate::Dropped);
            assert!(matches!(
                sink(&mut tx).poll_flush(&mut task.cx()),
                Poll::Ready(Ok(()))
            ));
            sink(&mut tx).start_send(ledger.item()).unwrap();
        }
    }

    #[test]
    fn an_item_that_is_lent_is_not_displaced_by_the_one_behind_it() {
        let (ledger, mut tx, mut rx, task) = ledger_and_channel();
        sink(&mut tx).start_send(ledger.item()).unwrap();
        let guard = lend(&mut rx);
        let mut send = tx.send(ledger.item());
        assert!(task.poll(&mut send).is_pending());
        drop(send);
        assert_eq!(
            Offer::decline(guard).map(Item::received),
            Some(0),
            "nobody waits"
        );
        assert!(matches!(
            sink(&mut tx).poll_flush(&mut task.cx()),
            Poll::Ready(Ok(()))
        ));
        assert_eq!(tx.reclaim().map(Item::reclaimed), Some(1));
    }
}
