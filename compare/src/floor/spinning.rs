//! The floor for two threads: a bare ping-pong on one atomic word. One thread writes a number, the
//! other takes it, and the first goes on once it sees it taken. Two crossings of a cache line an
//! item: the cores can do no better.
//!
//! Both sides spin. They yield now and then, as otherwise the two could not get on when other
//! threads want the cores too.

use crate::ends::{BlockingRecvEnd, BlockingSendEnd};
use std::{
    hint::spin_loop,
    sync::{
        atomic::{AtomicU64, Ordering},
        Arc,
    },
    thread::yield_now,
};

/// Looks that are made before the thread yields: some tens of microseconds.
const PATIENCE: u32 = 1 << 12;

/// A word on a cache line of its own.
#[repr(align(128))]
struct Line(AtomicU64);

/// Makes a channel for numbers below `u64::MAX - 1`.
#[must_use]
pub fn channel() -> (Sender, Receiver) {
    let line = Arc::new(Line(AtomicU64::new(0)));
    (Sender(Arc::clone(&line)), Receiver(line))
}

/// The sending end.
pub struct Sender(Arc<Line>);

/// The receiving end.
pub struct Receiver(Arc<Line>);

/// What stands in the word once the sender is gone.
const CLOSED: u64 = u64::MAX;

impl Drop for Sender {
    fn drop(&mut self) {
        self.0 .0.store(CLOSED, Ordering::Release);
    }
}

fn until(mut condition: impl FnMut() -> bool) {
    loop {
        for _ in 0..PATIENCE {
            if condition() {
                return;
            }
            spin_loop();
        }
        yield_now();
    }
}

impl BlockingSendEnd<u64> for Sender {
    fn send_blocking(&mut self, item: u64) -> bool {
        self.0 .0.store(item + 1, Ordering::Release);
        until(|| self.0 .0.load(Ordering::Acquire) == 0);
        true
    }

    fn send_at_once(&mut self, _item: u64) -> bool {
        false
    }
}

impl BlockingRecvEnd<u64> for Receiver {
    fn recv_blocking(&mut self) -> Option<u64> {
        let mut word = 0;
        until(|| {
            word = self.0 .0.load(Ordering::Acquire);
            word != 0
        });
        if word == CLOSED {
            return None;
        }
        self.0 .0.store(0, Ordering::Release);
        Some(word - 1)
    }
}
