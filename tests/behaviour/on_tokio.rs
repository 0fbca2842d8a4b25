//! On tokio: `select!` loops that cancel at random, time-outs, and what other tasks get of a busy channel.
//!
//! Where time plays a part the clock is tokio's paused one, which goes on when every task waits. So nothing sleeps,
//! and every run is the same.

use crate::common::{watchdog, yield_once, Fate, Item, Ledger};
use futures::FutureExt;
use handoff::{channel, Receiver, Sender};
use std::future::{poll_fn, Future};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};
use tokio_stream::StreamExt;

const ITEMS: usize = if cfg!(miri) { 50 } else { 3_000 };

/// One thread, and a clock that goes on when all tasks wait.
fn paused() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

/// After how many polls tokio looks beyond its queue of tasks.
const INTERVAL: u32 = 61;

fn one_thread() -> Runtime {
    Builder::new_current_thread()
        .event_interval(INTERVAL)
        .build()
        .unwrap()
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Numbers as good as random, and the same in every run.
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

// `select!` loops.

/// Which arm of the `select!` is polled first.
#[derive(Clone, Copy, Debug)]
enum First {
    Ours,
    Theirs,
    Either,
}

/// A `select!` of the channel's future and another one, which is dropped when it loses.
async fn select<A, B>(
    first: First,
    ours: impl Future<Output = A>,
    theirs: impl Future<Output = B>,
) -> Option<A> {
    match first {
        First::Ours => tokio::select! {
            biased;
            output = ours => Some(output),
            _ = theirs => None,
        },
        First::Theirs => tokio::select! {
            biased;
            _ = theirs => None,
            output = ours => Some(output),
        },
        First::Either => tokio::select! {
            output = ours => Some(output),
            _ = theirs => None,
        },
    }
}

/// Sends every item until it has arrived, and says how often a send was cancelled and its item came back.
async fn send_all<A: Future, B: Future>(
    mut tx: Sender<Item>,
    ledger: Ledger,
    first: First,
    mut other_arm: impl FnMut() -> A,
    mut pause: impl FnMut() -> B,
) -> usize {
    let mut cancelled = 0;
    for _ in 0..ITEMS {
        let mut next = Some(ledger.item());
        while let Some(item) = next.take() {
            match select(first, tx.send(item), other_arm()).await {
                Some(sent) => sent.unwrap(),
                None => next = tx.reclaim(),
            }
            cancelled += usize::from(next.is_some());
            pause().await;
        }
    }
    cancelled
}

/// Receives to the end, and says how often a receive was cancelled.
async fn receive_all<A: Future, B: Future>(
    mut rx: Receiver<Item>,
    first: First,
    mut other_arm: impl FnMut() -> A,
    mut pause: impl FnMut() -> B,
) -> usize {
    let (mut cancelled, mut received) = (0, 0);
    loop {
        match select(first, rx.recv(), other_arm()).await {
            Some(Some(item)) => {
                assert_eq!(item.received(), received, "{first:?}");
                received += 1;
            }
            Some(None) => break,
            None => cancelled += 1,
        }
        pause().await;
    }
    assert_eq!(received, ITEMS);
    cancelled
}

#[test]
fn select_loops_with_a_timer_lose_nothing() {
    watchdog(|| {
        for first in [First::Ours, First::Theirs, First::Either] {
            let ledger = Ledger::new();
            let (tx, rx) = channel();
            let at_random = |seed: u64, most: u64| {
                let mut dice = Dice(seed);
                move || sleep(ms(dice.roll(most + 1)))
            };
            let (sends, receives) = paused().block_on(async {
                tokio::join!(
                    send_all(tx, ledger.clone(), first, at_random(1, 3), at_random(2, 2)),
                    receive_all(rx, first, at_random(3, 3), at_random(4, 2)),
                )
            });
            assert_eq!(ledger.fates(), vec![Fate::Received; ITEMS], "{first:?}");
            assert!(sends > 0 && receives > 0, "none was cancelled, {first:?}");
        }
    });
}

/// Each end and the one who cancels are tasks of their own, on two threads, so a cancel can meet a take.
#[test]
fn select_loops_with_a_notify_across_threads_lose_nothing() {
    watchdog(|| {
        for first in [First::Ours, First::Theirs, First::Either] {
            let ledger = Ledger::new();
            let (tx, rx) = channel();
            let (stop_sending, stop_receiving) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let done = Arc::new(AtomicBool::new(false));
            let notified = |notify: &Arc<Notify>| {
                let notify = Arc::clone(notify);
                move || {
                    let notify = Arc::clone(&notify);
                    async move { notify.notified().await }
                }
            };
            let sending = send_all(
                tx,
                ledger.clone(),
                first,
                notified(&stop_sending),
                || async {},
            );
            let receiving = receive_all(rx, first, notified(&stop_receiving), || async {});
            let cancelling = {
                let done = Arc::clone(&done);
                async move {
                    let mut dice = Dice(5);
                    while !done.load(Ordering::Relaxed) {
                        match dice.roll(3) {
                            0 => stop_sending.notify_one(),
                            1 => stop_receiving.notify_one(),
                            _ => yield_once().await,
                        }
                        yield_once().await;
                    }
                }
            };
            let runtime = Builder::new_multi_thread()
                .worker_threads(2)
                .build()
                .unwrap();
            let (sends, receives) = runtime.block_on(async {
                let sending = tokio::spawn(sending);
                let receiving = tokio::spawn(receiving);
                let cancelling = tokio::spawn(cancelling);
                let cancelled = (sending.await.unwrap(), receiving.await.unwrap());
                done.store(true, Ordering::Relaxed);
                cancelling.await.unwrap();
                cancelled
            });
            assert_eq!(ledger.fates(), vec![Fate::Received; ITEMS], "{first:?}");
            assert!(sends > 0 && receives > 0, "none was cancelled, {first:?}");
        }
    });
}

#[test]
fn a_send_that_is_kept_across_rounds_stays_on_offer() {
    watchdog(|| {
        paused().block_on(async {
            let (mut tx, mut rx) = channel();
            let sending = async move {
                let mut rounds = 0;
                for number in 0..100 {
                    let mut send = tx.send(number);
                    loop {
                        tokio::select! {
                            sent = &mut send => break sent.unwrap(),
                            () = sleep(ms(2)) => rounds += 1,
                        }
                    }
                }
                rounds
            };
            let receiving = async move {
                for number in 0..100 {
                    sleep(ms(7)).await;
                    assert_eq!(rx.try_recv(), Ok(number), "it is on offer in every round");
                }
            };
            let (rounds, ()) = tokio::join!(sending, receiving);
            assert_eq!(rounds, 300);
        });
    });
}

// Time-outs.

#[test]
fn time_outs_of_sends_and_receives_leave_no_doubt() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        let sending = async {
            let mut dice = Dice(6);
            let mut delivered = Vec::new();
            for number in 0..ITEMS {
                // Its receive often begins or ends in the very millisecond in which this one ends.
                match timeout(ms(dice.roll(4)), tx.send(ledger.item())).await {
                    Ok(sent) => {
                        sent.unwrap();
                        delivered.push(number);
                    }
                    Err(_) => match tx.reclaim() {
                        Some(item) => assert_eq!(item.reclaimed(), number),
                        None => delivered.push(number),
                    },
                }
                sleep(ms(dice.roll(3))).await;
            }
            drop(tx);
            delivered
        };
        let receiving = async {
            let mut dice = Dice(7);
            let (mut received, mut expired) = (Vec::new(), 0);
            loop {
                match timeout(ms(dice.roll(4)), rx.recv()).await {
                    Ok(Some(item)) => received.push(item.received()),
                    Ok(None) => break (received, expired),
                    Err(_) => expired += 1,
                }
                sleep(ms(dice.roll(3))).await;
            }
        };
        let (delivered, (received, expired)) =
            paused().block_on(async { tokio::join!(sending, receiving) });
        assert_eq!(delivered, received);
        assert_eq!(ledger.count(Fate::Received), received.len());
        assert_eq!(
            ledger.count(Fate::Reclaimed),
            ITEMS - received.len(),
            "all others came back"
        );
        assert!(!received.is_empty() && received.len() < ITEMS && expired > 0);
    });
}

#[test]
fn a_send_whose_time_is_up_is_not_delivered_later() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        let sending = async {
            let mut delivered = Vec::new();
            for number in 0..200 {
                // Nobody asks for it back.
                if timeout(ms(5), tx.send(ledger.item())).await.is_ok() {
                    delivered.push(number);
                }
                sleep(ms(5)).await;
            }
            drop(tx);
            delivered
        };
        let receiving = async {
            let mut received = Vec::new();
            loop {
                // Comes by every 17 ms: often between two sends, and does not wait.
                match rx.try_recv() {
                    Ok(item) => received.push(item.received()),
                    Err(error) if error.is_closed() => break received,
                    Err(_) => {}
                }
                sleep(ms(17)).await;
            }
        };
        let (delivered, received) = paused().block_on(async { tokio::join!(sending, receiving) });
        assert!(!received.is_empty());
        assert_eq!(delivered, received);
        assert_eq!(ledger.count(Fate::Dropped), 200 - received.len());
    });
}

#[test]
fn a_time_out_in_the_midst_of_a_loop_of_receives_loses_nothing() {
    watchdog(|| {
        paused().block_on(async {
            let (mut tx, mut rx) = channel();
            let sending = async move {
                for number in 0..100 {
                    tx.send(number).await.unwrap();
                    sleep(ms(number % 5)).await;
                }
            };
            let receiving = async move {
                let (mut received, mut expired) = (Vec::new(), 0);
                loop {
                    let some = async {
                        while let Some(number) = rx.recv().await {
                            received.push(number);
                        }
                    };
                    match timeout(ms(7), some).await {
                        Ok(()) => break (received, expired),
                        Err(_) => expired += 1,
                    }
                }
            };
            let ((), (received, expired)) = tokio::join!(sending, receiving);
            assert!(received.into_iter().eq(0..100));
            assert!(expired > 10);
        });
    });
}

#[test]
fn time_outs_of_the_other_waits_change_nothing() {
    watchdog(|| {
        paused().block_on(async {
            let (mut tx, mut rx) = channel();
            assert!(timeout(ms(5), tx.wanted()).await.is_err());
            assert!(timeout(ms(5), tx.closed()).await.is_err());
            assert!(timeout(ms(5), rx.closed()).await.is_err());
            assert!(timeout(ms(5), rx.next_offer()).await.is_err());
            assert!(!tx.is_wanted(), "that receive has gone");
            assert!(tx.try_send(0).is_err());

            let lending = async {
                let guard = rx.next_offer().await.unwrap();
                sleep(ms(10)).await;
                drop(guard);
                sleep(ms(10)).await;
                assert_eq!(rx.recv().await, Some(1));
            };
            // Lent when the time is up, and on offer again later.
            let sending = async {
                assert!(timeout(ms(5), tx.send(1)).await.is_err());
                assert_eq!(tx.reclaim(), None, "its receiver decides");
                drop(tx);
            };
            tokio::join!(lending, sending);
        });
    });
}

// Other tasks.

/// Sends and receives in two tasks of one thread, beside a task that does nothing but `pause`; gives the most items
/// that were received between two turns of that one, and how many turns it had.
fn beside<P: Future + Send>(pause: impl Fn() -> P + Send + 'static) -> (usize, usize) {
    let turns = Arc::new(AtomicUsize::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let (mut tx, mut rx) = channel();
    let neighbour = {
        let (turns, done) = (Arc::clone(&turns), Arc::clone(&done));
        async move {
            while !done.load(Ordering::Relaxed) {
                turns.fetch_add(1, Ordering::Relaxed);
                pause().await;
            }
        }
    };
    let sending = async move {
        for number in 0..ITEMS {
            tx.send(number).await.unwrap();
        }
    };
    let receiving = {
        let turns = Arc::clone(&turns);
        async move {
            let (mut before, mut run, mut longest) = (0, 0, 0);
            while rx.recv().await.is_some() {
                let now = turns.load(Ordering::Relaxed);
                run = if now == before { run + 1 } else { 1 };
                before = now;
                longest = longest.max(run);
            }
            done.store(true, Ordering::Relaxed);
            longest
        }
    };
    let longest = one_thread().block_on(async {
        let neighbour = tokio::spawn(neighbour);
        let sending = tokio::spawn(sending);
        let longest = tokio::spawn(receiving).await.unwrap();
        sending.await.unwrap();
        neighbour.await.unwrap();
        longest
    });
    (longest, turns.load(Ordering::Relaxed))
}

#[test]
fn others_on_the_thread_have_a_turn_with_every_item() {
    watchdog(|| {
        // Each end hands over one item a poll, and then waits for the other end's poll.
        let (longest, turns) = beside(yield_once);
        assert!(longest <= 1, "{longest} items in a row");
        assert!(turns >= ITEMS, "{turns} turns");
    });
}

#[test]
fn a_neighbour_that_yields_as_tokio_does_is_not_starved() {
    watchdog(|| {
        // This one goes behind all tasks that are ready, of which there is always one, until tokio looks up.
        for (longest, _) in [
            beside(yield_now),
            beside(|| tokio::task::unconstrained(yield_now())),
        ] {
            assert!(longest <= INTERVAL as usize, "{longest} items in a row");
        }
    });
}

#[test]
fn a_task_without_budget_hands_over_all_the_same() {
    watchdog(|| {
        one_thread().block_on(async {
            let (mut tx, mut rx) = channel();
            while tokio::task::consume_budget().now_or_never().is_some() {}

            let mut send = tx.send(1);
            assert_eq!((&mut send).now_or_never(), None);
            assert_eq!(rx.recv().now_or_never(), Some(Some(1)));
            assert_eq!(send.now_or_never(), Some(Ok(())));
            let still_none = tokio::task::consume_budget().now_or_never();
            assert!(still_none.is_none(), "the test is no test with a budget");
        });
    });
}

/// A peer on another core can be there with the next item each time, so that no receive ever waits.
#[test]
fn consume_budget_bounds_the_items_of_one_poll() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let sending = thread::spawn(move || {
            for number in 0..ITEMS {
                tx.send(number).wait().unwrap();
            }
        });
        let in_this_poll = AtomicUsize::new(0);
        let receiving = async {
            while rx.recv().await.is_some() {
                in_this_poll.fetch_add(1, Ordering::Relaxed);
                tokio::task::consume_budget().await;
            }
        };
        one_thread().block_on(async {
            let mut receiving = pin!(receiving);
            poll_fn(|cx| {
                in_this_poll.store(0, Ordering::Relaxed);
                let poll = receiving.as_mut().poll(cx);
                let items = in_this_poll.load(Ordering::Relaxed);
                assert!(items <= 1_000, "{items} items in one poll");
                poll
            })
            .await;
        });
        sending.join().unwrap();
    });
}

// The combinators of `tokio_stream`, which work with time.

async fn send_with_pauses(mut tx: Sender<u64>, pauses: &[u64]) {
    for (number, &pause) in (0..).zip(pauses) {
        sleep(ms(pause)).await;
        tx.send(number).await.unwrap();
    }
}

#[test]
fn a_stream_with_time_outs_goes_on_after_each() {
    watchdog(|| {
        paused().block_on(async {
            let (tx, rx) = channel();
            let receiving = rx.timeout(ms(10)).map(Result::ok).collect::<Vec<_>>();
            let sending = send_with_pauses(tx, &[0, 15, 5, 25]);
            let ((), items) = tokio::join!(sending, receiving);
            // It reports a time-out once for each item that is late.
            assert_eq!(
                items,
                [Some(0), None, Some(1), Some(2), None, Some(3)],
                "in order, and none is missing"
            );
        });
    });
}

#[test]
fn chunks_with_a_time_limit_lose_nothing() {
    watchdog(|| {
        paused().block_on(async {
            let (tx, rx) = channel();
            let receiving = async {
                let mut chunks = pin!(rx.chunks_timeout(3, ms(10)));
                let mut all = Vec::new();
                while let Some(chunk) = chunks.next().await {
                    all.push(chunk);
                }
                all
            };
            let sending = send_with_pauses(tx, &[0, 0, 0, 0, 25, 1, 1, 1]);
            let ((), chunks) = tokio::join!(sending, receiving);
            assert_eq!(chunks, [vec![0, 1, 2], vec![3], vec![4, 5, 6], vec![7]]);
        });
    });
}

#[test]
fn streams_are_merged_and_mapped_by_key() {
    watchdog(|| {
        paused().block_on(async {
            let ((tx_a, a), (tx_b, b), (tx_c, c)) = (channel(), channel(), channel());
            let mut map = tokio_stream::StreamMap::new();
            map.insert(
                "merged",
                Box::pin(a.merge(b)) as std::pin::Pin<Box<dyn futures::Stream<Item = u64>>>,
            );
            map.insert("throttled", Box::pin(c.throttle(ms(3))));
            let sending = async {
                tokio::join!(
                    send_with_pauses(tx_a, &[1, 0, 2, 0]),
                    send_with_pauses(tx_b, &[0, 2, 0, 1]),
                    send_with_pauses(tx_c, &[0, 0, 0, 0]),
                )
            };
            let (_, mut items) = tokio::join!(sending, map.collect::<Vec<_>>());
            items.sort_unstable();
            let expected = (0..8)
                .map(|i| ("merged", i / 2))
                .chain((0..4).map(|i| ("throttled", i)));
            assert!(items.into_iter().eq(expected));
        });
    });
}
