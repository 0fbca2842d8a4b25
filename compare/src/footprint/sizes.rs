//! The sizes of ends and futures, in bytes, for items of one word: a future's size is that of every
//! future it is awaited in.

use crate::{
    each_async,
    ends::{AsyncEnds, RecvEnd, SendEnd},
};
use serde::{Deserialize, Serialize};

/// A contender.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// The sending end.
    pub sender: usize,
    /// The receiving end.
    pub receiver: usize,
    /// The future of a send.
    pub send: usize,
    /// The future of a receive.
    pub recv: usize,
}

/// Measures all.
#[must_use]
pub fn run() -> Vec<Row> {
    fn row<E: AsyncEnds>() -> Row {
        let (mut tx, mut rx) = E::channel::<u64>();
        let send = size_of_val(&tx.send(0));
        let recv = size_of_val(&rx.recv());
        Row {
            label: E::LABEL.to_owned(),
            sender: size_of_val(&tx),
            receiver: size_of_val(&rx),
            send,
            recv,
        }
    }
    each_async!(row)
}
