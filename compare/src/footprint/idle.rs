//! The CPU that a thread uses while it waits for a second and nothing happens, blocked in a call or
//! in `block_on`. A wait may watch for a moment before it sleeps; it must not go on doing so.
//!
//! All contenders wait at the same time, each on a thread of its own whose CPU clock is read before
//! and after. Sends are made until one must wait: a buffered channel takes some at once.

use crate::{
    each_async, each_blocking,
    ends::{AsyncEnds, BlockingEnds, BlockingRecvEnd, BlockingSendEnd, OnThread},
    watchdog::Watchdog,
};
use cpu_time::ThreadTime;
use serde::{Deserialize, Serialize};
use std::{
    thread::{self, JoinHandle},
    time::Duration,
};

/// More than any contender buffers.
const ENOUGH: usize = 3;

/// What a contender used, in milliseconds of CPU.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// How it waited.
    pub how: How,
    /// The receiver.
    pub receive: f64,
    /// The receiver, waiting with a time-out, where there is such a call.
    pub receive_timed: Option<f64>,
    /// The sender.
    pub send: f64,
}

/// How it waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// In a blocking call.
    Blocked,
    /// In `block_on`.
    Pending,
}

/// Lets all wait for so long.
///
/// # Panics
///
/// If a waiting thread panics.
#[must_use]
pub fn run(length: Duration, watchdog: &Watchdog) -> Vec<Row> {
    fn blocked<E: BlockingEnds>(length: Duration) -> Waiting {
        let timed = timed::<E>(length);
        waiting(E::LABEL, How::Blocked, E::channel, timed, length)
    }
    fn pending<E: AsyncEnds>(length: Duration) -> Waiting {
        let make = || {
            let (tx, rx) = E::channel::<u64>();
            (OnThread(tx), OnThread(rx))
        };
        waiting(E::LABEL, How::Pending, make, None, length)
    }
    watchdog.watch("waiting", || {
        let mut all: Vec<Waiting> = each_blocking!(blocked, length);
        all.extend(each_async!(pending, length));
        all.into_iter()
            .map(|waiting| Row {
                label: waiting.label.to_owned(),
                how: waiting.how,
                receive: waiting.receive.join().expect("the receiver"),
                receive_timed: waiting
                    .timed
                    .and_then(|timed| timed.join().expect("the timed receiver")),
                send: waiting.send.join().expect("the sender"),
            })
            .collect()
    })
}

struct Waiting {
    label: &'static str,
    how: How,
    receive: JoinHandle<f64>,
    timed: Option<JoinHandle<Option<f64>>>,
    send: JoinHandle<f64>,
}

fn waiting<X, Y>(
    label: &'static str,
    how: How,
    make: impl Fn() -> (X, Y),
    timed: Option<JoinHandle<Option<f64>>>,
    length: Duration,
) -> Waiting
where
    X: BlockingSendEnd<u64> + Send + 'static,
    Y: BlockingRecvEnd<u64> + Send + 'static,
{
    let (mut late, mut rx) = make();
    let receive = thread::spawn(move || cpu(|| rx.recv_blocking()).0);
    thread::spawn(move || {
        thread::sleep(length);
        late.send_blocking(1);
    });

    let (mut tx, mut late) = make();
    let send = thread::spawn(move || cpu(|| (0..ENOUGH).all(|_| tx.send_blocking(1))).0);
    thread::spawn(move || {
        thread::sleep(length);
        for _ in 0..ENOUGH {
            late.recv_blocking();
        }
    });
    Waiting {
        label,
        how,
        receive,
        timed,
        send,
    }
}

fn timed<E: BlockingEnds>(length: Duration) -> Option<JoinHandle<Option<f64>>> {
    let (tx, mut rx) = E::channel::<u64>();
    Some(thread::spawn(move || {
        let (used, there_is_such_a_call) = cpu(|| rx.recv_for(length));
        drop(tx);
        there_is_such_a_call.then_some(used)
    }))
}

/// The CPU that this thread uses for `work`, in milliseconds.
fn cpu<R>(work: impl FnOnce() -> R) -> (f64, R) {
    let start = ThreadTime::now();
    let result = work();
    (start.elapsed().as_secs_f64() * 1e3, result)
}
