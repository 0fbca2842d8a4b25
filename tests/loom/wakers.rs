//! Wakers that are replaced, and wakers that panic, while the other end goes about its work.

use crate::common::Probe;
use crate::model;
use handoff::channel;
use loom::future::block_on;
use loom::thread;
use std::future::Future;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::task::Poll;

/// Panics without a message on the terminal, where thousands of them would be in the way.
fn panic_quietly() {
    resume_unwind(Box::new("this waker panics"));
}

fn ignore_panic(body: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(body));
}

/// Polls as `first`, lets panics pass, and then goes on as a task of another executor.
fn poll_as<F: Future + Unpin>(first: &Probe, mut future: F) -> F::Output {
    let mut early = Poll::Pending;
    ignore_panic(|| early = first.poll(&mut future));
    match early {
        Poll::Ready(output) => output,
        Poll::Pending => block_on(future),
    }
}

#[test]
fn the_sender_is_woken_by_its_last_waker() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || block_on(rx.recv()));
        assert_eq!(poll_as(&Probe::new(), tx.send(1)), Ok(()));
        assert_eq!(receiver.join().unwrap(), Some(1));
    });
}

#[test]
fn the_receiver_is_woken_by_its_last_waker() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || block_on(tx.send(1)));
        assert_eq!(poll_as(&Probe::new(), rx.recv()), Some(1));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_receiver_whose_waker_panics_gets_its_item() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let probe = Probe::new();
        probe.on_wake(panic_quietly);
        let receiver = thread::spawn(move || poll_as(&probe, rx.recv()));
        // The waker's panic, if any, comes out of the poll that offers.
        assert_eq!(poll_as(&Probe::new(), tx.send(1)), Ok(()));
        assert_eq!(receiver.join().unwrap(), Some(1));
    });
}

#[test]
fn a_sender_whose_waker_panics_gets_its_answer() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let probe = Probe::new();
        probe.on_wake(panic_quietly);
        let sender = thread::spawn(move || poll_as(&probe, tx.send(1)));
        let mut received = None;
        // If the waker panics here, the item was in this poll's hands, and goes down with it.
        ignore_panic(|| received = block_on(rx.recv()));
        assert!(received.is_none() || received == Some(1));
        assert_eq!(sender.join().unwrap(), Ok(()));
        assert_eq!(block_on(rx.recv()), None);
    });
}

#[test]
fn a_receiver_whose_waker_cannot_be_cloned_goes_on() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || block_on(tx.send(1)));
        let probe = Probe::new();
        probe.on_clone(panic_quietly);
        assert_eq!(poll_as(&probe, rx.recv()), Some(1));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_sender_whose_waker_cannot_be_cloned_goes_on() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let receiver = thread::spawn(move || block_on(rx.recv()));
        let probe = Probe::new();
        probe.on_clone(panic_quietly);
        assert_eq!(poll_as(&probe, tx.send(1)), Ok(()));
        assert_eq!(receiver.join().unwrap(), Some(1));
    });
}
