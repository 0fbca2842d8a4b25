//! Foreign code that comes back: wakers and items that use the channel while the channel uses them.
//!
//! The first tests are tables: every moment in which the channel touches a waker by everything that the waker can do in
//! it, a panic included. What goes wrong where a lock is held is a deadlock, so every cell runs under the watchdog.

use crate::common::{
    elsewhere, inline, must_panic, offer_and_forget, watchdog, Fate, Item, Ledger, Probe, Shared,
};
use handoff::{channel, Offer, Receiver, SendError, Sender, TryRecvError};
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

fn there<E>(end: &mut Option<E>) -> &mut E {
    end.as_mut().expect("it was not dropped yet")
}

/// Ends an item that the receiver may have got.
fn settle(item: Option<Item>) {
    if let Some(item) = item {
        item.received();
    }
}

/// Ends an item that may have come back from a send.
fn refuse(outcome: Poll<Result<(), SendError<Item>>>) {
    if let Poll::Ready(Err(error)) = outcome {
        error.into_inner().refused();
    }
}

/// The same for the `Sink`.
#[cfg(feature = "sink")]
fn refuse_in_sink(outcome: Poll<Result<(), handoff::SinkError<Item>>>) {
    if let Poll::Ready(Err(error)) = outcome {
        error.into_inner().refused();
    }
}

fn reclaim_all(tx: &mut Sender<Item>) {
    while let Some(item) = tx.reclaim() {
        item.reclaimed();
    }
}

// What a hook does with the receiver.

type RxAction = fn(&mut Option<Receiver<Item>>, &Probe);

static RX_ACTIONS: &[(&str, RxAction)] = &[
    ("try_recv", |rx, _| settle(there(rx).try_recv().ok())),
    ("recv", |rx, probe| {
        if let Poll::Ready(item) = probe.poll(&mut there(rx).recv()) {
            settle(item);
        }
    }),
    ("recv, leaked", |rx, probe| {
        let mut recv = there(rx).recv();
        if let Poll::Ready(item) = probe.poll(&mut recv) {
            settle(item);
        }
        mem::forget(recv);
    }),
    ("poll_next", |rx, probe| {
        if let Poll::Ready(item) = probe.poll_next(there(rx)) {
            settle(item);
        }
    }),
    ("offer, accepted", |rx, probe| {
        if let Poll::Ready(guard) = probe.poll(&mut there(rx).next_offer()) {
            settle(guard.map(Offer::accept));
        }
    }),
    ("offer, dropped", |rx, probe| {
        drop(probe.poll(&mut there(rx).next_offer()));
    }),
    ("wait_timeout", |rx, _| {
        settle(there(rx).recv().wait_timeout(Duration::ZERO).ok());
    }),
    ("closed", |rx, probe| {
        let _: Poll<()> = probe.poll(&mut there(rx).closed());
    }),
    ("close", |rx, _| {
        there(rx).close();
    }),
    ("drop", |rx, _| drop(rx.take())),
];

// What a hook does with the sender.

type TxAction = fn(&mut Option<Sender<Item>>, &Ledger, &Probe);

static TX_ACTIONS: &[(&str, TxAction)] = &[
    ("try_send", |tx, ledger, _| {
        if let Err(error) = there(tx).try_send(ledger.item()) {
            error.into_inner().refused();
        }
    }),
    ("send, dropped", |tx, ledger, probe| {
        refuse(probe.poll(&mut there(tx).send(ledger.item())));
    }),
    ("send, reclaimed", |tx, ledger, probe| {
        refuse(probe.poll(&mut there(tx).send(ledger.item())));
        reclaim_all(there(tx));
    }),
    ("send, leaked", |tx, ledger, probe| {
        // In line, it would leak its item too.
        reclaim_all(there(tx));
        let mut send = there(tx).send(ledger.item());
        refuse(probe.poll(&mut send));
        mem::forget(send);
    }),
    ("wait_timeout", |tx, ledger, _| {
        let send = there(tx).send(ledger.item());
        if let Err(error) = send.wait_timeout(Duration::ZERO) {
            error.into_inner().refused();
        }
    }),
    ("reclaim", |tx, _, _| reclaim_all(there(tx))),
    ("wanted", |tx, _, probe| {
        let _: Poll<bool> = probe.poll(&mut there(tx).wanted());
    }),
    ("closed", |tx, _, probe| {
        let _: Poll<()> = probe.poll(&mut there(tx).closed());
    }),
    ("close", |tx, _, _| {
        there(tx).close();
    }),
    ("drop", |tx, _, _| drop(tx.take())),
];

// When it does it.

/// One channel under test, and the tasks on it.
struct Stage {
    ledger: Ledger,
    tx: Shared<Sender<Item>>,
    rx: Shared<Receiver<Item>>,
    /// Its hooks do what is tested.
    hooked: Probe,
    /// Takes part, and does nothing.
    plain: Probe,
    /// Polls inside the hooks.
    visitor: Arc<Probe>,
}

impl Stage {
    fn new() -> Self {
        let (tx, rx) = channel();
        Self {
            ledger: Ledger::new(),
            tx: Shared::new(tx),
            rx: Shared::new(rx),
            hooked: Probe::new(),
            plain: Probe::new(),
            visitor: Arc::new(Probe::new()),
        }
    }

    /// Uses both ends on this thread, without consequences.
    fn be_seen(&self) {
        self.tx.run(|tx| {
            assert!(self.plain.poll(&mut there(tx).wanted()).is_pending());
        });
        self.rx.run(|rx| {
            assert!(self.plain.poll(&mut there(rx).recv()).is_pending());
        });
    }

    /// Drops what is left, and checks that every item came to exactly one end.
    ///
    /// If both ends are there and open, first checks that the channel still works.
    fn check(self, cell: &str) {
        self.hooked.disarm();
        self.tx.run(|tx| {
            self.rx.run(|rx| {
                if let (Some(tx), Some(rx)) = (tx, rx) {
                    still_works(tx, rx, &self.ledger, cell);
                }
            });
        });
        self.tx.run(|tx| drop(tx.take()));
        self.rx.run(|rx| drop(rx.take()));
        assert_eq!(self.ledger.alive(), 0, "{cell}: an item is leaked");
        for probe in [&self.hooked, &self.plain, &*self.visitor] {
            assert_eq!(probe.held(), 0, "{cell}: a waker is leaked");
        }
    }
}

fn still_works(tx: &mut Sender<Item>, rx: &mut Receiver<Item>, ledger: &Ledger, cell: &str) {
    if tx.is_closed() {
        assert!(rx.is_closed(), "{cell}");
        return;
    }
    reclaim_all(tx);
    let (sender, receiver) = (Probe::new(), Probe::new());
    let mut recv = rx.recv();
    assert!(receiver.poll(&mut recv).is_pending(), "{cell}");
    let item = ledger.item();
    let number = item.number();
    let mut send = tx.send(item);
    assert!(sender.poll(&mut send).is_pending(), "{cell}");
    assert_eq!(receiver.wakes(), 1, "{cell}");
    let Poll::Ready(Some(item)) = receiver.poll(&mut recv) else {
        panic!("{cell}: it is on offer");
    };
    assert_eq!(item.received(), number, "{cell}");
    assert_eq!(sender.wakes(), 1, "{cell}");
    assert!(
        matches!(sender.poll(&mut send), Poll::Ready(Ok(()))),
        "{cell}"
    );
}

/// What of a waker runs the hook.
#[derive(Clone, Copy, Debug)]
enum Of {
    Wake,
    Clone,
    Drop,
}

fn arm(probe: &Probe, of: Of, hook: impl FnOnce() + Send + 'static) {
    match of {
        Of::Wake => probe.on_wake(hook),
        Of::Clone => probe.on_clone(hook),
        Of::Drop => probe.on_drop(hook),
    }
}

/// A moment in which the channel touches a waker: what the hook is armed on, a preparation, and the operation.
///
/// The operation may leave its end `None`.
struct Moment<E> {
    name: &'static str,
    of: Of,
    prepare: fn(&Stage),
    operate: fn(&mut Option<E>, &Stage),
}

fn nothing(_: &Stage) {}

/// The receiver waits, as the hooked task.
fn receiver_waits(stage: &Stage) {
    stage.rx.run(|rx| {
        let rx = there(rx);
        assert!(rx.poll_recv(&mut stage.hooked.cx()).is_pending());
    });
}

/// The receiver waits for the end of the sender, as the hooked task.
fn receiver_waits_for_the_end(stage: &Stage) {
    stage.rx.run(|rx| {
        let mut closed = there(rx).closed();
        assert!(stage.hooked.poll(&mut closed).is_pending());
        mem::forget(closed);
    });
}

/// An item is on offer, and the hooked task waits for it to be taken.
fn sender_waits(stage: &Stage) {
    stage.tx.run(|tx| {
        let mut send = there(tx).send(stage.ledger.item());
        assert!(stage.hooked.poll(&mut send).is_pending());
        mem::forget(send);
    });
}

/// The hooked task waits for a receive.
fn sender_waits_until_wanted(stage: &Stage) {
    stage.tx.run(|tx| {
        let mut wanted = there(tx).wanted();
        assert!(stage.hooked.poll(&mut wanted).is_pending());
        mem::forget(wanted);
    });
}

fn sender_waits_for_the_end(stage: &Stage) {
    stage.tx.run(|tx| {
        let mut closed = there(tx).closed();
        assert!(stage.hooked.poll(&mut closed).is_pending());
        mem::forget(closed);
    });
}

fn an_item_is_on_offer(stage: &Stage) {
    stage.tx.run(|tx| {
        let mut send = there(tx).send(stage.ledger.item());
        assert!(stage.plain.poll(&mut send).is_pending());
        mem::forget(send);
    });
}

/// Sends an item, polls once, and takes it back if it can.
fn send_once(tx: &mut Sender<Item>, stage: &Stage, probe: &Probe) {
    refuse(probe.poll(&mut tx.send(stage.ledger.item())));
    if let Some(item) = tx.reclaim() {
        item.reclaimed();
    }
}

static SENDER_MOMENTS: &[Moment<Sender<Item>>] = &[
    Moment {
        name: "send wakes the receiver",
        of: Of::Wake,
        prepare: receiver_waits,
        operate: |tx, stage| send_once(there(tx), stage, &stage.plain),
    },
    Moment {
        name: "try_send wakes the receiver",
        of: Of::Wake,
        prepare: receiver_waits,
        operate: |tx, stage| there(tx).try_send(stage.ledger.item()).unwrap(),
    },
    Moment {
        name: "an expired send wakes the receiver",
        of: Of::Wake,
        prepare: receiver_waits,
        operate: |tx, stage| {
            let send = there(tx).send(stage.ledger.item());
            if let Err(error) = send.wait_timeout(Duration::ZERO) {
                error.into_inner().refused();
            }
        },
    },
    Moment {
        name: "close wakes the receiver",
        of: Of::Wake,
        prepare: receiver_waits,
        operate: |tx, _| assert!(there(tx).close()),
    },
    Moment {
        name: "drop wakes the receiver",
        of: Of::Wake,
        prepare: receiver_waits,
        operate: |tx, _| drop(tx.take()),
    },
    Moment {
        name: "close wakes the receiver's closed",
        of: Of::Wake,
        prepare: receiver_waits_for_the_end,
        operate: |tx, _| assert!(there(tx).close()),
    },
    Moment {
        name: "drop wakes the receiver's closed",
        of: Of::Wake,
        prepare: receiver_waits_for_the_end,
        operate: |tx, _| drop(tx.take()),
    },
    Moment {
        name: "send clones its waker",
        of: Of::Clone,
        prepare: nothing,
        operate: |tx, stage| send_once(there(tx), stage, &stage.hooked),
    },
    Moment {
        name: "send in line clones its waker",
        of: Of::Clone,
        prepare: an_item_is_on_offer,
        operate: |tx, stage| send_once(there(tx), stage, &stage.hooked),
    },
    Moment {
        name: "wanted clones its waker",
        of: Of::Clone,
        prepare: nothing,
        operate: |tx, stage| {
            let _: Poll<bool> = stage.hooked.poll(&mut there(tx).wanted());
        },
    },
    Moment {
        name: "closed clones its waker",
        of: Of::Clone,
        prepare: nothing,
        operate: |tx, stage| {
            let _: Poll<()> = stage.hooked.poll(&mut there(tx).closed());
        },
    },
    Moment {
        name: "a cancelled send drops its waker",
        of: Of::Drop,
        prepare: nothing,
        operate: |tx, stage| send_once(there(tx), stage, &stage.hooked),
    },
    Moment {
        name: "a send that changes its waker drops the old one",
        of: Of::Drop,
        prepare: sender_waits,
        operate: |tx, stage| send_once(there(tx), stage, &stage.plain),
    },
    Moment {
        name: "a cancelled wanted drops its waker",
        of: Of::Drop,
        prepare: nothing,
        operate: |tx, stage| {
            let _: Poll<bool> = stage.hooked.poll(&mut there(tx).wanted());
        },
    },
    Moment {
        name: "a cancelled closed drops its waker",
        of: Of::Drop,
        prepare: nothing,
        operate: |tx, stage| {
            let _: Poll<()> = stage.hooked.poll(&mut there(tx).closed());
        },
    },
    Moment {
        name: "a dropped sender drops its waker",
        of: Of::Drop,
        prepare: sender_waits,
        operate: |tx, _| drop(tx.take()),
    },
];

static RECEIVER_MOMENTS: &[Moment<Receiver<Item>>] = &[
    Moment {
        name: "try_recv wakes the sender",
        of: Of::Wake,
        prepare: sender_waits,
        operate: |rx, _| settle(Some(there(rx).try_recv().unwrap())),
    },
    Moment {
        name: "recv wakes the sender",
        of: Of::Wake,
        prepare: sender_waits,
        operate: |rx, stage| {
            let Poll::Ready(Some(item)) = stage.plain.poll(&mut there(rx).recv()) else {
                panic!("it is on offer");
            };
            item.received();
        },
    },
    Moment {
        name: "poll_next wakes the sender",
        of: Of::Wake,
        prepare: sender_waits,
        operate: |rx, stage| {
            let Poll::Ready(Some(item)) = stage.plain.poll_next(there(rx)) else {
                panic!("it is on offer");
            };
            item.received();
        },
    },
    Moment {
        name: "accept wakes the sender",
        of: Of::Wake,
        prepare: sender_waits,
        operate: |rx, stage| {
            let Poll::Ready(Some(guard)) = stage.plain.poll(&mut there(rx).next_offer()) else {
                panic!("it is on offer");
            };
            Offer::accept(guard).received();
        },
    },
    Moment {
        name: "a blocking recv wakes the sender",
        of: Of::Wake,
        prepare: sender_waits,
        operate: |rx, _| settle(Some(there(rx).recv().wait().unwrap())),
    },
    Moment {
        name: "close wakes the sender",
        of: Of::Wake,
        prepare: sender_waits,
        operate: |rx, _| assert!(there(rx).close()),
    },
    Moment {
        name: "drop wakes the sender",
        of: Of::Wake,
        prepare: sender_waits,
        operate: |rx, _| drop(rx.take()),
    },
    Moment {
        name: "a receive that starts to wait wakes wanted",
        of: Of::Wake,
        prepare: sender_waits_until_wanted,
        operate: |rx, stage| {
            // Whatever the hook sends may be there already.
            if let Poll::Ready(item) = stage.plain.poll(&mut there(rx).recv()) {
                settle(item);
            }
        },
    },
    Moment {
        name: "close wakes wanted",
        of: Of::Wake,
        prepare: sender_waits_until_wanted,
        operate: |rx, _| assert!(there(rx).close()),
    },
    Moment {
        name: "close wakes the sender's closed",
        of: Of::Wake,
        prepare: sender_waits_for_the_end,
        operate: |rx, _| assert!(there(rx).close()),
    },
    Moment {
        name: "drop wakes the sender's closed",
        of: Of::Wake,
        prepare: sender_waits_for_the_end,
        operate: |rx, _| drop(rx.take()),
    },
    Moment {
        name: "recv clones its waker",
        of: Of::Clone,
        prepare: nothing,
        operate: |rx, stage| {
            if let Poll::Ready(item) = stage.hooked.poll(&mut there(rx).recv()) {
                settle(item);
            }
        },
    },
    Moment {
        name: "offer clones its waker",
        of: Of::Clone,
        prepare: nothing,
        operate: |rx, stage| drop(stage.hooked.poll(&mut there(rx).next_offer())),
    },
    Moment {
        name: "poll_next clones its waker",
        of: Of::Clone,
        prepare: nothing,
        operate: |rx, stage| {
            if let Poll::Ready(item) = stage.hooked.poll_next(there(rx)) {
                settle(item);
            }
        },
    },
    Moment {
        name: "closed clones its waker",
        of: Of::Clone,
        prepare: nothing,
        operate: |rx, stage| {
            let _: Poll<()> = stage.hooked.poll(&mut there(rx).closed());
        },
    },
    Moment {
        name: "a cancelled recv drops its waker",
        of: Of::Drop,
        prepare: nothing,
        operate: |rx, stage| {
            if let Poll::Ready(item) = stage.hooked.poll(&mut there(rx).recv()) {
                settle(item);
            }
        },
    },
    Moment {
        name: "a stream that changes its waker drops the old one",
        of: Of::Drop,
        prepare: receiver_waits,
        operate: |rx, stage| {
            if let Poll::Ready(item) = stage.plain.poll_next(there(rx)) {
                settle(item);
            }
        },
    },
    Moment {
        name: "a dropped receiver drops its waker",
        of: Of::Drop,
        prepare: receiver_waits,
        operate: |rx, _| drop(rx.take()),
    },
];

/// Runs one cell on a fresh channel: the hook runs in the middle of the operation, and `panics` with "foreign" or not.
/// If they are to be `apart`, the ends were on other threads before.
fn cell<E: Send + 'static, H: FnOnce() + Send + 'static>(
    name: String,
    moment: &'static Moment<E>,
    end: fn(&Stage) -> &Shared<E>,
    hook: impl FnOnce(&Stage) -> H + Send + 'static,
    panics: bool,
    apart: bool,
) {
    watchdog(move || {
        // Seen if it fails or hangs.
        eprintln!("{name}");
        let stage = Stage::new();
        if apart {
            // An end whose other end was last seen on another thread watches for it before it waits.
            elsewhere(|| stage.be_seen());
            elsewhere(|| (moment.prepare)(&stage));
        } else {
            (moment.prepare)(&stage);
        }
        let ran = Arc::new(AtomicBool::new(false));
        let hook = hook(&stage);
        let running = Arc::clone(&ran);
        arm(&stage.hooked, moment.of, move || {
            running.store(true, Ordering::SeqCst);
            hook();
        });
        let operation = || end(&stage).run(|end| (moment.operate)(end, &stage));
        if panics {
            assert_eq!(must_panic(operation), "foreign", "{name}");
        } else {
            operation();
        }
        assert!(
            ran.load(Ordering::SeqCst),
            "{name}: the hook did not run, so nothing was tested"
        );
        stage.check(&name);
    });
}

fn every_action_of_the_receiver(moments: &'static [Moment<Sender<Item>>]) {
    for moment in moments {
        for &(action, act) in RX_ACTIONS {
            let name = format!("{}, in its {:?}: {action}", moment.name, moment.of);
            let hook = move |stage: &Stage| {
                let (rx, visitor) = (stage.rx.clone(), Arc::clone(&stage.visitor));
                move || rx.run(|rx| act(rx, &visitor))
            };
            for apart in [false, true] {
                cell(name.clone(), moment, |stage| &stage.tx, hook, false, apart);
            }
        }
    }
}

fn every_action_of_the_sender(moments: &'static [Moment<Receiver<Item>>]) {
    for moment in moments {
        for &(action, act) in TX_ACTIONS {
            let name = format!("{}, in its {:?}: {action}", moment.name, moment.of);
            let hook = move |stage: &Stage| {
                let (tx, visitor) = (stage.tx.clone(), Arc::clone(&stage.visitor));
                let ledger = stage.ledger.clone();
                move || tx.run(|tx| act(tx, &ledger, &visitor))
            };
            for apart in [false, true] {
                cell(name.clone(), moment, |stage| &stage.rx, hook, false, apart);
            }
        }
    }
}

fn a_panic<E: Send + 'static>(moments: &'static [Moment<E>], end: fn(&Stage) -> &Shared<E>) {
    for moment in moments {
        let name = format!("{}, in its {:?}: panic", moment.name, moment.of);
        for apart in [false, true] {
            cell(
                name.clone(),
                moment,
                end,
                |_| || panic!("foreign"),
                true,
                apart,
            );
        }
    }
}

#[test]
fn a_waker_of_the_senders_operations_may_use_the_receiver() {
    every_action_of_the_receiver(SENDER_MOMENTS);
}

#[test]
fn a_waker_of_the_receivers_operations_may_use_the_sender() {
    every_action_of_the_sender(RECEIVER_MOMENTS);
}

#[test]
fn a_waker_of_the_senders_operations_may_panic() {
    a_panic(SENDER_MOMENTS, |stage| &stage.tx);
}

#[test]
fn a_waker_of_the_receivers_operations_may_panic() {
    a_panic(RECEIVER_MOMENTS, |stage| &stage.rx);
}

#[cfg(feature = "sink")]
mod of_a_sink {
    use super::*;
    use futures_sink::Sink;

    fn an_item_was_started(stage: &Stage) {
        stage.tx.run(|tx| {
            let item = stage.ledger.item();
            Pin::new(there(tx)).start_send(item).unwrap();
        });
    }

    fn a_flush_waits(stage: &Stage) {
        an_item_was_started(stage);
        stage.tx.run(|tx| {
            let flushed = Pin::new(there(tx)).poll_flush(&mut stage.hooked.cx());
            assert!(flushed.is_pending());
        });
    }

    static SINK_MOMENTS: &[Moment<Sender<Item>>] = &[
        Moment {
            name: "start_send wakes the receiver",
            of: Of::Wake,
            prepare: receiver_waits,
            operate: |tx, stage| {
                let item = stage.ledger.item();
                Pin::new(there(tx)).start_send(item).unwrap();
            },
        },
        Moment {
            name: "poll_close wakes the receiver",
            of: Of::Wake,
            prepare: receiver_waits,
            operate: |tx, stage| {
                let closed = Pin::new(there(tx)).poll_close(&mut stage.plain.cx());
                assert!(matches!(closed, Poll::Ready(Ok(()))));
            },
        },
        Moment {
            name: "poll_ready clones its waker",
            of: Of::Clone,
            prepare: an_item_was_started,
            operate: |tx, stage| {
                let ready = Pin::new(there(tx)).poll_ready(&mut stage.hooked.cx());
                refuse_in_sink(ready);
            },
        },
        Moment {
            name: "poll_flush clones its waker",
            of: Of::Clone,
            prepare: an_item_was_started,
            operate: |tx, stage| {
                let flushed = Pin::new(there(tx)).poll_flush(&mut stage.hooked.cx());
                refuse_in_sink(flushed);
            },
        },
        Moment {
            name: "poll_close clones its waker",
            of: Of::Clone,
            prepare: an_item_was_started,
            operate: |tx, stage| {
                let closed = Pin::new(there(tx)).poll_close(&mut stage.hooked.cx());
                refuse_in_sink(closed);
            },
        },
        Moment {
            name: "poll_flush that changes its waker drops the old one",
            of: Of::Drop,
            prepare: a_flush_waits,
            operate: |tx, stage| {
                let flushed = Pin::new(there(tx)).poll_flush(&mut stage.plain.cx());
                refuse_in_sink(flushed);
            },
        },
        Moment {
            name: "a dropped sink drops its waker",
            of: Of::Drop,
            prepare: a_flush_waits,
            operate: |tx, _| drop(tx.take()),
        },
    ];

    #[test]
    fn a_waker_of_a_sinks_operations_may_use_the_receiver() {
        every_action_of_the_receiver(SINK_MOMENTS);
    }

    #[test]
    fn a_waker_of_a_sinks_operations_may_panic() {
        a_panic(SINK_MOMENTS, |stage| &stage.tx);
    }
}

// What happens while the waker is being registered.

#[test]
fn an_item_sent_while_the_receivers_waker_is_cloned_is_not_missed() {
    watchdog(|| {
        let (tx, mut rx) = channel();
        let (sender, receiver) = (Probe::new(), Probe::new());
        let tx = Shared::new(tx);
        let theirs = tx.clone();
        receiver.on_clone(move || {
            theirs.run(|tx| {
                let mut send = there(tx).send(1);
                assert!(sender.poll(&mut send).is_pending());
                mem::forget(send);
            });
        });
        let mut recv = rx.recv();
        let mut outcome = receiver.poll(&mut recv);
        if outcome.is_pending() {
            assert_eq!(receiver.wakes(), 1, "neither found nor woken");
            outcome = receiver.poll(&mut recv);
        }
        assert_eq!(outcome, Poll::Ready(Some(1)));
    });
}

#[test]
fn a_take_while_the_senders_waker_is_cloned_is_not_missed() {
    watchdog(|| {
        let (mut tx, rx) = channel();
        let sender = Probe::new();
        let rx = Shared::new(rx);
        let theirs = rx.clone();
        let took = Arc::new(AtomicBool::new(false));
        let taking = Arc::clone(&took);
        sender.on_clone(move || {
            let taken = theirs.run(|rx| there(rx).try_recv().is_ok());
            taking.store(taken, Ordering::SeqCst);
        });
        let mut send = tx.send(1);
        let mut outcome = sender.poll(&mut send);
        if !took.load(Ordering::SeqCst) {
            // It was not on offer yet. Now it must be.
            assert!(outcome.is_pending());
            assert_eq!(rx.run(|rx| there(rx).try_recv()), Ok(1));
        }
        if outcome.is_pending() {
            assert_eq!(sender.wakes(), 1, "neither seen nor woken");
            outcome = sender.poll(&mut send);
        }
        assert_eq!(outcome, Poll::Ready(Ok(())));
    });
}

#[test]
fn a_close_while_a_waker_is_cloned_is_not_missed() {
    fn answer<F: Future + Unpin>(probe: &Probe, mut future: F) -> F::Output {
        if let Poll::Ready(output) = probe.poll(&mut future) {
            probe.take_wakes();
            return output;
        }
        assert_eq!(probe.take_wakes(), 1, "neither seen nor woken");
        match probe.poll(&mut future) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("woken for nothing"),
        }
    }

    watchdog(|| {
        let probe = Probe::new();

        let (tx, mut rx) = channel::<u32>();
        probe.on_clone(move || drop(tx));
        assert_eq!(answer(&probe, rx.recv()), None);

        let (tx, mut rx) = channel::<u32>();
        probe.on_clone(move || drop(tx));
        assert!(answer(&probe, rx.next_offer()).is_none());

        let (tx, mut rx) = channel::<u32>();
        probe.on_clone(move || drop(tx));
        answer(&probe, rx.closed());

        let (mut tx, rx) = channel::<u32>();
        probe.on_clone(move || drop(rx));
        answer(&probe, tx.closed());

        let (mut tx, rx) = channel::<u32>();
        probe.on_clone(move || drop(rx));
        assert_eq!(answer(&probe, tx.send(1)), Err(SendError::Closed(1)));

        let (mut tx, rx) = channel::<u32>();
        probe.on_clone(move || drop(rx));
        assert!(!answer(&probe, tx.wanted()));
    });
}

#[test]
fn a_receive_that_starts_to_wait_while_wanteds_waker_is_cloned_is_not_missed() {
    watchdog(|| {
        let (mut tx, rx) = channel::<u32>();
        let (sender, receiver) = (Probe::new(), Probe::new());
        let rx = Shared::new(rx);
        let theirs = rx.clone();
        sender.on_clone(move || {
            theirs.run(|rx| {
                assert!(receiver.poll_next(there(rx)).is_pending());
            });
        });
        let mut wanted = tx.wanted();
        let mut outcome = sender.poll(&mut wanted);
        if outcome.is_pending() {
            assert_eq!(sender.wakes(), 1, "neither seen nor woken");
            outcome = sender.poll(&mut wanted);
        }
        assert_eq!(outcome, Poll::Ready(true));
    });
}

// Executors that run the other side inside wake.

#[test]
fn tasks_that_are_polled_inside_wake() {
    watchdog(|| {
        const ITEMS: usize = 1_000;

        for receiver_first in [true, false] {
            let ledger = Ledger::new();
            let (mut tx, mut rx) = channel();
            let items: Vec<Item> = (0..ITEMS).map(|_| ledger.item()).collect();
            let sending = async move {
                for item in items {
                    tx.send(item).await.unwrap();
                }
            };
            let receiving = async move {
                for i in 0..ITEMS {
                    assert_eq!(rx.recv().await.map(Item::received), Some(i));
                }
                assert!(rx.recv().await.is_none());
            };
            let tasks = if receiver_first {
                [inline(receiving), inline(sending)]
            } else {
                [inline(sending), inline(receiving)]
            };
            assert!(tasks.iter().all(|task| task.is_done()));
            assert_eq!(ledger.count(Fate::Received), ITEMS);
        }
    });
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

#[test]
fn a_receivers_task_that_is_cancelled_inside_its_wake() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let (sender, receiver) = (Probe::new(), Probe::new());
        let mut task: Task = Box::pin(async move {
            rx.recv().await;
        });
        assert!(receiver.poll(&mut task).is_pending());
        // With the task goes its `Recv`, and with that the receiver.
        receiver.on_wake(move || drop(task));
        let mut send = tx.send(1);
        let mut outcome = sender.poll(&mut send);
        if outcome.is_pending() {
            assert_eq!(sender.wakes(), 1, "neither seen nor woken");
            outcome = sender.poll(&mut send);
        }
        assert_eq!(outcome, Poll::Ready(Err(SendError::Closed(1))));
    });
}

#[test]
fn a_senders_task_that_is_cancelled_inside_its_wake() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        let (sender, item) = (Probe::new(), ledger.item());
        let mut task: Task = Box::pin(async move {
            tx.send(item).await.unwrap();
        });
        assert!(sender.poll(&mut task).is_pending());
        sender.on_wake(move || drop(task));
        assert_eq!(rx.try_recv().map(Item::received), Ok(0));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
        assert_eq!(ledger.fates(), [Fate::Received]);
    });
}

#[test]
fn ends_that_close_each_other_inside_wake() {
    watchdog(|| {
        // A chain of channels: each receiver's end lets its task end, which drops the next sender, and so on.
        let (first, rx) = channel::<u32>();
        let mut last = rx;
        let mut tasks = Vec::new();
        for _ in 0..100 {
            let (tx, rx) = channel::<u32>();
            let mut before = mem::replace(&mut last, rx);
            tasks.push(inline(async move {
                let _tx = tx;
                assert_eq!(before.recv().await, None);
            }));
        }
        drop(first);
        assert!(tasks.iter().all(|task| task.is_done()));
        assert_eq!(last.try_recv(), Err(TryRecvError::Closed));
    });
}

// Items whose drop comes back.

/// An operation of the sender that drops an item which was given back before, while the receiver is there.
type Discard = fn(&mut Option<Sender<Item>>, &Ledger);

static DISCARDS: &[(&str, Discard)] = &[
    ("send", |tx, ledger| {
        drop(there(tx).send(ledger.item()));
    }),
    ("try_send", |tx, ledger| {
        if let Err(error) = there(tx).try_send(ledger.item()) {
            error.into_inner().refused();
        }
    }),
    ("drop", |tx, _| drop(tx.take())),
    #[cfg(feature = "sink")]
    ("start_send", |tx, ledger| {
        use futures_sink::Sink;

        if let Err(error) = Pin::new(there(tx)).start_send(ledger.item()) {
            error.into_inner().refused();
        }
    }),
];

#[test]
fn the_drop_of_an_item_may_use_the_receiver() {
    for (discard, operate) in DISCARDS {
        for (action, act) in RX_ACTIONS {
            watchdog(move || {
                let name = format!("{discard} drops an item: {action}");
                eprintln!("{name}");
                let stage = Stage::new();
                let (rx, visitor) = (stage.rx.clone(), Arc::clone(&stage.visitor));
                let hook = move || rx.run(|rx| act(rx, &visitor));
                stage.tx.run(|tx| {
                    drop(there(tx).send(stage.ledger.item().on_drop(hook)));
                    operate(tx, &stage.ledger);
                });
                assert_eq!(stage.ledger.fate(0), Fate::Dropped, "{name}");
                stage.check(&name);
            });
        }
    }
}

#[test]
fn the_drop_of_an_item_may_panic() {
    for (discard, operate) in DISCARDS {
        watchdog(move || {
            let name = format!("{discard} drops an item: panic");
            eprintln!("{name}");
            let stage = Stage::new();
            let hook = || panic!("foreign");
            stage.tx.run(|tx| {
                drop(there(tx).send(stage.ledger.item().on_drop(hook)));
                let message = must_panic(|| operate(tx, &stage.ledger));
                assert_eq!(message, "foreign", "{name}");
            });
            assert_eq!(stage.ledger.fate(0), Fate::Dropped, "{name}");
            stage.check(&name);
        });
    }
}

#[test]
fn the_drop_of_an_item_on_offer_may_use_what_is_left() {
    // The sender goes last: the closed receiver is still there to be used.
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        rx.close();
        let rx = Shared::new(rx);
        let (theirs, ran) = (rx.clone(), Arc::new(AtomicUsize::new(0)));
        let running = Arc::clone(&ran);
        drop(tx.send(ledger.item().on_drop(move || {
            theirs.run(|rx| {
                assert_eq!(there(rx).try_recv(), Err(TryRecvError::Closed));
                assert!(there(rx).recv().wait().is_none());
                // The sender is gone, or going; asking must not hang either way.
                let _: Poll<()> = Probe::new().poll(&mut there(rx).closed());
                drop(rx.take());
            });
            running.fetch_add(1, Ordering::SeqCst);
        })));
        drop(tx);
        assert_eq!(ran.load(Ordering::SeqCst), 1);
        assert_eq!(ledger.fates(), [Fate::Dropped]);
    });

    // The receiver goes last, or is closed last: the item wakes somebody on another channel, who runs at once.
    for close in [true, false] {
        watchdog(move || {
            let (mut tx, mut rx) = channel();
            let (other_tx, mut other_rx) = channel::<u32>();
            let task = inline(async move { assert_eq!(other_rx.recv().await, None) });
            offer_and_forget(&mut tx, other_tx);
            drop(tx);
            assert!(!task.is_done());
            if close {
                rx.close();
                assert!(task.is_done(), "not only with the receiver");
            }
            drop(rx);
            assert!(task.is_done());
        });
    }
}

// Items that own an end of their own channel.

/// An item that owns the receiver of the channel that it goes through.
struct Owner(Receiver<Owner>);

#[test]
fn an_item_that_owns_the_receiver_can_be_reclaimed() {
    watchdog(|| {
        let (mut tx, rx) = channel();
        let sender = Probe::new();
        let mut send = tx.send(Owner(rx));
        assert!(sender.poll(&mut send).is_pending());
        drop(send);
        let Some(Owner(rx)) = tx.reclaim() else {
            panic!("nobody can have taken it");
        };
        assert!(!tx.is_closed());
        drop(rx);
        assert!(tx.is_closed());
    });
}

#[test]
fn an_unreclaimed_item_that_owns_the_receiver_closes_the_channel() {
    watchdog(|| {
        let (mut tx, rx) = channel();
        drop(tx.send(Owner(rx)));
        assert!(!tx.is_closed());

        let (_other, rx) = channel();
        let mut send = tx.send(Owner(rx));
        let Poll::Ready(Err(SendError::Closed(Owner(_)))) = Probe::new().poll(&mut send) else {
            panic!("the receiver went when it was called");
        };
        drop(send);
        assert!(tx.is_closed());
    });
}

#[test]
fn an_unreclaimed_item_that_owns_the_receiver_goes_with_the_sender() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let receiver = Probe::new();
        assert!(receiver.poll_next(&mut rx).is_pending());
        drop(tx.send(Owner(rx)));
        assert_eq!(receiver.held(), 1);
        drop(tx);
        assert_eq!(receiver.held(), 0, "and everything with it");
    });
}

/// An item that can be given its own channel's sender while it is on offer.
#[derive(Clone, Default)]
struct Carrier(Arc<Mutex<Option<Sender<Carrier>>>>);

#[test]
fn an_item_that_owns_its_own_sender_closes_the_channel_with_its_drop() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let (carrier, watcher) = (Carrier::default(), Probe::new());
        offer_and_forget(&mut tx, carrier.clone());
        *carrier.0.lock().unwrap() = Some(tx);
        drop(carrier);

        let mut closed = rx.closed();
        assert!(watcher.poll(&mut closed).is_pending());
        drop(closed);
        let Poll::Ready(Some(guard)) = watcher.poll(&mut rx.next_offer()) else {
            panic!("it is on offer");
        };
        drop(guard);
        let item = rx.try_recv().expect("it was put back");
        assert!(!rx.is_closed());
        drop(item);
        assert!(rx.is_closed());
        assert!(matches!(rx.try_recv(), Err(TryRecvError::Closed)));
    });
}
