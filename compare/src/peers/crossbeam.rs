//! crossbeam-channel with capacity 0, for threads only.

use super::{ends, named};
use crate::ends::{BlockingRecvEnd, BlockingSendEnd};
use crossbeam_channel::{bounded, Receiver, Sender};
use std::time::Duration;

named!(
    /// crossbeam-channel, capacity 0.
    Crossbeam, "crossbeam (0)", "crossbeam-channel"
);
ends!(Crossbeam: BlockingEnds, T => Sender<T>, Receiver<T>, bounded(0));

impl<T> BlockingSendEnd<T> for Sender<T> {
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
