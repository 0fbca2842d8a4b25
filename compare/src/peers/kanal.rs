//! kanal with capacity 0.

use super::{ends, named};
use crate::ends::{
    BlockingRecvEnd, BlockingSendEnd, GiveBack, Received, RecvEnd, SendEnd, Verdict,
};
use kanal::{bounded, bounded_async, AsyncReceiver, AsyncSender, Receiver, SendError, Sender};
use std::{future::Future, time::Duration};

named!(
    /// kanal, capacity 0.
    Kanal, "kanal (0)", "kanal"
);
ends!(Kanal: AsyncEnds, T => AsyncSender<T>, AsyncReceiver<T>, bounded_async(0));
ends!(Kanal: BlockingEnds, T => Sender<T>, Receiver<T>, bounded(0));
ends!(Kanal: ThreadToTask, T => Sender<T>, AsyncReceiver<T>, {
    let (tx, rx) = bounded(0);
    (tx, rx.to_async())
});
ends!(Kanal: TaskToThread, T => AsyncSender<T>, Receiver<T>, {
    let (tx, rx) = bounded(0);
    (tx.to_async(), rx)
});

impl<T> GiveBack<T> for SendError {
    fn give_back(self) -> Option<T> {
        None
    }
}

impl<T: Send> SendEnd<T> for AsyncSender<T> {
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send {
        AsyncSender::send(self, item)
    }
}

impl<T: Send> RecvEnd<T> for AsyncReceiver<T> {
    fn recv(&mut self) -> impl Future<Output: Received<T>> + Send {
        AsyncReceiver::recv(self)
    }
}

impl<T> BlockingSendEnd<T> for Sender<T> {
    fn send_blocking(&mut self, item: T) -> bool {
        self.send(item).is_ok()
    }

    fn send_at_once(&mut self, item: T) -> bool {
        self.try_send(item).is_ok_and(|sent| sent)
    }
}

impl<T> BlockingRecvEnd<T> for Receiver<T> {
    fn recv_blocking(&mut self) -> Option<T> {
        self.recv().ok()
    }

    fn recv_for(&mut self, limit: Duration) -> bool {
        let _ = self.recv_timeout(limit);
        true
    }
}
