//! What a channel must offer to be measured: a few small traits, so that the very same loops drive
//! every contender and the executor's share of the time is the same for all.
//!
//! A trait of the form `SendEnd` describes one *end*, and a trait of the form [`AsyncEnds`]
//! describes a *kind* of channel: which pair of ends it has, and how to make one. The futures are
//! the peers' own and not wrapped, so that nothing is moved or polled once more than its user
//! would.

use std::{future::Future, time::Duration};

/// What became of an item that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent<T> {
    /// The channel said `Ok`.
    Ok,
    /// The channel refused and gave the item back.
    Returned(T),
    /// The channel refused and kept the item (or destroyed it).
    Refused,
}

/// What can be handed over by every contender.
pub trait Item: Send + Unpin + 'static {}

impl<T: Send + Unpin + 'static> Item for T {}

/// The output of a send future.
pub trait Verdict<T> {
    /// Reads it.
    fn sent(self) -> Sent<T>;
}

impl<T, E: GiveBack<T>> Verdict<T> for Result<(), E> {
    fn sent(self) -> Sent<T> {
        match self {
            Ok(()) => Sent::Ok,
            Err(error) => error.give_back().map_or(Sent::Refused, Sent::Returned),
        }
    }
}

/// The error of a send, which may hold the item.
pub trait GiveBack<T> {
    /// The item, if the error has it.
    fn give_back(self) -> Option<T>;
}

/// The output of a receive future.
pub trait Received<T> {
    /// The item, or `None` once the channel is closed.
    fn received(self) -> Option<T>;
}

impl<T> Received<T> for Option<T> {
    fn received(self) -> Option<T> {
        self
    }
}

impl<T, E> Received<T> for Result<T, E> {
    fn received(self) -> Option<T> {
        self.ok()
    }
}

/// An end on which a task sends.
pub trait SendEnd<T> {
    /// The peer's own send future.
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send;

    /// The item of a send that was cancelled, if the peer gives it back.
    fn reclaim(&mut self) -> Option<T> {
        None
    }

    /// Sends with the peer's own limit for tasks, which comes at once. The item comes back if it has none.
    ///
    /// # Errors
    ///
    /// The item, if there is no such call.
    fn send_with_limit(&mut self, item: T) -> Result<Sent<T>, T> {
        Err(item)
    }
}

/// An end on which a task receives.
pub trait RecvEnd<T> {
    /// The peer's own receive future.
    fn recv(&mut self) -> impl Future<Output: Received<T>> + Send;
}

/// [`SendEnd`] without `Send`, for the floor, which has cells inside.
pub trait LocalSendEnd<T> {
    /// The send future.
    fn send_local(&mut self, item: T) -> impl Future<Output: Verdict<T>>;
}

impl<T, X: SendEnd<T>> LocalSendEnd<T> for X {
    fn send_local(&mut self, item: T) -> impl Future<Output: Verdict<T>> {
        self.send(item)
    }
}

/// [`RecvEnd`] without `Send`, for the floor, which has cells inside.
pub trait LocalRecvEnd<T> {
    /// The receive future.
    fn recv_local(&mut self) -> impl Future<Output: Received<T>>;
}

impl<T, X: RecvEnd<T>> LocalRecvEnd<T> for X {
    fn recv_local(&mut self) -> impl Future<Output: Received<T>> {
        self.recv()
    }
}

/// An end on which a thread sends.
pub trait BlockingSendEnd<T> {
    /// Blocks until the channel has done with the item; `false` if it is closed.
    fn send_blocking(&mut self, item: T) -> bool;

    /// Sends without waiting; `false` if that is not possible. `true` on a fresh channel, with
    /// nobody receiving, means that the channel buffers: its `Ok` says nothing about the receiver.
    fn send_at_once(&mut self, item: T) -> bool;
}

/// An end on which a thread receives.
pub trait BlockingRecvEnd<T> {
    /// Blocks until there is an item; `None` once the channel is closed.
    fn recv_blocking(&mut self) -> Option<T>;

    /// Blocks for at most `limit`. `false` if the peer has no such call.
    fn recv_for(&mut self, limit: Duration) -> bool {
        let _ = limit;
        false
    }
}

/// A contender's name.
pub trait Named: 'static {
    /// As it stands in tables and on the chart, its capacity in brackets.
    const LABEL: &'static str;
    /// The package, to look its version up in `Cargo.lock`.
    const PACKAGE: &'static str;
}

/// A channel between two tasks.
pub trait AsyncEnds: Named {
    /// The sending end.
    type Tx<T: Item>: SendEnd<T> + Send + 'static;
    /// The receiving end.
    type Rx<T: Item>: RecvEnd<T> + Send + 'static;
    /// Makes one.
    fn channel<T: Item>() -> (Self::Tx<T>, Self::Rx<T>);
}

/// A channel between two threads.
pub trait BlockingEnds: Named {
    /// The sending end.
    type Tx<T: Item>: BlockingSendEnd<T> + Send + 'static;
    /// The receiving end.
    type Rx<T: Item>: BlockingRecvEnd<T> + Send + 'static;
    /// Makes one.
    fn channel<T: Item>() -> (Self::Tx<T>, Self::Rx<T>);
}

/// A channel from a thread to a task.
pub trait ThreadToTask: Named {
    /// The sending end.
    type Tx<T: Item>: BlockingSendEnd<T> + Send + 'static;
    /// The receiving end.
    type Rx<T: Item>: RecvEnd<T> + Send + 'static;
    /// Makes one.
    fn channel<T: Item>() -> (Self::Tx<T>, Self::Rx<T>);
}

/// A channel from a task to a thread.
pub trait TaskToThread: Named {
    /// The sending end.
    type Tx<T: Item>: SendEnd<T> + Send + 'static;
    /// The receiving end.
    type Rx<T: Item>: BlockingRecvEnd<T> + Send + 'static;
    /// Makes one.
    fn channel<T: Item>() -> (Self::Tx<T>, Self::Rx<T>);
}

/// An asynchronous end used by a thread: one `block_on` an item, which is how the peers without a
/// blocking call are used from threads, and handoff can be.
#[derive(Debug)]
pub struct OnThread<X>(pub X);

impl<T, X: SendEnd<T>> BlockingSendEnd<T> for OnThread<X> {
    fn send_blocking(&mut self, item: T) -> bool {
        matches!(
            futures_lite::future::block_on(self.0.send(item)).sent(),
            Sent::Ok
        )
    }

    fn send_at_once(&mut self, item: T) -> bool {
        let sent =
            futures_lite::future::block_on(futures_lite::future::poll_once(self.0.send(item)));
        matches!(sent.map(Verdict::sent), Some(Sent::Ok))
    }
}

impl<T, X: RecvEnd<T>> BlockingRecvEnd<T> for OnThread<X> {
    fn recv_blocking(&mut self) -> Option<T> {
        futures_lite::future::block_on(self.0.recv()).received()
    }
}
