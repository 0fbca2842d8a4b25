//! tokio's mpsc with capacity 1, the least it can have, and its oneshot, which carries a single
//! item.

use super::{ends, named};
use crate::ends::{
    BlockingRecvEnd, BlockingSendEnd, GiveBack, Received, RecvEnd, SendEnd, Sent, Verdict,
};
use std::{
    future::{ready, Future},
    time::Duration,
};
use tokio::{
    runtime::Builder,
    sync::{
        mpsc::{channel, error::SendError, Receiver, Sender},
        oneshot,
    },
};

named!(
    /// tokio's mpsc, capacity 1.
    TokioMpsc, "tokio mpsc (1)", "tokio"
);
ends!(TokioMpsc: AsyncEnds, T => Sender<T>, Receiver<T>, channel(1));
ends!(TokioMpsc: BlockingEnds, T => Sender<T>, Receiver<T>, channel(1));
ends!(TokioMpsc: ThreadToTask, T => Sender<T>, Receiver<T>, channel(1));
ends!(TokioMpsc: TaskToThread, T => Sender<T>, Receiver<T>, channel(1));

impl<T> GiveBack<T> for SendError<T> {
    fn give_back(self) -> Option<T> {
        Some(self.0)
    }
}

impl<T: Send> SendEnd<T> for Sender<T> {
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send {
        Sender::send(self, item)
    }

    fn send_with_limit(&mut self, item: T) -> Result<Sent<T>, T> {
        let runtime = Builder::new_current_thread().enable_time().build();
        let Ok(runtime) = runtime else {
            return Err(item);
        };
        let send = async { self.send_timeout(item, Duration::ZERO).await };
        Ok(match runtime.block_on(send) {
            Ok(()) => Sent::Ok,
            Err(error) => Sent::Returned(error.into_inner()),
        })
    }
}

impl<T: Send> RecvEnd<T> for Receiver<T> {
    fn recv(&mut self) -> impl Future<Output: Received<T>> + Send {
        Receiver::recv(self)
    }
}

impl<T> BlockingSendEnd<T> for Sender<T> {
    fn send_blocking(&mut self, item: T) -> bool {
        self.blocking_send(item).is_ok()
    }

    fn send_at_once(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
    }
}

impl<T> BlockingRecvEnd<T> for Receiver<T> {
    fn recv_blocking(&mut self) -> Option<T> {
        self.blocking_recv()
    }
}

named!(
    /// tokio's oneshot: its sender is good for one item.
    TokioOneshot, "tokio oneshot", "tokio"
);
ends!(TokioOneshot: AsyncEnds, T => OneshotSender<T>, OneshotReceiver<T>, {
    let (tx, rx) = oneshot::channel();
    (OneshotSender(Some(tx)), OneshotReceiver(rx))
});

/// The sending end of a oneshot.
#[derive(Debug)]
pub struct OneshotSender<T>(Option<oneshot::Sender<T>>);

/// The receiving end of a oneshot.
#[derive(Debug)]
pub struct OneshotReceiver<T>(oneshot::Receiver<T>);

/// What a oneshot answers, the item itself.
#[derive(Debug)]
pub(super) struct Back<T>(T);

impl<T> GiveBack<T> for Back<T> {
    fn give_back(self) -> Option<T> {
        Some(self.0)
    }
}

impl<T: Send> SendEnd<T> for OneshotSender<T> {
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send {
        ready(match self.0.take() {
            Some(tx) => tx.send(item).map_err(Back),
            None => Err(Back(item)),
        })
    }
}

impl<T: Send> RecvEnd<T> for OneshotReceiver<T> {
    fn recv(&mut self) -> impl Future<Output: Received<T>> + Send {
        &mut self.0
    }
}
