//! What one end wrote before, the other reads after. loom reports a data race for every cell that is read too early.

use crate::common::Probe;
use crate::model;
use handoff::channel;
use loom::cell::UnsafeCell;
use loom::future::block_on;
use loom::thread;
use std::sync::Arc;
use std::task::Poll;

/// Memory of the program's own, apart from any item.
#[derive(Clone)]
struct Memory(Arc<UnsafeCell<u32>>);

impl Memory {
    // Not `Sync` by intention: it is for loom to say who may share it, and when.
    #[allow(clippy::arc_with_non_send_sync)]
    fn new() -> Self {
        Self(Arc::new(UnsafeCell::new(0)))
    }

    fn write(&self) {
        self.0.with_mut(|_| ());
    }

    fn read(&self) {
        self.0.with(|_| ());
    }
}

#[test]
fn what_came_before_the_send_is_seen_after_the_receive() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let memory = Memory::new();
        let sender = {
            let memory = memory.clone();
            thread::spawn(move || {
                memory.write();
                block_on(tx.send(1))
            })
        };
        assert_eq!(block_on(rx.recv()), Some(1));
        memory.read();
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn what_came_before_the_receive_is_seen_after_the_send() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let memory = Memory::new();
        let receiver = {
            let memory = memory.clone();
            thread::spawn(move || {
                memory.write();
                assert_eq!(block_on(rx.recv()), Some(1));
                rx
            })
        };
        assert_eq!(block_on(tx.send(1)), Ok(()));
        memory.read();
        receiver.join().unwrap();
    });
}

#[test]
fn what_came_before_the_sender_went_is_seen_after_the_end() {
    model(|| {
        let (tx, mut rx) = channel::<u32>();
        let memory = Memory::new();
        let sender = {
            let memory = memory.clone();
            thread::spawn(move || {
                memory.write();
                drop(tx);
            })
        };
        assert_eq!(block_on(rx.recv()), None);
        memory.read();
        sender.join().unwrap();
    });
}

#[test]
fn what_came_before_the_take_is_seen_by_a_poll_that_nobody_asked_for() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let memory = Memory::new();
        let mut send = tx.send(1);
        assert!(Probe::new().poll(&mut send).is_pending());
        let receiver = {
            let memory = memory.clone();
            thread::spawn(move || {
                memory.write();
                assert_eq!(rx.try_recv(), Ok(1));
            })
        };
        if let Poll::Ready(outcome) = Probe::new().poll(&mut send) {
            assert_eq!(outcome, Ok(()));
            memory.read();
        }
        receiver.join().unwrap();
    });
}

#[test]
fn what_came_before_the_receiver_went_is_seen_by_a_look_at_is_closed() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let memory = Memory::new();
        let mut send = tx.send(1);
        assert!(Probe::new().poll(&mut send).is_pending());
        let receiver = {
            let memory = memory.clone();
            thread::spawn(move || {
                let received = rx.try_recv().ok();
                memory.write();
                drop(rx);
                received
            })
        };
        let taken = Probe::new().poll(&mut send) == Poll::Ready(Ok(()));
        drop(send);
        if tx.is_closed() {
            memory.read();
        }
        let received = receiver.join().unwrap();
        assert!(!taken || received == Some(1), "taken wins over closed");
        assert_eq!(tx.reclaim().xor(received), Some(1));
    });
}

#[test]
fn what_came_before_the_sender_went_is_seen_by_a_look_at_is_closed() {
    model(|| {
        let (tx, rx) = channel::<u32>();
        let memory = Memory::new();
        let sender = {
            let memory = memory.clone();
            thread::spawn(move || {
                memory.write();
                drop(tx);
            })
        };
        if rx.is_closed() {
            memory.read();
        }
        sender.join().unwrap();
    });
}

#[test]
fn what_came_before_the_receive_is_seen_after_the_demand() {
    model(|| {
        let (mut tx, mut rx) = channel();
        let memory = Memory::new();
        let receiver = {
            let memory = memory.clone();
            thread::spawn(move || {
                memory.write();
                block_on(rx.recv())
            })
        };
        if tx.is_wanted() {
            memory.read();
        }
        assert!(block_on(tx.wanted()));
        memory.read();
        assert_eq!(tx.try_send(1), Ok(()));
        assert_eq!(receiver.join().unwrap(), Some(1));
    });
}
