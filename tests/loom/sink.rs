//! The `Sink`, which waits without a future.

use crate::common::Probe;
use crate::model;
use futures_sink::Sink;
use handoff::{channel, Sender, SinkError};
use loom::future::block_on;
use loom::thread;
use std::future::poll_fn;
use std::pin::Pin;

async fn ready(tx: &mut Sender<u32>) -> Result<(), SinkError<u32>> {
    poll_fn(|cx| Pin::new(&mut *tx).poll_ready(cx)).await
}

async fn flush(tx: &mut Sender<u32>) -> Result<(), SinkError<u32>> {
    poll_fn(|cx| Pin::new(&mut *tx).poll_flush(cx)).await
}

fn start(tx: &mut Sender<u32>, item: u32) -> Result<(), SinkError<u32>> {
    Pin::new(tx).start_send(item)
}

#[test]
fn a_flush_ends_when_the_item_was_taken() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let sender = thread::spawn(move || {
            assert_eq!(start(&mut tx, 1), Ok(()));
            block_on(flush(&mut tx))
        });
        assert_eq!(block_on(rx.recv()), Some(1));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_flush_gets_its_item_back_from_a_receiver_that_goes() {
    model(|| {
        let (mut tx, rx) = channel();
        assert_eq!(start(&mut tx, 1), Ok(()));
        let sender = thread::spawn(move || block_on(flush(&mut tx)));
        drop(rx);
        assert_eq!(sender.join().unwrap(), Err(SinkError::Closed(1)));
    });
}

#[test]
fn it_is_ready_when_the_item_before_was_taken() {
    model(|| {
        let (mut tx, mut rx) = channel();
        assert_eq!(start(&mut tx, 1), Ok(()));
        let sender = thread::spawn(move || {
            assert_eq!(block_on(ready(&mut tx)), Ok(()));
            start(&mut tx, 2)
        });
        block_on(async {
            assert_eq!(rx.recv().await, Some(1));
            assert_eq!(rx.recv().await, Some(2));
        });
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_close_ends_what_the_receiver_waits_for() {
    model(|| {
        let (mut tx, mut rx) = channel();
        assert_eq!(start(&mut tx, 1), Ok(()));
        let sender = thread::spawn(move || {
            let closed = block_on(poll_fn(|cx| Pin::new(&mut tx).poll_close(cx)));
            (tx, closed)
        });
        block_on(async {
            assert_eq!(rx.recv().await, Some(1));
            assert_eq!(rx.recv().await, None);
        });
        let (_tx, closed) = sender.join().unwrap();
        assert_eq!(closed, Ok(()));
    });
}

#[test]
fn a_send_takes_the_place_of_a_poll_left_behind() {
    model(|| {
        let (mut tx, mut rx) = channel();
        assert_eq!(start(&mut tx, 1), Ok(()));
        let sender = thread::spawn(move || {
            let _ = Pin::new(&mut tx).poll_flush(&mut Probe::new().cx());
            block_on(tx.send(2))
        });
        block_on(async {
            assert_eq!(rx.recv().await, Some(1));
            assert_eq!(rx.recv().await, Some(2));
        });
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}
