//! Where the two ends run: joined in one task, in two tasks of one thread, or each on its own, as a
//! thread that blocks, a task of tokio's multi-thread runtime, or a task of a smol executor.

use super::{
    ledger::{balance, Received, Sent, Totals},
    parcel::Parcel,
    receiver::Receiving,
    sender::Sending,
    Done, End, Plan,
};
use async_executor::LocalExecutor;
use fastrand::Rng;
use futures_lite::future::{block_on, zip};
use std::{
    fmt,
    future::Future,
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// Where an end runs that is not on the other's thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// A thread of its own, which may block.
    Thread,
    /// A task of tokio's multi-thread runtime.
    Tokio,
    /// A task of a smol executor on a thread of its own.
    Smol,
}

/// Where a channel's ends run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    /// In one task.
    Joined,
    /// In two tasks of one thread.
    Neighbours,
    /// The sender here and the receiver there.
    Apart(Host, Host),
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined => f.write_str("joined in one task"),
            Self::Neighbours => f.write_str("two tasks of one thread"),
            Self::Apart(sender, receiver) => write!(f, "{sender}, {receiver}"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Thread => "thread",
            Self::Tokio => "tokio task",
            Self::Smol => "smol task",
        })
    }
}

/// One channel's life.
#[derive(Debug)]
pub struct Life {
    /// Where.
    pub hosts: Hosts,
    sender: Plan,
    receiver: Plan,
}

impl Life {
    /// One chosen by chance.
    #[must_use]
    pub fn random(rng: &mut Rng) -> Self {
        let mut host = || [Host::Thread, Host::Tokio, Host::Smol][rng.usize(0..3)];
        let (sending, receiving) = (host(), host());
        let hosts = match rng.u32(0..6) {
            0 => Hosts::Joined,
            1 => Hosts::Neighbours,
            _ => Hosts::Apart(sending, receiving),
        };
        let may_block = |host| matches!(hosts, Hosts::Apart(..)) && host == Host::Thread;
        // What a sender that is dropped leaves on offer has to be received, or it is destroyed, and
        // rightly so.
        let (sender_end, receiver_end) = match rng.u32(0..4) {
            0 => (End::Drop, End::Last),
            1 => (End::Close, End::Last),
            2 => (End::Close, End::Drop),
            _ => (End::Close, End::Close),
        };
        let start = Instant::now();
        let mut plan = |may_block, end| Plan {
            rng: rng.fork(),
            until: start + Duration::from_micros(rng.u64(0..40_000)),
            may_block,
            end,
        };
        Self {
            hosts,
            sender: plan(may_block(sending), sender_end),
            receiver: plan(may_block(receiving), receiver_end),
        }
    }

    /// Lives it, and draws the balance.
    ///
    /// # Errors
    ///
    /// What does not balance.
    pub fn live(self, tokio: &Runtime) -> Result<Totals, String> {
        let (tx, rx) = handoff::channel::<Parcel>();
        let sending = Sending::new(tx, self.sender).work();
        let receiving = Receiving::new(rx, self.receiver).work();
        let (sending, receiving) = match self.hosts {
            Hosts::Joined => block_on(zip(sending, receiving)),
            Hosts::Neighbours => {
                let executor = LocalExecutor::new();
                let sending = executor.spawn(sending);
                let receiving = executor.spawn(receiving);
                block_on(executor.run(zip(sending, receiving)))
            }
            Hosts::Apart(sender, receiver) => thread::scope(|scope| {
                let sending = scope.spawn(move || on(sender, tokio, sending));
                let receiving = scope.spawn(move || on(receiver, tokio, receiving));
                let sending = sending.join().expect("the sender");
                (sending, receiving.join().expect("the receiver"))
            }),
        };
        let (sent, received) = settle(sending, receiving);
        balance(&sent, &received)
    }
}

/// What is still on offer goes to the receiver, if it is there and open, and else back to the
/// sender.
fn settle(sending: Done<Sending, Sent>, receiving: Done<Receiving, Received>) -> (Sent, Received) {
    let finish = |sending| match sending {
        Done::Open(sending) => Sending::finish(sending),
        Done::Gone(sent) => sent,
    };
    match receiving {
        Done::Open(mut receiving) => {
            receiving.drain();
            (finish(sending), receiving.finish())
        }
        Done::Gone(received) => (finish(sending), received),
    }
}

fn on<R: Send + 'static>(
    host: Host,
    tokio: &Runtime,
    work: impl Future<Output = R> + Send + 'static,
) -> R {
    match host {
        Host::Thread => block_on(work),
        Host::Tokio => tokio.block_on(async { tokio.spawn(work).await.expect("the task") }),
        Host::Smol => {
            let executor = LocalExecutor::new();
            let task = executor.spawn(work);
            block_on(executor.run(task))
        }
    }
}
