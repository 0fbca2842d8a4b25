//! Demand: what a sender knows of the receives that wait, and what `try_send` does for them.

use crate::common::{
    offer_and_forget, race, until, watchdog, yield_once, Fate, Item, Ledger, Probe,
};
use futures_lite::future::{block_on, zip};
use handoff::{channel, Offer, Receiver, Sender, TryRecvError, TrySendError};
use std::mem;
use std::task::Poll;
use std::thread;
use std::time::Duration;

/// Something a receiver does.
type Receive = fn(&mut Receiver<u32>, &Probe);

/// After each of these a receive is waiting.
static WAITING: &[(&str, Receive)] = &[
    ("poll_recv", |rx, probe| {
        assert!(rx.poll_recv(&mut probe.cx()).is_pending());
    }),
    ("stream", |rx, probe| {
        assert!(probe.poll_next(rx).is_pending());
    }),
    ("leaked recv", |rx, probe| {
        let mut recv = rx.recv();
        assert!(probe.poll(&mut recv).is_pending());
        mem::forget(recv);
    }),
    ("leaked offer", |rx, probe| {
        let mut offer = rx.next_offer();
        assert!(probe.poll(&mut offer).is_pending());
        mem::forget(offer);
    }),
    ("stream, and closed beside it", |rx, probe| {
        assert!(probe.poll_next(rx).is_pending());
        assert!(Probe::new().poll(&mut rx.closed()).is_pending());
    }),
];

/// After none of these.
static NOT_WAITING: &[(&str, Receive)] = &[
    ("nothing", |_, _| {}),
    ("recv, not polled", |rx, _| drop(rx.recv())),
    ("leaked recv, not polled", |rx, _| mem::forget(rx.recv())),
    ("dropped recv", |rx, probe| {
        assert!(probe.poll(&mut rx.recv()).is_pending());
    }),
    ("dropped offer", |rx, probe| {
        assert!(probe.poll(&mut rx.next_offer()).is_pending());
    }),
    ("closed", |rx, probe| {
        let mut closed = rx.closed();
        assert!(probe.poll(&mut closed).is_pending());
        mem::forget(closed);
    }),
    ("try_recv", |rx, _| {
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }),
    ("timed out recv", |rx, _| {
        assert!(rx.recv().wait_timeout(Duration::ZERO).is_err());
    }),
    ("recv that timed out after a while", |rx, _| {
        assert!(rx.recv().wait_timeout(Duration::from_millis(100)).is_err());
    }),
    ("offer that timed out after a while", |rx, _| {
        assert!(rx
            .next_offer()
            .wait_timeout(Duration::from_millis(100))
            .is_err());
    }),
    ("try_next_offer", |rx, _| {
        assert!(rx.try_next_offer().is_err());
    }),
    (
        "stream, and then a dropped recv of another task",
        |rx, probe| {
            assert!(Probe::new().poll_next(rx).is_pending());
            assert!(probe.poll(&mut rx.recv()).is_pending());
        },
    ),
    (
        "stream, and then a thread that waited for a while",
        |rx, _| {
            assert!(Probe::new().poll_next(rx).is_pending());
            assert!(rx.recv().wait_timeout(Duration::from_millis(100)).is_err());
        },
    ),
    ("poll_closed", |rx, probe| {
        assert!(rx.poll_closed(&mut probe.cx()).is_pending());
    }),
];

// try_send.

#[test]
fn try_send_puts_its_item_on_offer_for_a_receive_that_waits() {
    for (name, receive) in WAITING {
        let (mut tx, mut rx) = channel();
        let probe = Probe::new();
        receive(&mut rx, &probe);
        assert!(tx.is_wanted(), "{name}");
        assert_eq!(tx.try_send(1), Ok(()), "{name}");
        assert_eq!(probe.wakes(), 1, "{name}");
        assert!(!tx.is_wanted(), "{name}: the slot is occupied");
        assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)), "{name}");
        assert_eq!(rx.try_recv(), Ok(1), "{name}");
        assert!(!tx.is_wanted(), "{name}: it has its item");
        assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)), "{name}");
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "{name}");
    }
}

#[test]
fn try_send_refuses_where_no_receive_waits() {
    for (name, receive) in NOT_WAITING {
        let (mut tx, mut rx) = channel();
        let probe = Probe::new();
        receive(&mut rx, &probe);
        assert!(!tx.is_wanted(), "{name}");
        assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)), "{name}");
        assert_eq!(probe.wakes(), 0, "{name}");
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "{name}");
        assert_eq!(tx.reclaim(), None, "{name}: the error has it");
    }
}

#[test]
fn try_send_serves_a_recv_and_an_offer_that_are_held() {
    let (mut tx, mut rx) = channel();
    let probe = Probe::new();

    let mut recv = rx.recv();
    assert!(!tx.is_wanted());
    assert!(probe.poll(&mut recv).is_pending());
    tx.try_send(1).unwrap();
    assert_eq!(probe.poll(&mut recv), Poll::Ready(Some(1)));
    assert!(!tx.is_wanted(), "resolved");
    drop(recv);

    let mut offer = rx.next_offer();
    assert!(probe.poll(&mut offer).is_pending());
    tx.try_send(2).unwrap();
    let Poll::Ready(Some(guard)) = probe.poll(&mut offer) else {
        panic!("it is on offer");
    };
    assert!(!tx.is_wanted());
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)), "it is lent");
    assert_eq!(Offer::accept(guard), 2);
    assert!(!tx.is_wanted(), "nobody waits");
}

#[test]
fn try_send_serves_a_blocked_thread() {
    watchdog(|| {
        type Blocked = fn(&mut Receiver<u32>) -> Option<u32>;

        let ways: [Blocked; 5] = [
            |rx| rx.recv().wait(),
            |rx| rx.recv().wait_timeout(Duration::MAX).ok(),
            |rx| rx.next_offer().wait().map(Offer::accept),
            |rx| rx.iter().next(),
            |rx| block_on(rx.recv()),
        ];
        for blocked in ways {
            let (mut tx, mut rx) = channel();
            thread::scope(|scope| {
                let receiving = scope.spawn(|| blocked(&mut rx));
                until(|| tx.is_wanted());
                tx.try_send(1).unwrap();
                assert_eq!(receiving.join().unwrap(), Some(1));
            });
            assert!(!tx.is_wanted());
        }
    });
}

#[test]
fn try_send_is_refused_when_the_slot_is_occupied() {
    let (mut tx, mut rx) = channel();
    assert!(Probe::new().poll_next(&mut rx).is_pending());
    offer_and_forget(&mut tx, 1);
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn try_send_is_refused_by_a_closed_channel() {
    let (mut tx, mut rx) = channel();
    rx.close();
    assert_eq!(tx.try_send(1), Err(TrySendError::Closed(1)));

    let (mut tx, rx) = channel();
    drop(rx);
    assert_eq!(tx.try_send(1), Err(TrySendError::Closed(1)));

    let (mut tx, mut rx) = channel();
    assert!(Probe::new().poll_next(&mut rx).is_pending());
    tx.close();
    assert_eq!(tx.try_send(1), Err(TrySendError::Closed(1)));
    assert_eq!(tx.reclaim(), None);
}

#[test]
fn an_item_for_a_receive_that_was_cancelled_stays_for_the_next() {
    let (mut tx, mut rx) = channel();
    let mut recv = rx.recv();
    assert!(Probe::new().poll(&mut recv).is_pending());
    tx.try_send(1).unwrap();
    drop(recv);
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    assert_eq!(Probe::new().poll(&mut rx.recv()), Poll::Ready(Some(1)));
}

#[test]
fn an_item_for_a_receiver_that_went_instead_can_be_reclaimed() {
    for close in [true, false] {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        assert!(Probe::new().poll_next(&mut rx).is_pending());
        tx.try_send(ledger.item()).unwrap();
        let mut rx = Some(rx);
        if close {
            rx.as_mut().unwrap().close();
        } else {
            drop(rx.take());
        }
        assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
        assert!(tx.reclaim().is_none());
    }
}

#[test]
fn a_receive_that_was_woken_for_an_offer_since_withdrawn_still_waits() {
    let (mut tx, mut rx) = channel();
    let probe = Probe::new();
    let mut recv = rx.recv();
    assert!(probe.poll(&mut recv).is_pending());
    drop({
        let mut send = tx.send(1);
        assert!(Probe::new().poll(&mut send).is_pending());
        send
    });
    assert_eq!(tx.reclaim(), Some(1));
    assert!(tx.is_wanted());
    assert_eq!(tx.try_send(2), Ok(()));
    assert_eq!(probe.poll(&mut recv), Poll::Ready(Some(2)));
}

#[test]
fn a_stream_that_got_its_item_waits_no_more() {
    let (mut tx, mut rx) = channel();
    let probe = Probe::new();
    assert!(probe.poll_next(&mut rx).is_pending());
    tx.try_send(1).unwrap();
    assert_eq!(probe.poll_next(&mut rx), Poll::Ready(Some(1)));
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    assert!(probe.poll_next(&mut rx).is_pending());
    assert_eq!(tx.try_send(2), Ok(()));
}

#[test]
fn every_ok_of_try_send_is_an_item_received_when_nobody_cancels() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let (sent, received) = race(
            || {
                let mut sent = 0;
                while sent < 2_000 {
                    match tx.try_send(sent) {
                        Ok(()) => sent += 1,
                        Err(error) => assert!(error.is_full()),
                    }
                }
                drop(tx);
                sent
            },
            || {
                let mut expected = 0;
                for item in &mut rx {
                    assert_eq!(item, expected);
                    expected += 1;
                }
                expected
            },
        );
        assert_eq!(sent, received);
    });
}

// try_recv.

#[test]
fn try_recv_takes_what_is_on_offer_and_does_not_wait() {
    let (mut tx, mut rx) = channel();
    let sender = Probe::new();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert!(!tx.is_wanted());
    let mut send = tx.send(1);
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
    drop(send);
    tx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

// wanted.

#[test]
fn wanted_is_true_at_once_when_a_receive_waits() {
    for (name, receive) in WAITING {
        let (mut tx, mut rx) = channel::<u32>();
        let probe = Probe::new();
        receive(&mut rx, &probe);
        assert_eq!(
            Probe::new().poll(&mut tx.wanted()),
            Poll::Ready(true),
            "{name}"
        );
        assert_eq!(probe.wakes(), 0, "{name}: nothing was offered");
        assert!(tx.is_wanted(), "{name}: asking changes nothing");
    }
}

#[test]
fn wanted_waits_where_no_receive_does() {
    for (name, receive) in NOT_WAITING {
        let (mut tx, mut rx) = channel::<u32>();
        let (sender, receiver) = (Probe::new(), Probe::new());
        receive(&mut rx, &receiver);
        let mut wanted = tx.wanted();
        assert!(sender.poll(&mut wanted).is_pending(), "{name}");
        assert!(receiver.poll(&mut rx.recv()).is_pending(), "{name}");
        assert_eq!(sender.wakes(), 1, "{name}");
    }
}

#[test]
fn wanted_is_false_when_the_receiver_is_closed() {
    let (mut tx, mut rx) = channel::<u32>();
    let sender = Probe::new();
    let mut wanted = tx.wanted();
    assert!(sender.poll(&mut wanted).is_pending());
    rx.close();
    assert_eq!(sender.wakes(), 1);
    assert_eq!(sender.poll(&mut wanted), Poll::Ready(false));
    drop(wanted);
    assert_eq!(sender.poll(&mut tx.wanted()), Poll::Ready(false));
}

#[test]
fn wanted_is_false_at_once_when_the_receiver_closes_while_it_waits() {
    let (mut tx, mut rx) = channel::<u32>();
    assert!(Probe::new().poll_next(&mut rx).is_pending());
    rx.close();
    assert!(!tx.is_wanted());
    assert_eq!(Probe::new().poll(&mut tx.wanted()), Poll::Ready(false));
}

#[test]
fn a_dropped_wanted_leaves_nothing_behind() {
    let (mut tx, mut rx) = channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    assert!(sender.poll(&mut tx.wanted()).is_pending());
    drop(tx.wanted());
    assert!(receiver.poll_next(&mut rx).is_pending());
    assert_eq!(sender.counts().wakes, 0);
    assert_eq!(tx.try_send(1), Ok(()), "the receive was not used up");
    assert_eq!(receiver.poll_next(&mut rx), Poll::Ready(Some(1)));
}

#[test]
fn wanted_is_a_hint_and_the_send_after_it_waits_like_any() {
    let (mut tx, mut rx) = channel();
    let sender = Probe::new();
    let mut recv = rx.recv();
    assert!(Probe::new().poll(&mut recv).is_pending());
    assert_eq!(sender.poll(&mut tx.wanted()), Poll::Ready(true));
    drop(recv);
    let mut send = tx.send(1);
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
}

#[test]
fn a_producer_makes_no_value_that_nobody_wants() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        let producing = async {
            while tx.wanted().await {
                // Made at the last moment.
                tx.send(ledger.item()).await.unwrap();
            }
        };
        let consuming = async move {
            for expected in 0..100 {
                for _ in 0..expected % 3 {
                    yield_once().await;
                }
                assert_eq!(rx.recv().await.map(Item::received), Some(expected));
            }
        };
        block_on(zip(producing, consuming));
        assert_eq!(ledger.fates(), [Fate::Received; 100], "100, and no more");
    });
}

#[test]
fn a_producer_on_a_thread_makes_no_value_that_nobody_wants() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx): (Sender<Item>, Receiver<Item>) = channel();
        race(
            || {
                while tx.wanted().wait() {
                    tx.send(ledger.item()).wait().unwrap();
                }
            },
            move || {
                for expected in 0..1_000 {
                    assert_eq!(rx.recv().wait().map(Item::received), Some(expected));
                }
            },
        );
        assert_eq!(ledger.fates(), vec![Fate::Received; 1_000]);
    });
}
