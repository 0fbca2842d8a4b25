//! Two threads do random operations on the two ends, cancel half of them half-way, and in the end the books balance:
//! what was sent was received, or reclaimed, or came back in an error, nothing twice, and all of it in order.
//!
//! `CONSERVE_SEED` repeats a run as far as threads allow; a run that fails prints its seed.

use crate::common::{race, watchdog_for, yield_once, Fate, Item, Ledger, Probe};
use futures_lite::future::{block_on, or};
use handoff::{channel, Offer, Receiver, Sender, TrySendError};
use std::collections::hash_map::RandomState;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher};
use std::sync::Mutex;
use std::task::Poll;
use std::time::{Duration, Instant};
use std::{env, hint, mem, thread};

/// The most operations that the first to go does on a channel.
const STEPS: usize = 1000;

/// How long all of it goes on.
const TIME: Duration = Duration::from_secs(3);

/// Who is the first to go. The other one then gets hold of what is left in the channel.
#[derive(Clone, Copy, Debug)]
enum First {
    Sender,
    Receiver,
}

#[test]
fn the_sender_is_the_first_to_go() {
    run_for_a_while(First::Sender);
}

#[test]
fn the_receiver_is_the_first_to_go() {
    run_for_a_while(First::Receiver);
}

/// One channel after another, and in the end a look at whether it was worth it.
fn run_for_a_while(first: First) {
    let seed = match env::var("CONSERVE_SEED") {
        Ok(seed) => seed.parse().expect("a seed is a number"),
        Err(_) => RandomState::new().build_hasher().finish(),
    };
    watchdog_for(20 * TIME, move || {
        let reported = Reported(seed);
        let mut random = Random(seed);
        let mut total = Total::default();
        let start = Instant::now();
        while start.elapsed() < TIME {
            total.add(&run(first, &mut random));
        }
        mem::forget(reported);
        println!("{total:?}");
        total.check();
    });
}

/// One channel, from its making to the end of both ends.
fn run(first: First, random: &mut Random) -> Ledger {
    let ledger = Ledger::new();
    let (tx, rx) = channel();
    let sending = Sending {
        tx,
        random: random.fork(),
        ledger: ledger.clone(),
        claims: Vec::new(),
    };
    let receiving = Receiving {
        rx,
        random: random.fork(),
        received: Vec::new(),
        leaked: Vec::new(),
    };
    let (claims, (received, leaked)) = match first {
        First::Sender => race(|| sending.some(), || receiving.until_the_end()),
        First::Receiver => race(|| sending.until_the_end(), || receiving.some()),
    };
    balance(&ledger, &claims, &received, &leaked);
    KEPT.lock().unwrap().push(ledger.clone());
    ledger
}

/// Leaked items own their ledger. Kept here as well, it does not look like a leak of the channel's to a leak checker.
static KEPT: Mutex<Vec<Ledger>> = Mutex::new(Vec::new());

/// What the sender was told of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// `Ok` of a send.
    Taken,
    /// It is back: in an error, or reclaimed.
    Back,
    /// On offer, to be taken, or to be reclaimed later; `Ok` of `try_send` says no more.
    OnOffer,
    /// The verdict was that it is not to be had back.
    Gone,
    /// Its send was dropped, and nobody asked for the verdict.
    Abandoned,
    /// Its send was forgotten: on offer, or in line, where its item leaks with it.
    Forgotten,
    /// Its send was forgotten before it did anything.
    Leaked,
}

/// Compares what both were told with where the items are.
fn balance(ledger: &Ledger, claims: &[Claim], received: &[usize], leaked: &[usize]) {
    assert!(
        received.windows(2).all(|pair| pair[0] < pair[1]),
        "out of order, or twice: {received:?}"
    );
    let received: BTreeSet<_> = received.iter().copied().collect();
    let leaked: BTreeSet<_> = leaked.iter().copied().collect();
    let fates = ledger.fates();
    assert_eq!(fates.len(), claims.len());
    for (number, (&fate, &claim)) in fates.iter().zip(claims).enumerate() {
        let taken = received.contains(&number) || leaked.contains(&number);
        let fair = match fate {
            Fate::Received => received.contains(&number),
            // In a guard that was leaked, which counts as accepted; or in a send that was.
            Fate::Alive => {
                leaked.contains(&number) || matches!(claim, Claim::Forgotten | Claim::Leaked)
            }
            Fate::Refused | Fate::Reclaimed => claim == Claim::Back && !taken,
            Fate::Dropped => claim == Claim::Abandoned && !taken,
            Fate::Kept => false,
        };
        assert!(fair, "item {number}: {claim:?}, but it is {fate:?}");
        if claim == Claim::Taken {
            assert!(taken, "item {number}: Ok means taken, but it is {fate:?}");
        }
        if claim == Claim::Back {
            assert!(!taken, "item {number} is back, and was taken as well");
        }
    }
}

// ---- The sending thread ---------------------------------------------------------------------

struct Sending {
    tx: Sender<Item>,
    random: Random,
    ledger: Ledger,
    /// What was said of each item, by its number.
    claims: Vec<Claim>,
}

impl Sending {
    /// What is on offer in the end stays there for the receiver.
    fn some(mut self) -> Vec<Claim> {
        for _ in 0..self.random.below(STEPS) {
            self.step();
        }
        self.reclaim_some();
        if self.random.one_in(2) {
            self.tx.close();
        }
        self.claims
    }

    /// Until the receiver is gone, and a bit longer.
    fn until_the_end(mut self) -> Vec<Claim> {
        while !self.tx.is_closed() {
            self.step();
        }
        for _ in 0..10 {
            self.step();
        }
        self.reclaim();
        self.claims
    }

    fn step(&mut self) {
        match self.random.below(12) {
            0 => self.send_and_wait(),
            1 | 2 => self.send_with_a_time_limit(),
            3 | 4 => self.send_in_a_task(),
            5 => self.send_and_give_up(),
            6 => self.send_and_forget(),
            7 => self.try_send(),
            8 => self.send_when_wanted(),
            9 => self.reclaim_some(),
            10 => self.sink(),
            _ => {
                let time = self.random.moment();
                let _ = self.tx.closed().wait_timeout(time);
            }
        }
    }

    fn item(&mut self, claim: Claim) -> Item {
        self.claims.push(claim);
        self.ledger.item()
    }

    /// Corrects what was thought of the last item.
    fn claim(&mut self, claim: Claim) {
        *self.claims.last_mut().expect("there is an item") = claim;
    }

    fn send_and_wait(&mut self) {
        let item = self.item(Claim::Taken);
        if let Err(error) = self.tx.send(item).wait() {
            self.back(error.into_inner());
        }
    }

    fn send_with_a_time_limit(&mut self) {
        let item = self.item(Claim::Taken);
        let time = self.random.moment();
        match self.tx.send(item).wait_timeout(time) {
            Ok(()) => {}
            Err(error) => self.back(error.into_inner()),
        }
    }

    /// Another arm of a `select!` comes first, now and then.
    fn send_in_a_task(&mut self) {
        let item = self.item(Claim::Taken);
        let patience = self.random.below(20);
        let send = self.tx.send(item);
        let outcome = block_on(or(async { Some(send.await) }, async {
            yield_for(patience).await;
            None
        }));
        match outcome {
            Some(Ok(())) => {}
            Some(Err(error)) => self.back(error.into_inner()),
            None => self.ask_for_the_verdict(),
        }
    }

    fn send_and_give_up(&mut self) {
        let item = self.item(Claim::Taken);
        let polls = self.random.below(3);
        let mut send = self.tx.send(item);
        let task = Probe::new();
        for _ in 0..polls {
            match task.poll(&mut send) {
                Poll::Ready(Ok(())) => return,
                Poll::Ready(Err(error)) => {
                    drop(send);
                    return self.back(error.into_inner());
                }
                Poll::Pending => self.random.pause(),
            }
        }
        drop(send);
        if self.random.one_in(4) {
            self.claim(Claim::Abandoned);
        } else {
            self.ask_for_the_verdict();
        }
    }

    fn send_and_forget(&mut self) {
        let item = self.item(Claim::Leaked);
        let mut send = self.tx.send(item);
        if self.random.one_in(8) {
            mem::forget(send);
            return;
        }
        let early = Probe::new().poll(&mut send);
        mem::forget(send);
        match early {
            Poll::Ready(Ok(())) => self.claim(Claim::Taken),
            Poll::Ready(Err(error)) => self.back(error.into_inner()),
            Poll::Pending => self.claim(Claim::Forgotten),
        }
    }

    fn try_send(&mut self) {
        let item = self.item(Claim::OnOffer);
        match self.tx.try_send(item) {
            Ok(()) => {}
            Err(TrySendError::Full(item) | TrySendError::Closed(item)) => self.back(item),
        }
    }

    fn send_when_wanted(&mut self) {
        let time = self.random.moment();
        match self.tx.wanted().wait_timeout(time) {
            Some(true) => self.try_send(),
            Some(false) => assert!(self.tx.is_closed()),
            None => {}
        }
    }

    #[cfg(not(feature = "sink"))]
    fn sink(&mut self) {
        self.reclaim_some();
    }

    #[cfg(feature = "sink")]
    fn sink(&mut self) {
        use futures_sink::Sink;
        use std::pin::Pin;

        let task = Probe::new();
        let item = self.item(Claim::OnOffer);
        match Pin::new(&mut self.tx).start_send(item) {
            Ok(()) => {
                if let Poll::Ready(Err(error)) = Pin::new(&mut self.tx).poll_flush(&mut task.cx()) {
                    self.back(error.into_inner());
                }
            }
            Err(error) => self.back(error.into_inner()),
        }
    }

    /// A send was dropped: is its item back?
    fn ask_for_the_verdict(&mut self) {
        self.claim(Claim::Gone);
        self.reclaim();
    }

    fn reclaim_some(&mut self) {
        if self.random.one_in(2) {
            self.reclaim();
        }
    }

    fn reclaim(&mut self) {
        while let Some(item) = self.tx.reclaim() {
            let number = item.reclaimed();
            self.claims[number] = Claim::Back;
        }
    }

    fn back(&mut self, item: Item) {
        let number = item.refused();
        self.claims[number] = Claim::Back;
    }
}

// ---- The receiving thread -------------------------------------------------------------------

struct Receiving {
    rx: Receiver<Item>,
    random: Random,
    received: Vec<usize>,
    /// The items of guards that were leaked.
    leaked: Vec<usize>,
}

/// There was an item, there was none, or there will never be one.
enum Got {
    Item(Item),
    Nothing,
    End,
}

impl Receiving {
    /// Until the sender is gone, and nothing is left.
    fn until_the_end(mut self) -> (Vec<usize>, Vec<usize>) {
        while self.step() {}
        assert!(self.rx.recv().wait().is_none(), "for ever after");
        (self.received, self.leaked)
    }

    fn some(mut self) -> (Vec<usize>, Vec<usize>) {
        for _ in 0..self.random.below(STEPS) {
            self.step();
        }
        (self.received, self.leaked)
    }

    /// Whether there may be more.
    fn step(&mut self) -> bool {
        let got = match self.random.below(12) {
            0 | 1 => got(self.rx.recv().wait()),
            2 | 3 => self.receive_with_a_time_limit(),
            4 | 5 => self.receive_in_a_task(),
            6 => self.receive_and_give_up(),
            7 => match self.rx.try_recv() {
                Ok(item) => Got::Item(item),
                Err(error) if error.is_closed() => Got::End,
                Err(_) => Got::Nothing,
            },
            8 => polled(Probe::new().poll_next(&mut self.rx)),
            9 | 10 => return self.borrow(),
            _ => got(self.rx.iter().next()),
        };
        match got {
            Got::Item(item) => self.received.push(item.received()),
            Got::Nothing => {}
            Got::End => return false,
        }
        true
    }

    fn receive_with_a_time_limit(&mut self) -> Got {
        let time = self.random.moment();
        match self.rx.recv().wait_timeout(time) {
            Ok(item) => Got::Item(item),
            Err(error) if error.is_closed() => Got::End,
            Err(_) => Got::Nothing,
        }
    }

    fn receive_in_a_task(&mut self) -> Got {
        let patience = self.random.below(20);
        let recv = self.rx.recv();
        block_on(or(async { got(recv.await) }, async {
            yield_for(patience).await;
            Got::Nothing
        }))
    }

    fn receive_and_give_up(&mut self) -> Got {
        let polls = self.random.below(3);
        let mut recv = self.rx.recv();
        let task = Probe::new();
        for _ in 0..polls {
            if let Poll::Ready(item) = task.poll(&mut recv) {
                return got(item);
            }
            self.random.pause();
        }
        if self.random.one_in(4) {
            mem::forget(recv);
        }
        Got::Nothing
    }

    /// Looks at an item, thinks about it, and then takes it, puts it back, or leaks the guard.
    fn borrow(&mut self) -> bool {
        let time = self.random.moment();
        let offer = match self.rx.next_offer().wait_timeout(time) {
            Ok(offer) => offer,
            Err(error) => return !error.is_closed(),
        };
        self.random.pause();
        match self.random.below(8) {
            0..=3 => self.received.push(Offer::accept(offer).received()),
            4..=6 => drop(offer),
            _ => {
                self.leaked.push(offer.number());
                mem::forget(offer);
            }
        }
        true
    }
}

fn got(item: Option<Item>) -> Got {
    item.map_or(Got::End, Got::Item)
}

fn polled(poll: Poll<Option<Item>>) -> Got {
    match poll {
        Poll::Ready(item) => got(item),
        Poll::Pending => Got::Nothing,
    }
}

// ---- Odds and ends --------------------------------------------------------------------------

async fn yield_for(times: usize) {
    for _ in 0..times {
        yield_once().await;
    }
}

/// Says with which seed it happened.
struct Reported(u64);

impl Drop for Reported {
    fn drop(&mut self) {
        eprintln!("this was CONSERVE_SEED={}", self.0);
    }
}

/// How many items ended in which way.
#[derive(Debug, Default)]
struct Total {
    received: usize,
    refused: usize,
    reclaimed: usize,
    dropped: usize,
    leaked: usize,
}

impl Total {
    fn add(&mut self, ledger: &Ledger) {
        self.received += ledger.count(Fate::Received);
        self.refused += ledger.count(Fate::Refused);
        self.reclaimed += ledger.count(Fate::Reclaimed);
        self.dropped += ledger.count(Fate::Dropped);
        self.leaked += ledger.alive();
    }

    fn check(&self) {
        let all = [
            self.received,
            self.refused,
            self.reclaimed,
            self.dropped,
            self.leaked,
        ];
        assert!(all.iter().all(|&count| count > 0), "{self:?}");
    }
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn fork(&mut self) -> Self {
        Random(self.next())
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % limit
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Often no time at all.
    fn moment(&mut self) -> Duration {
        Duration::from_micros([0, 0, 1, 5, 20, 100][self.below(6)])
    }

    /// Gives the other thread time, or a chance.
    fn pause(&mut self) {
        match self.below(4) {
            0 => thread::yield_now(),
            1 => (0..self.below(500)).for_each(|_| hint::spin_loop()),
            _ => {}
        }
    }
}
