//! What the sending end does: all that a `Sender` can, in random order, and cancelled at random.
//!
//! Whatever comes back, from a cancelled send or in an error, is sent again, in its place; so the
//! receiver still sees the items in order. What is left at the end is kept and written down.

use super::{for_turns, ledger::Sent, parcel::Parcel, poll_once, Done, End, Plan};
use futures_lite::future::{pending, poll_fn};
use futures_util::{Sink, SinkExt};
use handoff::{SendError, SendTimeoutError, Sender, SinkError};
use std::{collections::BTreeMap, mem, pin::Pin, task::Poll, time::Instant};

/// A sending end at work.
#[derive(Debug)]
pub struct Sending {
    /// Its end.
    pub tx: Sender<Parcel>,
    plan: Plan,
    /// What came back, to be sent again: by number, since it goes out in order.
    back: BTreeMap<u64, Parcel>,
    /// Whether a cancelled send may have given something back.
    ask: bool,
    /// Whether an item that was started as a `Sink` may be under way. If the receiver declines it, the next send would
    /// drop it. So it is flushed first.
    unflushed: bool,
    sent: Sent,
}

impl Sending {
    /// Starts.
    #[must_use]
    pub fn new(tx: Sender<Parcel>, plan: Plan) -> Self {
        Self {
            tx,
            plan,
            back: BTreeMap::new(),
            ask: false,
            unflushed: false,
            sent: Sent::default(),
        }
    }

    /// Works until its time is up or the receiver is gone.
    pub async fn work(mut self) -> Done<Self, Sent> {
        while !self.plan.over() && !self.tx.is_closed() {
            self.act().await;
            self.plan.dawdle().await;
        }
        match self.plan.end {
            End::Last => {}
            End::Close => {
                self.tx.close();
            }
            End::Drop => return Done::Gone(self.finish()),
        }
        Done::Open(self)
    }

    /// Takes back what can be had, and draws up the account.
    #[must_use]
    pub fn finish(mut self) -> Sent {
        self.reclaim();
        for (_, mut parcel) in mem::take(&mut self.back) {
            self.sent.kept.push(parcel.account());
        }
        self.sent
    }

    async fn act(&mut self) {
        // A cancelled send's item is dropped by the next one if nobody asks for it.
        if mem::take(&mut self.ask) || self.plan.once_in(50) {
            self.reclaim();
        }
        if mem::take(&mut self.unflushed) {
            let flushed = SinkExt::flush(&mut self.tx).await;
            self.refused_by_sink(flushed);
        }
        match self.plan.rng.u32(0..22) {
            0..=5 => self.send().await,
            6..=9 => self.cancel().await,
            10 | 11 => self.try_send(),
            12..=14 => self.when_wanted().await,
            15 => self.sink().await,
            16 => self.watch_for_the_end().await,
            17 => self.forget(),
            _ if self.plan.may_block => self.block(),
            _ => self.send().await,
        }
    }

    fn reclaim(&mut self) {
        while let Some(parcel) = self.tx.reclaim() {
            self.comes_back(parcel);
        }
    }

    fn comes_back(&mut self, parcel: Parcel) {
        self.sent.came_back += 1;
        self.back.insert(parcel.number(), parcel);
    }

    fn refused(&mut self, refused: Result<(), SendError<Parcel>>) {
        if let Err(error) = refused {
            self.comes_back(error.into_inner());
        }
    }

    fn refused_by_sink(&mut self, refused: Result<(), SinkError<Parcel>>) {
        if let Err(error) = refused {
            self.comes_back(error.into_inner());
        }
    }

    /// The next to go out.
    fn next(&mut self) -> Parcel {
        if let Some((_, parcel)) = self.back.pop_first() {
            return parcel;
        }
        let parcel = Parcel::new(self.sent.made);
        self.sent.made += 1;
        parcel
    }

    async fn send(&mut self) {
        let parcel = self.next();
        let result = self.tx.send(parcel).await;
        self.refused(result);
    }

    async fn cancel(&mut self) {
        let parcel = self.next();
        let turns = self.plan.turns();
        if self.plan.once_in(2) {
            let limit = for_turns(turns, pending::<()>());
            match self.tx.send(parcel).until(limit).await {
                Ok(()) => {}
                Err(error) => {
                    self.sent.cancelled += u64::from(error.is_timeout());
                    self.comes_back(error.into_inner());
                }
            }
            return;
        }
        let result = for_turns(turns, self.tx.send(parcel)).await;
        self.note(result);
    }

    fn note(&mut self, result: Option<Result<(), SendError<Parcel>>>) {
        if let Some(result) = result {
            self.refused(result);
        } else {
            self.sent.cancelled += 1;
            self.ask = true;
        }
    }

    fn try_send(&mut self) {
        let parcel = self.next();
        if let Err(error) = self.tx.try_send(parcel) {
            self.comes_back(error.into_inner());
        }
    }

    async fn when_wanted(&mut self) {
        let turns = self.plan.turns();
        let wanted = if self.plan.may_block && self.plan.once_in(2) {
            let patience = self.plan.patience();
            self.tx.wanted().wait_timeout(patience)
        } else {
            for_turns(turns, self.tx.wanted()).await
        };
        if wanted == Some(true) || self.tx.is_wanted() {
            if self.plan.once_in(2) {
                self.try_send();
            } else {
                self.cancel().await;
            }
        }
    }

    /// As a `Sink`: an item is started, and then it is flushed or not.
    async fn sink(&mut self) {
        let turns = self.plan.turns();
        let ready = poll_fn(|cx| Pin::new(&mut self.tx).poll_ready(cx));
        let Some(ready) = for_turns(turns, ready).await else {
            return;
        };
        self.refused_by_sink(ready);
        let parcel = self.next();
        let started = Pin::new(&mut self.tx).start_send(parcel);
        self.refused_by_sink(started);
        match self.plan.rng.u32(0..3) {
            0 => self.unflushed = true,
            1 => {
                let turns = self.plan.turns();
                let flushed = for_turns(turns, SinkExt::flush(&mut self.tx)).await;
                self.unflushed = flushed.is_none();
                self.refused_by_sink(flushed.unwrap_or(Ok(())));
            }
            _ => {
                let flushed = SinkExt::flush(&mut self.tx).await;
                self.refused_by_sink(flushed);
            }
        }
    }

    async fn watch_for_the_end(&mut self) {
        let turns = self.plan.turns();
        if self.plan.may_block && self.plan.once_in(2) {
            let patience = self.plan.patience();
            let _ = self.tx.closed().wait_timeout(patience);
        } else {
            let _ = for_turns(turns, self.tx.closed()).await;
        }
    }

    /// Forgets a send that is under way. It costs memory, so it is done rarely.
    fn forget(&mut self) {
        if self.sent.forgotten.len() >= 2 {
            return;
        }
        let mut parcel = self.next();
        // It may leak with the future, so it must not count as lost.
        let number = parcel.account();
        let mut send = Box::pin(self.tx.send(parcel));
        if let Poll::Ready(result) = poll_once(send.as_mut()) {
            drop(send);
            self.refused(result);
        } else {
            mem::forget(send);
            self.sent.forgotten.push(number);
        }
    }

    fn block(&mut self) {
        let parcel = self.next();
        let patience = self.plan.patience();
        let result = match self.plan.rng.u32(0..4) {
            0 => {
                let result = self.tx.send(parcel).wait();
                return self.refused(result);
            }
            1 | 2 => self.tx.send(parcel).wait_timeout(patience),
            _ => self
                .tx
                .send(parcel)
                .wait_deadline(Instant::now() + patience),
        };
        match result {
            Ok(()) => {}
            Err(SendTimeoutError::Timeout(parcel)) => {
                self.sent.cancelled += 1;
                self.comes_back(parcel);
            }
            Err(error) => self.comes_back(error.into_inner()),
        }
    }
}
