//! Closing and dropping the ends, what it does to the other side, and how the end of everything is reported.

use crate::common::{
    must_panic, offer_and_forget, race, until, watchdog, Fate, Item, Ledger, Probe,
};
use futures_core::future::FusedFuture;
use futures_core::stream::FusedStream;
use handoff::{
    channel, Receiver, RecvTimeoutError, SendError, SendTimeoutError, Sender, TryRecvError,
    TrySendError,
};
use std::cell::RefCell;
use std::panic;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

// close() and is_closed().

#[test]
fn close_says_whether_the_channel_was_open_until_now() {
    let (mut tx, mut rx) = channel::<u32>();
    assert!(!tx.is_closed());
    assert!(!rx.is_closed());
    assert!(tx.close());
    assert!(!tx.close());
    assert!(!rx.close(), "the sender was first");
    assert!(!rx.close());

    let (mut tx, mut rx) = channel::<u32>();
    assert!(rx.close());
    assert!(!rx.close());
    assert!(!tx.close(), "the receiver was first");
    assert!(!tx.close());
}

#[test]
fn close_says_so_for_a_dropped_end_too() {
    let (mut tx, rx) = channel::<u32>();
    drop(rx);
    assert!(!tx.close());

    let (tx, mut rx) = channel::<u32>();
    drop(tx);
    assert!(!rx.close());
}

#[test]
fn of_two_ends_that_close_at_once_one_was_first() {
    watchdog(|| {
        for _ in 0..500 {
            let (mut tx, mut rx) = channel::<u32>();
            let (a, b) = race(|| tx.close(), || rx.close());
            assert!(a ^ b, "exactly one was first");
        }
    });
}

#[test]
fn is_closed_is_true_once_either_end_was_closed_or_dropped() {
    type Close = fn(Sender<u32>, Receiver<u32>) -> (Option<Sender<u32>>, Option<Receiver<u32>>);

    let ways: [Close; 4] = [
        |mut tx, rx| {
            tx.close();
            (Some(tx), Some(rx))
        },
        |tx, mut rx| {
            rx.close();
            (Some(tx), Some(rx))
        },
        |_, rx| (None, Some(rx)),
        |tx, _| (Some(tx), None),
    ];
    for close in ways {
        let (tx, rx) = channel();
        assert!(!tx.is_closed());
        assert!(!rx.is_closed());
        let (tx, rx) = close(tx, rx);
        // Looked at with whatever is left still there.
        assert!(tx.as_ref().map_or(true, Sender::is_closed));
        assert!(rx.as_ref().map_or(true, Receiver::is_closed));
    }
}

// What a closed or dropped receiver does to the sender.

/// Both ways in which a receiver can go; it is kept, closed, to show that being there does not help.
const GO: [fn(&mut Option<Receiver<Item>>); 2] = [
    |rx| drop(rx.take()),
    |rx| {
        rx.as_mut().unwrap().close();
    },
];

#[test]
fn a_pending_send_gets_its_item_back_when_the_receiver_goes() {
    for go in GO {
        let ledger = Ledger::new();
        let (mut tx, rx) = channel();
        let mut rx = Some(rx);
        let sender = Probe::new();
        let mut send = tx.send(ledger.item());
        assert!(sender.poll(&mut send).is_pending());

        go(&mut rx);
        assert_eq!(sender.wakes(), 1);
        let Poll::Ready(Err(SendError::Closed(item))) = sender.poll(&mut send) else {
            panic!("the receiver is gone");
        };
        assert_eq!(item.refused(), 0);
        drop(send);
        assert!(tx.reclaim().is_none());
        if let Some(rx) = &mut rx {
            assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
        }
    }
}

#[test]
fn a_closed_receiver_receives_nothing_more() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let (sender, receiver) = (Probe::new(), Probe::new());
        let mut send = tx.send(1);
        assert!(sender.poll(&mut send).is_pending());

        rx.close();
        assert_eq!(receiver.poll(&mut rx.recv()), Poll::Ready(None));
        assert_eq!(receiver.poll_next(&mut rx), Poll::Ready(None));
        assert_eq!(rx.poll_recv(&mut receiver.cx()), Poll::Ready(None));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
        assert!(matches!(
            receiver.poll(&mut rx.next_offer()),
            Poll::Ready(None)
        ));
        assert_eq!(rx.recv().wait(), None);
        assert_eq!(
            rx.recv().wait_timeout(Duration::ZERO),
            Err(RecvTimeoutError::Closed)
        );
        assert_eq!(rx.iter().next(), None);
        assert_eq!(
            sender.poll(&mut send),
            Poll::Ready(Err(SendError::Closed(1)))
        );
    });
}

#[test]
fn taken_wins_over_closed() {
    for go in GO {
        let ledger = Ledger::new();
        let (mut tx, rx) = channel();
        let mut rx = Some(rx);
        let sender = Probe::new();
        let mut send = tx.send(ledger.item());
        assert!(sender.poll(&mut send).is_pending());

        let item = rx.as_mut().unwrap().try_recv().unwrap();
        assert_eq!(item.received(), 0);
        go(&mut rx);
        assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
        drop(send);
        assert!(tx.reclaim().is_none());

        // That was that send. The next one is refused.
        assert!(matches!(
            sender.poll(&mut tx.send(ledger.item())),
            Poll::Ready(Err(_))
        ));
    }
}

#[test]
fn a_gone_receiver_refuses_everything() {
    watchdog(|| {
        for go in GO {
            let ledger = Ledger::new();
            let (mut tx, rx) = channel();
            let mut rx = Some(rx);
            go(&mut rx);
            let sender = Probe::new();

            let Poll::Ready(Err(SendError::Closed(item))) =
                sender.poll(&mut tx.send(ledger.item()))
            else {
                panic!("the receiver is gone");
            };
            item.refused();
            let Err(SendError::Closed(item)) = tx.send(ledger.item()).wait() else {
                panic!("the receiver is gone");
            };
            item.refused();
            let Err(SendTimeoutError::Closed(item)) =
                tx.send(ledger.item()).wait_timeout(Duration::ZERO)
            else {
                panic!("the receiver is gone, which wins over the time-out");
            };
            item.refused();
            let Err(TrySendError::Closed(item)) = tx.try_send(ledger.item()) else {
                panic!("the receiver is gone");
            };
            item.refused();
            assert_eq!(sender.poll(&mut tx.wanted()), Poll::Ready(false));
            assert!(!tx.wanted().wait());
            assert!(!tx.is_wanted());
            assert_eq!(ledger.fates(), [Fate::Refused; 4]);
            assert!(tx.reclaim().is_none());
        }
    });
}

#[test]
fn an_item_in_the_slot_stays_reclaimable_when_the_receiver_goes() {
    for go in GO {
        let ledger = Ledger::new();
        let (mut tx, rx) = channel();
        let mut rx = Some(rx);
        assert!(rx
            .as_mut()
            .unwrap()
            .poll_recv(&mut Probe::new().cx())
            .is_pending());
        tx.try_send(ledger.item()).unwrap();
        go(&mut rx);
        assert_eq!(ledger.fates(), [Fate::Alive]);
        assert!(matches!(
            tx.try_send(ledger.item()),
            Err(TrySendError::Closed(_))
        ));
        assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
        assert!(tx.reclaim().is_none());
    }
}

// What a closed or dropped sender does to the receiver.

#[test]
fn a_pending_receive_ends_when_the_sender_goes() {
    for close in [true, false] {
        let (mut tx, mut rx) = channel::<u32>();
        let receiver = Probe::new();
        let mut recv = rx.recv();
        assert!(receiver.poll(&mut recv).is_pending());
        if close {
            tx.close();
            assert_eq!(receiver.wakes(), 1);
        } else {
            drop(tx);
            assert_eq!(receiver.wakes(), 1);
        }
        assert_eq!(receiver.poll(&mut recv), Poll::Ready(None));
        drop(recv);
        assert_eq!(receiver.poll(&mut rx.recv()), Poll::Ready(None));
    }
}

#[test]
fn a_pending_offer_ends_when_the_sender_goes() {
    let (tx, mut rx) = channel::<u32>();
    let receiver = Probe::new();
    let mut offer = rx.next_offer();
    assert!(receiver.poll(&mut offer).is_pending());
    drop(tx);
    assert_eq!(receiver.wakes(), 1);
    assert!(matches!(receiver.poll(&mut offer), Poll::Ready(None)));
}

#[test]
fn the_last_item_is_received_before_the_end() {
    for close in [true, false] {
        let (mut tx, mut rx) = channel();
        let receiver = Probe::new();
        offer_and_forget(&mut tx, 1);
        let tx = close.then(|| {
            tx.close();
            tx
        });
        assert!(rx.is_closed());
        assert_eq!(receiver.poll(&mut rx.recv()), Poll::Ready(Some(1)));
        assert_eq!(receiver.poll(&mut rx.recv()), Poll::Ready(None));
        drop(tx);
    }
}

#[test]
fn a_try_recv_that_races_the_senders_drop_finds_the_item() {
    watchdog(|| {
        for _ in 0..2_000 {
            let (mut tx, mut rx) = channel();
            offer_and_forget(&mut tx, 7);
            let (found, ()) = race(
                || loop {
                    match rx.try_recv() {
                        Err(TryRecvError::Empty) => {}
                        other => break other,
                    }
                },
                move || drop(tx),
            );
            assert_eq!(found, Ok(7));
        }
    });
}

// Closing one's own end.

#[test]
fn a_closed_sender_sends_nothing_more() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        let (sender, receiver) = (Probe::new(), Probe::new());
        let mut recv = rx.recv();
        assert!(receiver.poll(&mut recv).is_pending());
        assert!(tx.is_wanted());

        tx.close();
        assert!(matches!(
            sender.poll(&mut tx.send(ledger.item())),
            Poll::Ready(Err(_))
        ));
        assert!(matches!(
            tx.send(ledger.item()).wait_timeout(Duration::ZERO),
            Err(SendTimeoutError::Closed(_))
        ));
        assert!(matches!(
            tx.try_send(ledger.item()),
            Err(TrySendError::Closed(_))
        ));
        assert_eq!(sender.poll(&mut tx.wanted()), Poll::Ready(false));
        assert!(!tx.is_wanted());
        assert!(matches!(receiver.poll(&mut recv), Poll::Ready(None)));
    });
}

#[test]
fn a_closed_sender_can_still_reclaim() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = channel();
    offer_and_forget(&mut tx, ledger.item());
    drop(tx.send(ledger.item()));
    tx.close();
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(1));
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
    assert!(tx.reclaim().is_none());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn what_a_closed_sender_has_on_offer_can_still_be_received() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = channel();
    offer_and_forget(&mut tx, ledger.item());
    tx.close();
    assert_eq!(rx.try_recv().map(Item::received), Ok(0));
    assert!(tx.reclaim().is_none());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_receive_that_was_served_before_the_sender_closed_and_reclaimed_ends() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = channel();
    let receiver = Probe::new();
    let mut recv = rx.recv();
    assert!(receiver.poll(&mut recv).is_pending());
    tx.try_send(ledger.item()).unwrap();
    tx.close();
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
    assert!(receiver.wakes() >= 1);
    assert!(matches!(receiver.poll(&mut recv), Poll::Ready(None)));
}

// closed().

#[test]
fn closed_resolves_when_the_other_end_goes() {
    for close in [true, false] {
        let (mut tx, mut rx) = channel::<u32>();
        let watcher = Probe::new();
        let mut closed = tx.closed();
        assert!(watcher.poll(&mut closed).is_pending());
        assert!(watcher.poll(&mut closed).is_pending());
        assert_eq!(watcher.wakes(), 0);
        if close {
            rx.close();
        } else {
            drop(rx);
        }
        assert_eq!(watcher.wakes(), 1);
        assert!(watcher.poll(&mut closed).is_ready());
        drop(closed);
        assert!(watcher.poll(&mut tx.closed()).is_ready(), "ever after");

        let (mut tx, mut rx) = channel::<u32>();
        let watcher = Probe::new();
        let mut closed = rx.closed();
        assert!(watcher.poll(&mut closed).is_pending());
        if close {
            tx.close();
            assert_eq!(watcher.wakes(), 1);
        } else {
            drop(tx);
            assert_eq!(watcher.wakes(), 1);
        }
        assert!(watcher.poll(&mut closed).is_ready());
    }
}

#[test]
fn closed_waits_for_the_other_end_after_ones_own_was_closed() {
    let (mut tx, mut rx) = channel::<u32>();
    let watcher = Probe::new();
    tx.close();
    let mut closed = tx.closed();
    assert!(watcher.poll(&mut closed).is_pending());
    rx.close();
    assert_eq!(watcher.wakes(), 1, "though the channel was closed before");
    assert!(watcher.poll(&mut closed).is_ready());

    let (tx, mut rx) = channel::<u32>();
    let watcher = Probe::new();
    rx.close();
    let mut closed = rx.closed();
    assert!(watcher.poll(&mut closed).is_pending());
    drop(tx);
    assert_eq!(watcher.wakes(), 1);
    assert!(watcher.poll(&mut closed).is_ready());
}

#[test]
fn closed_is_resolved_by_a_drop_after_a_close_only_once() {
    let (mut tx, mut rx) = channel::<u32>();
    let watcher = Probe::new();
    rx.close();
    assert!(watcher.poll(&mut tx.closed()).is_ready());
    drop(rx);
    assert!(watcher.poll(&mut tx.closed()).is_ready());
    assert_eq!(watcher.wakes(), 0, "it had been resolved");
}

#[test]
fn closed_on_the_receiver_resolves_with_a_last_item_on_offer() {
    let (mut tx, mut rx) = channel();
    let watcher = Probe::new();
    let mut closed = rx.closed();
    assert!(watcher.poll(&mut closed).is_pending());
    offer_and_forget(&mut tx, 1);
    assert!(watcher.poll(&mut closed).is_pending(), "only an item");
    drop(tx);
    assert!(watcher.poll(&mut closed).is_ready());
    drop(closed);
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_short_lived_closed_leaves_the_streams_registration_alone() {
    let (mut tx, mut rx) = channel();
    let (stream, watcher) = (Probe::new(), Probe::new());
    assert!(stream.poll_next(&mut rx).is_pending());
    assert!(watcher.poll(&mut rx.closed()).is_pending());
    assert!(tx.is_wanted(), "the stream still waits");

    offer_and_forget(&mut tx, 1);
    assert_eq!((stream.wakes(), watcher.wakes()), (1, 0));
    assert_eq!(stream.poll_next(&mut rx), Poll::Ready(Some(1)));
}

#[test]
fn a_pending_stream_and_closed_are_both_woken() {
    let (tx, mut rx) = channel::<u32>();
    let (stream, watcher) = (Probe::new(), Probe::new());
    assert!(stream.poll_next(&mut rx).is_pending());
    let mut closed = rx.closed();
    assert!(watcher.poll(&mut closed).is_pending());
    drop(tx);
    assert_eq!((stream.wakes(), watcher.wakes()), (1, 1));
    assert!(watcher.poll(&mut closed).is_ready());
    drop(closed);
    assert_eq!(stream.poll_next(&mut rx), Poll::Ready(None));
}

// Items that nobody can reach any more.

#[test]
fn an_item_that_nobody_can_reach_is_dropped_by_the_call_that_made_it_so() {
    /// What is done, one step after the other; the item must be gone with the last and not before.
    type Step = fn(&mut Option<Sender<Item>>, &mut Option<Receiver<Item>>);
    let drop_tx: Step = |tx, _| drop(tx.take());
    let drop_rx: Step = |_, rx| drop(rx.take());
    let close_tx: Step = |tx, _| {
        tx.as_mut().unwrap().close();
    };
    let close_rx: Step = |_, rx| {
        rx.as_mut().unwrap().close();
    };

    let ways: [&[Step]; 10] = [
        &[drop_tx, drop_rx],
        &[drop_tx, close_rx],
        &[drop_rx, drop_tx],
        &[close_rx, drop_tx],
        &[close_tx, drop_tx, drop_rx],
        &[close_tx, drop_tx, close_rx],
        &[close_tx, drop_rx, drop_tx],
        &[close_tx, close_rx, drop_tx],
        &[close_rx, close_tx, drop_tx],
        &[close_rx, drop_rx, drop_tx],
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let ledger = Ledger::new();
        let (mut tx, rx) = channel();
        offer_and_forget(&mut tx, ledger.item());
        let (mut tx, mut rx) = (Some(tx), Some(rx));
        for step in way {
            assert_eq!(ledger.fates(), [Fate::Alive], "too early, way {number}");
            step(&mut tx, &mut rx);
        }
        assert_eq!(ledger.fates(), [Fate::Dropped], "way {number}");
    }
}

#[test]
fn two_ends_that_go_at_once_leave_nothing_behind() {
    watchdog(|| {
        for go in GO {
            for _ in 0..1_000 {
                let ledger = Ledger::new();
                let (mut tx, mut rx) = channel();
                let receiver = Probe::new();
                assert!(receiver.poll_next(&mut rx).is_pending());
                offer_and_forget(&mut tx, ledger.item());
                drop(tx.send(ledger.item()));
                let mut rx = Some(rx);
                race(move || drop(tx), || go(&mut rx));
                assert_eq!(ledger.fates(), [Fate::Dropped; 2]);
                drop(rx);
                assert_eq!(receiver.held(), 0);
            }
        }
    });
}

// is_terminated.

#[test]
fn a_future_is_terminated_once_it_gave_its_output() {
    let (mut tx, mut rx) = channel();
    let probe = Probe::new();

    let mut send = tx.send(1);
    assert!(!send.is_terminated());
    assert!(probe.poll(&mut send).is_pending());
    assert!(!send.is_terminated());
    let mut recv = rx.recv();
    assert!(!recv.is_terminated());
    assert_eq!(probe.poll(&mut recv), Poll::Ready(Some(1)));
    assert!(recv.is_terminated());
    drop(recv);
    assert!(!send.is_terminated(), "it is taken, but has not said so");
    assert_eq!(probe.poll(&mut send), Poll::Ready(Ok(())));
    assert!(send.is_terminated());
    drop(send);

    let mut wanted = tx.wanted();
    assert!(!wanted.is_terminated());
    assert!(probe.poll(&mut wanted).is_pending());
    assert!(!wanted.is_terminated());
    let mut offer = rx.next_offer();
    assert!(!offer.is_terminated());
    assert!(probe.poll(&mut offer).is_pending());
    assert!(!offer.is_terminated());
    assert_eq!(probe.poll(&mut wanted), Poll::Ready(true));
    assert!(wanted.is_terminated());
    drop(wanted);

    offer_and_forget(&mut tx, 2);
    let Poll::Ready(Some(guard)) = probe.poll(&mut offer) else {
        panic!("it is on offer");
    };
    assert!(offer.is_terminated());
    drop(guard);
    assert!(offer.is_terminated());
    drop(offer);

    let mut closed = tx.closed();
    assert!(!closed.is_terminated());
    assert!(probe.poll(&mut closed).is_pending());
    assert!(!closed.is_terminated());
    drop(rx);
    assert!(!closed.is_terminated(), "it has not said so");
    assert!(probe.poll(&mut closed).is_ready());
    assert!(closed.is_terminated());
}

#[test]
fn a_receiver_is_terminated_once_it_said_so() {
    type Say = fn(&mut Receiver<u32>) -> bool;

    /// Every operation that can be the first to give a `None` or `Closed`; each says whether it did.
    const WAYS: [(&str, Say); 12] = [
        ("recv", |rx| {
            Probe::new().poll(&mut rx.recv()) == Poll::Ready(None)
        }),
        ("recv wait", |rx| rx.recv().wait().is_none()),
        ("recv wait_timeout", |rx| {
            rx.recv().wait_timeout(Duration::ZERO) == Err(RecvTimeoutError::Closed)
        }),
        ("recv wait_deadline", |rx| {
            rx.recv().wait_deadline(std::time::Instant::now()) == Err(RecvTimeoutError::Closed)
        }),
        ("try_recv", |rx| rx.try_recv() == Err(TryRecvError::Closed)),
        ("poll_recv", |rx| {
            rx.poll_recv(&mut Probe::new().cx()) == Poll::Ready(None)
        }),
        ("poll_next", |rx| {
            Probe::new().poll_next(rx) == Poll::Ready(None)
        }),
        ("offer", |rx| {
            matches!(Probe::new().poll(&mut rx.next_offer()), Poll::Ready(None))
        }),
        ("offer wait", |rx| rx.next_offer().wait().is_none()),
        ("offer wait_timeout", |rx| {
            matches!(
                rx.next_offer().wait_timeout(Duration::ZERO),
                Err(RecvTimeoutError::Closed)
            )
        }),
        ("iter", |rx| rx.iter().next().is_none()),
        ("for", |rx| {
            rx.into_iter().for_each(drop);
            true
        }),
    ];

    watchdog(|| {
        for (name, say) in WAYS {
            for own in [false, true] {
                let (tx, mut rx) = channel();
                assert!(!rx.is_terminated());
                if own {
                    rx.close();
                } else {
                    drop(tx);
                }
                assert!(!rx.is_terminated(), "{name}: it has not said so");
                assert!(say(&mut rx), "{name}");
                assert!(rx.is_terminated(), "{name}");
                assert!(say(&mut rx), "{name}: for ever after");
                assert!(rx.is_terminated(), "{name}");
            }
        }
    });
}

#[test]
fn a_receiver_is_not_terminated_by_anything_else() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let probe = Probe::new();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert!(probe.poll_next(&mut rx).is_pending());
        assert_eq!(
            rx.recv().wait_timeout(Duration::ZERO),
            Err(RecvTimeoutError::Timeout)
        );
        offer_and_forget(&mut tx, 1);
        tx.close();
        assert!(probe.poll(&mut rx.closed()).is_ready());
        assert!(rx.is_closed());
        assert!(!rx.is_terminated(), "closed, but with an item to receive");
        assert_eq!(probe.poll_next(&mut rx), Poll::Ready(Some(1)));
        assert!(!rx.is_terminated(), "the end was not yielded yet");
        assert_eq!(probe.poll_next(&mut rx), Poll::Ready(None));
        assert!(rx.is_terminated());
    });
}

#[test]
fn a_future_polled_after_it_resolved_stays_pending() {
    let (mut tx, mut rx) = channel();
    let probe = Probe::new();

    let mut send = tx.send(1);
    assert!(probe.poll(&mut send).is_pending());
    let mut recv = rx.recv();
    assert_eq!(probe.poll(&mut recv), Poll::Ready(Some(1)));
    assert_eq!(probe.poll(&mut recv), Poll::Pending);
    assert_eq!(probe.poll(&mut send), Poll::Ready(Ok(())));
    assert_eq!(probe.poll(&mut send), Poll::Pending);
    drop(send);

    assert!(!tx.is_wanted(), "the resolved receive waits no more");
    offer_and_forget(&mut tx, 2);
    assert_eq!(probe.poll(&mut recv), Poll::Pending, "it had its item");
    drop(recv);
    let mut offer = rx.next_offer();
    drop(probe.poll(&mut offer));
    assert!(probe.poll(&mut offer).is_pending());
    drop(offer);
    assert_eq!(rx.try_recv(), Ok(2));

    drop(rx);
    let mut send = tx.send(3);
    assert_eq!(
        probe.poll(&mut send),
        Poll::Ready(Err(SendError::Closed(3)))
    );
    assert_eq!(probe.poll(&mut send), Poll::Pending);
    drop(send);
    let mut wanted = tx.wanted();
    assert_eq!(probe.poll(&mut wanted), Poll::Ready(false));
    assert_eq!(probe.poll(&mut wanted), Poll::Pending);
    drop(wanted);
    let mut closed = tx.closed();
    assert!(probe.poll(&mut closed).is_ready());
    assert!(probe.poll(&mut closed).is_pending());
    drop(closed);
    assert_eq!(probe.held(), 0, "and keeps no waker");
}

/// Polls the future to its end, and then waits on it in each way, which is a fault of the caller's line.
macro_rules! assert_not_waitable {
    ($future:expr) => {
        assert_not_waitable!($future, wait());
        assert_not_waitable!($future, wait_timeout(Duration::ZERO));
        assert_not_waitable!($future, wait_timeout(Duration::MAX));
        assert_not_waitable!($future, wait_deadline(Instant::now()));
    };
    ($future:expr, $wait:ident($($limit:expr)?)) => {
        let mut future = $future;
        assert!(Probe::new().poll(&mut future).is_ready());
        let (message, line) = (must_panic(move || future.$wait($($limit)?)), line!());
        assert_eq!(message, "a `handoff` future was waited on that had resolved already");
        assert_eq!(PANICKED_AT.take(), Some((file!().to_owned(), line)));
    };
}

thread_local! {
    /// Where this thread last panicked: file and line.
    static PANICKED_AT: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

#[test]
fn a_resolved_future_cannot_be_waited_for() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let location = info.location().map(|it| (it.file().to_owned(), it.line()));
        PANICKED_AT.set(location);
        report(info);
    }));
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        assert_not_waitable!({
            let mut send = tx.send(1);
            assert!(Probe::new().poll(&mut send).is_pending());
            assert_eq!(rx.try_recv(), Ok(1));
            send
        });
        assert_not_waitable!({
            offer_and_forget(&mut tx, 2);
            rx.recv()
        });
        tx.close();
        assert_not_waitable!(rx.recv());
        assert_not_waitable!(rx.next_offer());
        assert_not_waitable!(rx.closed());
        rx.close();
        assert_not_waitable!(tx.send(3));
        assert_not_waitable!(tx.wanted());
        assert_not_waitable!(tx.closed());
        assert_eq!(tx.try_send(4), Err(TrySendError::Closed(4)), "no harm done");
    });
}

// Threads that are blocked while an end goes.

#[test]
fn a_blocked_receive_ends_when_the_sender_goes() {
    watchdog(|| {
        for close in [true, false] {
            let (mut tx, mut rx) = channel::<u32>();
            let receiving = thread::spawn(move || rx.recv().wait());
            until(|| tx.is_wanted());
            if close {
                tx.close();
                assert_eq!(receiving.join().unwrap(), None);
            } else {
                drop(tx);
                assert_eq!(receiving.join().unwrap(), None);
            }
        }
    });
}

#[test]
fn a_blocked_send_gets_its_item_back_when_the_receiver_goes() {
    watchdog(|| {
        for close in [true, false] {
            let (mut tx, mut rx) = channel();
            let sending = thread::spawn(move || tx.send(1).wait());
            // Once it can be lent it is on offer.
            drop(rx.next_offer().wait().expect("the sender is there"));
            if close {
                rx.close();
                assert_eq!(sending.join().unwrap(), Err(SendError::Closed(1)));
            } else {
                drop(rx);
                assert_eq!(sending.join().unwrap(), Err(SendError::Closed(1)));
            }
        }
    });
}

#[test]
fn no_close_is_lost_on_a_thread_that_begins_to_wait() {
    watchdog(|| {
        for _ in 0..500 {
            let (tx, mut rx) = channel::<u32>();
            let (item, ()) = race(|| rx.recv().wait(), move || drop(tx));
            assert_eq!(item, None);

            let (mut tx, rx) = channel();
            let (outcome, ()) = race(|| tx.send(1).wait(), move || drop(rx));
            assert_eq!(outcome, Err(SendError::Closed(1)));

            let (mut tx, rx) = channel::<u32>();
            let (wanted, ()) = race(|| tx.wanted().wait(), move || drop(rx));
            assert!(!wanted);

            let (mut tx, rx) = channel::<u32>();
            race(|| tx.closed().wait(), move || drop(rx));

            let (tx, mut rx) = channel::<u32>();
            race(|| rx.closed().wait(), move || drop(tx));

            let (tx, mut rx) = channel::<u32>();
            race(
                || assert!(rx.next_offer().wait().is_none()),
                move || drop(tx),
            );
        }
    });
}

#[test]
fn no_close_is_lost_on_a_task_that_begins_to_wait() {
    use futures_lite::future::block_on;

    watchdog(|| {
        for _ in 0..500 {
            let (tx, mut rx) = channel::<u32>();
            let (item, ()) = race(|| block_on(rx.recv()), move || drop(tx));
            assert_eq!(item, None);

            let (mut tx, rx) = channel();
            let (outcome, ()) = race(|| block_on(tx.send(1)), move || drop(rx));
            assert_eq!(outcome, Err(SendError::Closed(1)));

            let (mut tx, rx) = channel::<u32>();
            let (wanted, ()) = race(|| block_on(tx.wanted()), move || drop(rx));
            assert!(!wanted);

            let (mut tx, rx) = channel::<u32>();
            race(|| block_on(tx.closed()), move || drop(rx));

            let (tx, mut rx) = channel::<u32>();
            race(|| block_on(rx.closed()), move || drop(tx));
        }
    });
}

#[test]
fn a_close_that_races_a_take_leaves_the_item_in_one_pair_of_hands() {
    watchdog(|| {
        for round in 0..1_000 {
            let ledger = Ledger::new();
            let (mut tx, mut rx) = channel();
            let (outcome, ()) = race(
                || match tx.send(ledger.item()).wait() {
                    Ok(()) => Fate::Received,
                    Err(error) => {
                        error.into_inner().end(Fate::Refused);
                        Fate::Refused
                    }
                },
                || {
                    for _ in 0..round % 50 {
                        if let Ok(item) = rx.try_recv() {
                            item.end(Fate::Received);
                            break;
                        }
                    }
                    drop(rx);
                },
            );
            assert_eq!(ledger.fates(), [outcome]);
        }
    });
}
