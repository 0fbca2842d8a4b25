//! handoff 1.0.2, the older crate of the same name: unbuffered, one future an end, no blocking
//! calls.

use super::{ends, mixed_by_block_on, named};
use crate::ends::{GiveBack, Received, RecvEnd, SendEnd, Verdict};
use handoff_1::{Receiver, SendError, Sender};
use std::future::Future;

named!(
    /// handoff 1.0.2.
    Handoff1, "handoff 1.0.2", "handoff 1"
);
ends!(Handoff1: AsyncEnds, T => Sender<T>, Receiver<T>, handoff_1::channel());
mixed_by_block_on!(Handoff1, T => Sender<T>, Receiver<T>);

impl<T> GiveBack<T> for SendError<T> {
    fn give_back(self) -> Option<T> {
        Some(self.0)
    }
}

impl<T: Send> SendEnd<T> for Sender<T> {
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send {
        self.send(item)
    }
}

impl<T: Send> RecvEnd<T> for Receiver<T> {
    fn recv(&mut self) -> impl Future<Output: Received<T>> + Send {
        self.recv()
    }
}
