//! handoff, this repository's crate.

use super::{ends, named};
use crate::ends::{
    BlockingRecvEnd, BlockingSendEnd, GiveBack, Received, RecvEnd, SendEnd, Sent, Verdict,
};
use futures_lite::future::block_on;
use handoff::{Receiver, SendError, Sender};
use std::{
    future::{ready, Future},
    time::Duration,
};

named!(
    /// handoff.
    Ours, "handoff", "handoff 0"
);
ends!(Ours: AsyncEnds, T => Sender<T>, Receiver<T>, handoff::channel());
ends!(Ours: BlockingEnds, T => Sender<T>, Receiver<T>, handoff::channel());
ends!(Ours: ThreadToTask, T => Sender<T>, Receiver<T>, handoff::channel());
ends!(Ours: TaskToThread, T => Sender<T>, Receiver<T>, handoff::channel());

impl<T> GiveBack<T> for SendError<T> {
    fn give_back(self) -> Option<T> {
        Some(self.into_inner())
    }
}

impl<T: Send> SendEnd<T> for Sender<T> {
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send {
        self.send(item)
    }

    fn reclaim(&mut self) -> Option<T> {
        self.reclaim()
    }

    fn send_with_limit(&mut self, item: T) -> Result<Sent<T>, T> {
        let send = self.send(item).until(ready(()));
        Ok(match block_on(send) {
            Ok(()) => Sent::Ok,
            Err(error) => Sent::Returned(error.into_inner()),
        })
    }
}

impl<T: Send> RecvEnd<T> for Receiver<T> {
    fn recv(&mut self) -> impl Future<Output: Received<T>> + Send {
        self.recv()
    }
}

/// A sender that waits for a receive before each send.
#[derive(Debug)]
pub struct Asking<T>(pub Sender<T>);

impl<T: Send> SendEnd<T> for Asking<T> {
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send {
        async move {
            self.0.wanted().await;
            self.0.send(item).await
        }
    }
}

impl<T> BlockingSendEnd<T> for Asking<T> {
    fn send_blocking(&mut self, item: T) -> bool {
        self.0.wanted().wait() && self.0.send(item).wait().is_ok()
    }

    fn send_at_once(&mut self, item: T) -> bool {
        self.0.send_at_once(item)
    }
}

impl<T> BlockingSendEnd<T> for Sender<T> {
    fn send_blocking(&mut self, item: T) -> bool {
        self.send(item).wait().is_ok()
    }

    fn send_at_once(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T> BlockingRecvEnd<T> for Receiver<T> {
    fn recv_blocking(&mut self) -> Option<T> {
        self.recv().wait()
    }

    fn recv_for(&mut self, limit: Duration) -> bool {
        let _ = self.recv().wait_timeout(limit);
        true
    }
}
