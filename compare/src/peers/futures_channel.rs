//! The mpsc channel of futures with capacity 0, which is room for one item per sender.

use super::{ends, mixed_by_block_on, named};
use crate::ends::{GiveBack, Received, RecvEnd, SendEnd, Verdict};
use futures_channel::mpsc::{channel, Receiver, SendError, Sender};
use futures_util::SinkExt;
use std::future::Future;

named!(
    /// futures' mpsc, capacity 0.
    FuturesMpsc, "futures mpsc (0)", "futures-channel"
);
ends!(FuturesMpsc: AsyncEnds, T => Sender<T>, Receiver<T>, channel(0));
mixed_by_block_on!(FuturesMpsc, T => Sender<T>, Receiver<T>);

impl<T> GiveBack<T> for SendError {
    fn give_back(self) -> Option<T> {
        None
    }
}

impl<T: Send> SendEnd<T> for Sender<T> {
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send {
        SinkExt::send(self, item)
    }
}

impl<T: Send> RecvEnd<T> for Receiver<T> {
    fn recv(&mut self) -> impl Future<Output: Received<T>> + Send {
        Receiver::recv(self)
    }
}
