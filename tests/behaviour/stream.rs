//! The receiver as a `Stream`, and as an iterator that blocks.

use crate::common::{race, watchdog, Probe};
use futures::StreamExt;
use futures_core::stream::{FusedStream, Stream};
use futures_lite::future::{block_on, zip};
use handoff::{channel, Receiver, Sender};
use std::task::Poll;

async fn send_all(mut tx: Sender<u32>, n: u32) {
    for i in 0..n {
        tx.send(i).await.unwrap();
    }
}

// Stream.

#[test]
fn a_stream_yields_every_item_and_then_ends() {
    watchdog(|| {
        let (tx, rx) = channel();
        let collecting = rx.map(|i| i * 2).collect::<Vec<_>>();
        let ((), items) = block_on(zip(send_all(tx, 100), collecting));
        assert!(items.into_iter().eq((0..100).map(|i| i * 2)));
    });
}

#[test]
fn a_stream_takes_an_item_in_the_poll_that_yields_it() {
    let (mut tx, mut rx) = channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    assert!(receiver.poll_next(&mut rx).is_pending());
    let mut send = tx.send(1);
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(receiver.wakes(), 1);
    assert!(sender.poll(&mut send).is_pending(), "it was only woken");
    assert_eq!(receiver.poll_next(&mut rx), Poll::Ready(Some(1)));
    assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
}

#[test]
fn a_stream_is_fused() {
    let (tx, mut rx) = channel::<u32>();
    let receiver = Probe::new();
    assert!(receiver.poll_next(&mut rx).is_pending());
    drop(tx);
    assert!(!rx.is_terminated());
    for _ in 0..3 {
        assert_eq!(receiver.poll_next(&mut rx), Poll::Ready(None));
        assert!(rx.is_terminated());
    }
    assert_eq!(receiver.poll(&mut rx.recv()), Poll::Ready(None));
}

#[test]
fn a_next_that_is_dropped_half_way_loses_nothing() {
    let (mut tx, mut rx) = channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    let mut next = StreamExt::next(&mut rx);
    assert!(receiver.poll(&mut next).is_pending());
    let mut send = tx.send(1);
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(receiver.wakes(), 1);
    assert_eq!(
        receiver.poll(&mut StreamExt::next(&mut rx)),
        Poll::Ready(Some(1))
    );
    assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
}

#[test]
fn streams_and_receives_take_turns() {
    let (mut tx, mut rx) = channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    for i in 0..9 {
        let mut send = tx.send(i);
        assert!(sender.poll(&mut send).is_pending());
        let item = match i % 3 {
            0 => receiver.poll_next(&mut rx),
            1 => receiver.poll(&mut rx.recv()),
            _ => rx.poll_recv(&mut receiver.cx()),
        };
        assert_eq!(item, Poll::Ready(Some(i)));
        assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
    }
}

#[test]
fn a_try_recv_leaves_the_waker_of_the_last_poll() {
    let (mut tx, mut rx) = channel();
    let receiver = Probe::new();
    assert!(receiver.poll_next(&mut rx).is_pending());
    assert!(rx.try_recv().is_err());
    let mut send = tx.send(1);
    assert!(Probe::new().poll(&mut send).is_pending());
    assert_eq!(receiver.wakes(), 1, "its task may be asleep");
    assert_eq!(receiver.poll_next(&mut rx), Poll::Ready(Some(1)));
}

/// A channel, whose sender may be gone, and how many items can come.
type State = (Option<Sender<u32>>, Receiver<u32>, Option<usize>);

/// Every state that a size hint tells apart.
fn states() -> Vec<State> {
    fn on_offer() -> (Sender<u32>, Receiver<u32>) {
        let (mut tx, rx) = channel();
        let mut send = tx.send(1);
        assert!(Probe::new().poll(&mut send).is_pending());
        std::mem::forget(send);
        (tx, rx)
    }

    let mut states = Vec::new();
    let (tx, rx) = channel();
    states.push((Some(tx), rx, None));
    let (tx, rx) = on_offer();
    states.push((Some(tx), rx, None));
    let (mut tx, rx) = on_offer();
    tx.close();
    states.push((Some(tx), rx, Some(1)));
    let (_, rx) = on_offer();
    states.push((None, rx, Some(1)));
    let (_, mut rx) = on_offer();
    assert_eq!(rx.try_recv(), Ok(1));
    states.push((None, rx, Some(0)));
    let (mut tx, rx) = on_offer();
    tx.close();
    assert_eq!(tx.reclaim(), Some(1));
    states.push((Some(tx), rx, Some(0)));
    let (tx, mut rx) = on_offer();
    rx.close();
    states.push((Some(tx), rx, Some(0)));
    states
}

#[test]
fn the_size_hint_of_the_stream_and_of_iterators_is_as_near_as_can_be_known() {
    for (_tx, mut rx, most) in states() {
        // What a closed sender has on offer may still be reclaimed: it is never certain to come.
        let expected = (0, most);
        let text = format!("{rx:?}");
        assert_eq!(Stream::size_hint(&rx), expected, "{text}");
        assert_eq!(rx.iter().size_hint(), expected, "{text}");
        assert_eq!(rx.into_iter().size_hint(), expected, "{text}");
    }
}

#[test]
fn streams_can_be_combined() {
    watchdog(|| {
        let (tx_a, a) = channel();
        let (tx_b, b) = channel();
        let merged = futures::stream::select(a, b).collect::<Vec<_>>();
        let sending = zip(send_all(tx_a, 50), send_all(tx_b, 50));
        let (_, mut items) = block_on(zip(sending, merged));
        items.sort_unstable();
        assert!(items.into_iter().eq((0..50).flat_map(|i| [i, i])));
    });
}

// Iterators.

#[test]
fn a_receiver_can_be_iterated_over_in_three_ways() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        race(
            || {
                for i in 0..6 {
                    tx.send(i).wait().unwrap();
                }
                drop(tx);
            },
            || {
                assert_eq!(rx.iter().next(), Some(0));
                let mut iter = rx.iter();
                assert_eq!(iter.next(), Some(1));
                assert_eq!((&mut rx).into_iter().next(), Some(2));
                let mut iter = rx.into_iter();
                assert_eq!(iter.next(), Some(3));
                assert!(iter.by_ref().eq(4..6));
                assert_eq!(iter.next(), None, "and it stays so");
            },
        );
    });
}

#[test]
fn an_iterator_that_owns_the_receiver_closes_it_in_the_end() {
    let (tx, rx) = channel::<u32>();
    let iter = rx.into_iter();
    assert!(!tx.is_closed());
    drop(iter);
    assert!(tx.is_closed());
}

#[test]
fn an_iterator_that_borrows_the_receiver_leaves_it_open() {
    let (tx, mut rx) = channel::<u32>();
    {
        let _iter = rx.iter();
    }
    assert!(!tx.is_closed());
}

#[test]
fn an_iterator_ends_at_once_when_the_channel_is_closed() {
    watchdog(|| {
        let (tx, mut rx): (Sender<u32>, Receiver<u32>) = channel();
        drop(tx);
        assert_eq!(rx.iter().count(), 0);
        assert_eq!((&mut rx).into_iter().count(), 0);
        assert_eq!(rx.into_iter().count(), 0);
    });
}
