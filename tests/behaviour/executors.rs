//! The same code on every executor, and the arms of every `select!`.

use crate::common::{watchdog, yield_once, Fate, Ledger};
use futures::{FutureExt, StreamExt};
use futures_lite::future::{self, zip};
use handoff::{channel, Receiver, Sender};
use std::future::Future;
use std::pin::pin;
use std::thread;

const ITEMS: u32 = if cfg!(miri) { 20 } else { 1_000 };

async fn send_all(mut tx: Sender<u32>) {
    for i in 0..ITEMS {
        tx.send(i).await.expect("the receiver is there");
    }
}

async fn receive_all(mut rx: Receiver<u32>) {
    for i in 0..ITEMS {
        assert_eq!(rx.recv().await, Some(i));
    }
    assert_eq!(rx.recv().await, None);
}

async fn both_ends(tx: Sender<u32>, rx: Receiver<u32>) {
    zip(send_all(tx), receive_all(rx)).await;
}

/// Both ends in one task, and then each on a thread of its own, with a given `block_on`.
macro_rules! block_on {
    ($name:ident, $block_on:path) => {
        #[test]
        fn $name() {
            watchdog(|| {
                let (tx, rx) = channel();
                $block_on(both_ends(tx, rx));

                let (tx, rx) = channel();
                let sending = thread::spawn(|| $block_on(send_all(tx)));
                $block_on(receive_all(rx));
                sending.join().unwrap();
            });
        }
    };
}

block_on!(block_on_of_futures_lite, futures_lite::future::block_on);
block_on!(block_on_of_futures, futures::executor::block_on);
block_on!(block_on_of_pollster, pollster::block_on);
block_on!(block_on_of_smol, smol::block_on);
block_on!(block_on_of_async_io, async_io::block_on);
block_on!(block_on_of_async_std, async_std::task::block_on);

#[test]
fn two_tasks_on_smols_local_executor() {
    watchdog(|| {
        let executor = smol::LocalExecutor::new();
        let (tx, rx) = channel();
        let sending = executor.spawn(send_all(tx));
        let receiving = executor.spawn(receive_all(rx));
        future::block_on(executor.run(zip(sending, receiving)));
    });
}

#[test]
fn two_tasks_on_smols_executor_with_two_threads() {
    watchdog(|| {
        let executor = smol::Executor::new();
        let (tx, rx) = channel();
        let both = zip(
            executor.spawn(send_all(tx)),
            executor.spawn(receive_all(rx)),
        );
        let (mut over_tx, mut over_rx) = channel::<()>();
        thread::scope(|scope| {
            let second = scope.spawn(|| future::block_on(executor.run(over_rx.closed())));
            future::block_on(executor.run(both));
            over_tx.close();
            second.join().unwrap();
        });
    });
}

#[test]
fn two_tasks_on_smols_global_executor() {
    watchdog(|| {
        let (tx, rx) = channel();
        let sending = smol::spawn(send_all(tx));
        let receiving = smol::spawn(receive_all(rx));
        smol::block_on(zip(sending, receiving));
    });
}

#[test]
fn two_tasks_on_async_std() {
    watchdog(|| {
        let (tx, rx) = channel();
        let sending = async_std::task::spawn(send_all(tx));
        let receiving = async_std::task::spawn(receive_all(rx));
        async_std::task::block_on(zip(sending, receiving));
    });
}

#[test]
fn a_blocking_async_std_thread_and_an_async_std_task() {
    watchdog(|| {
        let (mut tx, rx) = channel();
        let sending = async_std::task::spawn_blocking(move || {
            for i in 0..ITEMS {
                tx.send(i).wait().unwrap();
            }
        });
        async_std::task::block_on(zip(sending, receive_all(rx)));
    });
}

fn tokio_current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

fn tokio_multi_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap()
}

async fn two_tokio_tasks() {
    let (tx, rx) = channel();
    let sending = tokio::spawn(send_all(tx));
    let receiving = tokio::spawn(receive_all(rx));
    sending.await.unwrap();
    receiving.await.unwrap();
}

#[test]
fn two_tasks_on_tokios_current_thread() {
    watchdog(|| tokio_current_thread().block_on(two_tokio_tasks()));
}

#[test]
fn two_tasks_on_tokios_workers() {
    watchdog(|| tokio_multi_thread().block_on(two_tokio_tasks()));
}

#[test]
fn a_blocking_tokio_thread_and_a_tokio_task() {
    watchdog(|| {
        tokio_current_thread().block_on(async {
            let (mut tx, rx) = channel();
            let sending = tokio::task::spawn_blocking(move || {
                for i in 0..ITEMS {
                    tx.send(i).wait().unwrap();
                }
            });
            receive_all(rx).await;
            sending.await.unwrap();
        });
    });
}

#[test]
fn many_tasks_in_a_ring_on_tokios_workers() {
    const STAGES: usize = 16;

    watchdog(|| {
        tokio_multi_thread().block_on(async {
            let (tx, mut last) = channel();
            for _ in 0..STAGES {
                let (mut tx, rx) = channel();
                let mut before = std::mem::replace(&mut last, rx);
                tokio::spawn(async move {
                    while let Some(item) = before.recv().await {
                        tx.send(item).await.unwrap();
                    }
                });
            }
            let sending = tokio::spawn(send_all(tx));
            receive_all(last).await;
            sending.await.unwrap();
        });
    });
}

// An arm of a `select!` is dropped half-way all the time.

/// Pending `times` times, then ready: the other arm, which decides when ours is dropped.
async fn after(times: usize) {
    for _ in 0..times {
        yield_once().await;
    }
}

/// Sends every item with `cancellable`, which drops the `Send` half-way now and then, until each has arrived; and
/// receives in the same way. Checks that no item was lost, none came twice, and the order is kept.
fn survive<S, R>(
    items: usize,
    mut send: impl FnMut(Sender<crate::common::Item>, crate::common::Item, usize) -> S,
    mut recv: impl FnMut(Receiver<crate::common::Item>, usize) -> R,
) where
    S: Future<Output = (Sender<crate::common::Item>, Option<crate::common::Item>)>,
    R: Future<Output = (Receiver<crate::common::Item>, Option<crate::common::Item>)>,
{
    let ledger = Ledger::new();
    let (mut tx, mut rx) = channel();
    let mut cancelled = 0;
    let sending = async {
        for _ in 0..items {
            let mut next = Some(ledger.item());
            for attempt in 0.. {
                let Some(item) = next.take() else { break };
                (tx, next) = send(tx, item, attempt % 4).await;
                cancelled += usize::from(next.is_some());
                yield_once().await;
            }
        }
        drop(tx);
    };
    let receiving = async {
        let mut expected = 0;
        for attempt in 0.. {
            let item;
            (rx, item) = recv(rx, attempt % 3).await;
            if let Some(item) = item {
                assert_eq!(item.received(), expected);
                expected += 1;
            }
            if expected == items {
                break;
            }
        }
    };
    future::block_on(zip(sending, receiving));
    assert_eq!(ledger.fates(), vec![Fate::Received; items]);
    assert!(cancelled > 0, "no send was ever cancelled");
}

#[test]
fn arms_of_futures_select() {
    watchdog(|| {
        survive(
            50,
            |mut tx, item, patience| async move {
                let mut timer = pin!(after(patience).fuse());
                // As it is: the futures of this crate know when they are terminated.
                futures::select! {
                    sent = tx.send(item) => sent.unwrap(),
                    () = timer => {}
                }
                let back = tx.reclaim();
                (tx, back)
            },
            |mut rx, patience| async move {
                let mut timer = pin!(after(patience).fuse());
                let item = futures::select! {
                    item = rx.recv() => Some(item.unwrap()),
                    () = timer => None,
                };
                (rx, item)
            },
        );
    });
}

#[test]
fn arms_of_tokio_select() {
    watchdog(|| {
        survive(
            50,
            |mut tx, item, patience| async move {
                tokio::select! {
                    sent = tx.send(item) => sent.unwrap(),
                    () = after(patience) => {}
                }
                let back = tx.reclaim();
                (tx, back)
            },
            |mut rx, patience| async move {
                let item = tokio::select! {
                    item = rx.recv() => Some(item.unwrap()),
                    () = after(patience) => None,
                };
                (rx, item)
            },
        );
    });
}

#[test]
fn arms_of_futures_lite_or() {
    watchdog(|| {
        survive(
            50,
            |mut tx, item, patience| async move {
                future::or(async { tx.send(item).await.unwrap() }, after(patience)).await;
                let back = tx.reclaim();
                (tx, back)
            },
            |mut rx, patience| async move {
                let item = future::or(rx.recv(), async {
                    after(patience).await;
                    None
                })
                .await;
                (rx, item)
            },
        );
    });
}

#[test]
fn a_stream_in_futures_select() {
    watchdog(|| {
        let (tx_a, mut a) = channel();
        let (tx_b, mut b) = channel();
        let receiving = async move {
            let (mut from_a, mut from_b) = (0, 0);
            loop {
                futures::select! {
                    item = a.select_next_some() => { assert_eq!(item, from_a); from_a += 1; }
                    item = b.select_next_some() => { assert_eq!(item, from_b); from_b += 1; }
                    complete => break,
                }
            }
            (from_a, from_b)
        };
        let sending = zip(send_all(tx_a), send_all(tx_b));
        let (_, counts) = future::block_on(zip(sending, receiving));
        assert_eq!(counts, (ITEMS, ITEMS));
    });
}

#[test]
fn now_or_never_and_then_await() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        assert_eq!(tx.send(1).now_or_never(), None);
        assert_eq!(tx.reclaim(), Some(1));
        assert_eq!(rx.recv().now_or_never(), None);

        // The wakers of those polls are of no use to anybody; those of these are.
        let (mut send, mut recv) = (tx.send(2), rx.recv());
        assert_eq!((&mut recv).now_or_never(), None);
        assert_eq!((&mut send).now_or_never(), None);
        let (outcome, item) = future::block_on(async {
            let receiving = async {
                after(3).await;
                recv.await
            };
            zip(send, receiving).await
        });
        assert_eq!((outcome, item), (Ok(()), Some(2)));
    });
}
