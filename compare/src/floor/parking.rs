//! What two sleeps cost: a ping-pong on one atomic word, as in [`spinning`](super::spinning), but a thread that has nothing
//! to do parks. An item takes a round trip: it wakes the receiver, which then wakes the sender. A channel is faster than
//! that if it sleeps less often.

use crate::ends::{BlockingRecvEnd, BlockingSendEnd};
use std::{
    sync::{
        atomic::{fence, AtomicU64, Ordering},
        Arc, OnceLock,
    },
    thread::{self, Thread},
};

#[derive(Default)]
struct Shared {
    word: AtomicU64,
    sender: OnceLock<Thread>,
    receiver: OnceLock<Thread>,
}

impl Shared {
    /// Writes the word, and wakes who may wait for it.
    fn write(&self, word: u64, other: &OnceLock<Thread>) {
        self.word.store(word, Ordering::Release);
        fence(Ordering::SeqCst);
        if let Some(thread) = other.get() {
            thread.unpark();
        }
    }
}

/// Parks until the condition holds, as the thread of this end.
fn until(this: &OnceLock<Thread>, mut condition: impl FnMut() -> bool) {
    // Of two ends, one writes the word and then looks for a thread, and one writes its thread and then looks at the
    // word. With the fences at least one of the two sees what the other wrote.
    this.get_or_init(thread::current);
    fence(Ordering::SeqCst);
    while !condition() {
        thread::park();
    }
}

/// Makes a channel for numbers below `u64::MAX - 1`.
#[must_use]
pub fn channel() -> (Sender, Receiver) {
    let shared = Arc::new(Shared::default());
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

/// The sending end.
pub struct Sender(Arc<Shared>);

/// The receiving end.
pub struct Receiver(Arc<Shared>);

/// What stands in the word once the sender is gone.
const CLOSED: u64 = u64::MAX;

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.write(CLOSED, &self.0.receiver);
    }
}

impl BlockingSendEnd<u64> for Sender {
    fn send_blocking(&mut self, item: u64) -> bool {
        let shared = &*self.0;
        shared.write(item + 1, &shared.receiver);
        until(&shared.sender, || shared.word.load(Ordering::Acquire) == 0);
        true
    }

    fn send_at_once(&mut self, _item: u64) -> bool {
        false
    }
}

impl BlockingRecvEnd<u64> for Receiver {
    fn recv_blocking(&mut self) -> Option<u64> {
        let shared = &*self.0;
        let mut word = 0;
        until(&shared.receiver, || {
            word = shared.word.load(Ordering::Acquire);
            word != 0
        });
        if word == CLOSED {
            return None;
        }
        shared.write(0, &shared.sender);
        Some(word - 1)
    }
}
