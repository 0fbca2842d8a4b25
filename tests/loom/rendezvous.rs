//! Items arrive, and the end of them: the plain rendezvous.

use crate::common::Probe;
use crate::model;
use futures_core::Stream;
use handoff::{channel, SendError};
use loom::future::block_on;
use loom::thread;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;

#[test]
fn one_item() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || block_on(tx.send(1)));
        assert_eq!(block_on(rx.recv()), Some(1));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn two_items() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender =
            thread::spawn(move || block_on(async { (tx.send(1).await, tx.send(2).await) }));
        block_on(async {
            assert_eq!(rx.recv().await, Some(1));
            assert_eq!(rx.recv().await, Some(2));
        });
        assert_eq!(sender.join().unwrap(), (Ok(()), Ok(())));
    });
}

#[test]
fn the_last_item_and_the_end() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || block_on(tx.send(1)));
        block_on(async {
            assert_eq!(rx.recv().await, Some(1));
            assert_eq!(rx.recv().await, None);
        });
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

/// Nobody waits for the answer of the sends, so that the items and the end come as fast as they can.
#[test]
fn two_forgotten_items_and_the_end() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || {
            let mut first = tx.send(1);
            let _ = Probe::new().poll(&mut first);
            mem::forget(first);
            let mut second = tx.send(2);
            let _ = Probe::new().poll(&mut second);
            mem::forget(second);
        });
        block_on(async {
            assert_eq!(rx.recv().await, Some(1));
            let second = rx.recv().await;
            assert!(second.is_none() || second == Some(2));
            assert_eq!(rx.recv().await, None);
        });
        sender.join().unwrap();
    });
}

#[test]
fn a_send_and_the_receiver_goes() {
    model(|| {
        let (mut tx, rx) = channel();
        let sender = thread::spawn(move || block_on(tx.send(1)));
        drop(rx);
        assert_eq!(sender.join().unwrap(), Err(SendError::Closed(1)));
    });
}

#[test]
fn a_receive_and_the_sender_goes() {
    model(|| {
        let (tx, mut rx) = channel::<u32>();
        let receiver = thread::spawn(move || block_on(rx.recv()));
        drop(tx);
        assert_eq!(receiver.join().unwrap(), None);
    });
}

#[test]
fn each_end_waits_for_the_other_to_go() {
    model(|| {
        let (mut tx, mut rx) = channel::<u32>();
        let sender = thread::spawn(move || {
            block_on(tx.closed());
            assert!(tx.is_closed());
            assert_eq!(block_on(tx.send(1)), Err(SendError::Closed(1)));
        });
        rx.close();
        block_on(rx.closed());
        sender.join().unwrap();
    });
}

#[test]
fn a_stream_yields_the_last_item_and_then_its_end() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || block_on(tx.send(1)));
        block_on(async {
            assert_eq!(poll_fn(|cx| Pin::new(&mut rx).poll_next(cx)).await, Some(1));
            assert_eq!(poll_fn(|cx| Pin::new(&mut rx).poll_next(cx)).await, None);
        });
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}
