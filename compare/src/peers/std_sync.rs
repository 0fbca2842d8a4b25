//! The standard library's `sync_channel` with capacity 0, for threads only.

use super::{ends, named};
use crate::ends::{BlockingRecvEnd, BlockingSendEnd};
use std::{
    sync::mpsc::{sync_channel, Receiver, SyncSender},
    time::Duration,
};

named!(
    /// `std::sync::mpsc::sync_channel(0)`.
    StdSync, "std sync_channel (0)", "std"
);
ends!(StdSync: BlockingEnds, T => SyncSender<T>, Receiver<T>, sync_channel(0));

impl<T> BlockingSendEnd<T> for SyncSender<T> {
    fn send_blocking(&mut self, item: T) -> bool {
        self.send(item).is_ok()
    }

    fn send_at_once(&mut self, item: T) -> bool {
        self.try_send(item).is_ok()
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
