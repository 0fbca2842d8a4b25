//! flume with capacity 0.

use super::{ends, named};
use crate::ends::{
    BlockingRecvEnd, BlockingSendEnd, GiveBack, Received, RecvEnd, SendEnd, Verdict,
};
use flume::{bounded, Receiver, SendError, Sender};
use std::{future::Future, time::Duration};

named!(
    /// flume, capacity 0.
    Flume, "flume (0)", "flume"
);
ends!(Flume: AsyncEnds, T => Sender<T>, Receiver<T>, bounded(0));
ends!(Flume: BlockingEnds, T => Sender<T>, Receiver<T>, bounded(0));
ends!(Flume: ThreadToTask, T => Sender<T>, Receiver<T>, bounded(0));
ends!(Flume: TaskToThread, T => Sender<T>, Receiver<T>, bounded(0));

impl<T> GiveBack<T> for SendError<T> {
    fn give_back(self) -> Option<T> {
        Some(self.0)
    }
}

impl<T: Send> SendEnd<T> for Sender<T> {
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send {
        self.send_async(item)
    }
}

impl<T: Send> RecvEnd<T> for Receiver<T> {
    fn recv(&mut self) -> impl Future<Output: Received<T>> + Send {
        self.recv_async()
    }
}

impl<T> BlockingSendEnd<T> for Sender<T> {
    fn send_blocking(&mut self, item: T) -> bool {
        Sender::send(self, item).is_ok()
    }

    fn send_at_once(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T> BlockingRecvEnd<T> for Receiver<T> {
    fn recv_blocking(&mut self) -> Option<T> {
        Receiver::recv(self).ok()
    }

    fn recv_for(&mut self, limit: Duration) -> bool {
        let _ = self.recv_timeout(limit);
        true
    }
}
