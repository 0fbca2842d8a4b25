//! crossfire's single-producer single-consumer channel for one item, the least it can have.

use super::{ends, named};
use crate::ends::{
    BlockingRecvEnd, BlockingSendEnd, GiveBack, Item, Received, RecvEnd, SendEnd, Verdict,
};
use crossfire::{
    spsc::{new, One},
    AsyncRx, AsyncTx, Rx, SendError, Tx,
};
use std::{future::Future, time::Duration};

named!(
    /// crossfire spsc, capacity 1.
    Crossfire, "crossfire spsc (1)", "crossfire"
);
ends!(Crossfire: AsyncEnds, T => AsyncTx<One<T>>, AsyncRx<One<T>>, new());
ends!(Crossfire: BlockingEnds, T => Tx<One<T>>, Rx<One<T>>, new());
ends!(Crossfire: ThreadToTask, T => Tx<One<T>>, AsyncRx<One<T>>, new());
ends!(Crossfire: TaskToThread, T => AsyncTx<One<T>>, Rx<One<T>>, new());

impl<T> GiveBack<T> for SendError<T> {
    fn give_back(self) -> Option<T> {
        Some(self.0)
    }
}

impl<T: Item> SendEnd<T> for AsyncTx<One<T>> {
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send {
        AsyncTx::send(self, item)
    }
}

impl<T: Item> RecvEnd<T> for AsyncRx<One<T>> {
    fn recv(&mut self) -> impl Future<Output: Received<T>> + Send {
        AsyncRx::recv(self)
    }
}

impl<T: Item> BlockingSendEnd<T> for Tx<One<T>> {
    fn send_blocking(&mut self, item: T) -> bool {
        self.send(item).is_ok()
    }

    fn send_at_once(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T: Item> BlockingRecvEnd<T> for Rx<One<T>> {
    fn recv_blocking(&mut self) -> Option<T> {
        self.recv().ok()
    }

    fn recv_for(&mut self, limit: Duration) -> bool {
        let _ = self.recv_timeout(limit);
        true
    }
}
