//! The spin where ends run on threads.

use super::{Outcome, IN_POLL};
use crate::slot::End;
use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A spin that took this long was not one: another thread had the core.
const SUSPENDED: Duration = Duration::from_millis(1);

/// On which thread each end was last seen.
pub(crate) struct Threads {
    sender: AtomicUsize,
    receiver: AtomicUsize,
}

impl Threads {
    /// Ends that were not seen yet.
    pub(crate) fn new() -> Self {
        Threads {
            sender: AtomicUsize::new(0),
            receiver: AtomicUsize::new(0),
        }
    }

    /// Notes that `end` is on this thread, and says whether the other end is known to be on another
    /// one, where it can run while this end spins.
    ///
    /// The number of cores does not matter: with a single one, the yields of a spin let the other
    /// end run, which is faster there than to sleep.
    #[inline]
    pub(crate) fn are_apart(&self, end: End) -> bool {
        let (own, other) = match end {
            End::Sender => (&self.sender, &self.receiver),
            End::Receiver => (&self.receiver, &self.sender),
        };
        let here = this_thread();
        // A hint and no more, so the weakest ordering will do. Written only when it changes, for
        // the other end reads it.
        if own.load(Ordering::Relaxed) != here {
            own.store(here, Ordering::Relaxed);
        }
        let there = other.load(Ordering::Relaxed);
        there != here && there != 0
    }
}

/// A number that no other running thread has: the address of something that each has its own of.
/// Zero in a thread that has lost it already, as one that ends can where the system keeps it.
#[inline]
fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.try_with(|here| here as *const u8 as usize)
        .unwrap_or(0)
}

/// Looks again and again, for about `limit`.
///
/// The count bounds it as well as the clock, which may stand still or jump.
pub(super) fn spin(limit: Duration, seen: impl Fn() -> bool) -> Outcome {
    let start = Instant::now();
    spin_by(|| start.elapsed(), limit, seen)
}

fn spin_by(elapsed: impl Fn() -> Duration, limit: Duration, seen: impl Fn() -> bool) -> Outcome {
    /// Looks between two looks at the clock, which costs as much as a few of them.
    const LOOKS: u32 = 16;
    /// Sixteen looks take a tenth of a microsecond and more.
    const ROUNDS_PER_MICROSECOND: u128 = 16;

    for _ in 0..=limit.as_micros() * ROUNDS_PER_MICROSECOND {
        for _ in 0..LOOKS {
            if seen() {
                return Outcome::Seen;
            }
            hint::spin_loop();
        }
        let now = elapsed();
        if now >= SUSPENDED {
            return Outcome::Suspended;
        }
        if now >= limit {
            break;
        }
        if is_slow(now) {
            thread::yield_now();
            if elapsed() >= SUSPENDED {
                return Outcome::Suspended;
            }
        }
    }
    Outcome::InVain
}

/// The peer is not as quick as a running one is. If all cores are busy, it may need ours.
fn is_slow(elapsed: Duration) -> bool {
    elapsed >= IN_POLL
}

#[cfg(test)]
mod tests {
    use super::{spin, spin_by, Threads};
    use crate::slot::End;
    use crate::spin::Outcome;
    use std::cell::Cell;
    use std::thread;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(10);

    /// A spin may lose its core at any time, so one of many is asked for.
    fn some_spin(run: impl Fn() -> Outcome, is_meant: impl Fn(&Outcome) -> bool) -> bool {
        (0..1000).any(|_| is_meant(&run()))
    }

    /// What says yes when asked for the nth time.
    fn at_look(number: u32) -> impl Fn() -> bool {
        let looks = Cell::new(0);
        move || {
            looks.set(looks.get() + 1);
            looks.get() >= number
        }
    }

    #[test]
    fn a_spin_goes_on_until_it_sees_something() {
        for number in [1, 16, 17, 2_000] {
            assert!(
                some_spin(
                    || spin(LONG, at_look(number)),
                    |it| matches!(it, Outcome::Seen)
                ),
                "seen at look {number}",
            );
        }
    }

    #[test]
    fn a_spin_ends_at_its_limit() {
        assert!(some_spin(
            || spin(Duration::ZERO, || false),
            |it| matches!(it, Outcome::InVain)
        ));
        assert!(some_spin(
            || spin(super::IN_POLL * 2, || false),
            |it| matches!(it, Outcome::InVain)
        ));
    }

    #[test]
    fn a_spin_that_lasts_too_long_was_suspended() {
        let asleep = || {
            thread::sleep(super::SUSPENDED);
            false
        };
        assert!(matches!(spin(Duration::ZERO, asleep), Outcome::Suspended));
        assert!(matches!(spin(LONG, asleep), Outcome::Suspended));
    }

    #[test]
    fn a_spin_ends_although_the_clock_stands_still() {
        for stuck in [Duration::ZERO, super::IN_POLL] {
            let outcome = spin_by(|| stuck, crate::spin::IN_WAIT, || false);
            assert!(matches!(outcome, Outcome::InVain), "{stuck:?}");
        }
    }

    #[test]
    fn ends_are_apart_on_two_threads() {
        let threads = Threads::new();
        assert!(
            !threads.are_apart(End::Sender),
            "the receiver was not seen yet"
        );
        assert!(!threads.are_apart(End::Receiver), "both are here");
        assert!(!threads.are_apart(End::Sender), "both are here");
        thread::scope(|scope| {
            scope
                .spawn(|| assert!(threads.are_apart(End::Receiver)))
                .join()
                .unwrap();
        });
        assert!(threads.are_apart(End::Sender));
        assert!(!threads.are_apart(End::Receiver), "it came back");
    }
}
