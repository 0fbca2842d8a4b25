//! Threads that wait: `wait()`, `wait_timeout` and `wait_deadline`, alone and mixed with tasks.

use crate::common::{
    inline, lend, offer_and_forget, race, until, watchdog, Fate, Item, Ledger, Probe,
};
use futures_lite::future::block_on;
use handoff::{
    channel, Offer, Receiver, RecvTimeoutError, SendError, SendTimeoutError, Sender, TryRecvError,
};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{mpsc, Arc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

const ITEMS: u32 = if cfg!(miri) { 20 } else { 2_000 };

// Threads and tasks, in every pairing.

#[derive(Clone, Copy, Debug)]
enum How {
    Wait,
    Timeout,
    Deadline,
    Task,
}

const EVERY_WAY: [How; 4] = [How::Wait, How::Timeout, How::Deadline, How::Task];

fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

fn send(tx: &mut Sender<u32>, item: u32, how: How) {
    match how {
        How::Wait => tx.send(item).wait().unwrap(),
        How::Timeout => tx.send(item).wait_timeout(Duration::MAX).unwrap(),
        How::Deadline => tx.send(item).wait_deadline(far()).unwrap(),
        How::Task => block_on(tx.send(item)).unwrap(),
    }
}

fn recv(rx: &mut Receiver<u32>, how: How) -> u32 {
    match how {
        How::Wait => rx.recv().wait().unwrap(),
        How::Timeout => rx.recv().wait_timeout(Duration::MAX).unwrap(),
        How::Deadline => rx.recv().wait_deadline(far()).unwrap(),
        How::Task => block_on(rx.recv()).unwrap(),
    }
}

#[test]
fn every_way_to_wait_meets_every_other() {
    watchdog(|| {
        for sending in EVERY_WAY {
            for receiving in EVERY_WAY {
                let (mut tx, mut rx) = channel();
                race(
                    || {
                        for i in 0..ITEMS / 10 {
                            send(&mut tx, i, sending);
                        }
                    },
                    || {
                        for i in 0..ITEMS / 10 {
                            assert_eq!(recv(&mut rx, receiving), i, "{sending:?} to {receiving:?}");
                        }
                    },
                );
            }
        }
    });
}

#[test]
fn the_same_handles_wait_in_every_way_in_turn() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let ways = |step: usize| (0..ITEMS).zip(EVERY_WAY.into_iter().cycle().step_by(step));
        race(
            || {
                for (i, how) in ways(1) {
                    send(&mut tx, i, how);
                }
            },
            || {
                for (i, how) in ways(3) {
                    assert_eq!(recv(&mut rx, how), i);
                }
            },
        );
    });
}

#[test]
fn a_blocked_iteration_ends_when_the_sender_goes() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let (received, ()) = race(
            || {
                let first: Vec<u32> = rx.iter().take(2).collect();
                assert_eq!(first, [0, 1]);
                let mut received = 2;
                for item in &mut rx {
                    assert_eq!(item, received);
                    received += 1;
                    if received == 4 {
                        break;
                    }
                }
                for item in rx {
                    assert_eq!(item, received);
                    received += 1;
                }
                received
            },
            move || {
                for i in 0..10 {
                    tx.send(i).wait().unwrap();
                }
            },
        );
        assert_eq!(received, 10);
    });
}

// One operation, begun as a task and ended as a thread; one handle, used in both ways.

#[test]
fn a_future_that_was_polled_can_be_waited_for() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let (sender, receiver) = (Probe::new(), Probe::new());

        let mut send = tx.send(1);
        assert!(sender.poll(&mut send).is_pending());
        let (outcome, item) = race(|| send.wait(), || rx.recv().wait());
        assert_eq!((outcome, item), (Ok(()), Some(1)));

        let mut recv = rx.recv();
        assert!(receiver.poll(&mut recv).is_pending());
        let (outcome, item) = race(|| tx.send(2).wait(), || recv.wait());
        assert_eq!((outcome, item), (Ok(()), Some(2)));

        assert_eq!((sender.held(), receiver.held()), (0, 0));
    });
}

#[test]
fn a_cancelled_async_receive_and_then_a_blocking_one() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let receiver = Probe::new();
        let mut recv = rx.recv();
        assert!(receiver.poll(&mut recv).is_pending());
        drop(recv);
        let (outcome, item) = race(|| tx.send(1).wait(), || rx.recv().wait());
        assert_eq!((outcome, item), (Ok(()), Some(1)));
        assert_eq!(receiver.wakes(), 0);
    });
}

#[test]
fn a_blocking_receive_that_timed_out_and_then_an_async_one() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let (sender, receiver) = (Probe::new(), Probe::new());
        assert_eq!(
            rx.recv().wait_timeout(Duration::from_millis(1)),
            Err(RecvTimeoutError::Timeout)
        );
        assert!(!tx.is_wanted(), "it waits no more");
        let mut recv = rx.recv();
        assert!(receiver.poll(&mut recv).is_pending());
        assert!(sender.poll(&mut tx.send(1)).is_pending());
        assert_eq!(receiver.take_wakes(), 1);
        assert_eq!(tx.reclaim(), Some(1));

        let mut send = tx.send(2);
        assert!(receiver.poll(&mut recv).is_pending());
        assert!(sender.poll(&mut send).is_pending());
        assert_eq!(receiver.take_wakes(), 1);
        assert_eq!(receiver.poll(&mut recv), Poll::Ready(Some(2)));
    });
}

#[test]
fn a_cancelled_async_send_and_then_a_blocking_one() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let sender = Probe::new();
        let mut send = tx.send(1);
        assert!(sender.poll(&mut send).is_pending());
        drop(send);
        let (outcome, item) = race(|| tx.send(2).wait(), || rx.recv().wait());
        assert_eq!((outcome, item), (Ok(()), Some(2)));
        assert_eq!(sender.wakes(), 0);
    });
}

#[test]
fn a_blocking_send_that_timed_out_and_then_an_async_one() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let sender = Probe::new();
        assert_eq!(
            tx.send(1).wait_timeout(Duration::from_millis(1)),
            Err(SendTimeoutError::Timeout(1))
        );
        let mut send = tx.send(2);
        assert!(sender.poll(&mut send).is_pending());
        assert_eq!(rx.try_recv(), Ok(2));
        assert_eq!(sender.wakes(), 1);
        assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
    });
}

#[test]
fn a_stream_poll_and_then_a_blocking_receive() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let stream = Probe::new();
        assert!(stream.poll_next(&mut rx).is_pending());
        let (outcome, item) = race(|| tx.send(1).wait(), || rx.recv().wait());
        assert_eq!((outcome, item), (Ok(()), Some(1)));
        assert!(!tx.is_wanted(), "neither of the two waits any more");
    });
}

#[test]
fn a_blocked_send_behind_a_leaked_one() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        offer_and_forget(&mut tx, 1);
        let (outcome, items) = race(
            || tx.send(2).wait(),
            || [rx.recv().wait(), rx.recv().wait()],
        );
        assert_eq!(outcome, Ok(()));
        assert_eq!(items, [Some(1), Some(2)]);
    });
}

#[test]
fn wanted_can_be_waited_for() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        assert_eq!(tx.wanted().wait_timeout(Duration::ZERO), None);
        assert_eq!(tx.wanted().wait_deadline(Instant::now()), None);
        let ((), received) = race(
            || {
                let mut sample = 0;
                while sample < ITEMS && tx.wanted().wait() {
                    tx.send(sample).wait().unwrap();
                    sample += 1;
                }
                assert_eq!(sample, ITEMS);
                drop(tx);
            },
            || rx.iter().count(),
        );
        assert_eq!(received, ITEMS as usize);

        let (mut tx, mut rx) = channel::<u32>();
        assert!(rx.poll_recv(&mut Probe::new().cx()).is_pending());
        assert_eq!(tx.wanted().wait_timeout(Duration::ZERO), Some(true));
        assert!(tx.wanted().wait());
        drop(rx);
        assert_eq!(tx.wanted().wait_timeout(Duration::MAX), Some(false));
        assert_eq!(tx.wanted().wait_deadline(Instant::now()), Some(false));
        assert!(!tx.wanted().wait());
    });
}

#[test]
fn a_thread_that_waits_until_wanted_is_woken_by_a_tasks_receive() {
    watchdog(|| {
        let (mut tx, mut rx) = channel::<u32>();
        let (wanted, ()) = race(
            || tx.wanted().wait(),
            || assert!(rx.poll_recv(&mut Probe::new().cx()).is_pending()),
        );
        assert!(wanted);
    });
}

#[test]
fn closed_can_be_waited_for() {
    watchdog(|| {
        let (mut tx, mut rx) = channel::<u32>();
        assert_eq!(tx.closed().wait_timeout(Duration::ZERO), None);
        assert_eq!(rx.closed().wait_deadline(Instant::now()), None);
        race(
            || {
                tx.closed().wait();
                assert_eq!(tx.closed().wait_timeout(Duration::ZERO), Some(()));
            },
            || rx.close(),
        );
        race(|| rx.closed().wait(), || tx.close());
        assert_eq!(rx.closed().wait_deadline(Instant::now()), Some(()));
    });
}

#[test]
fn closed_on_the_receiver_is_not_ended_by_items() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let ended = AtomicBool::new(false);
        race(
            || {
                rx.closed().wait();
                assert!(ended.load(Ordering::SeqCst), "the sender was there");
            },
            || {
                for i in 0..100 {
                    assert!(tx.send(i).wait_timeout(Duration::ZERO).is_err());
                }
                ended.store(true, Ordering::SeqCst);
                tx.close();
            },
        );
    });
}

#[test]
fn a_blocked_receive_counts_as_waiting() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        thread::scope(|scope| {
            let receiving = scope.spawn(|| rx.recv().wait());
            until(|| tx.is_wanted());
            tx.try_send(1).unwrap();
            assert_eq!(receiving.join().unwrap(), Some(1));
        });
        thread::scope(|scope| {
            let receiving = scope.spawn(|| rx.next_offer().wait().map(Offer::accept));
            until(|| tx.is_wanted());
            tx.try_send(2).unwrap();
            assert_eq!(receiving.join().unwrap(), Some(2));
        });
        thread::scope(|scope| {
            let receiving = scope.spawn(|| rx.iter().next());
            until(|| tx.is_wanted());
            tx.try_send(3).unwrap();
            assert_eq!(receiving.join().unwrap(), Some(3));
        });
        thread::scope(|scope| {
            let receiving = scope.spawn(|| rx.recv().wait_timeout(Duration::MAX));
            until(|| tx.is_wanted());
            tx.try_send(4).unwrap();
            assert_eq!(receiving.join().unwrap(), Ok(4));
        });
        assert!(!tx.is_wanted());
    });
}

#[test]
fn a_blocked_receive_waits_on_when_its_item_is_reclaimed() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        race(
            || {
                let mut delivered = 0;
                while delivered < 1_000 {
                    until(|| tx.is_wanted());
                    tx.try_send(delivered).unwrap();
                    match tx.reclaim() {
                        None => delivered += 1,
                        Some(item) => assert_eq!(item, delivered),
                    }
                }
                tx.close();
            },
            || {
                for i in 0..1_000 {
                    assert_eq!(rx.recv().wait(), Some(i));
                }
                assert_eq!(rx.recv().wait(), None);
            },
        );
    });
}

// Time-outs.

#[test]
fn an_expired_receive_tries_once() {
    watchdog(|| {
        let past = Instant::now();
        for _ in 0..2 {
            let (mut tx, mut rx) = channel();
            assert_eq!(
                rx.recv().wait_timeout(Duration::ZERO),
                Err(RecvTimeoutError::Timeout)
            );
            assert_eq!(
                rx.recv().wait_deadline(past),
                Err(RecvTimeoutError::Timeout)
            );
            assert!(matches!(
                rx.next_offer().wait_timeout(Duration::ZERO),
                Err(RecvTimeoutError::Timeout)
            ));

            let sender = Probe::new();
            let mut send = tx.send(1);
            assert!(sender.poll(&mut send).is_pending());
            let guard = rx.next_offer().wait_timeout(Duration::ZERO).unwrap();
            assert_eq!(*guard, 1);
            drop(guard);
            drop(rx.next_offer().wait_deadline(past).unwrap());
            assert_eq!(rx.recv().wait_timeout(Duration::ZERO), Ok(1));
            assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
            drop(send);

            let mut send = tx.send(2);
            assert!(sender.poll(&mut send).is_pending());
            mem::forget(send);
            drop(tx);
            assert_eq!(rx.recv().wait_deadline(past), Ok(2));
            assert_eq!(rx.recv().wait_deadline(past), Err(RecvTimeoutError::Closed));
            assert_eq!(
                rx.recv().wait_timeout(Duration::ZERO),
                Err(RecvTimeoutError::Closed)
            );
            assert!(matches!(
                rx.next_offer().wait_deadline(past),
                Err(RecvTimeoutError::Closed)
            ));
        }
    });
}

#[test]
fn an_expired_send_offers_and_withdraws() {
    watchdog(|| {
        let past = Instant::now();
        let (mut tx, mut rx) = channel();
        let receiver = Probe::new();
        assert_eq!(
            tx.send(1).wait_timeout(Duration::ZERO),
            Err(SendTimeoutError::Timeout(1))
        );
        assert_eq!(tx.reclaim(), None, "it is in the error");
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));

        let mut recv = rx.recv();
        assert!(receiver.poll(&mut recv).is_pending());
        assert_eq!(
            tx.send(2).wait_deadline(past),
            Err(SendTimeoutError::Timeout(2)),
            "a waiting receive is no delivery"
        );
        assert_eq!(receiver.take_wakes(), 1, "it offered, and woke");
        assert!(receiver.poll(&mut recv).is_pending());
        assert!(tx.is_wanted());
        drop(recv);

        drop(rx);
        assert_eq!(
            tx.send(3).wait_deadline(past),
            Err(SendTimeoutError::Closed(3))
        );
        assert_eq!(
            tx.send(3).wait_timeout(Duration::ZERO),
            Err(SendTimeoutError::Closed(3))
        );
    });
}

#[test]
fn an_expired_send_that_was_taken_by_then_is_a_delivery() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel::<Item>();
        // The task runs inside the wake, and takes the item between the offer and the look.
        let task = inline(async move {
            while let Some(item) = rx.recv().await {
                item.received();
            }
        });
        for _ in 0..3 {
            assert!(tx.send(ledger.item()).wait_timeout(Duration::ZERO).is_ok());
            assert!(tx.send(ledger.item()).wait_deadline(Instant::now()).is_ok());
        }
        assert_eq!(ledger.fates(), [Fate::Received; 6]);
        drop(tx);
        assert!(task.is_done());
    });
}

#[test]
fn a_send_that_was_polled_and_taken_is_a_delivery_after_its_deadline_too() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let mut send = tx.send(1);
        assert!(Probe::new().poll(&mut send).is_pending());
        assert_eq!(rx.try_recv(), Ok(1));
        drop(rx);
        assert_eq!(send.wait_timeout(Duration::ZERO), Ok(()));
    });
}

#[test]
fn an_expired_send_behind_a_leaked_one_gets_its_item_back() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        offer_and_forget(&mut tx, 1);
        assert_eq!(
            tx.send(2).wait_timeout(Duration::ZERO),
            Err(SendTimeoutError::Timeout(2))
        );
        assert_eq!(
            tx.send(3).wait_timeout(Duration::from_millis(1)),
            Err(SendTimeoutError::Timeout(3))
        );
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn a_deadline_is_kept() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let patience = Duration::from_millis(20);

        let start = Instant::now();
        assert_eq!(
            rx.recv().wait_timeout(patience),
            Err(RecvTimeoutError::Timeout)
        );
        assert!(start.elapsed() >= patience, "never too early");

        let deadline = Instant::now() + patience;
        assert_eq!(
            tx.send(1).wait_deadline(deadline),
            Err(SendTimeoutError::Timeout(1))
        );
        assert!(Instant::now() >= deadline);

        let start = Instant::now();
        assert_eq!(tx.wanted().wait_timeout(patience), None);
        assert!(start.elapsed() >= patience);

        let start = Instant::now();
        assert_eq!(tx.closed().wait_timeout(patience), None);
        assert!(start.elapsed() >= patience);

        let deadline = Instant::now() + patience;
        assert!(rx.next_offer().wait_deadline(deadline).is_err());
        assert!(Instant::now() >= deadline);
    });
}

#[test]
fn a_duration_too_large_waits_for_ever() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        for patience in [Duration::MAX, Duration::from_secs(u64::MAX)] {
            let (outcome, item) = race(
                || tx.send(1).wait_timeout(patience),
                || rx.recv().wait_timeout(patience),
            );
            assert_eq!((outcome, item), (Ok(()), Ok(1)));
            let (wanted, item) = race(
                || {
                    let wanted = tx.wanted().wait_timeout(patience);
                    tx.send(2).wait().unwrap();
                    wanted
                },
                || rx.next_offer().wait_timeout(patience).map(Offer::accept),
            );
            assert_eq!((wanted, item), (Some(true), Ok(2)));
        }
        race(
            || assert_eq!(tx.closed().wait_timeout(Duration::MAX), Some(())),
            || rx.close(),
        );
    });
}

#[test]
fn delivery_and_time_out_tell_the_same_story_on_both_sides() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        let rounds = if cfg!(miri) { 20 } else { 5_000 };
        let mut verdicts = Vec::new();
        race(
            || {
                for round in 0..rounds {
                    let patience = Duration::from_nanos(round % 64 * 50);
                    verdicts.push(match tx.send(ledger.item()).wait_timeout(patience) {
                        Ok(()) => Fate::Received,
                        Err(SendTimeoutError::Timeout(item)) => {
                            item.end(Fate::Refused);
                            Fate::Refused
                        }
                        Err(SendTimeoutError::Closed(_) | SendTimeoutError::Declined(_)) => {
                            panic!("the receiver is there, and declines nothing")
                        }
                    });
                }
                drop(tx);
            },
            || {
                for round in 0_u64.. {
                    let patience = Duration::from_nanos(round % 48 * 50);
                    match rx.recv().wait_timeout(patience) {
                        Ok(item) => item.end(Fate::Received),
                        Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Closed) => break,
                    }
                }
            },
        );
        assert_eq!(ledger.fates(), verdicts);
    });
}

// An item that is lent while its send's deadline passes.

/// What the holder of the guard does in the end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Accept,
    Drop,
}

/// A receiver that takes an offer inside the wake, and keeps it until it is told how to end it.
struct Holder {
    lent: mpsc::Receiver<()>,
    end: Sender<End>,
    ended: Arc<AtomicBool>,
    back: mpsc::Receiver<Receiver<Item>>,
}

fn hold(mut rx: Receiver<Item>) -> Holder {
    let (lent_tx, lent) = mpsc::channel();
    let (back_tx, back) = mpsc::channel();
    let (end, mut end_rx) = channel();
    let ended = Arc::new(AtomicBool::new(false));
    let ending = Arc::clone(&ended);
    inline(async move {
        let guard = rx.next_offer().await.expect("the sender is there");
        lent_tx.send(()).unwrap();
        let end = end_rx.recv().await.expect("the test is there");
        ending.store(true, Ordering::SeqCst);
        match end {
            End::Accept => drop(Offer::accept(guard).received()),
            End::Drop => drop(guard),
        }
        drop(back_tx.send(rx));
    });
    Holder {
        lent,
        end,
        ended,
        back,
    }
}

#[test]
fn a_lent_item_outlasts_the_deadline_of_its_send() {
    watchdog(|| {
        for end in [End::Accept, End::Drop] {
            for patience in [Duration::ZERO, Duration::from_millis(2)] {
                let ledger = Ledger::new();
                let item = ledger.item();
                let (mut tx, rx) = channel();
                let mut holder = hold(rx);
                let deadline = Instant::now() + patience;
                let ended = Arc::clone(&holder.ended);
                let sending = thread::spawn(move || {
                    let outcome = tx.send(item).wait_deadline(deadline);
                    assert!(ended.load(Ordering::SeqCst), "it outlasts the deadline");
                    (tx, outcome)
                });
                holder.lent.recv().unwrap();
                // Time enough for the sender to give up by mistake.
                until(|| Instant::now() > deadline + Duration::from_millis(20));
                holder.end.send(end).wait().unwrap();

                let (mut tx, outcome) = sending.join().unwrap();
                assert!(tx.reclaim().is_none());
                match (end, outcome) {
                    (End::Accept, Ok(())) => assert_eq!(ledger.fates(), [Fate::Received]),
                    (End::Drop, Err(SendTimeoutError::Timeout(item))) => {
                        assert_eq!(item.refused(), 0);
                        let mut rx = holder.back.recv().unwrap();
                        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
                    }
                    (end, outcome) => panic!("{end:?} gave {outcome:?}"),
                }
            }
        }
    });
}

/// Waits on `send`, which `task` has polled, past its deadline and for a guard, which is dropped; `then` comes directly
/// after that.
fn wait_too_long<T: Send>(
    send: handoff::Send<'_, T>,
    task: &Probe,
    rx: &mut Receiver<T>,
    then: impl FnOnce(&mut Receiver<T>),
) -> Result<(), SendTimeoutError<T>> {
    thread::scope(|scope| {
        let guard = lend(rx);
        let sending = scope.spawn(|| send.wait_deadline(Instant::now()));
        // The thread has the task's seat, so it is past its deadline, and waits for the guard.
        until(|| task.held() == 0);
        drop(guard);
        then(rx);
        sending.join().unwrap()
    })
}

/// Otherwise a receiver that borrows it again and again would keep the send for ever: it is quicker than a thread is to
/// wake up.
#[test]
fn an_item_put_back_after_the_deadline_cannot_be_borrowed_again() {
    fn try_recv(rx: &mut Receiver<Item>) -> Option<Item> {
        rx.try_recv().ok()
    }
    fn offer(rx: &mut Receiver<Item>) -> Option<Item> {
        let offer = rx.next_offer().wait_timeout(Duration::ZERO).ok();
        offer.map(Offer::accept)
    }
    fn close(rx: &mut Receiver<Item>) -> Option<Item> {
        rx.close();
        None
    }

    watchdog(|| {
        for (name, next) in [
            (
                "try_recv",
                try_recv as fn(&mut Receiver<Item>) -> Option<Item>,
            ),
            ("offer", offer),
            ("close", close),
        ] {
            let ledger = Ledger::new();
            let (mut tx, mut rx) = channel();
            let task = Probe::new();
            let mut send = tx.send(ledger.item());
            assert!(task.poll(&mut send).is_pending());
            let outcome = wait_too_long(send, &task, &mut rx, |rx| {
                assert_eq!(next(rx), None, "{name}");
            });
            match outcome {
                Err(SendTimeoutError::Timeout(item)) => item.refused(),
                Err(SendTimeoutError::Closed(item)) if name == "close" => item.refused(),
                outcome => panic!("{name}: {outcome:?}"),
            };
            assert_eq!(ledger.fates(), [Fate::Refused], "{name}");
            assert_eq!(tx.reclaim(), None, "{name}");
        }
    });
}

/// What the late send was waiting for says nothing of the next item, which nobody waits for.
#[test]
fn an_item_of_try_send_after_a_late_send_is_put_back_on_offer() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let task = Probe::new();
        let mut send = tx.send(1);
        assert!(task.poll(&mut send).is_pending());
        let outcome = wait_too_long(send, &task, &mut rx, |_| {});
        assert_eq!(outcome, Err(SendTimeoutError::Timeout(1)));

        assert!(task.poll_next(&mut rx).is_pending());
        assert_eq!(tx.try_send(2), Ok(()));
        drop(lend(&mut rx));
        assert_eq!(rx.try_recv(), Ok(2));
        assert_eq!(tx.reclaim(), None);
    });
}

#[test]
fn an_item_put_back_before_the_deadline_is_on_offer_again() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let (outcome, item) = race(
            || tx.send(1).wait_timeout(Duration::from_secs(3600)),
            || {
                drop(rx.next_offer().wait().unwrap());
                drop(rx.next_offer().wait().unwrap());
                rx.recv().wait()
            },
        );
        assert_eq!((outcome, item), (Ok(()), Some(1)));
    });
}

#[test]
fn a_blocked_send_is_ended_by_accept_and_not_before() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let accepted = AtomicBool::new(false);
        race(
            || {
                assert_eq!(tx.send(1).wait(), Ok(()));
                assert!(accepted.load(Ordering::SeqCst));
            },
            || {
                let guard = rx.next_offer().wait().unwrap();
                accepted.store(true, Ordering::SeqCst);
                assert_eq!(Offer::accept(guard), 1);
            },
        );
    });
}

#[test]
fn a_blocked_send_learns_of_a_forgotten_guard_at_the_receivers_next_operation() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let sending = thread::spawn(move || tx.send(1).wait());
        mem::forget(rx.next_offer().wait().unwrap());
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(sending.join().unwrap(), Ok(()));
    });
}

#[test]
fn the_error_of_a_blocked_send_holds_the_item() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        let item = ledger.item();
        let sending = thread::spawn(move || tx.send(item).wait());
        drop(rx.next_offer().wait().unwrap());
        drop(rx);
        let Err(SendError::Closed(item)) = sending.join().unwrap() else {
            panic!("nobody took it");
        };
        item.refused();
        assert_eq!(ledger.fates(), [Fate::Refused]);
    });
}
