//! The futures and the stream in the combinators of `futures`: where an item is that is in neither end's hands.

use crate::common::{watchdog, yield_once, Fate, Item, Ledger, Probe};
use futures::future::{abortable, select, select_all, try_join, Either};
use futures::stream::{self, FuturesUnordered};
use futures::{FutureExt, StreamExt};
use futures_lite::future::{block_on, zip};
use handoff::{channel, Receiver, Sender};
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::task::Poll;

async fn send_all(mut tx: Sender<u32>, n: u32) {
    for i in 0..n {
        tx.send(i).await.unwrap();
    }
}

/// Sends items until one is refused, and gives the numbers of those that were taken, and of that one.
async fn send_until_refused(mut tx: Sender<Item>, ledger: &Ledger) -> (Vec<usize>, usize) {
    let mut taken = Vec::new();
    loop {
        let item = ledger.item();
        let number = item.number();
        match tx.send(item).await {
            Ok(()) => taken.push(number),
            Err(error) => return (taken, error.into_inner().refused()),
        }
    }
}

// Combinators that hold one item at most.

#[test]
fn items_are_worked_on_at_once_and_no_more_than_allowed() {
    watchdog(|| {
        let (tx, rx) = channel();
        let (in_work, most) = (Cell::new(0), Cell::new(0));
        let work = |item| {
            let (in_work, most) = (&in_work, &most);
            async move {
                in_work.set(in_work.get() + 1);
                most.set(most.get().max(in_work.get()));
                for _ in 0..item % 7 {
                    yield_once().await;
                }
                in_work.set(in_work.get() - 1);
                item
            }
        };
        let working = rx.map(work).buffer_unordered(4).collect::<Vec<_>>();
        let ((), mut items) = block_on(zip(send_all(tx, 100), working));
        items.sort_unstable();
        assert!(items.into_iter().eq(0..100));
        assert_eq!(most.get(), 4);
    });
}

#[test]
fn a_stream_that_does_not_want_more_gives_the_next_item_back() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (tx, rx) = channel::<Item>();
        let three = rx.map(Item::received).take(3);
        // The stream is dropped with its last item, and its receiver with it.
        let ((taken, refused), received) = block_on(zip(
            send_until_refused(tx, &ledger),
            three.collect::<Vec<_>>(),
        ));
        assert_eq!(
            (taken, refused, received),
            (vec![0, 1, 2], 3, vec![0, 1, 2])
        );
    });
}

#[test]
fn what_is_on_offer_when_a_borrowing_stream_ends_is_for_the_next_receive() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (tx, mut rx) = channel::<Item>();
        let (mut stop, mut stopped) = channel::<()>();
        let receiving = async {
            let until = rx.by_ref().take_until(stopped.recv());
            let first = until.map(Item::received).collect::<Vec<_>>().await;
            for _ in 0..5 {
                yield_once().await;
            }
            let then = rx.by_ref().map(Item::received).take(10);
            (first, then.collect::<Vec<_>>().await, drop(rx))
        };
        let stopping = async {
            for _ in 0..20 {
                yield_once().await;
            }
            stop.close();
        };
        let ((taken, _), ((first, then, ()), ())) = block_on(zip(
            send_until_refused(tx, &ledger),
            zip(receiving, stopping),
        ));
        assert!(!first.is_empty() && then.len() == 10);
        assert!(first.into_iter().chain(then).eq(0..taken.len()));
        assert_eq!(ledger.count(Fate::Received), taken.len());
    });
}

#[test]
fn an_aborted_stream_ends_and_its_receiver_goes_on() {
    watchdog(|| {
        let (tx, mut rx) = channel();
        let receiving = async {
            let (mut some, abort) = stream::abortable(rx.by_ref());
            assert_eq!(some.next().await, Some(0));
            abort.abort();
            assert_eq!(some.next().await, None);
            drop(some);
            let rest = rx.collect::<Vec<_>>().await;
            assert!(rest.into_iter().eq(1..10));
        };
        block_on(zip(send_all(tx, 10), receiving));
    });
}

#[test]
fn next_in_futures_select_loses_nothing() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        let sending = async {
            for i in 0..100 {
                tx.send(ledger.item()).await.unwrap();
                for _ in 0..i % 5 {
                    yield_once().await;
                }
            }
            drop(tx);
        };
        let receiving = async {
            let (mut received, mut cancelled) = (0, 0);
            loop {
                let mut other = pin!(async { yield_once().await }.fuse());
                futures::select! {
                    item = rx.next() => match item {
                        Some(item) => { assert_eq!(item.received(), received); received += 1; }
                        None => break,
                    },
                    () = other => cancelled += 1,
                }
            }
            cancelled
        };
        let ((), cancelled) = block_on(zip(sending, receiving));
        assert_eq!(ledger.fates(), [Fate::Received; 100]);
        assert!(cancelled > 0);
    });
}

#[test]
fn a_fused_receiver_and_a_receiver_are_the_same() {
    watchdog(|| {
        let (tx, rx) = channel();
        let mut fused = rx.fuse();
        let receiving = async {
            let some = fused.by_ref().take(5).collect::<Vec<_>>().await;
            assert!(some.into_iter().eq(0..5));
            let (mut other, mut others) = channel::<u32>();
            other.close();
            let (mut received, mut ended) = (5, false);
            loop {
                futures::select! {
                    item = fused.next() => match item {
                        Some(item) => { assert_eq!(item, received); received += 1; }
                        None => ended = true,
                    },
                    _ = others.select_next_some() => unreachable!("it is closed"),
                    complete => break,
                }
            }
            assert!(ended);
            assert_eq!(received, 10);
        };
        block_on(zip(send_all(tx, 10), receiving));
    });
}

// Combinators that hold items: those were received.

#[test]
fn a_chunk_is_full_or_the_last() {
    watchdog(|| {
        let (tx, rx) = channel();
        let ((), chunks) = block_on(zip(send_all(tx, 20), rx.chunks(8).collect::<Vec<_>>()));
        let sizes: Vec<_> = chunks.iter().map(Vec::len).collect();
        assert_eq!(sizes, [8, 8, 4]);
        assert!(chunks.concat().into_iter().eq(0..20));
    });
}

#[test]
fn on_one_thread_no_more_than_one_item_is_ever_ready() {
    watchdog(|| {
        let (tx, rx) = channel();
        let receiving = rx.ready_chunks(8).collect::<Vec<_>>();
        let ((), chunks) = block_on(zip(send_all(tx, 20), receiving));
        assert!(chunks.into_iter().eq((0..20).map(|item| vec![item])));
    });
}

#[test]
fn an_item_that_was_peeked_at_was_received() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, rx) = channel();
        let mut peekable = rx.peekable();
        let (sent, number) = block_on(zip(tx.send(ledger.item()), async {
            let mut peekable = std::pin::Pin::new(&mut peekable);
            peekable.as_mut().peek().await.map(Item::number)
        }));
        assert_eq!((sent, number), (Ok(()), Some(0)));
        drop(peekable);
        assert_eq!(ledger.fates(), [Fate::Dropped], "it was peekable's");

        // The way to look without taking.
        let (mut tx, mut rx) = channel();
        let mut send = tx.send(ledger.item());
        assert_eq!((&mut send).now_or_never(), None);
        let guard = rx.next_offer().now_or_never().flatten().unwrap();
        assert_eq!(guard.number(), 1);
        drop(guard);
        assert_eq!(send.now_or_never(), None);
        assert_eq!(tx.reclaim().map(Item::reclaimed), Some(1));
    });
}

// Many channels.

#[test]
fn many_receivers_in_one_select_all() {
    watchdog(|| {
        let (senders, receivers): (Vec<_>, Vec<Receiver<u32>>) = (0..8).map(|_| channel()).unzip();
        let sending = senders.into_iter().zip(10..).map(|(tx, n)| send_all(tx, n));
        let sending = futures::future::join_all(sending);
        let (_, mut items) = block_on(zip(
            sending,
            stream::select_all(receivers).collect::<Vec<_>>(),
        ));
        items.sort_unstable();
        let mut expected: Vec<_> = (10..18).flat_map(|n| 0..n).collect();
        expected.sort_unstable();
        assert_eq!(items, expected);
    });
}

#[test]
fn a_channel_of_channels_is_flattened() {
    watchdog(|| {
        let (mut tx, rx) = channel();
        let sending = async move {
            let inner = FuturesUnordered::new();
            for n in 0..10 {
                let (inner_tx, inner_rx) = channel();
                tx.send(inner_rx).await.unwrap();
                inner.push(send_all(inner_tx, n));
            }
            drop(tx);
            inner.collect::<()>().await;
        };
        let receiving = rx.flatten_unordered(None).collect::<Vec<_>>();
        let ((), mut items) = block_on(zip(sending, receiving));
        items.sort_unstable();
        let mut expected: Vec<_> = (0..10).flat_map(|n| 0..n).collect();
        expected.sort_unstable();
        assert_eq!(items, expected);
    });
}

#[test]
fn sends_in_futures_unordered_resolve_as_they_are_taken() {
    watchdog(|| {
        let (mut senders, receivers): (Vec<_>, Vec<_>) = (0..8).map(|_| channel()).unzip();
        // As they are, without a box or a name for the type.
        let mut sends: FuturesUnordered<_> = senders
            .iter_mut()
            .zip(0..)
            .map(|(tx, number)| tx.send(number).map(move |sent| (number, sent)))
            .collect();
        let receiving = async {
            for (number, mut rx) in receivers.into_iter().enumerate().rev() {
                yield_once().await;
                assert_eq!(rx.recv().await, Some(number));
            }
        };
        let order = RefCell::new(Vec::new());
        let sending = async {
            while let Some((number, sent)) = sends.next().await {
                assert_eq!(sent, Ok(()));
                order.borrow_mut().push(number);
            }
        };
        block_on(zip(sending, receiving));
        assert!(order.into_inner().into_iter().eq((0..8).rev()));
    });
}

#[test]
fn of_many_sends_in_one_select_all_the_losers_come_back() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut senders, mut receivers): (Vec<_>, Vec<_>) = (0..8).map(|_| channel()).unzip();
        let sends = senders.iter_mut().map(|tx| tx.send(ledger.item()));
        let ((sent, winner, losers), item) = block_on(zip(select_all(sends), receivers[5].recv()));
        assert_eq!((sent, winner, losers.len()), (Ok(()), 5, 7));
        assert_eq!(item.map(Item::received), Some(5));
        drop(losers);
        for (number, tx) in senders.iter_mut().enumerate() {
            let expected = (number != 5).then_some(number);
            assert_eq!(tx.reclaim().map(Item::reclaimed), expected);
        }
        for mut rx in receivers {
            assert!(rx.try_recv().is_err());
        }
    });
}

// Futures that are kept, shared, aborted.

#[test]
fn the_loser_of_a_select_can_be_kept() {
    watchdog(|| {
        let ((mut tx, mut rx), (mut other_tx, mut other_rx)) = (channel(), channel());
        let (first, ()) = block_on(zip(select(tx.send("parcel"), other_rx.recv()), async {
            other_tx.send("wait").await.unwrap();
        }));
        let Either::Right((Some("wait"), send)) = first else {
            panic!("only the other one had a peer");
        };
        assert_eq!(block_on(zip(send, rx.recv())), (Ok(()), Some("parcel")));
    });
}

#[test]
fn try_join_drops_the_send_that_is_left_when_the_other_fails() {
    watchdog(|| {
        let ledger = Ledger::new();
        let ((mut tx, rx), (mut other_tx, mut other_rx)) = (channel(), channel());
        let (outcome, ()) = block_on(zip(
            try_join(tx.send(ledger.item()), other_tx.send(ledger.item())),
            async {
                yield_once().await;
                drop(rx);
            },
        ));
        assert_eq!(outcome.unwrap_err().into_inner().refused(), 0);
        assert_eq!(other_tx.reclaim().map(Item::reclaimed), Some(1));
        assert!(other_rx.try_recv().is_err());
    });
}

#[test]
fn an_aborted_send_gives_its_item_back_when_it_is_dropped() {
    let (mut tx, mut rx) = channel();
    let probe = Probe::new();
    let (mut send, abort) = abortable(tx.send("parcel"));
    assert!(probe.poll(&mut send).is_pending());
    abort.abort();
    assert_eq!(probe.wakes(), 1);
    assert!(matches!(probe.poll(&mut send), Poll::Ready(Err(_))));
    drop(send);
    assert_eq!(tx.reclaim(), Some("parcel"));
    assert!(rx.try_recv().is_err());
}

#[test]
fn whoever_shares_a_send_or_a_receive_learns_how_it_ended() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let (send, recv) = (tx.send(7).shared(), rx.recv().shared());
        let both = zip(send.clone(), recv.clone());
        let outcomes = block_on(zip(zip(send, both), recv));
        assert_eq!(outcomes, ((Ok(()), (Ok(()), Some(7))), Some(7)));

        // One of those who share may go, and be it the one that was polled last.
        let (mut tx, mut rx) = channel();
        let send = tx.send(8).shared();
        let mut gone = send.clone();
        let (stays, goes) = (Probe::new(), Probe::new());
        let mut kept = send;
        assert!(stays.poll(&mut kept).is_pending());
        assert!(goes.poll(&mut gone).is_pending());
        drop(gone);
        assert_eq!(rx.try_recv(), Ok(8));
        assert_eq!(stays.wakes(), 1);
        assert_eq!(stays.poll(&mut kept), Poll::Ready(Ok(())));
    });
}

#[test]
fn a_panic_in_a_stream_is_caught_without_ado() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (tx, rx) = channel::<Item>();
        let work = |item: Item| {
            let number = item.received();
            assert!(number < 3, "cannot work on {number}");
            number
        };
        // No `AssertUnwindSafe`: the ends are `UnwindSafe`.
        let working = rx.map(work).catch_unwind().collect::<Vec<_>>();
        let ((taken, _), outcomes) = block_on(zip(send_until_refused(tx, &ledger), working));
        assert_eq!(taken, [0, 1, 2, 3]);
        let outcomes: Vec<_> = outcomes.into_iter().map(Result::ok).collect();
        assert_eq!(outcomes, [Some(0), Some(1), Some(2), None]);
    });
}
