//! The sender as a `Sink`.

use crate::common::{lend, offer_and_forget, watchdog, yield_once, Fate, Item, Ledger, Probe};
use futures::{stream, SinkExt, StreamExt};
use futures_lite::future::{block_on, zip};
use futures_sink::Sink;
use handoff::{channel, Offer, Receiver, Sender, SinkError, TryRecvError, TrySendError};
use std::marker::PhantomPinned;
use std::mem;
use std::pin::Pin;
use std::task::Poll;

type Outcome = Poll<Result<(), SinkError<Item>>>;

fn ready(tx: &mut Sender<Item>, probe: &Probe) -> Outcome {
    Pin::new(tx).poll_ready(&mut probe.cx())
}

fn flush(tx: &mut Sender<Item>, probe: &Probe) -> Outcome {
    Pin::new(tx).poll_flush(&mut probe.cx())
}

fn close(tx: &mut Sender<Item>, probe: &Probe) -> Outcome {
    Pin::new(tx).poll_close(&mut probe.cx())
}

fn start(tx: &mut Sender<Item>, item: Item) -> Result<(), SinkError<Item>> {
    Pin::new(tx).start_send(item)
}

const OK: Outcome = Poll::Ready(Ok(()));

/// The number of the item in an error.
#[track_caller]
fn refused(outcome: Outcome) -> usize {
    match outcome {
        Poll::Ready(Err(SinkError::Closed(item))) => item.refused(),
        other => panic!("expected an error with an item, got {other:?}"),
    }
}

/// The number of the item that was refused because the channel is closed.
#[track_caller]
fn closed(outcome: Result<(), SinkError<Item>>) -> usize {
    let error = outcome.unwrap_err();
    assert!(error.is_closed(), "{error:?}");
    error.into_inner().refused()
}

/// The number of the item that was not tried.
#[track_caller]
fn busy(outcome: Result<(), SinkError<Item>>) -> usize {
    let error = outcome.unwrap_err();
    assert!(error.is_busy(), "{error:?}");
    error.into_inner().refused()
}

fn taken(rx: &mut Receiver<Item>) -> Option<usize> {
    rx.try_recv().ok().map(Item::received)
}

fn ledger_and_channel() -> (Ledger, Sender<Item>, Receiver<Item>, Probe) {
    let (tx, rx) = channel();
    (Ledger::new(), tx, rx, Probe::new())
}

// One item.

#[test]
fn an_item_goes_through_ready_start_and_flush() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    for number in 0..3 {
        assert_eq!(ready(&mut tx, &probe), OK, "the slot is empty");
        assert_eq!(flush(&mut tx, &probe), OK, "nothing is pending");
        start(&mut tx, ledger.item()).unwrap();
        assert!(flush(&mut tx, &probe).is_pending(), "nobody took it");
        assert_eq!(taken(&mut rx), Some(number));
        assert_eq!(probe.take_wakes(), 1);
        assert_eq!(flush(&mut tx, &probe), OK);
        assert_eq!(probe.held(), 0);
    }
    assert!(tx.reclaim().is_none());
}

#[test]
fn ready_waits_for_an_empty_slot() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    assert!(ready(&mut tx, &probe).is_pending());
    assert_eq!(taken(&mut rx), Some(0));
    assert_eq!(probe.wakes(), 1);
    assert_eq!(ready(&mut tx, &probe), OK);

    offer_and_forget(&mut tx, ledger.item());
    assert!(ready(&mut tx, &probe).is_pending(), "whoever put it there");
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(1));
    assert_eq!(ready(&mut tx, &probe), OK);
}

#[test]
fn start_send_puts_the_item_on_offer_and_wakes_the_receiver() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    let mut recv = rx.recv();
    assert!(probe.poll(&mut recv).is_pending());
    start(&mut tx, ledger.item()).unwrap();
    assert_eq!(probe.wakes(), 1);
    let Poll::Ready(Some(item)) = probe.poll(&mut recv) else {
        panic!("it is on offer");
    };
    assert_eq!(item.received(), 0);
}

#[test]
fn start_send_on_an_occupied_slot_is_busy() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    assert_eq!(busy(start(&mut tx, ledger.item())), 1);
    assert!(flush(&mut tx, &probe).is_pending(), "the first is unharmed");
    assert_eq!(taken(&mut rx), Some(0));
    assert_eq!(flush(&mut tx, &probe), OK);

    offer_and_forget(&mut tx, ledger.item());
    assert_eq!(busy(start(&mut tx, ledger.item())), 3);
    let guard = lend(&mut rx);
    assert_eq!(
        busy(start(&mut tx, ledger.item())),
        4,
        "lent is occupied too"
    );
    assert_eq!(Offer::accept(guard).received(), 2);
    start(&mut tx, ledger.item()).unwrap();
    assert_eq!(taken(&mut rx), Some(5));
}

#[test]
fn start_send_needs_no_poll_ready_on_an_empty_slot() {
    let (ledger, mut tx, mut rx, _) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    assert_eq!(taken(&mut rx), Some(0));
}

#[test]
fn an_item_that_was_started_can_be_reclaimed() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
    assert_eq!(taken(&mut rx), None);
    assert_eq!(flush(&mut tx, &probe), OK);
    assert_eq!(ready(&mut tx, &probe), OK);
}

#[test]
fn an_item_that_is_lent_is_flushed_when_it_is_accepted() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    drop(lend(&mut rx));
    assert!(flush(&mut tx, &probe).is_pending(), "it was put back");
    let guard = lend(&mut rx);
    assert!(flush(&mut tx, &probe).is_pending());
    assert!(ready(&mut tx, &probe).is_pending());
    assert!(tx.reclaim().is_none());
    assert_eq!(Offer::accept(guard).received(), 0);
    assert_eq!(probe.wakes(), 1);
    assert_eq!(flush(&mut tx, &probe), OK);
}

#[test]
fn a_sink_serves_a_send_and_the_reverse() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    let mut send = tx.send(ledger.item());
    assert!(probe.poll(&mut send).is_pending(), "in line");
    assert_eq!(taken(&mut rx), Some(0));
    assert!(probe.poll(&mut send).is_pending());
    assert_eq!(taken(&mut rx), Some(1));
    assert!(matches!(probe.poll(&mut send), Poll::Ready(Ok(()))));
    drop(send);
    assert_eq!(flush(&mut tx, &probe), OK);
    start(&mut tx, ledger.item()).unwrap();
    let error = tx.try_send(ledger.item()).unwrap_err();
    assert!(error.is_full());
    assert_eq!(taken(&mut rx), Some(2));
}

// The receiver goes.

#[test]
fn a_receiver_that_goes_gives_the_item_back_to_the_next_flush_or_close() {
    type Poll = fn(&mut Sender<Item>, &Probe) -> Outcome;

    let polls: [Poll; 3] = [ready, flush, close];
    for drop_it in [true, false] {
        for waits in polls {
            for fetches in [flush as Poll, close] {
                let (ledger, mut tx, rx, probe) = ledger_and_channel();
                start(&mut tx, ledger.item()).unwrap();
                assert!(waits(&mut tx, &probe).is_pending());
                let mut rx = Some(rx);
                if drop_it {
                    drop(rx.take());
                } else {
                    rx.as_mut().unwrap().close();
                }
                assert_eq!(probe.wakes(), 1);
                assert_eq!(ready(&mut tx, &probe), OK, "it never fails");
                assert_eq!(refused(fetches(&mut tx, &probe)), 0);
                for poll in polls {
                    assert_eq!(poll(&mut tx, &probe), OK, "it was fetched");
                }
                assert!(tx.reclaim().is_none());
                assert_eq!(probe.held(), 0);
            }
        }
    }
}

#[test]
fn no_call_discards_what_the_sink_has_on_offer_when_the_receiver_goes() {
    type Call = fn(&mut Sender<Item>, &Ledger, &Probe);

    let calls: [Call; 5] = [
        |tx, ledger, _| assert_eq!(closed(start(tx, ledger.item())), 1),
        |tx, ledger, _| drop(tx.try_send(ledger.item()).unwrap_err().into_inner()),
        |tx, ledger, _| drop(tx.send(ledger.item()).wait().unwrap_err().into_inner()),
        // Its item is given back, and comes first.
        |tx, ledger, _| {
            drop(tx.send(ledger.item()));
            assert_eq!(tx.reclaim().map(Item::reclaimed), Some(1));
        },
        |tx, _, probe| assert_eq!(ready(tx, probe), OK),
    ];
    for call in calls {
        for by_flush in [true, false] {
            let (ledger, mut tx, rx, probe) = ledger_and_channel();
            start(&mut tx, ledger.item()).unwrap();
            drop(rx);
            call(&mut tx, &ledger, &probe);
            if by_flush {
                assert_eq!(refused(flush(&mut tx, &probe)), 0);
            } else {
                assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
            }
        }
    }
}

#[test]
fn a_flush_leaves_the_item_of_a_dropped_send_to_reclaim() {
    let (ledger, mut tx, rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    drop(tx.send(ledger.item()));
    drop(rx);
    assert_eq!(refused(flush(&mut tx, &probe)), 0);
    assert_eq!(flush(&mut tx, &probe), OK);
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(1));
}

#[test]
fn start_send_discards_the_item_of_a_dropped_send_whatever_it_answers() {
    type Prepare = fn(&mut Sender<Item>, &mut Receiver<Item>, &Ledger);

    let prepares: [Prepare; 3] = [
        |_, _, _| {},
        |tx, _, ledger| offer_and_forget(tx, ledger.item()),
        |_, rx, _| assert!(rx.close()),
    ];
    for prepare in prepares {
        let (ledger, mut tx, mut rx, _) = ledger_and_channel();
        prepare(&mut tx, &mut rx, &ledger);
        let given_back = ledger.item();
        let number = given_back.number();
        drop(tx.send(given_back));
        let outcome = start(&mut tx, ledger.item());
        let _ = outcome.map_err(|error| error.into_inner().refused());
        assert_eq!(ledger.fate(number), Fate::Dropped);
    }
}

#[test]
fn a_receiver_that_took_the_item_and_went_refused_nothing() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    assert!(flush(&mut tx, &probe).is_pending());
    assert_eq!(taken(&mut rx), Some(0));
    drop(rx);
    assert_eq!(flush(&mut tx, &probe), OK);
    assert_eq!(ready(&mut tx, &probe), OK);
}

#[test]
fn without_an_item_only_start_send_is_refused() {
    for own in [true, false] {
        let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
        if own {
            tx.close();
        } else {
            rx.close();
        }
        assert_eq!(ready(&mut tx, &probe), OK);
        assert_eq!(flush(&mut tx, &probe), OK);
        assert_eq!(closed(start(&mut tx, ledger.item())), 0);
        assert_eq!(ready(&mut tx, &probe), OK, "the error had it");
        assert_eq!(close(&mut tx, &probe), OK);
        assert!(tx.reclaim().is_none());
    }
}

#[test]
fn an_item_that_the_sink_did_not_start_is_none_of_its_errors() {
    let (ledger, mut tx, rx, probe) = ledger_and_channel();
    offer_and_forget(&mut tx, ledger.item());
    drop(rx);
    assert_eq!(ready(&mut tx, &probe), OK);
    assert_eq!(flush(&mut tx, &probe), OK);
    assert_eq!(close(&mut tx, &probe), OK);
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));

    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    assert!(probe.poll_next(&mut rx).is_pending());
    tx.try_send(ledger.item()).unwrap();
    drop(rx);
    assert_eq!(flush(&mut tx, &probe), OK);
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));

    let (ledger, mut tx, rx, probe) = ledger_and_channel();
    drop(tx.send(ledger.item()));
    drop(rx);
    assert_eq!(flush(&mut tx, &probe), OK);
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
}

#[test]
fn an_item_that_was_lent_and_put_back_is_still_the_sinks() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    drop(lend(&mut rx));
    drop(rx);
    assert_eq!(refused(flush(&mut tx, &probe)), 0);
}

#[test]
fn an_item_after_the_sinks_is_not_the_sinks() {
    /// What became of the sink's item before.
    type Before = fn(&mut Sender<Item>, &mut Receiver<Item>);

    let befores: [Before; 4] = [
        |_, rx| assert_eq!(taken(rx), Some(0)),
        |_, rx| assert_eq!(Offer::accept(lend(rx)).received(), 0),
        |_, rx| {
            mem::forget(lend(rx));
            assert_eq!(taken(rx), None);
        },
        |tx, _| assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0)),
    ];
    for before in befores {
        let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
        start(&mut tx, ledger.item()).unwrap();
        before(&mut tx, &mut rx);
        offer_and_forget(&mut tx, ledger.item());
        drop(rx);
        assert_eq!(flush(&mut tx, &probe), OK);
        assert_eq!(tx.reclaim().map(Item::reclaimed), Some(1));
    }
}

#[test]
fn a_sink_that_waits_is_woken_by_reclaim() {
    let (ledger, mut tx, _rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    assert!(ready(&mut tx, &probe).is_pending());
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
    assert_eq!(probe.wakes(), 1, "the slot is empty");
    assert_eq!(ready(&mut tx, &probe), OK);
}

#[test]
fn a_future_that_was_never_polled_leaves_the_sinks_waker_alone() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    assert!(ready(&mut tx, &probe).is_pending());
    drop(tx.send(ledger.item()));
    drop(tx.wanted());
    drop(tx.closed());
    assert!(Probe::new().poll(&mut tx.closed()).is_pending());
    assert_eq!(probe.held(), 1);
    assert_eq!(taken(&mut rx), Some(0));
    assert_eq!(probe.wakes(), 1);
}

#[test]
fn an_item_whose_receiver_went_can_be_reclaimed_instead() {
    let (ledger, mut tx, rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    drop(rx);
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
    assert_eq!(ready(&mut tx, &probe), OK);
    assert_eq!(flush(&mut tx, &probe), OK);
    assert_eq!(close(&mut tx, &probe), OK);
}

#[test]
fn an_item_of_a_sink_goes_with_the_sender_when_the_receiver_is_gone() {
    let (ledger, mut tx, rx, _) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    drop(rx);
    assert_eq!(ledger.fates(), [Fate::Alive]);
    drop(tx);
    assert_eq!(ledger.fates(), [Fate::Dropped]);
}

#[test]
fn an_item_of_a_sink_survives_the_sender() {
    let (ledger, mut tx, mut rx, _) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    drop(tx);
    assert_eq!(taken(&mut rx), Some(0));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

// Closing.

#[test]
fn poll_close_flushes_and_then_closes() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    assert!(close(&mut tx, &probe).is_pending());
    assert_eq!(taken(&mut rx), Some(0));
    assert_eq!(probe.wakes(), 1);
    assert_eq!(close(&mut tx, &probe), OK);
    assert!(rx.is_closed());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(close(&mut tx, &probe), OK, "and again");
    assert!(matches!(
        tx.try_send(ledger.item()),
        Err(TrySendError::Closed(_))
    ));
}

#[test]
fn poll_close_does_not_wake_a_wanted_that_was_leaked() {
    watchdog(|| {
        let (_ledger, mut tx, rx, probe) = ledger_and_channel();
        let mut wanted = tx.wanted();
        assert!(probe.poll(&mut wanted).is_pending());
        mem::forget(wanted);
        // Its waker is dropped, and may use the channel in that.
        probe.on_drop(|| drop(rx));
        assert_eq!(close(&mut tx, &probe), OK);
        assert_eq!((probe.wakes(), probe.held()), (0, 0));
    });
}

#[test]
fn poll_close_closes_at_once_and_wakes_the_receiver_when_there_is_nothing_to_flush() {
    let (_, mut tx, mut rx, probe) = ledger_and_channel();
    let receiver = Probe::new();
    assert!(receiver.poll_next(&mut rx).is_pending());
    assert_eq!(close(&mut tx, &probe), OK);
    assert!(tx.is_closed());
    assert_eq!(receiver.wakes(), 1);
    assert!(matches!(receiver.poll_next(&mut rx), Poll::Ready(None)));
}

#[test]
fn a_closed_sink_is_closed_after_an_error_too() {
    let (ledger, mut tx, rx, probe) = ledger_and_channel();
    let (mut rx, watcher) = (rx, Probe::new());
    start(&mut tx, ledger.item()).unwrap();
    rx.close();
    let mut closed = rx.closed();
    assert!(watcher.poll(&mut closed).is_pending());
    assert_eq!(refused(close(&mut tx, &probe)), 0);
    assert!(watcher.poll(&mut closed).is_ready(), "the sender, too");
    assert_eq!(close(&mut tx, &probe), OK);
}

// The combinators.

#[test]
fn sink_ext_send_resolves_once_the_item_was_taken() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    let mut send = SinkExt::send(&mut tx, ledger.item());
    assert!(probe.poll(&mut send).is_pending());
    assert!(probe.poll(&mut send).is_pending());
    assert_eq!(taken(&mut rx), Some(0));
    assert_eq!(probe.wakes(), 1);
    assert!(matches!(probe.poll(&mut send), Poll::Ready(Ok(()))));
}

#[test]
fn a_dropped_sink_ext_send_leaves_its_item_on_offer() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    let mut send = SinkExt::send(&mut tx, ledger.item());
    assert!(probe.poll(&mut send).is_pending());
    drop(send);
    assert_eq!(taken(&mut rx), Some(0), "to be received");

    let mut send = SinkExt::send(&mut tx, ledger.item());
    assert!(probe.poll(&mut send).is_pending());
    drop(send);
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(1), "or reclaimed");
    assert_eq!(taken(&mut rx), None);
}

#[test]
fn send_all_delivers_a_stream_in_order() {
    watchdog(|| {
        let (ledger, mut tx, rx, _) = ledger_and_channel();
        let sending = async {
            let mut items = stream::iter((0..100).map(|_| Ok(ledger.item())));
            tx.send_all(&mut items).await.unwrap();
            assert_eq!(ledger.count(Fate::Received), 100, "flushed");
            drop(tx);
        };
        let receiving = rx.map(Item::received).collect::<Vec<_>>();
        let ((), items) = block_on(zip(sending, receiving));
        assert!(items.into_iter().eq(0..100));
    });
}

#[test]
fn a_failed_send_all_leaves_each_item_in_one_place() {
    watchdog(|| {
        let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
        let receiving = async move {
            for expected in 0..10 {
                assert_eq!(rx.recv().await.map(Item::received), Some(expected));
            }
            for _ in 0..3 {
                yield_once().await;
            }
        };
        let sending = async {
            let mut items = stream::iter((0..100).map(|_| Ok(ledger.item())));
            let error = tx.send_all(&mut items).await.unwrap_err();
            assert!(error.is_closed());
            // The one that was to start. The one before it is the sink's, to be flushed.
            assert_eq!(error.into_inner().refused(), 11);
        };
        block_on(zip(sending, receiving));
        assert_eq!(refused(flush(&mut tx, &probe)), 10);
        assert_eq!(ledger.alive(), 0);
        assert_eq!(ledger.count(Fate::Received), 10);
        assert_eq!(ledger.count(Fate::Refused), 2);
    });
}

#[test]
fn a_failed_send_carries_its_own_item_and_not_the_one_before() {
    watchdog(|| {
        let (ledger, mut tx, rx, probe) = ledger_and_channel();
        block_on(tx.feed(ledger.item())).unwrap();
        drop(rx);
        let error = block_on(SinkExt::send(&mut tx, ledger.item())).unwrap_err();
        assert_eq!(closed(Err(error)), 1);
        let error = block_on(tx.feed(ledger.item())).unwrap_err();
        assert_eq!(closed(Err(error)), 2);
        assert_eq!(refused(flush(&mut tx, &probe)), 0);

        // The same after a send that was cancelled.
        let (ledger, mut tx, rx, probe) = ledger_and_channel();
        assert!(probe
            .poll(&mut SinkExt::send(&mut tx, ledger.item()))
            .is_pending());
        drop(rx);
        let error = block_on(SinkExt::send(&mut tx, ledger.item())).unwrap_err();
        assert_eq!(closed(Err(error)), 1);
        assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
    });
}

#[test]
fn a_failed_forward_into_a_borrowed_sender_destroys_nothing() {
    watchdog(|| {
        let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
        let receiving = async move {
            assert_eq!(rx.recv().await.map(Item::received), Some(0));
            yield_once().await;
        };
        let items = stream::iter((0..3).map(|_| Ok(ledger.item())));
        let (outcome, ()) = block_on(zip(items.forward(&mut tx), receiving));
        assert_eq!(closed(outcome), 2);
        assert_eq!(refused(flush(&mut tx, &probe)), 1);
        assert_eq!(ledger.alive(), 0);
        assert_eq!(ledger.count(Fate::Dropped), 0);
    });
}

#[test]
fn an_error_of_the_stream_leaves_what_was_started_on_offer() {
    watchdog(|| {
        let (ledger, mut tx, mut rx, _) = ledger_and_channel();
        let last = SinkError::Closed(ledger.item());
        let mut items = stream::iter([Ok(ledger.item()), Err(last)]);
        let error = block_on(tx.send_all(&mut items)).unwrap_err();
        assert_eq!(error.into_inner().refused(), 0);
        assert_eq!(taken(&mut rx), Some(1));
    });
}

// What a combinator can destroy: what it holds, and it holds more than the sink.

#[test]
fn a_combinator_that_waits_to_start_drops_what_it_holds() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    start(&mut tx, ledger.item()).unwrap();
    assert!(probe.poll(&mut tx.feed(ledger.item())).is_pending());
    assert!(probe
        .poll(&mut SinkExt::send(&mut tx, ledger.item()))
        .is_pending());
    let mut items = stream::iter([Ok(ledger.item())]);
    assert!(probe.poll(&mut tx.send_all(&mut items)).is_pending());
    for dropped in 1..4 {
        assert_eq!(ledger.fate(dropped), Fate::Dropped);
    }
    assert_eq!(taken(&mut rx), Some(0));
}

#[test]
fn a_buffer_and_an_owning_forward_destroy_what_they_hold() {
    watchdog(|| {
        let (ledger, tx, rx, probe) = ledger_and_channel();
        let mut buffered = tx.buffer(2);
        for _ in 0..3 {
            assert!(probe.poll(&mut buffered.feed(ledger.item())).is_ready());
        }
        drop(rx);
        assert!(block_on(buffered.flush()).is_err());
        drop(buffered);
        assert_eq!(ledger.count(Fate::Refused) + ledger.count(Fate::Dropped), 3);
        assert!(ledger.count(Fate::Dropped) >= 2, "one error has one item");

        // With the sender goes what it had on offer.
        let (ledger, tx, mut rx, _) = ledger_and_channel();
        let receiving = async move {
            assert_eq!(rx.recv().await.map(Item::received), Some(0));
            yield_once().await;
        };
        let items = stream::iter((0..3).map(|_| Ok(ledger.item())));
        let (outcome, ()) = block_on(zip(items.forward(tx), receiving));
        assert_eq!(closed(outcome), 2);
        assert_eq!(ledger.fate(1), Fate::Dropped);
    });
}

#[test]
fn forward_delivers_a_stream_and_closes() {
    watchdog(|| {
        let (ledger, tx, rx, _) = ledger_and_channel();
        let forwarding = stream::iter((0..100).map(|_| Ok(ledger.item()))).forward(tx);
        let receiving = rx.map(Item::received).collect::<Vec<_>>();
        let (outcome, items) = block_on(zip(forwarding, receiving));
        outcome.unwrap();
        assert!(items.into_iter().eq(0..100));
    });
}

#[test]
fn forward_joins_channels_to_a_pipeline() {
    watchdog(|| {
        let (mut tx, rx) = channel();
        let (middle_tx, middle_rx) = channel();
        let (last_tx, last_rx) = channel();
        let sending = async move {
            for i in 0..100 {
                tx.send(i).await.unwrap();
            }
        };
        let first = rx.map(|i: u32| Ok(i + 1)).forward(middle_tx);
        let second = middle_rx.map(|i| Ok(i * 2)).forward(last_tx);
        let receiving = last_rx.collect::<Vec<u32>>();
        let stages = zip(sending, zip(first, second));
        let (((), outcomes), items) = block_on(zip(stages, receiving));
        assert_eq!(outcomes, (Ok(()), Ok(())));
        assert!(items.into_iter().eq((1..=100).map(|i| i * 2)));
    });
}

#[test]
fn a_feed_of_two_items_waits_for_the_first_to_be_taken() {
    let (ledger, mut tx, mut rx, probe) = ledger_and_channel();
    assert!(matches!(
        probe.poll(&mut tx.feed(ledger.item())),
        Poll::Ready(Ok(()))
    ));
    let mut feed = tx.feed(ledger.item());
    assert!(probe.poll(&mut feed).is_pending());
    assert_eq!(taken(&mut rx), Some(0));
    assert_eq!(probe.wakes(), 1);
    assert!(matches!(probe.poll(&mut feed), Poll::Ready(Ok(()))));
    assert_eq!(taken(&mut rx), Some(1));
}

#[test]
fn a_sink_of_items_that_are_not_unpin() {
    let (mut tx, mut rx) = channel();
    // `Pin::new` is for what is `Unpin`.
    Pin::new(&mut tx).start_send(PhantomPinned).unwrap();
    assert_eq!(rx.try_recv(), Ok(PhantomPinned));
}

#[test]
fn with_makes_each_item_of_another() {
    watchdog(|| {
        let (tx, rx) = channel();
        let mut numbers = Box::pin(tx.with(|n: u32| async move {
            yield_once().await;
            Ok::<_, SinkError<String>>(n.to_string())
        }));
        let sending = async {
            for n in 0..10 {
                numbers.send(n).await.unwrap();
            }
            numbers.close().await.unwrap();
        };
        let ((), items) = block_on(zip(sending, rx.collect::<Vec<_>>()));
        assert!(items.into_iter().eq((0..10).map(|n| n.to_string())));
    });
}

#[test]
fn with_flat_map_makes_some_of_each() {
    watchdog(|| {
        let (tx, rx) = channel();
        let mut runs = tx.with_flat_map(|n: u32| stream::iter((0..n).map(Ok)));
        let sending = async {
            runs.send_all(&mut stream::iter([3, 0, 2]).map(Ok))
                .await
                .unwrap();
            runs.close().await.unwrap();
        };
        let ((), items) = block_on(zip(sending, rx.collect::<Vec<_>>()));
        assert_eq!(items, [0, 1, 2, 0, 1]);
    });
}

#[test]
fn a_fanout_waits_for_both_receivers() {
    let ((tx_a, mut a), (tx_b, mut b)) = (channel(), channel());
    let probe = Probe::new();
    let mut both = tx_a.fanout(tx_b);
    for n in 0..3 {
        let mut send = both.send(n);
        assert!(probe.poll(&mut send).is_pending());
        assert_eq!(a.try_recv(), Ok(n));
        assert!(probe.poll(&mut send).is_pending());
        assert_eq!(b.try_recv(), Ok(n));
        assert_eq!(probe.take_wakes(), 2);
        assert_eq!(probe.poll(&mut send), Poll::Ready(Ok(())));
    }
    drop(b);
    // Both are asked to take it before either is waited for.
    let refused = probe.poll(&mut both.send(3));
    assert_eq!(refused, Poll::Ready(Err(SinkError::Closed(3))));
    assert_eq!(
        a.try_recv(),
        Ok(3),
        "each has an item of its own, and one error"
    );
}

#[test]
fn a_buffer_takes_what_it_has_room_for_and_its_flush_hands_it_over() {
    watchdog(|| {
        let (ledger, tx, rx, probe) = ledger_and_channel();
        let mut buffered = tx.buffer(3);
        for _ in 0..4 {
            assert!(matches!(
                probe.poll(&mut buffered.feed(ledger.item())),
                Poll::Ready(Ok(()))
            ));
        }
        // One is on offer, and three are in the buffer.
        assert!(probe.poll(&mut buffered.feed(ledger.item())).is_pending());
        let sending = async move {
            buffered.flush().await.unwrap();
            drop(buffered);
        };
        let ((), items) = block_on(zip(sending, rx.map(Item::received).collect::<Vec<_>>()));
        assert_eq!(items, [0, 1, 2, 3]);
        assert_eq!(ledger.fate(4), Fate::Dropped, "its feed was dropped");
    });
}

#[test]
fn an_error_keeps_its_item_when_it_is_mapped() {
    watchdog(|| {
        let (ledger, tx, rx, _) = ledger_and_channel();
        let mut mapped = tx.sink_map_err(SinkError::into_inner);
        let (sent, ()) = block_on(zip(mapped.send(ledger.item()), async move {
            yield_once().await;
            drop(rx);
        }));
        assert_eq!(sent.unwrap_err().refused(), 0);
    });
}
