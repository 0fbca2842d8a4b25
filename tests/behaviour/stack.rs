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
use std::process::Command;
use std::thread;
use std::time::Duration;

const THIS: &str = "stack::an_operation_needs_less_stack_than_20_items";
const IN_CHILD: &str = "HANDOFF_STACK";
const SIZE: usize = 64 * 1024;
const STACK: usize = 20 * SIZE;
const LONG: Duration = Duration::from_secs(60);

type Large = [u8; SIZE];

/// What runs on the small stack. The other end takes the item, or sends one when a receive waits.
enum Operation {
    Send(fn(&mut Sender<Large>)),
    Receive(fn(&mut Receiver<Large>)),
}

use Operation::{Receive, Send};

const OPERATIONS: [(&str, Operation); 15] = [
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
        "try_send",
        Send(|tx| while tx.try_send([1; SIZE]).is_err() {}),
    ),
    (
        "reclaim",
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
        "next_offer, wait",
        Receive(|rx| {
            let offer = rx.next_offer().wait().unwrap();
            assert_eq!(Offer::accept(offer)[0], 1);
        }),
    ),
];

/// Runs one of them beside the other end, which has stack enough.
#[allow(clippy::large_stack_arrays)]
fn run(operation: &Operation) {
    let (mut tx, mut rx) = channel::<Large>();
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(STACK);
        let large = thread::Builder::new().stack_size(8 << 20);
        match *operation {
            Send(send) => {
                small.spawn_scoped(scope, move || send(&mut tx)).unwrap();
                large
                    .spawn_scoped(scope, move || rx.recv().wait().is_some())
                    .unwrap();
            }
            Receive(receive) => {
                small.spawn_scoped(scope, move || receive(&mut rx)).unwrap();
                large
                    .spawn_scoped(scope, move || {
                        assert!(tx.wanted().wait());
                        tx.send([1; SIZE]).wait().unwrap();
                    })
                    .unwrap();
            }
        }
    });
}

#[test]
fn an_operation_needs_less_stack_than_20_items() {
    if let Ok(name) = env::var(IN_CHILD) {
        let (_, operation) = OPERATIONS
            .iter()
            .find(|(it, _)| *it == name)
            .expect("its name");
        run(operation);
        return;
    }
    watchdog(|| {
        for (name, _) in &OPERATIONS {
            let child = Command::new(env::current_exe().unwrap())
                .args(["--exact", THIS])
                .env(IN_CHILD, name)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&child.stderr);
            assert!(child.status.success(), "{name}: {:?}, {said}", child.status);
        }
    });
}
