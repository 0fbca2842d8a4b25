//! The short watch before a sleep.
//!
//! To sleep and be woken costs 4 to 40 µs, and a peer that is running on another core answers in
//! a tenth of one. So an end that would have to wait may first watch the mirrored flags of the
//! slot for a moment. It does so only
//!
//! * while the other end was last seen on another thread, on a machine with several cores: a peer
//!   on this thread can do nothing while we watch;
//! * for a bounded time: [`IN_POLL`] on an executor's thread, where others wait for their turn;
//!   [`IN_WAIT`] in a blocked thread, long enough to outlast the other side's waking up, for two
//!   threads that once put each other to sleep would otherwise never fall into step again;
//! * as long as it pays: after a watch in vain it is left out for a number of waits that grows.

use crate::slot::Seat;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
#[cfg(not(any(target_family = "wasm", all(loom, feature = "loom"))))]
use std::{hint, sync::atomic::Ordering, thread, time::Instant};

/// The limit of a watch in a poll.
pub(crate) const IN_POLL: Duration = Duration::from_micros(1);
/// The limit of a watch in a blocked thread.
pub(crate) const IN_WAIT: Duration = Duration::from_micros(50);

/// The longest break, in waits, after a watch in vain.
const LONGEST_BREAK: u16 = 256;

/// An end's experience with watching.
#[derive(Default)]
pub(crate) struct Watch {
    /// How many more waits are to do without.
    skip: u16,
    /// How many waits the last watch in vain has cost.
    penalty: u16,
}

impl Watch {
    /// Whether a wait that begins now is to begin with a watch.
    #[inline]
    pub(crate) fn is_due(&mut self) -> bool {
        let due = self.skip == 0;
        self.skip = self.skip.saturating_sub(1);
        due
    }

    /// Watches until `seen` says that it saw something, for about `limit`. Returns whether it did.
    pub(crate) fn watch(&mut self, limit: Duration, seen: impl Fn() -> bool) -> bool {
        let paid = spin(limit, seen);
        self.penalty = if paid {
            0
        } else {
            (2 * self.penalty + 1).min(LONGEST_BREAK)
        };
        self.skip = self.penalty;
        paid
    }
}

/// On which thread each end was last seen.
#[derive(Default)]
pub(crate) struct Threads {
    sender: AtomicUsize,
    receiver: AtomicUsize,
}

impl Threads {
    /// Notes that the end of `seat` is on this thread, and says whether the other end is known to
    /// be on another one, where it can run while this end watches.
    #[cfg(not(any(target_family = "wasm", all(loom, feature = "loom"))))]
    #[inline]
    pub(crate) fn are_apart(&self, seat: Seat) -> bool {
        let (own, other) = match seat {
            Seat::Sender | Seat::SenderClosed => (&self.sender, &self.receiver),
            Seat::Receiver | Seat::ReceiverClosed => (&self.receiver, &self.sender),
        };
        let here = this_thread();
        // A hint and no more, so the weakest ordering will do. Written only when it changes, for
        // the other end reads it.
        if own.load(Ordering::Relaxed) != here {
            own.store(here, Ordering::Relaxed);
        }
        let there = other.load(Ordering::Relaxed);
        there != 0 && there != here && has_several_cores()
    }

    /// Loom runs its threads on one, and there is nothing to be gained on a target without any.
    /// The models are to see the watch, though: it is one more look that may come at any time.
    #[cfg(any(target_family = "wasm", all(loom, feature = "loom")))]
    pub(crate) fn are_apart(&self, _seat: Seat) -> bool {
        cfg!(loom)
    }
}

/// A number that no other running thread has: the address of something that each has its own of.
#[cfg(not(any(target_family = "wasm", all(loom, feature = "loom"))))]
#[inline]
fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.with(|here| here as *const u8 as usize)
}

#[cfg(not(any(target_family = "wasm", all(loom, feature = "loom"))))]
fn has_several_cores() -> bool {
    static CORES: AtomicUsize = AtomicUsize::new(0);
    let mut cores = CORES.load(Ordering::Relaxed);
    if cores == 0 {
        // Reads files, so it is asked once.
        cores = thread::available_parallelism().map_or(1, Into::into);
        CORES.store(cores, Ordering::Relaxed);
    }
    cores > 1
}

/// Looks at `seen` again and again for about `limit`.
#[cfg(not(any(target_family = "wasm", all(loom, feature = "loom"))))]
fn spin(limit: Duration, seen: impl Fn() -> bool) -> bool {
    /// Looks between two looks at the clock, which costs as much as a few of them.
    const LOOKS: u32 = 16;

    let start = Instant::now();
    loop {
        for _ in 0..LOOKS {
            if seen() {
                return true;
            }
            hint::spin_loop();
        }
        let elapsed = start.elapsed();
        if elapsed >= limit {
            return seen();
        }
        // The peer is not as quick as a running one is. If all cores are busy, it may need ours.
        if elapsed >= IN_POLL {
            thread::yield_now();
        }
    }
}

#[cfg(any(target_family = "wasm", all(loom, feature = "loom")))]
fn spin(_limit: Duration, seen: impl Fn() -> bool) -> bool {
    seen()
}
