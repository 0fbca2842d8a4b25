//! Random operations on both ends, in whose midst wakers and items do random operations on the other end, or panic, or
//! both, and so on within those.

mod common;

use common::{elsewhere, message_of, watchdog_for, Fate, Item, Ledger, Probe};
#[cfg(feature = "sink")]
use futures_sink::Sink;
use handoff::{channel, Offer, Receiver, Sender};
use std::mem;
use std::panic::{self, AssertUnwindSafe};
#[cfg(feature = "sink")]
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

struct End<E>(Mutex<Option<E>>);

impl<E> End<E> {
    /// Runs `action` on the end if it is not in use; it may leave it dropped.
    fn run(&self, action: impl FnOnce(&mut Option<E>)) {
        let mut end = self.0.lock().unwrap().take();
        if end.is_none() {
            return;
        }
        let result = panic::catch_unwind(AssertUnwindSafe(|| action(&mut end)));
        *self.0.lock().unwrap() = end;
        if let Err(p) = result {
            panic::resume_unwind(p);
        }
    }
}

struct World {
    seed: Mutex<u64>,
    ledger: Ledger,
    tx: End<Sender<Item>>,
    rx: End<Receiver<Item>>,
    probes: [Probe; 4],
    /// How many items may have been leaked.
    forgotten: AtomicUsize,
    depth: AtomicUsize,
    hooks: AtomicUsize,
    panics: bool,
    /// A wait is on its way that a leaked guard would keep for ever.
    timed: AtomicBool,
    /// `Ok` was said of these.
    ok: Mutex<Vec<usize>>,
    /// Panics that are not [`FOREIGN`], wherever they were caught.
    faults: Mutex<Vec<String>>,
}

/// How foreign code panics. Nothing else does.
const FOREIGN: &str = "foreign";

impl World {
    fn below(&self, n: u64) -> u64 {
        let mut s = self.seed.lock().unwrap();
        *s ^= *s << 13;
        *s ^= *s >> 7;
        *s ^= *s << 17;
        (*s >> 11) % n
    }
    fn probe(&self) -> &Probe {
        &self.probes[usize::try_from(self.below(4)).unwrap()]
    }
    fn item(self: &Arc<Self>) -> Item {
        let item = self.ledger.item();
        if self.below(4) == 0 {
            let me = Arc::clone(self);
            item.on_drop(move || me.foreign(false))
        } else {
            item
        }
    }
    fn ok(&self, number: usize) {
        self.ok.lock().unwrap().push(number);
    }
    /// Runs what may let foreign code's panic through, but no other.
    fn contain(&self, action: impl FnOnce()) {
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(action)) {
            let message = message_of(&*payload);
            if message != FOREIGN {
                self.faults.lock().unwrap().push(message);
            }
        }
    }
    /// What foreign code does.
    fn foreign(self: &Arc<Self>, may_panic: bool) {
        self.hooks.fetch_add(1, Ordering::Relaxed);
        if self.depth.fetch_add(1, Ordering::Relaxed) < 4 {
            for _ in 0..self.below(3) {
                self.contain(|| self.step());
            }
        }
        self.depth.fetch_sub(1, Ordering::Relaxed);
        if may_panic && self.panics && self.below(3) == 0 {
            panic::panic_any(FOREIGN);
        }
    }
    fn arm(self: &Arc<Self>) {
        let probe = self.probe();
        let me = Arc::clone(self);
        let kind = self.below(3);
        // A probe that was armed says so, and has the new hook.
        let _ = panic::catch_unwind(AssertUnwindSafe(|| match kind {
            0 => probe.on_wake(move || me.foreign(true)),
            1 => probe.on_clone(move || me.foreign(true)),
            _ => probe.on_drop(move || me.foreign(true)),
        }));
    }
    fn other(self: &Arc<Self>) {
        if self.depth.fetch_add(1, Ordering::Relaxed) < 4 {
            self.contain(|| self.step());
        }
        self.depth.fetch_sub(1, Ordering::Relaxed);
    }
    fn step(self: &Arc<Self>) {
        match self.below(8) {
            0 | 1 => self.arm(),
            2..=4 => self.tx.run(|tx| self.send(tx)),
            _ => self.rx.run(|rx| self.receive(rx)),
        }
    }
    #[allow(clippy::too_many_lines)]
    fn send(self: &Arc<Self>, end: &mut Option<Sender<Item>>) {
        let tx = end.as_mut().unwrap();
        match self.below(if cfg!(feature = "sink") { 24 } else { 20 }) {
            0..=8 => {
                let item = self.item();
                let number = item.number();
                let mut send = tx.send(item);
                let mut unwound = false;
                for _ in 0..self.below(4) {
                    if self.below(3) == 0 {
                        self.other();
                    }
                    let p = match panic::catch_unwind(AssertUnwindSafe(|| {
                        self.probe().poll(&mut send)
                    })) {
                        Ok(p) => p,
                        Err(p) if message_of(&*p) == FOREIGN && self.below(2) == 0 => {
                            unwound = true;
                            continue;
                        }
                        Err(p) => panic::resume_unwind(p),
                    };
                    match p {
                        Poll::Ready(Ok(())) => {
                            self.ok(number);
                            return;
                        }
                        Poll::Ready(Err(e)) => {
                            e.into_inner().refused();
                            return;
                        }
                        Poll::Pending => {}
                    }
                }
                match self.below(4) {
                    0 => {
                        self.forgotten.fetch_add(1, Ordering::Relaxed);
                        mem::forget(send);
                    }
                    // It may have resolved in the poll that unwound.
                    1 if unwound => drop(send),
                    1 => {
                        // Lent: it would wait for the guard, which may be further up.
                        if self.rx.0.lock().unwrap().is_some()
                            && !format!("{send:?}").contains("lent")
                        {
                            struct Timed<'a>(&'a World, bool);
                            impl Drop for Timed<'_> {
                                fn drop(&mut self) {
                                    self.0.timed.store(self.1, Ordering::Relaxed);
                                }
                            }
                            let _timed = Timed(self, self.timed.swap(true, Ordering::Relaxed));
                            match send.wait_timeout(Duration::ZERO) {
                                Ok(()) => self.ok(number),
                                Err(e) => {
                                    e.into_inner().refused();
                                }
                            }
                        }
                    }
                    2 => {
                        drop(send);
                        self.verdict(tx, number);
                    }
                    _ => drop(send),
                }
            }
            9..=11 => {
                if let Err(e) = tx.try_send(self.item()) {
                    e.into_inner().refused();
                }
            }
            12 | 13 => {
                while let Some(item) = tx.reclaim() {
                    item.reclaimed();
                }
            }
            14 | 15 => {
                let mut wanted = tx.wanted();
                let _ = self.probe().poll(&mut wanted);
                self.other();
                let _ = self.probe().poll(&mut wanted);
                if self.below(3) == 0 {
                    mem::forget(wanted);
                }
            }
            16 | 17 => {
                let mut closed = tx.closed();
                let _ = self.probe().poll(&mut closed);
                self.other();
                if self.below(3) == 0 {
                    mem::forget(closed);
                }
            }
            18 => {
                if self.below(10) == 0 {
                    tx.close();
                }
            }
            19 => {
                if self.below(10) == 0 {
                    drop(end.take());
                }
            }
            #[cfg(feature = "sink")]
            20 | 21 => {
                if let Err(e) = Pin::new(tx).start_send(self.item()) {
                    e.into_inner().refused();
                }
            }
            #[cfg(feature = "sink")]
            22 => {
                if let Poll::Ready(Err(e)) = Pin::new(tx).poll_flush(&mut self.probe().cx()) {
                    e.into_inner().refused();
                }
            }
            #[cfg(feature = "sink")]
            23 => {
                if let Poll::Ready(Err(e)) = Pin::new(tx).poll_ready(&mut self.probe().cx()) {
                    e.into_inner().refused();
                }
            }
            _ => unreachable!(),
        }
    }
    /// Nothing but what is lent can be out of our reach, and what was taken.
    fn verdict(self: &Arc<Self>, tx: &mut Sender<Item>, number: usize) {
        let mut back = false;
        while let Some(item) = tx.reclaim() {
            back |= item.reclaimed() == number;
        }
        if !back && !format!("{tx:?}").contains("lent") {
            // Nobody runs besides: it was taken, perhaps by somebody further up who still has it, or dropped it.
            let fate = self.ledger.fate(number);
            assert!(
                matches!(
                    fate,
                    Fate::Received | Fate::Alive | Fate::Dropped | Fate::Reclaimed
                ),
                "lost: {number} {fate:?}"
            );
        }
    }
    fn receive(self: &Arc<Self>, end: &mut Option<Receiver<Item>>) {
        let rx = end.as_mut().unwrap();
        let got = match self.below(20) {
            0..=5 => {
                let mut recv = rx.recv();
                let mut got = None;
                for _ in 0..self.below(4) {
                    if let Poll::Ready(item) = self.probe().poll(&mut recv) {
                        got = item;
                        break;
                    }
                    if self.below(2) == 0 {
                        self.other();
                    }
                }
                if got.is_none() && self.below(3) == 0 {
                    mem::forget(recv);
                }
                got
            }
            6..=9 => {
                let mut offer = rx.offer();
                for _ in 0..3 {
                    match self.probe().poll(&mut offer) {
                        Poll::Ready(None) => return,
                        Poll::Ready(Some(guard)) => {
                            if self.below(2) == 0 {
                                self.other();
                            }
                            match self.below(5) {
                                0 if !self.timed.load(Ordering::Relaxed) => {
                                    self.forgotten.fetch_add(1, Ordering::Relaxed);
                                    mem::forget(guard);
                                }
                                1 | 2 => drop(guard),
                                _ => {
                                    Offer::accept(guard).received();
                                }
                            }
                            return;
                        }
                        Poll::Pending => self.other(),
                    }
                }
                None
            }
            10..=12 => match self.probe().poll_next(rx) {
                Poll::Ready(item) => item,
                Poll::Pending => None,
            },
            13 | 14 => rx.try_recv().ok(),
            15 => rx.recv().wait_timeout(Duration::ZERO).ok(),
            16 | 17 => {
                let mut closed = rx.closed();
                let _ = self.probe().poll(&mut closed);
                self.other();
                if self.below(3) == 0 {
                    mem::forget(closed);
                }
                None
            }
            18 => {
                if self.below(10) == 0 {
                    rx.close();
                }
                None
            }
            _ => {
                if self.below(10) == 0 {
                    drop(end.take());
                }
                None
            }
        };
        if let Some(item) = got {
            item.received();
        }
    }
}

fn still_works(world: &World) {
    let mut tx = world.tx.0.lock().unwrap();
    let mut rx = world.rx.0.lock().unwrap();
    let (Some(tx), Some(rx)) = (tx.as_mut(), rx.as_mut()) else {
        return;
    };
    let (sender, receiver) = (Probe::new(), Probe::new());
    if tx.is_closed() {
        return;
    }
    if let Ok(item) = rx.try_recv() {
        item.received();
    }
    while let Some(item) = tx.reclaim() {
        item.reclaimed();
    }
    let mut recv = rx.recv();
    assert!(receiver.poll(&mut recv).is_pending());
    let item = world.ledger.item();
    let number = item.number();
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

fn run(seed: u64, panics: bool) -> usize {
    let (tx, rx) = channel();
    let world = Arc::new(World {
        seed: Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
        ledger: Ledger::new(),
        tx: End(Mutex::new(Some(tx))),
        rx: End(Mutex::new(Some(rx))),
        probes: [Probe::new(), Probe::new(), Probe::new(), Probe::new()],
        forgotten: AtomicUsize::new(0),
        depth: AtomicUsize::new(0),
        hooks: AtomicUsize::new(0),
        panics,
        timed: AtomicBool::default(),
        ok: Mutex::default(),
        faults: Mutex::default(),
    });
    if seed % 2 == 0 {
        // So that the ends watch.
        elsewhere(|| {
            world.tx.run(|tx| {
                assert!(Probe::new()
                    .poll(&mut tx.as_mut().unwrap().wanted())
                    .is_pending());
            });
            world
                .rx
                .run(|rx| drop(Probe::new().poll(&mut rx.as_mut().unwrap().recv())));
        });
    }
    for _ in 0..40 {
        world.contain(|| world.step());
        assert_eq!(world.depth.load(Ordering::Relaxed), 0);
    }
    world.depth.store(100, Ordering::Relaxed);
    for probe in &world.probes {
        probe.disarm();
    }
    still_works(&world);
    drop(world.tx.0.lock().unwrap().take());
    drop(world.rx.0.lock().unwrap().take());
    for probe in &world.probes {
        probe.disarm();
        assert_eq!(probe.held(), 0, "seed {seed}: a waker is kept");
    }
    let faults = world.faults.lock().unwrap();
    assert!(faults.is_empty(), "seed {seed}: {faults:?}");
    let alive = world.ledger.alive();
    let most = world.forgotten.load(Ordering::Relaxed);
    assert!(
        alive <= most,
        "seed {seed}: {alive} items leaked, {most} at most"
    );
    for &number in &*world.ok.lock().unwrap() {
        let fate = world.ledger.fate(number);
        assert!(
            matches!(fate, Fate::Received | Fate::Alive) || panics && fate == Fate::Dropped,
            "seed {seed}: Ok of {number}, which is {fate:?}"
        );
    }
    world.hooks.load(Ordering::Relaxed)
}

fn many(panics: bool) {
    watchdog_for(
        Duration::from_secs(if cfg!(miri) { 900 } else { 60 }),
        move || {
            let say = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                if ![FOREIGN, "a hook was armed twice"].contains(&&*message_of(info.payload())) {
                    say(info);
                }
            }));
            let hooks: usize = (1..=1_000).map(|seed| run(seed, panics)).sum();
            assert!(hooks > 1_000, "too little foreign code ran: {hooks}");
        },
    );
}

#[test]
fn foreign_code_within_foreign_code() {
    many(false);
}

#[test]
fn foreign_code_within_foreign_code_that_panics() {
    many(true);
}
