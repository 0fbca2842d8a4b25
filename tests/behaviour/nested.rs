//! Random operations on both ends, in whose midst wakers and items do random operations on the other end, or panic, or
//! both, and so on within those.

use crate::common::{elsewhere, message_of, watchdog_for, Fate, Item, Ledger, Probe, Shared};
#[cfg(feature = "sink")]
use futures_sink::Sink;
use handoff::{channel, Offer, Receiver, Send, SendError, Sender};
use std::any::Any;
use std::future::Future;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
#[cfg(feature = "sink")]
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

/// How foreign code panics. Nothing else does.
const FOREIGN: &str = "foreign";

/// How deep foreign code runs in foreign code.
const DEPTH: usize = 4;

#[test]
fn foreign_code_within_foreign_code() {
    run_many(false);
}

#[test]
fn foreign_code_within_foreign_code_that_panics() {
    run_many(true);
}

fn run_many(panics: bool) {
    let patience = Duration::from_secs(if cfg!(miri) { 900 } else { 60 });
    watchdog_for(patience, move || {
        do_not_report_expected_panics();
        let foreign: usize = (1..=1_000).map(|seed| run(seed, panics)).sum();
        assert!(foreign > 1_000, "too little foreign code ran: {foreign}");
    });
}

fn do_not_report_expected_panics() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if ![FOREIGN, "a hook was armed twice"].contains(&&*message_of(info.payload())) {
            report(info);
        }
    }));
}

/// Runs a program, checks what must be true in the end, and returns how often foreign code ran.
fn run(seed: u64, panics: bool) -> usize {
    let world = World::new(seed, panics);
    if seed % 2 == 0 {
        world.let_the_ends_watch();
    }
    for _ in 0..40 {
        world.contain(|| world.step());
        assert_eq!(world.depth.load(Ordering::Relaxed), 0);
    }
    // From here on foreign code does nothing.
    world.depth.store(DEPTH, Ordering::Relaxed);
    for probe in &world.probes {
        probe.disarm();
    }
    world.hand_over_one_more();
    world.tx.run(|end| drop(end.take()));
    world.rx.run(|end| drop(end.take()));
    world.check(seed);
    world.foreign.load(Ordering::Relaxed)
}

struct World {
    random: Mutex<u64>,
    tx: Shared<Sender<Item>>,
    rx: Shared<Receiver<Item>>,
    ledger: Ledger,
    probes: [Probe; 4],
    /// Wakers may panic.
    panics: bool,
    /// How much foreign code is running, each within the one before.
    depth: AtomicUsize,
    /// How often foreign code ran.
    foreign: AtomicUsize,
    /// How many items may have been leaked.
    forgotten: AtomicUsize,
    /// A wait is on its way that a leaked guard would keep for ever.
    blocked: AtomicBool,
    /// `Ok` was said of these.
    ok: Mutex<Vec<usize>>,
    /// Panics that are not [`FOREIGN`], wherever they were caught.
    faults: Mutex<Vec<String>>,
}

impl World {
    fn new(seed: u64, panics: bool) -> Arc<Self> {
        let (tx, rx) = channel();
        Arc::new(Self {
            random: Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            tx: Shared::new(tx),
            rx: Shared::new(rx),
            ledger: Ledger::new(),
            probes: [Probe::new(), Probe::new(), Probe::new(), Probe::new()],
            panics,
            depth: AtomicUsize::new(0),
            foreign: AtomicUsize::new(0),
            forgotten: AtomicUsize::new(0),
            blocked: AtomicBool::new(false),
            ok: Mutex::default(),
            faults: Mutex::default(),
        })
    }

    /// An end watches only if the other was last seen on another thread.
    fn let_the_ends_watch(&self) {
        let probe = Probe::new();
        elsewhere(|| {
            self.tx.run(|tx| {
                let tx = tx.as_mut().expect("it was not dropped yet");
                assert!(probe.poll(&mut tx.wanted()).is_pending());
            });
            self.rx.run(|rx| {
                let rx = rx.as_mut().expect("it was not dropped yet");
                assert!(probe.poll(&mut rx.recv()).is_pending());
            });
        });
    }
}

// ---- Choices ------------------------------------------------------------------------------------

impl World {
    /// A random number.
    fn below(&self, limit: u64) -> u64 {
        let mut random = self.random.lock().unwrap();
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        (*random >> 11) % limit
    }

    fn one_in(&self, number: u64) -> bool {
        self.below(number) == 0
    }

    fn probe(&self) -> &Probe {
        &self.probes[usize::try_from(self.below(4)).unwrap()]
    }

    fn item(self: &Arc<Self>) -> Item {
        let item = self.ledger.item();
        if self.one_in(4) {
            let world = Arc::clone(self);
            item.on_drop(move || world.run_foreign(false))
        } else {
            item
        }
    }
}

// ---- Foreign code -------------------------------------------------------------------------------

impl World {
    /// What wakers and items do.
    fn run_foreign(self: &Arc<Self>, may_panic: bool) {
        self.foreign.fetch_add(1, Ordering::Relaxed);
        self.deeper(|| {
            for _ in 0..self.below(3) {
                self.contain(|| self.step());
            }
        });
        if may_panic && self.panics && self.one_in(3) {
            panic::panic_any(FOREIGN);
        }
    }

    /// What happens between two polls of the same future.
    fn meanwhile(self: &Arc<Self>) {
        self.deeper(|| self.contain(|| self.step()));
    }

    fn deeper(&self, action: impl FnOnce()) {
        if self.depth.fetch_add(1, Ordering::Relaxed) < DEPTH {
            action();
        }
        self.depth.fetch_sub(1, Ordering::Relaxed);
    }

    /// Runs what may let foreign code's panic through, but no other.
    fn contain(&self, action: impl FnOnce()) {
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(action)) {
            if !is_foreign(&*payload) {
                self.faults.lock().unwrap().push(message_of(&*payload));
            }
        }
    }

    /// Lets one of the wakers run foreign code the next time that it is used.
    fn arm(self: &Arc<Self>) {
        let (probe, kind) = (self.probe(), self.below(3));
        let world = Arc::clone(self);
        let hook = move || world.run_foreign(true);
        // One that was armed already panics, and has the new hook.
        let _ = panic::catch_unwind(AssertUnwindSafe(|| match kind {
            0 => probe.on_wake(hook),
            1 => probe.on_clone(hook),
            _ => probe.on_drop(hook),
        }));
    }
}

fn is_foreign(payload: &(dyn Any + std::marker::Send)) -> bool {
    message_of(payload) == FOREIGN
}

// ---- Operations ---------------------------------------------------------------------------------

impl World {
    fn step(self: &Arc<Self>) {
        match self.below(8) {
            0 | 1 => self.arm(),
            2..=4 => self.tx.run(|end| self.use_sender(end)),
            _ => self.rx.run(|end| self.use_receiver(end)),
        }
    }

    fn use_sender(self: &Arc<Self>, end: &mut Option<Sender<Item>>) {
        let Some(tx) = end else { return };
        match self.below(if cfg!(feature = "sink") { 24 } else { 20 }) {
            0..=8 => self.send(tx),
            9..=11 => {
                if let Err(error) = tx.try_send(self.item()) {
                    error.into_inner().refused();
                }
            }
            12 | 13 => reclaim_all(tx, |_| {}),
            14 | 15 => self.wait_in_vain(tx.wanted()),
            16 | 17 => self.wait_in_vain(tx.closed()),
            18 if self.one_in(10) => drop(tx.close()),
            19 if self.one_in(10) => drop(end.take()),
            18 | 19 => {}
            #[cfg(feature = "sink")]
            _ => self.use_sink(Pin::new(tx)),
            #[cfg(not(feature = "sink"))]
            _ => unreachable!("without the `Sink` that is all"),
        }
    }

    #[cfg(feature = "sink")]
    fn use_sink(self: &Arc<Self>, sink: Pin<&mut Sender<Item>>) {
        let outcome = match self.below(4) {
            0 | 1 => Poll::Ready(sink.start_send(self.item())),
            2 => sink.poll_flush(&mut self.probe().cx()),
            _ => sink.poll_ready(&mut self.probe().cx()),
        };
        if let Poll::Ready(Err(error)) = outcome {
            let item = error.into_inner();
            item.refused();
        }
    }

    /// Polls a send some times, and then ends it in one of the ways that there are.
    fn send(self: &Arc<Self>, tx: &mut Sender<Item>) {
        let item = self.item();
        let number = item.number();
        let mut send = tx.send(item);
        let mut unwound = false;
        for _ in 0..self.below(4) {
            if self.one_in(3) {
                self.meanwhile();
            }
            match panic::catch_unwind(AssertUnwindSafe(|| self.probe().poll(&mut send))) {
                Ok(Poll::Pending) => {}
                Ok(Poll::Ready(outcome)) => return self.sent(number, outcome),
                Err(payload) if is_foreign(&*payload) && self.one_in(2) => unwound = true,
                Err(payload) => panic::resume_unwind(payload),
            }
        }
        match self.below(4) {
            0 => {
                self.forgotten.fetch_add(1, Ordering::Relaxed);
                mem::forget(send);
            }
            // It may have resolved in the poll that unwound, and would panic.
            1 if !unwound => self.block_on_send(number, send),
            2 => {
                drop(send);
                self.ask_for_the_verdict(tx, number);
            }
            _ => drop(send),
        }
    }

    fn block_on_send(&self, number: usize, send: Send<'_, Item>) {
        // A lent item it would wait for, and whoever holds the guard may be further up.
        let is_receiver_free = self.rx.run(|end| end.is_some());
        if !is_receiver_free || is_lent(&send) {
            return;
        }
        let before = self.blocked.swap(true, Ordering::Relaxed);
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| send.wait_timeout(Duration::ZERO)));
        self.blocked.store(before, Ordering::Relaxed);
        match outcome {
            Ok(outcome) => {
                self.sent(
                    number,
                    outcome.map_err(|error| SendError::Closed(error.into_inner())),
                );
            }
            Err(payload) => panic::resume_unwind(payload),
        }
    }

    fn sent(&self, number: usize, outcome: Result<(), SendError<Item>>) {
        match outcome {
            Ok(()) => self.ok.lock().unwrap().push(number),
            Err(error) => {
                error.into_inner().refused();
            }
        }
    }

    /// After a dropped send: what `reclaim` does not return was taken, or is lent.
    fn ask_for_the_verdict(&self, tx: &mut Sender<Item>, number: usize) {
        let mut is_back = false;
        reclaim_all(tx, |reclaimed| is_back |= reclaimed == number);
        if !is_back && !is_lent(tx) {
            // Whoever took it may be further up, and not yet have said so. A drop may have reclaimed it.
            let fate = self.ledger.fate(number);
            let is_known =
                [Fate::Received, Fate::Alive, Fate::Dropped, Fate::Reclaimed].contains(&fate);
            assert!(is_known, "lost: {number} {fate:?}");
        }
    }

    fn use_receiver(self: &Arc<Self>, end: &mut Option<Receiver<Item>>) {
        let Some(rx) = end else { return };
        let received = match self.below(20) {
            0..=5 => self.receive(rx),
            6..=9 => self.receive_in_two_phases(rx),
            10..=12 => match self.probe().poll_next(rx) {
                Poll::Ready(item) => item,
                Poll::Pending => None,
            },
            13 | 14 => rx.try_recv().ok(),
            15 => rx.recv().wait_timeout(Duration::ZERO).ok(),
            16 | 17 => {
                self.wait_in_vain(rx.closed());
                None
            }
            18 if self.one_in(10) => {
                rx.close();
                None
            }
            19 if self.one_in(10) => {
                drop(end.take());
                None
            }
            _ => None,
        };
        if let Some(item) = received {
            item.received();
        }
    }

    fn receive(self: &Arc<Self>, rx: &mut Receiver<Item>) -> Option<Item> {
        let mut recv = rx.recv();
        for _ in 0..self.below(4) {
            if let Poll::Ready(item) = self.probe().poll(&mut recv) {
                return item;
            }
            if self.one_in(2) {
                self.meanwhile();
            }
        }
        self.drop_or_forget(recv);
        None
    }

    fn receive_in_two_phases(self: &Arc<Self>, rx: &mut Receiver<Item>) -> Option<Item> {
        let mut next = rx.next_offer();
        for _ in 0..3 {
            let guard = match self.probe().poll(&mut next) {
                Poll::Ready(guard) => guard?,
                Poll::Pending => {
                    self.meanwhile();
                    continue;
                }
            };
            if self.one_in(2) {
                self.meanwhile();
            }
            match self.below(5) {
                0 if !self.blocked.load(Ordering::Relaxed) => {
                    self.forgotten.fetch_add(1, Ordering::Relaxed);
                    mem::forget(guard);
                }
                1 | 2 => drop(guard),
                _ => return Some(Offer::accept(guard)),
            }
            return None;
        }
        None
    }

    /// Polls a future twice, and does not care for the answer.
    fn wait_in_vain<F: Future + Unpin>(self: &Arc<Self>, mut future: F) {
        let _ = self.probe().poll(&mut future);
        self.meanwhile();
        let _ = self.probe().poll(&mut future);
        self.drop_or_forget(future);
    }

    /// For what holds no item.
    fn drop_or_forget<F>(&self, future: F) {
        if self.one_in(3) {
            mem::forget(future);
        }
    }
}

/// Reclaims until nothing is left, and shows the number of each item.
fn reclaim_all(tx: &mut Sender<Item>, mut show: impl FnMut(usize)) {
    while let Some(item) = tx.reclaim() {
        show(item.reclaimed());
    }
}

/// Whether an item is lent, as an end or a future of it tells.
fn is_lent(end: &impl std::fmt::Debug) -> bool {
    format!("{end:?}").contains("lent")
}

// ---- What must be true --------------------------------------------------------------------------

impl World {
    /// Whatever happened before, a channel that is open works.
    fn hand_over_one_more(&self) {
        self.tx.run(|tx| {
            self.rx.run(|rx| {
                if let (Some(tx), Some(rx)) = (tx, rx) {
                    if !tx.is_closed() {
                        hand_over(tx, rx, self.ledger.item());
                    }
                }
            });
        });
    }

    fn check(&self, seed: u64) {
        for probe in &self.probes {
            probe.disarm();
            assert_eq!(probe.held(), 0, "seed {seed}: a waker is kept");
        }
        let faults = self.faults.lock().unwrap();
        assert!(faults.is_empty(), "seed {seed}: {faults:?}");
        let alive = self.ledger.alive();
        let most = self.forgotten.load(Ordering::Relaxed);
        assert!(
            alive <= most,
            "seed {seed}: {alive} items leaked, {most} at most"
        );
        for &number in &*self.ok.lock().unwrap() {
            let fate = self.ledger.fate(number);
            assert!(
                // A guard that was leaked counts as accepted; a receive that unwinds drops its item.
                [Fate::Received, Fate::Alive].contains(&fate)
                    || self.panics && fate == Fate::Dropped,
                "seed {seed}: Ok of {number}, which is {fate:?}"
            );
        }
    }
}

fn hand_over(tx: &mut Sender<Item>, rx: &mut Receiver<Item>, item: Item) {
    let (sender, receiver) = (Probe::new(), Probe::new());
    if let Ok(item) = rx.try_recv() {
        item.received();
    }
    reclaim_all(tx, |_| {});

    let number = item.number();
    let mut recv = rx.recv();
    assert!(receiver.poll(&mut recv).is_pending());
    let mut send = tx.send(item);
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(receiver.wakes(), 1);
    let Poll::Ready(Some(item)) = receiver.poll(&mut recv) else {
        panic!("it is on offer");
    };
    assert_eq!(item.received(), number);
    assert_eq!(sender.wakes(), 1);
    assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
}
