//! The unbuffered channel of futures-intrusive, with owned ends.

use super::{ends, mixed_by_block_on, named};
use crate::ends::{GiveBack, Item, Received, RecvEnd, SendEnd, Verdict};
use futures_intrusive::channel::{
    shared::{unbuffered_channel, Receiver, Sender},
    ChannelSendError,
};
use std::future::Future;

named!(
    /// futures-intrusive's unbuffered channel.
    FuturesIntrusive, "futures-intrusive (0)", "futures-intrusive"
);
ends!(FuturesIntrusive: AsyncEnds, T => Sender<T>, Receiver<T>, unbuffered_channel());
mixed_by_block_on!(FuturesIntrusive, T => Sender<T>, Receiver<T>);

impl<T> GiveBack<T> for ChannelSendError<T> {
    fn give_back(self) -> Option<T> {
        Some(self.0)
    }
}

impl<T: Item> SendEnd<T> for Sender<T> {
    fn send(&mut self, item: T) -> impl Future<Output: Verdict<T>> + Send {
        Sender::send(self, item)
    }
}

impl<T: Item> RecvEnd<T> for Receiver<T> {
    fn recv(&mut self) -> impl Future<Output: Received<T>> + Send {
        self.receive()
    }
}
