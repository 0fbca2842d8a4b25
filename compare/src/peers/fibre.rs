//! fibre's rendezvous channel between one sender and one receiver.

use super::{ends, named};
use crate::ends::{
    BlockingRecvEnd, BlockingSendEnd, GiveBack, Received, RecvEnd, SendEnd, Verdict,
};
use fibre::{
    error::SendError,
    spsc::{
        rendezvous::{rendezvous, rendezvous_async},
        RendezvousAsyncReceiver, RendezvousAsyncSender, RendezvousSyncReceiver,
        RendezvousSyncSender,
    },
};
use std::{future::Future, time::Duration};

named!(
    /// fibre's `spsc::rendezvous`.
    Fibre, "fibre spsc (0)", "fibre"
);
ends!(Fibre: AsyncEnds, T => RendezvousAsyncSender<T>, RendezvousAsyncReceiver<T>, rendezvous_async());
ends!(Fibre: BlockingEnds, T => RendezvousSyncSender<T>, RendezvousSyncReceiver<T>, rendezvous());
ends!(Fibre: ThreadToTask, T => RendezvousSyncSender<T>, RendezvousAsyncReceiver<T>, {
    let (tx, rx) = rendezvous();
    (tx, rx.to_async())
});
ends!(Fibre: TaskToThread, T => RendezvousAsyncSender<T>, RendezvousSyncReceiver<T>, {
    let (tx, rx) = rendezvous();
    (tx.to_async(), rx)
});

impl<T> GiveBack<T> for SendError {
    fn give_back(self) -> Option<T> {
        None
    }
}

impl<T: Send> SendEnd<T> for RendezvousAsyncSender<T> {
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send {
        RendezvousAsyncSender::send(self, item)
    }
}

impl<T: Send> RecvEnd<T> for RendezvousAsyncReceiver<T> {
    fn recv(&mut self) -> impl Future<Output: Received<T>> + Send {
        RendezvousAsyncReceiver::recv(self)
    }
}

impl<T: Send> BlockingSendEnd<T> for RendezvousSyncSender<T> {
    fn send_blocking(&mut self, item: T) -> bool {
        self.send(item).is_ok()
    }

    fn send_at_once(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T: Send> BlockingRecvEnd<T> for RendezvousSyncReceiver<T> {
    fn recv_blocking(&mut self) -> Option<T> {
        self.recv().ok()
    }

    fn recv_for(&mut self, limit: Duration) -> bool {
        let _ = self.recv_timeout(limit);
        true
    }
}
