//! A limit that cuts a wait short: any future, and the verdict is in the result.

use crate::common::{lend, must_panic, race, watchdog, Fate, Item, Ledger, Probe};
use futures_core::future::FusedFuture;
use futures_lite::future::block_on;
use handoff::{channel, Offer, Receiver, RecvTimeoutError, SendTimeoutError, Sender, Until};
use std::cell::Cell;
use std::future::{pending, ready, Future, IntoFuture};
use std::marker::PhantomPinned;
use std::mem;
use std::pin::{pin, Pin};
use std::rc::Rc;
use std::task::{Context, Poll};

/// A limit that the test lets come, and that counts its polls.
#[derive(Clone, Default)]
struct Limit(Rc<(Cell<bool>, Cell<usize>)>);

impl Limit {
    fn comes(&self) {
        self.0 .0.set(true);
    }

    fn polls(&self) -> usize {
        self.0 .1.get()
    }
}

impl Future for Limit {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.0 .1.set(self.polls() + 1);
        if self.0 .0.get() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

/// A limit that runs something when it is polled, and then is ready with something.
struct OnPoll<F>(Option<F>);

impl<F: FnOnce() -> O + Unpin, O> Future for OnPoll<F> {
    type Output = O;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<O> {
        let run = self.0.take().expect("it is not polled again");
        Poll::Ready(run())
    }
}

fn on_poll<F: FnOnce() -> O + Unpin, O>(run: F) -> OnPoll<F> {
    OnPoll(Some(run))
}

/// Runs something when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn ledger_and_channel() -> (Ledger, Sender<Item>, Receiver<Item>, Probe) {
    let (tx, rx) = channel();
    (Ledger::new(), tx, rx, Probe::new())
}

#[track_caller]
fn timed_out(outcome: Poll<Result<(), SendTimeoutError<Item>>>) -> usize {
    match outcome {
        Poll::Ready(Err(SendTimeoutError::Timeout(item))) => item.refused(),
        other => panic!("expected a time-out, got {other:?}"),
    }
}

// Each future, and a limit that comes or does not.

#[test]
fn a_limit_that_comes_ends_each_wait() {
    let (ledger, mut tx, mut rx, task) = ledger_and_channel();
    let limit = || ready(5);
    assert_eq!(
        timed_out(task.poll(&mut tx.send(ledger.item()).until(limit()))),
        0
    );
    assert_eq!(
        task.poll(&mut tx.wanted().until(limit())),
        Poll::Ready(None)
    );
    assert_eq!(
        task.poll(&mut tx.closed().until(limit())),
        Poll::Ready(None)
    );
    assert_eq!(
        task.poll(&mut rx.closed().until(limit())),
        Poll::Ready(None)
    );
    let outcome = task.poll(&mut rx.recv().until(limit()));
    assert!(matches!(
        outcome,
        Poll::Ready(Err(RecvTimeoutError::Timeout))
    ));
    let outcome = task.poll(&mut rx.next_offer().until(limit()));
    assert!(matches!(
        outcome,
        Poll::Ready(Err(RecvTimeoutError::Timeout))
    ));
    assert_eq!(task.held(), 0, "no waker is kept");
    assert!(!tx.is_wanted(), "no receive waits");
    assert!(tx.reclaim().is_none(), "the error had it");
}

#[test]
fn an_answer_wins_over_a_limit_which_is_not_polled_then() {
    let (ledger, mut tx, mut rx, task) = ledger_and_channel();
    let limit = Limit::default();
    limit.comes();
    let mut send = tx.send(ledger.item());
    assert!(task.poll(&mut send).is_pending());
    let outcome = task.poll(&mut rx.recv().until(limit.clone()));
    let Poll::Ready(Ok(item)) = outcome else {
        panic!("it is on offer");
    };
    item.received();
    let mut send = send.until(limit.clone());
    assert!(matches!(task.poll(&mut send), Poll::Ready(Ok(()))));
    assert!(send.is_terminated());
    drop(send);

    let mut recv = rx.recv();
    assert!(task.poll(&mut recv).is_pending());
    assert_eq!(
        task.poll(&mut tx.wanted().until(limit.clone())),
        Poll::Ready(Some(true))
    );
    drop(recv);
    drop(tx);
    assert_eq!(
        task.poll(&mut rx.closed().until(limit.clone())),
        Poll::Ready(Some(()))
    );
    let outcome = task.poll(&mut rx.next_offer().until(limit.clone()));
    assert!(matches!(
        outcome,
        Poll::Ready(Err(RecvTimeoutError::Closed))
    ));
    assert_eq!(limit.polls(), 0);
}

#[test]
fn a_limit_that_does_not_come_changes_nothing() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let (sent, received) = block_on(futures_lite::future::zip(
            tx.send(1).until(pending::<()>()),
            rx.recv().until(pending::<()>()),
        ));
        assert_eq!((sent, received), (Ok(()), Ok(1)));
    });
}

#[test]
fn an_item_to_send_is_on_offer_for_an_instant() {
    let (ledger, mut tx, rx, task) = ledger_and_channel();
    let rx = Rc::new(Cell::new(Some(rx)));
    let there = Rc::clone(&rx);
    // The receiver runs inside the limit.
    let limit = on_poll(move || {
        let mut rx = there.take().unwrap();
        assert_eq!(rx.try_recv().map(Item::received), Ok(0));
        there.set(Some(rx));
    });
    let mut send = tx.send(ledger.item()).until(limit);
    assert!(
        matches!(task.poll(&mut send), Poll::Ready(Ok(()))),
        "taken wins"
    );
}

#[test]
fn a_limit_is_not_polled_again_after_it_came() {
    let (ledger, mut tx, mut rx, task) = ledger_and_channel();
    let limit = Limit::default();
    let mut send = tx.send(ledger.item()).until(limit.clone());
    assert!(task.poll(&mut send).is_pending());
    let guard = lend(&mut rx);
    limit.comes();
    for _ in 0..3 {
        assert!(task.poll(&mut send).is_pending(), "the item is lent");
        assert_eq!(limit.polls(), 2);
    }
    drop(guard);
    assert_eq!(task.wakes(), 1);
    assert_eq!(timed_out(task.poll(&mut send)), 0);
    assert!(send.is_terminated());
    assert!(task.poll(&mut send).is_pending());
    assert_eq!(limit.polls(), 2);
    assert!(rx.try_recv().is_err(), "it is not on offer any more");
}

#[test]
fn a_future_that_had_resolved_polls_no_limit() {
    let (_ledger, mut tx, rx, task) = ledger_and_channel();
    drop(rx);
    let mut closed = tx.closed();
    assert!(task.poll(&mut closed).is_ready());
    let limit = Limit::default();
    limit.comes();
    let mut until = closed.until(limit.clone());
    assert!(until.is_terminated());
    assert!(task.poll(&mut until).is_pending());
    assert_eq!(limit.polls(), 0);
}

// The item is lent when the limit comes.

#[test]
fn whoever_holds_the_item_decides_after_the_limit() {
    type Decide = fn(Offer<'_, Item>);

    let decisions: [(Decide, Result<(), bool>); 3] = [
        (
            |offer| assert_eq!(Offer::accept(offer).received(), 0),
            Ok(()),
        ),
        (|offer| assert!(Offer::decline(offer).is_none()), Err(true)),
        (|offer| drop(offer), Err(false)),
    ];
    for (decide, expected) in decisions {
        let (ledger, mut tx, mut rx, task) = ledger_and_channel();
        let limit = Limit::default();
        let mut send = tx.send(ledger.item()).until(limit.clone());
        assert!(task.poll(&mut send).is_pending());
        let guard = lend(&mut rx);
        assert!(!Offer::is_abandoned(&guard));
        limit.comes();
        assert!(task.poll(&mut send).is_pending());
        assert!(Offer::is_abandoned(&guard), "past its limit");
        decide(guard);
        assert_eq!(task.wakes(), 1);
        let Poll::Ready(outcome) = task.poll(&mut send) else {
            panic!("it was decided");
        };
        let outcome = outcome.map_err(|error| {
            let declined = error.is_declined();
            error.into_inner().refused();
            declined
        });
        assert_eq!(outcome, expected);
        drop(send);
        assert!(tx.reclaim().is_none());
        assert_eq!(ledger.alive(), 0);
        assert_eq!(task.held(), 0);
    }
}

#[test]
fn a_leaked_guard_counts_as_accepted_after_the_limit_too() {
    let (ledger, mut tx, mut rx, task) = ledger_and_channel();
    let mut send = tx.send(ledger.item()).until(ready(()));
    let mut first = rx.recv();
    assert!(task.poll(&mut first).is_pending());
    drop(first);
    let limit = Limit::default();
    assert_eq!(timed_out(task.poll(&mut send)), 0);
    drop(send);
    let mut send = tx.send(ledger.item()).until(limit.clone());
    assert!(task.poll(&mut send).is_pending());
    mem::forget(lend(&mut rx));
    limit.comes();
    assert!(task.poll(&mut send).is_pending());
    assert!(rx.try_recv().is_err());
    assert!(matches!(task.poll(&mut send), Poll::Ready(Ok(()))));
}

#[test]
fn to_drop_an_until_ends_a_send_whose_item_is_lent() {
    for late in [false, true] {
        let (ledger, mut tx, mut rx, task) = ledger_and_channel();
        let limit = Limit::default();
        let mut send = tx.send(ledger.item()).until(limit.clone());
        assert!(task.poll(&mut send).is_pending());
        let guard = lend(&mut rx);
        if late {
            limit.comes();
            assert!(task.poll(&mut send).is_pending());
        }
        drop(send);
        assert!(tx.reclaim().is_none(), "it is lent");
        assert!(Offer::is_abandoned(&guard));
        drop(guard);
        let guard = lend(&mut rx);
        assert!(Offer::is_abandoned(&guard), "once true it stays true");
        drop(guard);
        assert_eq!(
            tx.reclaim().map(Item::reclaimed),
            Some(0),
            "it was put back"
        );
    }
}

#[test]
fn an_until_forgotten_past_its_limit_is_in_nobodys_way() {
    for decline in [false, true] {
        let (ledger, mut tx, mut rx, task) = ledger_and_channel();
        let mut send = tx.send(ledger.item());
        assert!(task.poll(&mut send).is_pending());
        let guard = lend(&mut rx);
        let mut send = send.until(ready(()));
        assert!(task.poll(&mut send).is_pending());
        mem::forget(send);
        drop(tx.send(ledger.item()));
        if decline {
            assert_eq!(
                Offer::decline(guard).map(Item::received),
                Some(0),
                "nobody waits for it"
            );
        } else {
            drop(guard);
            assert!(rx.is_offered());
        }
        assert_eq!(
            tx.reclaim().map(Item::reclaimed),
            Some(1),
            "the verdict on the second"
        );
        if !decline {
            assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
        }
        assert!(tx.reclaim().is_none());
    }
}

#[test]
fn a_late_send_that_was_forgotten_is_not_woken_in_place_of_another() {
    let (ledger, mut tx, mut rx, task) = ledger_and_channel();
    let mut send = tx.send(ledger.item());
    assert!(task.poll(&mut send).is_pending());
    let guard = lend(&mut rx);
    let mut send = send.until(ready(()));
    assert!(task.poll(&mut send).is_pending());
    mem::forget(send);
    let producer = Probe::new();
    assert!(tx.poll_wanted(&mut producer.cx()).is_pending());
    drop(guard);
    assert_eq!(producer.wakes(), 0, "nothing is wanted");
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
}

// What a limit may be, and do.

#[test]
fn a_limit_need_not_be_unpin_and_may_be_borrowed() {
    let (mut tx, _rx) = channel();
    let limit = async {
        let pinned = PhantomPinned;
        let () = ready(()).await;
        let _ = &pinned;
    };
    let mut limit = pin!(limit);
    let outcome = block_on(tx.send(1).until(limit.as_mut()));
    assert_eq!(outcome, Err(SendTimeoutError::Timeout(1)));

    let mut limit = Limit::default();
    let task = Probe::new();
    assert!(task.poll(&mut tx.send(2).until(&mut limit)).is_pending());
    assert_eq!(tx.reclaim(), Some(2));
    limit.comes();
    let outcome = task.poll(&mut tx.send(3).until(&mut limit));
    assert_eq!(outcome, Poll::Ready(Err(SendTimeoutError::Timeout(3))));
}

#[test]
fn a_limit_that_panics_leaves_the_send_as_before() {
    watchdog(|| {
        let (ledger, mut tx, mut rx, task) = ledger_and_channel();
        let mut send = tx.send(ledger.item()).until(on_poll(|| panic!("foreign")));
        assert_eq!(must_panic(|| task.poll(&mut send).is_ready()), "foreign");
        assert!(!send.is_terminated());
        assert!(rx.is_offered());
        drop(send);
        assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
        assert!(rx.try_recv().is_err());
    });
}

#[test]
fn an_output_that_panics_in_its_drop_costs_no_item() {
    watchdog(|| {
        let (ledger, mut tx, _rx, task) = ledger_and_channel();
        let limit = on_poll(|| OnDrop(|| panic!("foreign")));
        let mut send = tx.send(ledger.item()).until(limit);
        assert_eq!(must_panic(|| task.poll(&mut send).is_ready()), "foreign");
        assert_eq!(timed_out(task.poll(&mut send)), 0, "the limit has come");
    });
}

#[test]
fn an_into_future_that_panics_gives_the_item_back() {
    struct Bomb;

    impl IntoFuture for Bomb {
        type Output = ();
        type IntoFuture = std::future::Ready<()>;

        fn into_future(self) -> Self::IntoFuture {
            panic!("foreign")
        }
    }

    watchdog(|| {
        let (ledger, mut tx, _rx, _) = ledger_and_channel();
        let item = ledger.item();
        assert_eq!(must_panic(|| drop(tx.send(item).until(Bomb))), "foreign");
        assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
    });
}

#[test]
fn a_limit_may_use_the_other_end_in_its_poll_and_in_every_drop() {
    watchdog(|| {
        // In its poll it drops the receiver.
        let (ledger, mut tx, rx, task) = ledger_and_channel();
        let mut send = tx.send(ledger.item()).until(on_poll(move || drop(rx)));
        let Poll::Ready(Err(SendTimeoutError::Closed(item))) = task.poll(&mut send) else {
            panic!("closed wins over the limit");
        };
        item.refused();

        // In the drop of its output it takes the item.
        let (ledger, mut tx, mut rx, task) = ledger_and_channel();
        let limit =
            on_poll(move || OnDrop(move || assert_eq!(rx.try_recv().unwrap().received(), 0)));
        let mut send = tx.send(ledger.item()).until(limit);
        assert!(matches!(task.poll(&mut send), Poll::Ready(Ok(()))));

        // In its own drop it finds the item given back.
        let (ledger, mut tx, mut rx, task) = ledger_and_channel();
        let guard = OnDrop(move || assert!(rx.try_recv().is_err()));
        let limit = Box::pin(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        let mut send = tx.send(ledger.item()).until(limit);
        assert!(task.poll(&mut send).is_pending());
        drop(send);
        assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
    });
}

#[test]
fn an_until_shows_its_future_and_asks_nothing_of_its_limit() {
    struct Plain;
    impl Future for Plain {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }
    let (mut tx, _rx) = channel::<Plain>();
    let text = format!("{:?}", tx.wanted().until(Plain));
    assert!(text.contains("Wanted"), "{text}");
}

#[test]
fn an_until_is_unpin_if_its_limit_is() {
    static_assertions::assert_impl_all!(Until<handoff::Send<'static, PhantomPinned>, Limit>: Unpin);
    static_assertions::assert_not_impl_any!(Until<handoff::Recv<'static, u8>, PhantomPinned>: Unpin);
}

// Races.

#[test]
fn every_verdict_is_what_the_receiver_did() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel::<Item>();
        let rounds = 3_000_u32;
        let (sent, seen) = race(
            || {
                let mut sent = Vec::new();
                for round in 0..rounds {
                    let item = ledger.item();
                    let number = item.number();
                    // As many polls as the round says, and then it is over.
                    let mut left = round % 5;
                    let limit = std::future::poll_fn(|cx| {
                        cx.waker().wake_by_ref();
                        if left == 0 {
                            return Poll::Ready(());
                        }
                        left -= 1;
                        Poll::Pending
                    });
                    let outcome = if round % 3 == 0 {
                        let time = std::time::Duration::from_nanos(u64::from(round % 64) * 50);
                        tx.send(item).wait_timeout(time)
                    } else {
                        block_on(tx.send(item).until(pin!(limit)))
                    };
                    match outcome {
                        Ok(()) => sent.push((number, true)),
                        Err(error) => sent.push((error.into_inner().refused(), false)),
                    }
                }
                drop(tx);
                sent
            },
            || {
                let mut seen = Vec::new();
                for round in 0.. {
                    let Some(guard) = rx.next_offer().wait() else {
                        return seen;
                    };
                    for _ in 0..round % 7 * 20 {
                        std::hint::spin_loop();
                    }
                    let number = guard.number();
                    match round % 4 {
                        0 => seen.push(Offer::accept(guard).received()),
                        1 => drop(guard),
                        2 => {
                            if let Some(item) = Offer::decline(guard) {
                                panic!("somebody waits for item {}", item.number());
                            }
                        }
                        _ => {
                            seen.push(number);
                            mem::forget(guard);
                        }
                    }
                }
                unreachable!("it ends with the sender");
            },
        );
        let taken: Vec<_> = sent.iter().filter(|it| it.1).map(|it| it.0).collect();
        assert_eq!(taken, seen);
        assert_eq!(sent.len(), rounds as usize);
        let refused = ledger.count(Fate::Refused);
        assert_eq!(refused + taken.len(), rounds as usize);
    });
}
