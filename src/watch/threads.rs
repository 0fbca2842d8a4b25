//! The watch where ends run on threads.

use super::{Outcome, IN_POLL};
use crate::slot::End;
use std::fs::File;
use std::hint;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A watch that took this long was not one: another thread had the core.
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
    /// one, where it can run while this end watches.
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
        there != here && there != 0 && has_several_cores()
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

/// Whether this machine has several cores, once somebody has asked: one of the three.
static CORES: AtomicUsize = AtomicUsize::new(UNKNOWN);

const UNKNOWN: usize = 0;
const ONE: usize = 1;
const SEVERAL: usize = 2;

#[inline]
fn has_several_cores() -> bool {
    match CORES.load(Ordering::Relaxed) {
        UNKNOWN => count_cores(),
        cores => cores == SEVERAL,
    }
}

/// Reads a file, so it is done once.
#[cold]
fn count_cores() -> bool {
    let several = are_several_online()
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from) > 1);
    CORES.store(if several { SEVERAL } else { ONE }, Ordering::Relaxed);
    several
}

/// Asks the kernel, where `available_parallelism` would allocate, and count one for a thread that
/// is bound to a core, as threads that hand over in haste may well be.
fn are_several_online() -> Option<bool> {
    // Miri has the system's name, and no files.
    if cfg!(miri) || !cfg!(any(target_os = "linux", target_os = "android")) {
        return None;
    }
    let mut ranges = [0; 64];
    let mut file = File::open("/sys/devices/system/cpu/online").ok()?;
    let length = file.read(&mut ranges).ok()?;
    (length > 0).then(|| are_several(&ranges[..length]))
}

/// Whether there is more than one number in a list such as `0-3,5`.
fn are_several(ranges: &[u8]) -> bool {
    ranges.iter().any(|byte| b"-,".contains(byte))
}

/// Looks again and again, for about `limit`.
pub(super) fn watch(limit: Duration, seen: impl Fn() -> bool) -> Outcome {
    /// Looks between two looks at the clock, which costs as much as a few of them.
    const LOOKS: u32 = 16;

    let start = Instant::now();
    loop {
        for _ in 0..LOOKS {
            if seen() {
                return Outcome::Seen;
            }
            hint::spin_loop();
        }
        let elapsed = start.elapsed();
        if elapsed >= limit {
            return if elapsed >= SUSPENDED {
                Outcome::Suspended
            } else {
                Outcome::InVain
            };
        }
        if is_slow(elapsed) {
            thread::yield_now();
            if start.elapsed() >= SUSPENDED {
                return Outcome::Suspended;
            }
        }
    }
}

/// The peer is not as quick as a running one is. If all cores are busy, it may need ours.
fn is_slow(elapsed: Duration) -> bool {
    elapsed >= IN_POLL
}

#[cfg(test)]
mod tests {
    use super::{has_several_cores, watch, Threads};
    use crate::slot::End;
    use crate::watch::Outcome;
    use std::cell::Cell;
    use std::thread;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(10);

    /// A watch may lose its core at any time, so one of many is asked for.
    fn some_watch(watch: impl Fn() -> Outcome, is_meant: impl Fn(&Outcome) -> bool) -> bool {
        (0..1000).any(|_| is_meant(&watch()))
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
    fn a_watch_goes_on_until_it_sees_something() {
        for number in [1, 16, 17, 2_000] {
            assert!(
                some_watch(
                    || watch(LONG, at_look(number)),
                    |it| matches!(it, Outcome::Seen)
                ),
                "seen at look {number}",
            );
        }
    }

    #[test]
    fn a_watch_ends_at_its_limit() {
        assert!(some_watch(
            || watch(Duration::ZERO, || false),
            |it| matches!(it, Outcome::InVain)
        ));
        assert!(some_watch(
            || watch(super::IN_POLL * 2, || false),
            |it| matches!(it, Outcome::InVain)
        ));
    }

    #[test]
    fn a_watch_that_lasts_too_long_was_suspended() {
        let asleep = || {
            thread::sleep(super::SUSPENDED);
            false
        };
        assert!(matches!(watch(Duration::ZERO, asleep), Outcome::Suspended));
        assert!(matches!(watch(LONG, asleep), Outcome::Suspended));
    }

    #[test]
    fn one_core_or_several() {
        for one in ["0\n", "11\n"] {
            assert!(!super::are_several(one.as_bytes()), "{one}");
        }
        for several in ["0-1\n", "0,2\n", "0-3,5\n"] {
            assert!(super::are_several(several.as_bytes()), "{several}");
        }
    }

    #[test]
    fn ends_are_apart_on_two_threads_of_several_cores() {
        let threads = Threads::new();
        let several = has_several_cores();
        assert_eq!(several, has_several_cores(), "it is remembered");
        // Of the cores that there are, this process may not use all.
        assert!(several || thread::available_parallelism().unwrap().get() == 1);

        assert!(
            !threads.are_apart(End::Sender),
            "the receiver was not seen yet"
        );
        assert!(!threads.are_apart(End::Receiver), "both are here");
        assert!(!threads.are_apart(End::Sender), "both are here");
        thread::scope(|scope| {
            scope
                .spawn(|| assert_eq!(threads.are_apart(End::Receiver), several))
                .join()
                .unwrap();
        });
        assert_eq!(threads.are_apart(End::Sender), several);
        assert!(!threads.are_apart(End::Receiver), "it came back");
    }
}
