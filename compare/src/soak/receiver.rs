//! What the receiving end does: all that a `Receiver` can, in random order, and cancelled at
//! random.

use super::{for_turns, ledger::Received, parcel::Parcel, poll_once, Done, End, Plan};
use futures_lite::{
    future::{poll_fn, yield_now},
    StreamExt,
};
use handoff::{Offer, Receiver, RecvTimeoutError, TryRecvError};
use std::{mem, task::Poll, time::Instant};

/// A receiving end at work.
#[derive(Debug)]
pub struct Receiving {
    /// Its end.
    pub rx: Receiver<Parcel>,
    plan: Plan,
    over: bool,
    received: Received,
}

impl Receiving {
    /// Starts.
    #[must_use]
    pub fn new(rx: Receiver<Parcel>, plan: Plan) -> Self {
        Self {
            rx,
            plan,
            over: false,
            received: Received::default(),
        }
    }

    /// Works until its time is up or the sender is gone and all is received.
    pub async fn work(mut self) -> Done<Self, Received> {
        while !self.plan.over() && !self.over {
            self.act().await;
            self.plan.dawdle().await;
        }
        match self.plan.end {
            End::Last => {}
            End::Close => {
                self.rx.close();
            }
            End::Drop => return Done::Gone(self.finish()),
        }
        Done::Open(self)
    }

    /// Takes what is still on offer.
    pub fn drain(&mut self) {
        while let Ok(parcel) = self.rx.try_recv() {
            self.take(parcel);
        }
    }

    /// Draws up the account.
    #[must_use]
    pub fn finish(self) -> Received {
        self.received
    }

    fn take(&mut self, mut parcel: Parcel) {
        self.received.items.push(parcel.account());
    }

    /// What an operation answered: an item or the end.
    fn got(&mut self, answer: Option<Parcel>) {
        match answer {
            Some(parcel) => self.take(parcel),
            None => self.over = true,
        }
    }

    /// What an operation answered that may have been cancelled.
    fn note(&mut self, answer: Option<Option<Parcel>>) {
        match answer {
            Some(answer) => self.got(answer),
            None => self.received.cancelled += 1,
        }
    }

    fn note_timed(&mut self, answer: Result<Parcel, RecvTimeoutError>) {
        self.note(match answer {
            Ok(parcel) => Some(Some(parcel)),
            Err(RecvTimeoutError::Closed) => Some(None),
            Err(RecvTimeoutError::Timeout) => None,
        });
    }

    async fn act(&mut self) {
        match self.plan.rng.u32(0..24) {
            0..=4 => {
                let answer = self.rx.recv().await;
                self.got(answer);
            }
            5..=7 => {
                let turns = self.plan.turns();
                let answer = for_turns(turns, self.rx.recv()).await;
                self.note(answer);
            }
            8 => self.try_recv(),
            9..=12 => self.offer().await,
            13 | 14 => {
                let turns = self.plan.turns();
                let answer = for_turns(turns, self.rx.next()).await;
                self.note(answer);
            }
            15 | 16 => {
                let turns = self.plan.turns();
                let answer = for_turns(turns, poll_fn(|cx| self.rx.poll_recv(cx))).await;
                self.note(answer);
            }
            17 => self.watch_for_the_end().await,
            18 => self.forget(),
            _ if self.plan.may_block => self.block(),
            _ => {
                let answer = self.rx.next().await;
                self.got(answer);
            }
        }
    }

    fn try_recv(&mut self) {
        match self.rx.try_recv() {
            Ok(parcel) => self.take(parcel),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Closed) => self.over = true,
        }
    }

    async fn offer(&mut self) {
        let turns = self.plan.turns();
        let Self {
            rx,
            plan,
            over,
            received,
        } = self;
        let answer = if plan.once_in(2) {
            Some(rx.next_offer().await)
        } else {
            for_turns(turns, rx.next_offer()).await
        };
        let mut offer = match answer {
            Some(Some(offer)) => offer,
            Some(None) => {
                *over = true;
                return;
            }
            None => {
                received.cancelled += 1;
                return;
            }
        };
        // Held for a while, as by one who looks at the item and then decides.
        for _ in 0..plan.rng.u32(0..4) {
            yield_now().await;
        }
        match plan.rng.u32(0..64) {
            0 => {
                // Counts as accepted.
                received.items.push(offer.account());
                mem::forget(offer);
            }
            17..=24 => {
                if let Some(mut parcel) = Offer::decline(offer) {
                    // Nobody waits for it, so it is ours.
                    received.items.push(parcel.account());
                }
            }
            1..=16 => {
                drop(offer);
                received.put_back += 1;
            }
            _ => received.items.push(Offer::accept(offer).account()),
        }
    }

    async fn watch_for_the_end(&mut self) {
        let turns = self.plan.turns();
        if self.plan.may_block && self.plan.once_in(2) {
            let patience = self.plan.patience();
            let _ = self.rx.closed().wait_timeout(patience);
        } else {
            let _ = for_turns(turns, self.rx.closed()).await;
        }
    }

    /// Forgets a receive that is under way.
    fn forget(&mut self) {
        if self.plan.once_in(20) {
            let mut recv = Box::pin(self.rx.recv());
            let answer = poll_once(recv.as_mut());
            mem::forget(recv);
            if let Poll::Ready(answer) = answer {
                self.got(answer);
            }
        }
    }

    fn block(&mut self) {
        let patience = self.plan.patience();
        match self.plan.rng.u32(0..8) {
            0 | 1 => {
                let answer = self.rx.recv().wait();
                self.got(answer);
            }
            2 => {
                let answer = self.rx.iter().next();
                self.got(answer);
            }
            3 | 4 => {
                let answer = self.rx.recv().wait_timeout(patience);
                self.note_timed(answer);
            }
            5 => {
                let answer = self.rx.recv().wait_deadline(Instant::now() + patience);
                self.note_timed(answer);
            }
            6 => {
                let answer = self
                    .rx
                    .next_offer()
                    .wait_timeout(patience)
                    .map(Offer::accept);
                self.note_timed(answer);
            }
            _ => {
                let answer = self.rx.next_offer().wait().map(Offer::accept);
                self.got(answer);
            }
        }
    }
}
