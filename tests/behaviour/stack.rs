//! How much stack an operation on a large item needs, in a build without optimization, where each function on the way
//! has copies of its own.
//!
//! A stack that overflows ends the process, so each operation has a process of its own.

use crate::common::{poll_next, poll_once, watchdog};
use futures::task::noop_waker_ref;
use futures_lite::future::block_on;
use handoff::{channel, Offer, Receiver, Sender};
use std::env;
use std::future::pending;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

const THIS: &str = "stack::an_operation_needs_less_stack_than_20_items";
/// Say what a child does.
const OPERATION: &str = "HANDOFF_STACK_OPERATION";
const ITEMS: &str = "HANDOFF_STACK_ITEMS";
const SIZE: usize = 64 * 1024;
/// What the rest of a thread needs.
const MARGIN: usize = SIZE / 2;
const LONG: Duration = Duration::from_secs(60);

type Large = [u8; SIZE];

/// What runs on the small stack. The other end takes the item, or sends one when a receive waits.
enum Operation {
    Send(fn(&mut Sender<Large>)),
    Receive(fn(&mut Receiver<Large>)),
    Alone(fn()),
}

use Operation::{Alone, Receive, Send};

const OPERATIONS: [(&str, Operation); 19] = [
    ("channel", Alone(|| drop(channel::<Large>()))),
    (
        "send, wait",
        Send(|tx| assert!(tx.send([1; SIZE]).wait().is_ok())),
    ),
    (
        "send, wait_timeout",
        Send(|tx| assert!(tx.send([1; SIZE]).wait_timeout(LONG).is_ok())),
    ),
    (
        "send, await",
        Send(|tx| assert!(block_on(tx.send([1; SIZE])).is_ok())),
    ),
    (
        "send, until",
        Send(|tx| assert!(block_on(tx.send([1; SIZE]).until(pending::<()>())).is_ok())),
    ),
    (
        "send, polled and dropped",
        Send(|tx| {
            let mut send = tx.send([1; SIZE]);
            assert!(poll_once(&mut send, noop_waker_ref()).is_pending());
        }),
    ),
    (
        "send, closed",
        Send(|tx| {
            tx.close();
            assert!(tx.send([1; SIZE]).wait().is_err());
        }),
    ),
    (
        "try_send",
        Send(|tx| while tx.try_send([1; SIZE]).is_err() {}),
    ),
    (
        "send, dropped and reclaimed",
        Send(|tx| {
            drop(tx.send([1; SIZE]));
            assert!(tx.reclaim().is_some());
        }),
    ),
    (
        "recv, wait",
        Receive(|rx| assert!(rx.recv().wait().is_some())),
    ),
    (
        "recv, wait_timeout",
        Receive(|rx| assert!(rx.recv().wait_timeout(LONG).is_ok())),
    ),
    (
        "recv, await",
        Receive(|rx| assert!(block_on(rx.recv()).is_some())),
    ),
    (
        "recv, until",
        Receive(|rx| assert!(block_on(rx.recv().until(pending::<()>())).is_ok())),
    ),
    (
        "try_recv",
        Receive(|rx| {
            assert!(poll_next(rx, noop_waker_ref()).is_pending());
            while rx.try_recv().is_err() {}
        }),
    ),
    (
        "next",
        Receive(|rx| while poll_next(rx, noop_waker_ref()).is_pending() {}),
    ),
    ("iter", Receive(|rx| assert!(rx.iter().next().is_some()))),
    (
        "next_offer, wait, accept",
        Receive(|rx| {
            let offer = rx.next_offer().wait().unwrap();
            assert_eq!(Offer::accept(offer)[0], 1);
        }),
    ),
    (
        "next_offer, await, decline",
        Receive(|rx| {
            let offer = block_on(rx.next_offer()).unwrap();
            assert!(Offer::decline(offer).is_none());
        }),
    ),
    (
        "try_next_offer, drop",
        Receive(|rx| {
            assert!(poll_next(rx, noop_waker_ref()).is_pending());
            while rx.try_next_offer().is_err() {}
        }),
    ),
];

/// Runs one of them beside the other end, which has stack enough.
#[allow(clippy::large_stack_arrays)]
fn run(operation: &Operation, stack: usize) {
    let (mut tx, mut rx) = channel::<Large>();
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(stack);
        let large = thread::Builder::new().stack_size(8 * 1024 * 1024);
        match *operation {
            Alone(make) => {
                small.spawn_scoped(scope, make).unwrap();
            }
            Send(send) => {
                small.spawn_scoped(scope, move || send(&mut tx)).unwrap();
                let receive = move || rx.recv().wait().is_some();
                large.spawn_scoped(scope, receive).unwrap();
            }
            Receive(receive) => {
                let receive = move || receive(&mut rx);
                small.spawn_scoped(scope, receive).unwrap();
                let send = move || tx.wanted().wait() && tx.send([1; SIZE]).wait().is_ok();
                large.spawn_scoped(scope, send).unwrap();
            }
        }
    });
}

/// Runs one of them in a process of its own, on a stack of so many items.
fn run_in_child(name: &str, items: usize) -> Output {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", THIS])
        .env(OPERATION, name)
        .env(ITEMS, items.to_string())
        .output()
        .unwrap()
}

#[test]
fn an_operation_needs_less_stack_than_20_items() {
    if let Ok(name) = env::var(OPERATION) {
        let (_, operation) = OPERATIONS.iter().find(|(it, _)| *it == name).unwrap();
        let items: usize = env::var(ITEMS).unwrap().parse().unwrap();
        run(operation, items * SIZE + MARGIN);
        return;
    }
    watchdog(|| {
        for (name, _) in &OPERATIONS {
            let child = run_in_child(name, 20);
            let said = String::from_utf8_lossy(&child.stderr);
            assert!(child.status.success(), "{name}: {}, {said}", child.status);
        }
    });
}

/// Prints it: `cargo test --test behaviour -- --ignored --nocapture how_much_stack`, also with `--release`.
#[test]
#[ignore = "it prints, and tests nothing"]
fn how_much_stack_an_operation_needs() {
    for (name, _) in &OPERATIONS {
        let least = (1..=100).find(|&items| run_in_child(name, items).status.success());
        println!("{:2} items: {name}", least.unwrap());
    }
}
