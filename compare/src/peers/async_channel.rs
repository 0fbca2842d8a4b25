//! async-channel with capacity 1, the least it can have.

use super::{ends, named};
use crate::ends::{
    BlockingRecvEnd, BlockingSendEnd, GiveBack, Received, RecvEnd, SendEnd, Verdict,
};
use async_channel::{bounded, Receiver, SendError, Sender};
use std::future::Future;

named!(
    /// async-channel, capacity 1.
    AsyncChannel, "async-channel (1)", "async-channel 2"
);
ends!(AsyncChannel: AsyncEnds, T => Sender<T>, Receiver<T>, bounded(1));
ends!(AsyncChannel: BlockingEnds, T => Sender<T>, Receiver<T>, bounded(1));
ends!(AsyncChannel: ThreadToTask, T => Sender<T>, Receiver<T>, bounded(1));
ends!(AsyncChannel: TaskToThread, T => Sender<T>, Receiver<T>, bounded(1));

impl<T> GiveBack<T> for SendError<T> {
    fn give_back(self) -> Option<T> {
        Some(self.0)
    }
}

impl<T: Send> SendEnd<T> for Sender<T> {
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send {
        Sender::send(self, item)
    }
}

impl<T: Send> RecvEnd<T> for Receiver<T> {
    fn recv(&mut self) -> impl Future<Output: Received<T>> + Send {
        Receiver::recv(self)
    }
}

impl<T> BlockingSendEnd<T> for Sender<T> {
    fn send_blocking(&mut self, item: T) -> bool {
        Sender::send_blocking(self, item).is_ok()
    }

    fn send_at_once(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T> BlockingRecvEnd<T> for Receiver<T> {
    fn recv_blocking(&mut self) -> Option<T> {
        Receiver::recv_blocking(self).ok()
    }
}
