//! Foreign code that panics: the panic comes out of the operation, and costs nobody anything else.
//!
//! That every moment in which a waker is touched survives a panic is in the tables of `reentrancy.rs`.

use crate::common::{lend, must_panic, offer_and_forget, watchdog, Fate, Item, Ledger, Probe};
use handoff::{channel, Offer, Receiver, Sender, TryRecvError};
use std::future::Future;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;

// It costs nobody else their wake.

#[test]
fn a_panic_in_one_waker_does_not_cost_the_other_its_wake() {
    watchdog(|| {
        for close in [true, false] {
            for panicking in 0..2 {
                let (tx, mut rx) = channel::<u32>();
                let probes = [Probe::new(), Probe::new()];
                assert!(probes[0].poll_next(&mut rx).is_pending());
                let mut closed = rx.closed();
                assert!(probes[1].poll(&mut closed).is_pending());
                probes[panicking].on_wake(|| panic!("foreign"));
                let mut tx = Some(tx);
                let message = must_panic(|| {
                    if close {
                        tx.as_mut().unwrap().close();
                    } else {
                        drop(tx.take());
                    }
                });
                assert_eq!(message, "foreign");
                assert_eq!([probes[0].wakes(), probes[1].wakes()], [1, 1]);
                assert!(probes[1].poll(&mut closed).is_ready());
                drop(closed);
                assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
            }
        }
    });
}

#[test]
fn a_panic_in_one_waker_does_not_cost_the_senders_other_its_wake() {
    watchdog(|| {
        for panicking in 0..2 {
            let (mut tx, rx) = channel();
            let probes = [Probe::new(), Probe::new()];
            let mut send = tx.send(1);
            assert!(probes[0].poll(&mut send).is_pending());
            mem::forget(send);
            let mut closed = tx.closed();
            assert!(probes[1].poll(&mut closed).is_pending());
            probes[panicking].on_wake(|| panic!("foreign"));
            assert_eq!(must_panic(|| drop(rx)), "foreign");
            assert_eq!([probes[0].wakes(), probes[1].wakes()], [1, 1]);
            assert!(probes[1].poll(&mut closed).is_ready());
            drop(closed);
            assert_eq!(tx.reclaim(), Some(1));
        }
    });
}

#[test]
fn two_wakers_that_panic_are_one_panic() {
    watchdog(|| {
        let (tx, mut rx) = channel::<u32>();
        let probes = [Probe::new(), Probe::new()];
        assert!(probes[0].poll_next(&mut rx).is_pending());
        let mut closed = rx.closed();
        assert!(probes[1].poll(&mut closed).is_pending());
        for probe in &probes {
            probe.on_wake(|| panic!("foreign"));
        }
        assert_eq!(must_panic(|| drop(tx)), "foreign");
        assert_eq!([probes[0].wakes(), probes[1].wakes()], [1, 1]);
        assert!(probes[1].poll(&mut closed).is_ready());
    });
}

#[test]
fn a_wake_and_the_drop_of_a_clone_that_panic_are_one_panic() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (_tx, mut rx, receiver, sender) = sends_while_cloned(&ledger);
        receiver.on_drop(|| panic!("foreign"));
        sender.on_wake(|| panic!("foreign"));
        assert_eq!(must_panic(|| receiver.poll_next(&mut rx)), "foreign");
        assert_eq!((sender.wakes(), receiver.held()), (1, 0));
        assert_eq!(ledger.fates(), [Fate::Dropped], "by the unwinding");
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn two_wakers_whose_drop_panics_are_one_panic() {
    watchdog(|| {
        let (_tx, mut rx) = channel::<u32>();
        let probes = [Probe::new(), Probe::new()];
        assert!(probes[0].poll_next(&mut rx).is_pending());
        let mut closed = rx.closed();
        assert!(probes[1].poll(&mut closed).is_pending());
        mem::forget(closed);
        for probe in &probes {
            probe.on_drop(|| panic!("foreign"));
        }
        assert_eq!(must_panic(|| drop(rx)), "foreign");
        assert_eq!([probes[0].held(), probes[1].held()], [0, 0]);
    });
}

#[test]
fn a_waker_whose_drop_panics_does_not_keep_an_item_alive() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        let sender = Probe::new();
        let mut closed = tx.closed();
        assert!(sender.poll(&mut closed).is_pending());
        mem::forget(closed);
        drop(tx.send(ledger.item()));
        sender.on_drop(|| panic!("foreign"));
        assert_eq!(must_panic(|| drop(tx)), "foreign");
        assert_eq!(ledger.fates(), [Fate::Dropped], "with the sender");
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    });
}

#[test]
fn a_panic_in_a_waker_does_not_cost_a_blocked_thread_its_wake() {
    watchdog(|| {
        for _ in 0..50 {
            let (mut tx, mut rx) = channel::<u32>();
            let receiver = Probe::new();
            assert!(receiver.poll_next(&mut rx).is_pending());
            receiver.on_wake(|| panic!("foreign"));
            thread::scope(|scope| {
                let blocked = scope.spawn(|| rx.closed().wait());
                let message = must_panic(|| tx.close());
                assert_eq!(message, "foreign");
                blocked.join().unwrap();
            });
        }
    });
}

#[test]
fn a_receive_whose_first_poll_panicked_leaves_nothing_behind() {
    watchdog(|| {
        let (mut tx, mut rx) = channel::<u32>();
        let (sender, receiver) = (Probe::new(), Probe::new());
        let mut wanted = tx.wanted();
        assert!(sender.poll(&mut wanted).is_pending());
        sender.on_wake(|| panic!("foreign"));
        let mut recv = rx.recv();
        assert_eq!(must_panic(|| receiver.poll(&mut recv)), "foreign");
        drop(recv);
        drop(wanted);
        assert!(!tx.is_wanted(), "it does not wait any more");
        assert_eq!(receiver.held(), 0);
    });
}

/// What a panic carries may panic in its turn when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        // Carries nothing, so that nothing is leaked by not dropping that as well.
        panic::panic_any(());
    }
}

#[test]
fn a_panic_whose_payload_panics_does_not_cost_another_its_wake() {
    watchdog(|| {
        let (mut tx, mut rx) = channel::<u32>();
        let probes = [Probe::new(), Probe::new(), Probe::new()];
        offer_and_forget(&mut tx, 1);
        assert!(tx.poll_wanted(&mut probes[0].cx()).is_pending());
        assert!(rx.poll_closed(&mut probes[2].cx()).is_pending());
        let mut closed = tx.closed();
        assert!(probes[1].poll(&mut closed).is_pending());
        mem::forget(closed);

        probes[0].on_wake(|| panic::panic_any(Bomb));
        probes[1].on_wake(|| panic::panic_any(Bomb));
        let payload = panic::catch_unwind(AssertUnwindSafe(|| rx.close())).unwrap_err();
        mem::forget(payload);
        assert_eq!([0, 1, 2].map(|i| probes[i].wakes()), [1, 1, 0]);
    });
}

#[test]
fn a_waker_whose_drop_panics_while_its_future_is_unwound_is_no_abort() {
    type Unwind = fn(&mut Sender<u32>, &mut Receiver<u32>, &Probe);

    fn half_way<F: Future + Unpin>(mut future: F, task: &Probe) {
        assert!(task.poll(&mut future).is_pending());
        panic!("the first");
    }

    watchdog(|| {
        let futures: [Unwind; 6] = [
            |tx, _, task| half_way(tx.send(1), task),
            |tx, _, task| half_way(tx.wanted(), task),
            |tx, _, task| half_way(tx.closed(), task),
            |_, rx, task| half_way(rx.recv(), task),
            |_, rx, task| half_way(rx.next_offer(), task),
            |_, rx, task| half_way(rx.closed(), task),
        ];
        for unwind in futures {
            let (mut tx, mut rx) = channel();
            let task = Probe::new();
            task.on_drop(|| panic!("foreign"));
            let message = must_panic(|| unwind(&mut tx, &mut rx, &task));
            assert_eq!(message, "the first");
            assert_eq!(task.held(), 0);
        }
    });
}

// It costs nobody an item, save the one that is in the hands of the poll that unwinds.

#[test]
fn a_send_whose_receivers_waker_panics_goes_on() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    assert!(receiver.poll_next(&mut rx).is_pending());
    receiver.on_wake(|| panic!("foreign"));
    let mut send = tx.send(ledger.item());
    assert_eq!(must_panic(|| sender.poll(&mut send)), "foreign");

    assert!(sender.poll(&mut send).is_pending(), "it is on offer");
    assert_eq!(rx.try_recv().map(Item::received), Ok(0));
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
}

#[test]
fn a_blocked_send_whose_receivers_waker_panics_gives_its_item_back() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        let receiver = Probe::new();
        assert!(receiver.poll_next(&mut rx).is_pending());
        receiver.on_wake(|| panic!("foreign"));
        let send = tx.send(ledger.item());
        assert_eq!(must_panic(|| send.wait()), "foreign");
        assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn a_waker_that_panics_while_its_thread_unwinds_is_no_abort() {
    watchdog(|| {
        let (tx, mut rx) = channel::<u32>();
        let (receiver, watcher) = (Probe::new(), Probe::new());
        assert!(receiver.poll_next(&mut rx).is_pending());
        let mut closed = rx.closed();
        assert!(watcher.poll(&mut closed).is_pending());
        receiver.on_wake(|| panic!("foreign"));
        let message = must_panic(move || {
            let _tx = tx;
            panic!("the first");
        });
        assert_eq!(message, "the first");
        assert_eq!((receiver.wakes(), watcher.wakes()), (1, 1));
        assert!(watcher.poll(&mut closed).is_ready());
    });
}

#[test]
fn a_send_whose_own_waker_panics_loses_nothing() {
    let ledger = Ledger::new();
    let (mut tx, mut rx) = channel();
    let sender = Probe::new();

    sender.on_clone(|| panic!("foreign"));
    let mut send = tx.send(ledger.item());
    assert_eq!(must_panic(|| sender.poll(&mut send)), "foreign");
    assert!(sender.poll(&mut send).is_pending(), "it can go on");
    assert_eq!(rx.try_recv().map(Item::received), Ok(0));
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
    drop(send);

    sender.on_clone(|| panic!("foreign"));
    let mut send = tx.send(ledger.item());
    assert_eq!(must_panic(|| sender.poll(&mut send)), "foreign");
    drop(send);
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(1), "or be dropped");

    let mut send = tx.send(ledger.item());
    assert!(sender.poll(&mut send).is_pending());
    sender.on_drop(|| panic!("foreign"));
    assert_eq!(must_panic(|| drop(send)), "foreign");
    assert_eq!(tx.reclaim().map(Item::reclaimed), Some(2));
    assert_eq!(sender.held(), 0);
}

#[test]
fn an_item_in_the_hands_of_a_poll_that_unwinds_is_dropped_and_was_taken() {
    watchdog(|| {
        type Take = fn(&mut Receiver<Item>);

        let takes: [Take; 6] = [
            |rx| drop(rx.try_recv()),
            |rx| drop(rx.recv().wait()),
            |rx| drop(rx.iter().next()),
            |rx| drop(Probe::new().poll(&mut rx.recv())),
            |rx| drop(Probe::new().poll_next(rx)),
            |rx| drop(Offer::accept(rx.next_offer().wait().unwrap())),
        ];
        for take in takes {
            let ledger = Ledger::new();
            let (mut tx, mut rx) = channel();
            let sender = Probe::new();
            let mut send = tx.send(ledger.item());
            assert!(sender.poll(&mut send).is_pending());
            sender.on_wake(|| panic!("foreign"));
            assert_eq!(must_panic(|| take(&mut rx)), "foreign");
            assert_eq!(ledger.fates(), [Fate::Dropped]);
            assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
            drop(send);
            assert!(tx.reclaim().is_none());
            assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        }
    });
}

type SendsWhileCloned = (Arc<Mutex<Sender<Item>>>, Receiver<Item>, Probe, Arc<Probe>);

/// A receiver's task whose waker, while it is cloned, sends an item. So the clone is not needed.
fn sends_while_cloned(ledger: &Ledger) -> SendsWhileCloned {
    let (tx, rx) = channel();
    let tx = Arc::new(Mutex::new(tx));
    let (receiver, sender) = (Probe::new(), Arc::new(Probe::new()));
    let (end, task, item) = (Arc::clone(&tx), Arc::clone(&sender), ledger.item());
    receiver.on_clone(move || {
        let mut tx = end.lock().unwrap();
        let mut send = tx.send(item);
        assert!(task.poll(&mut send).is_pending());
        mem::forget(send);
    });
    (tx, rx, receiver, sender)
}

#[test]
fn an_item_is_not_leaked_by_a_panic_in_the_drop_of_a_clone_that_was_not_needed() {
    type Take = fn(&mut Receiver<Item>, &Probe);

    watchdog(|| {
        let takes: [Take; 2] = [
            |rx, task| drop(task.poll_next(rx)),
            |rx, task| drop(task.poll(&mut rx.recv())),
        ];
        for take in takes {
            let ledger = Ledger::new();
            let (_tx, mut rx, receiver, sender) = sends_while_cloned(&ledger);
            receiver.on_drop(|| panic!("foreign"));
            assert_eq!(must_panic(|| take(&mut rx, &receiver)), "foreign");
            assert_eq!(ledger.fates(), [Fate::Dropped]);
            assert_eq!(receiver.held(), 0);
            assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
            assert_eq!(sender.wakes(), 1, "it was taken");
        }
    });
}

#[test]
fn a_refused_item_is_not_leaked_by_a_panic_in_the_drop_of_a_clone_that_was_not_needed() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, rx) = channel();
        let sender = Probe::new();
        sender.on_clone(move || drop(rx));
        sender.on_drop(|| panic!("foreign"));
        let mut send = tx.send(ledger.item());
        assert_eq!(must_panic(|| sender.poll(&mut send)), "foreign");
        drop(send);
        assert!(tx.reclaim().is_none());
        assert_eq!(ledger.fates(), [Fate::Dropped]);
    });
}

#[test]
fn a_wake_and_the_drop_of_a_clone_that_was_not_needed_are_one_panic() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (_tx, mut rx, receiver, sender) = sends_while_cloned(&ledger);
        receiver.on_drop(|| panic!("of the drop"));
        sender.on_wake(|| panic!("of the wake"));
        assert_eq!(must_panic(|| receiver.poll_next(&mut rx)), "of the wake");
        assert_eq!(ledger.fates(), [Fate::Dropped]);
        assert_eq!((sender.wakes(), receiver.held()), (1, 0));
    });
}

// Items that panic.

#[test]
fn the_drop_of_an_item_on_offer_may_panic() {
    watchdog(|| {
        let panicking = |ledger: &Ledger| ledger.item().on_drop(|| panic!("foreign"));
        let offered = |ledger: &Ledger| {
            let (mut tx, rx) = channel();
            offer_and_forget(&mut tx, panicking(ledger));
            (tx, rx)
        };

        let ledger = Ledger::new();
        let (tx, rx) = offered(&ledger);
        drop(tx);
        assert_eq!(must_panic(|| drop(rx)), "foreign");
        assert_eq!(ledger.fates(), [Fate::Dropped]);

        let ledger = Ledger::new();
        let (tx, rx) = offered(&ledger);
        drop(rx);
        assert_eq!(must_panic(|| drop(tx)), "foreign");
        assert_eq!(ledger.fates(), [Fate::Dropped]);

        let ledger = Ledger::new();
        let (tx, mut rx) = offered(&ledger);
        drop(tx);
        assert_eq!(must_panic(|| rx.close()), "foreign");
        assert_eq!(ledger.fates(), [Fate::Dropped]);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    });
}

#[test]
fn a_waker_and_an_item_that_panic_are_one_panic() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        rx.close();
        let watcher = Probe::new();
        let mut closed = rx.closed();
        assert!(watcher.poll(&mut closed).is_pending());
        drop(tx.send(ledger.item().on_drop(|| panic!("foreign"))));
        watcher.on_wake(|| panic!("foreign"));
        assert_eq!(must_panic(|| drop(tx)), "foreign");
        assert_eq!(watcher.wakes(), 1);
        assert_eq!(ledger.fates(), [Fate::Dropped]);
        assert!(watcher.poll(&mut closed).is_ready());
    });
}

#[test]
fn an_item_is_put_back_by_a_poll_of_next_offer_that_unwinds() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (tx, mut rx, receiver, sender) = sends_while_cloned(&ledger);
        receiver.on_drop(|| panic!("foreign"));
        let message = must_panic(|| receiver.poll(&mut rx.next_offer()).is_pending());
        assert_eq!(message, "foreign");
        assert_eq!(ledger.fates(), [Fate::Alive]);
        assert!(rx.is_offered(), "it is on offer, and not lent to nobody");
        assert_eq!(sender.wakes(), 0, "its send still waits");
        assert_eq!(rx.try_recv().map(Item::received), Ok(0));
        assert_eq!(sender.wakes(), 1);
        drop(tx);
    });
}

// A destructor costs no other item.

/// What discards the item that was given back before.
type Discard = fn(&mut Sender<Item>, &mut Receiver<Item>, Item);

static DISCARDS: &[(&str, Discard)] = &[
    ("send", |tx, _, item| drop(tx.send(item))),
    ("try_send, for nobody", |tx, _, item| {
        drop(tx.try_send(item));
    }),
    ("try_send, for a receive", |tx, rx, item| {
        assert!(Probe::new().poll_next(rx).is_pending());
        drop(tx.try_send(item));
    }),
    ("try_send, closed", |tx, rx, item| {
        rx.close();
        drop(tx.try_send(item));
    }),
    #[cfg(feature = "sink")]
    ("start_send", |tx, _, item| drop(start_send(tx, item))),
    #[cfg(feature = "sink")]
    ("start_send, closed", |tx, rx, item| {
        rx.close();
        drop(start_send(tx, item));
    }),
    #[cfg(feature = "sink")]
    ("start_send, busy", |tx, _, item| drop(start_send(tx, item))),
];

#[cfg(feature = "sink")]
fn start_send(tx: &mut Sender<Item>, item: Item) -> Result<(), handoff::SinkError<Item>> {
    futures::SinkExt::start_send_unpin(tx, item)
}

#[test]
fn an_item_is_not_destroyed_by_the_destructor_of_the_one_before() {
    watchdog(|| {
        for (name, discard) in DISCARDS {
            for also_its_own in [false, true] {
                let (ledger, (mut tx, mut rx)) = (Ledger::new(), channel());
                if name.ends_with("busy") {
                    offer_and_forget(&mut tx, ledger.item());
                }
                drop(tx.send(ledger.item().on_drop(|| panic!("foreign"))));
                let mut next = ledger.item();
                let number = next.number();
                if also_its_own {
                    next = next.on_drop(|| panic!("its own"));
                }
                let message = must_panic(|| discard(&mut tx, &mut rx, next));
                assert_eq!(message, "foreign", "{name}");
                assert_eq!(ledger.fate(number - 1), Fate::Dropped, "{name}");
                let next = tx.reclaim().expect("it was given back");
                assert_eq!(next.reclaimed(), number, "{name}");
            }
        }
    });
}

#[test]
fn a_limited_send_whose_waker_panics_as_it_gives_up_keeps_its_item() {
    watchdog(|| {
        let (ledger, (mut tx, _rx)) = (Ledger::new(), channel::<Item>());
        let task = Probe::new();
        task.on_drop(|| panic!("foreign"));
        let mut send = tx.send(ledger.item()).until(std::future::ready(()));
        assert_eq!(must_panic(|| task.poll(&mut send).is_ready()), "foreign");
        drop(send);
        assert_eq!(tx.reclaim().map(Item::reclaimed), Some(0));
    });
}

#[test]
fn a_dropped_sender_drops_each_item_that_it_leaves_though_each_panics() {
    watchdog(|| {
        let (ledger, (mut tx, rx)) = (Ledger::new(), channel());
        offer_and_forget(&mut tx, ledger.item().on_drop(|| panic!("foreign")));
        drop(tx.send(ledger.item().on_drop(|| panic!("foreign"))));
        let task = Probe::new();
        assert!(tx.poll_closed(&mut task.cx()).is_pending());
        task.on_drop(|| panic!("foreign"));
        let unused = rx;
        // The receiver goes while the sender waits for it.
        task.on_wake(|| ());
        drop(unused);
        assert_eq!(must_panic(|| drop(tx)), "foreign");
        assert_eq!(ledger.fates(), [Fate::Dropped, Fate::Dropped]);
    });
}

#[test]
fn a_guard_that_is_dropped_by_unwinding_and_wakes_a_waker_that_panics_is_no_abort() {
    let (mut tx, mut rx) = channel::<u32>();
    let sender = Probe::new();
    let mut send = tx.send(1);
    assert!(sender.poll(&mut send).is_pending());
    let guard = lend(&mut rx);
    let mut send = send.until(std::future::ready(()));
    assert!(sender.poll(&mut send).is_pending());
    sender.on_wake(|| panic!("foreign"));
    let message = must_panic(move || {
        let _guard = guard;
        panic!("the first");
    });
    assert_eq!(message, "the first");
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Err(_))));
}
