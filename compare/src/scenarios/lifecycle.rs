//! A channel for a single item: made, used once, dropped. What a request with one answer costs, and
//! so tokio's oneshot is here.

use crate::{
    bench::Contender,
    drive::{Batch, Pace},
    each_async,
    ends::{AsyncEnds, LocalRecvEnd, LocalSendEnd, Received, Sent, Verdict},
    floor::local,
    peers::TokioOneshot,
    probe::early,
};
use futures_lite::future::{block_on, zip};
use std::time::{Duration, Instant};

/// Which end is polled first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// The receive waits before the send comes.
    Receive,
    /// The send comes before the receive.
    Send,
}

/// A channel for each item.
pub(super) fn one_item(first: First) -> Vec<Contender> {
    fn contender<E: AsyncEnds>(first: First) -> Contender {
        Contender::new::<E>(early::<E>().any(), move |budget| {
            channels(E::channel, first, budget)
        })
    }
    let mut contenders = each_async!(contender, first);
    contenders.push(contender::<TokioOneshot>(first));
    contenders.push(Contender::floor(move |budget| {
        channels(local::channel, first, budget)
    }));
    contenders
}

fn channels<X, Y>(make: impl Fn() -> (X, Y), first: First, budget: Duration) -> Batch
where
    X: LocalSendEnd<u64>,
    Y: LocalRecvEnd<u64>,
{
    block_on(async {
        let mut pace = Pace::new(budget);
        let start = Instant::now();
        let mut items = 0;
        while pace.goes_on(items) {
            let (mut tx, mut rx) = make();
            let (sent, item) = if first == First::Receive {
                let (item, sent) = zip(rx.recv_local(), tx.send_local(items)).await;
                (sent, item)
            } else {
                zip(tx.send_local(items), rx.recv_local()).await
            };
            assert!(matches!(sent.sent(), Sent::Ok), "refused");
            assert_eq!(item.received(), Some(items), "another item");
            items += 1;
        }
        Batch {
            items,
            time: start.elapsed(),
        }
    })
}
