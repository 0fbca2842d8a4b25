//! The spin where ends run on threads.

use super::account::{Account, SHORT};
use super::{Outcome, Place};
use crate::slot::End;
use std::cell::Cell;
use std::hint;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// On which thread each end was last seen. It is noted at the first look of each wait, except of a
/// blocking one that is answered at once.
///
/// All that is in it are hints, so the weakest ordering will do.
pub(crate) struct Threads {
    sender: AtomicUsize,
    receiver: AtomicUsize,
    sender_asks: AtomicBool,
}

impl Threads {
    /// Ends that were not seen yet.
    pub(crate) fn new() -> Self {
        Threads {
            sender: AtomicUsize::new(0),
            receiver: AtomicUsize::new(0),
            sender_asks: AtomicBool::new(false),
        }
    }

    /// Notes that `end` is on this thread, and says whether the other end is known to be on another
    /// one, where it can run while this end spins.
    ///
    /// Cores are not counted: with a single one, spins are in vain, and so they are rare.
    #[inline]
    pub(crate) fn note_thread(&self, end: End) -> bool {
        let (own, other) = match end {
            End::Sender => (&self.sender, &self.receiver),
            End::Receiver => (&self.receiver, &self.sender),
        };
        let here = this_thread();
        // Written only when it changes, because a write takes the cache line from the other end.
        if own.load(Ordering::Relaxed) != here {
            own.store(here, Ordering::Relaxed);
        }
        let there = other.load(Ordering::Relaxed);
        there != here && there != 0
    }

    /// The sender spins in `wanted`.
    pub(crate) fn note_that_sender_asks(&self) {
        if !self.sender_asks() {
            self.sender_asks.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the sender has ever spun in `wanted`. So a receive that spins has to say so at once.
    pub(crate) fn sender_asks(&self) -> bool {
        self.sender_asks.load(Ordering::Relaxed)
    }
}

thread_local! {
    /// One for all the channels that a thread polls. It has no destructor, so it lives as long as the
    /// thread.
    static ACCOUNT: Cell<Account> = const { Cell::new(Account::new()) };
    /// How many polls only looked in since this thread left. They touch nothing else, so this is not
    /// in the account, which would have to be copied.
    static LOOKS: Cell<u32> = const { Cell::new(0) };
    /// How many more polls may begin with a glance before the account is asked again.
    static GLANCES: Cell<u32> = const { Cell::new(0) };
}

/// A number that no other running thread has: the address of a thread-local variable.
#[inline]
fn this_thread() -> usize {
    ACCOUNT.with(|account| account as *const Cell<Account> as usize)
}

fn account<R>(f: impl FnOnce(&mut Account) -> R) -> R {
    ACCOUNT.with(|cell| {
        let mut account = cell.get();
        let result = f(&mut account);
        cell.set(account);
        result
    })
}

/// A poll was pending and returns. This thread is away from now on, for other tasks.
pub(super) fn leave() {
    LOOKS.with(|looks| looks.set(0));
    let now = Instant::now();
    account(|account| account.leave(now));
}

/// This thread is here. The time since it left was an absence if that `counts`.
#[inline]
pub(super) fn come_back(counts: bool) {
    if ACCOUNT.with(|cell| cell.get().has_left()) {
        end_absence(counts);
    }
}

/// A poll begins that only looks in.
pub(super) fn look_in() {
    LOOKS.with(|looks| looks.set(looks.get().saturating_add(1)));
}

#[cfg(test)]
pub(super) fn is_away() -> bool {
    ACCOUNT.with(|cell| cell.get().has_left())
}

/// What tests of other files do to the account of their thread, and ask it.
#[cfg(test)]
pub(crate) mod testing {
    use super::{account, Outcome, ACCOUNT, GLANCES, SHORT};
    use crate::spin::account::LOST_CORE;
    use std::cell::Cell;
    use std::time::Instant;

    /// A long spin ends that is answered late, after the pause of the last one.
    pub(crate) fn settle_late() {
        account(|account| {
            account.forget_pauses();
            account.settle(Instant::now(), 2 * SHORT, SHORT, Outcome::Late);
        });
    }

    pub(crate) fn may_pay_off() -> bool {
        ACCOUNT.with(|cell| cell.get().may_pay_off())
    }

    /// A spin loses its core for so long that the pause after it is the longest.
    pub(crate) fn lose_core() {
        account(|account| account.settle(Instant::now(), SHORT, 1000 * LOST_CORE, Outcome::InVain));
    }

    pub(crate) fn set_glances(number: u32) {
        GLANCES.with(|glances| glances.set(number));
    }

    pub(crate) fn glances() -> u32 {
        GLANCES.with(Cell::get)
    }
}

#[cold]
fn end_absence(counts: bool) {
    if counts {
        let now = Instant::now();
        let looks = LOOKS.with(Cell::get);
        account(|account| account.come_back(now, looks));
    } else {
        account(Account::stay);
    }
}

/// The number of the last pause for long spins.
pub(super) fn last_pause() -> u16 {
    ACCOUNT.with(|cell| cell.get().last_pause())
}

/// The late spin before this pause has paid off.
#[cold]
pub(super) fn end_pause(pause: u16) {
    account(|account| account.end_pause(pause));
}

/// Whether a wait may begin with a glance, without a look at the clock. It is then used up.
///
/// A blocked thread may always do it, unless it has lost its core.
pub(crate) fn take_glance(place: Place) -> bool {
    match place {
        Place::Thread => !ACCOUNT.with(|cell| cell.get().has_lost_core()),
        Place::Poll => GLANCES.with(|glances| {
            let left = glances.get();
            glances.set(left.saturating_sub(1));
            left > 0
        }),
    }
}

/// Permission to spin, from now on.
pub(crate) struct Grant {
    start: Instant,
    limit: Duration,
    place: Place,
}

impl Grant {
    /// Asks the account of this thread.
    pub(crate) fn ask(place: Place, at_most: Duration) -> Option<Self> {
        // The wake before this may have polled another end, and this thread is still here.
        come_back(false);
        let start = Instant::now();
        let account = ACCOUNT.with(Cell::get);
        let limit = account.allowance(start, place);
        if place == Place::Poll {
            let paid = limit.map_or(0, |_| account.glances(start));
            GLANCES.with(|glances| glances.set(paid));
        }
        if limit.is_some() && account.has_lost_core() {
            ACCOUNT.with(|cell| cell.set(account.after_pause()));
        }
        limit.map(|limit| Grant {
            start,
            limit: limit.min(at_most),
            place,
        })
    }

    /// Whether it is for longer than a short look.
    pub(crate) fn is_long(&self) -> bool {
        self.limit > SHORT
    }

    /// Whether it is for a short look at least.
    pub(crate) fn covers_short_look(&self) -> bool {
        self.limit >= SHORT
    }

    /// Spins for `waiter` until it has `seen` something, or the time is up. `before_long` runs between
    /// the short look and the rest of a long spin.
    pub(crate) fn spin<W>(
        self,
        waiter: &mut W,
        seen: impl Fn(&W) -> bool,
        before_long: impl FnOnce(&mut W),
    ) -> Outcome {
        let elapsed = || self.start.elapsed();
        let (mut is_seen, mut took) = look(elapsed, self.limit.min(SHORT), || seen(waiter));
        if !is_seen && self.is_long() {
            before_long(waiter);
            (is_seen, took) = look(elapsed, self.limit, || seen(waiter));
        }
        if self.place == Place::Poll {
            // It may have lost its core in the last looks. A blocked thread does not ask, because
            // that would slow it down too much.
            took = elapsed();
        }
        let outcome = self.judge(is_seen, took);
        if took >= SHORT {
            let now = Instant::now();
            let took = now.saturating_duration_since(self.start);
            account(|account| account.settle(now, self.limit, took, outcome));
            GLANCES.with(|glances| glances.set(0));
        }
        outcome
    }

    /// A blocked thread has nobody else to serve, so any answer is soon enough for it.
    fn judge(&self, is_seen: bool, took: Duration) -> Outcome {
        let is_soon = took < SHORT || !self.is_long() || self.place == Place::Thread;
        match (is_seen, is_soon) {
            (true, true) => Outcome::Seen,
            (true, false) => Outcome::Late,
            (false, _) => Outcome::InVain,
        }
    }
}

/// How many looks are a glance.
const GLANCE: u32 = 8;

/// A few looks, in some tenths of a microsecond. A core that is lost meanwhile goes unnoticed.
pub(crate) fn glance(seen: impl Fn() -> bool) -> bool {
    (0..GLANCE).any(|_| {
        seen() || {
            // Each look takes the cache line from the other end, which works there.
            hint::spin_loop();
            hint::spin_loop();
            false
        }
    })
}

/// Looks again and again until `elapsed` reaches the limit. Returns whether it has seen something, and
/// the last value of `elapsed`.
///
/// The number of looks is bounded as well, because the clock may stand still or jump.
fn look(
    elapsed: impl Fn() -> Duration,
    limit: Duration,
    seen: impl Fn() -> bool,
) -> (bool, Duration) {
    /// A glance and a look at the clock take a sixteenth of a microsecond, or more.
    const GLANCES_PER_MICROSECOND: u128 = 16;

    let mut took = Duration::ZERO;
    for _ in 0..=limit.as_micros() * GLANCES_PER_MICROSECOND {
        took = elapsed();
        if took >= limit {
            break;
        }
        if glance(&seen) {
            return (true, took);
        }
    }
    // The answer may have come while another thread had the core.
    (seen(), took)
}

#[cfg(test)]
mod tests {
    use super::{look, take_glance, testing, Grant, Threads, GLANCE, LOOKS, SHORT};
    use crate::slot::End;
    use crate::spin::account::LOST_CORE;
    use crate::spin::{Outcome, Place};
    use std::cell::Cell;
    use std::thread;
    use std::time::{Duration, Instant};

    /// A spin with a limit that no test reaches.
    fn long() -> Grant {
        Grant {
            start: Instant::now(),
            limit: Duration::from_secs(100),
            place: Place::Thread,
        }
    }

    #[test]
    fn a_spin_goes_on_until_it_sees_something() {
        for number in [1, GLANCE, GLANCE + 1, 2_000] {
            let looks = Cell::new(0);
            let seen = |&number: &u32| {
                looks.set(looks.get() + 1);
                looks.get() == number
            };
            let outcome = long().spin(&mut { number }, seen, |_| {});
            assert_eq!((outcome, looks.get()), (Outcome::Seen, number));
        }
    }

    #[test]
    fn a_look_ends_at_its_limit() {
        let time = Cell::new(0);
        let clock = || {
            time.set(time.get() + 1);
            Duration::from_micros(time.get())
        };
        let looks = Cell::new(0);
        let count = || {
            looks.set(looks.get() + 1);
            false
        };
        let (is_seen, _) = look(clock, Duration::from_micros(5), count);
        assert!(!is_seen);
        // The last one is for what came meanwhile.
        assert_eq!((time.get(), looks.get()), (5, 4 * GLANCE + 1));
    }

    #[test]
    fn a_look_sees_what_came_while_it_had_no_core() {
        let suspended = || Duration::from_secs(1);
        let (is_seen, _) = look(suspended, Duration::from_micros(5), || true);
        assert!(is_seen);
    }

    #[test]
    fn a_look_ends_although_the_clock_stands_still() {
        for stuck in [Duration::ZERO, Duration::from_micros(10)] {
            let looks = Cell::new(0);
            let count = || {
                looks.set(looks.get() + 1);
                false
            };
            let (is_seen, _) = look(|| stuck, Duration::from_micros(50), count);
            assert!(!is_seen, "{stuck:?}");
            // Sixteen glances for each microsecond and one more, and the last look.
            assert_eq!(looks.get(), (50 * 16 + 1) * GLANCE + 1, "{stuck:?}");
        }
    }

    #[test]
    fn a_short_look_is_covered_and_is_not_long() {
        let nano = Duration::from_nanos(1);
        for (limit, covers_short_look, is_long) in [
            (SHORT.saturating_sub(nano), false, false),
            (SHORT, true, false),
            (SHORT + nano, true, true),
        ] {
            let grant = Grant { limit, ..long() };
            assert_eq!(
                (grant.covers_short_look(), grant.is_long()),
                (covers_short_look, is_long)
            );
        }
    }

    #[test]
    fn only_a_long_spin_in_a_poll_can_be_late() {
        let below = SHORT.saturating_sub(Duration::from_nanos(1));
        for (place, limit, is_seen, took, expected) in [
            (Place::Poll, 2 * SHORT, true, Duration::ZERO, Outcome::Seen),
            (Place::Poll, 2 * SHORT, true, below, Outcome::Seen),
            (Place::Poll, 2 * SHORT, true, SHORT, Outcome::Late),
            (Place::Poll, SHORT, true, SHORT, Outcome::Seen),
            (Place::Thread, 2 * SHORT, true, 9 * SHORT, Outcome::Seen),
            (Place::Poll, SHORT, false, Duration::ZERO, Outcome::InVain),
            (Place::Thread, 2 * SHORT, false, SHORT, Outcome::InVain),
        ] {
            let grant = Grant {
                limit,
                place,
                ..long()
            };
            assert_eq!(
                grant.judge(is_seen, took),
                expected,
                "{place:?} {limit:?} {is_seen} {took:?}"
            );
        }
    }

    #[test]
    fn a_poll_glances_as_often_as_its_credit_has_paid_for() {
        thread::spawn(|| {
            let take_all = || (0..1000).take_while(|_| take_glance(Place::Poll)).count();
            assert_eq!(take_all(), 0, "no credit");
            // Credit runs off, and this thread may be interrupted for longer.
            let most = (0..1000)
                .map(|_| {
                    super::leave();
                    thread::sleep(Duration::from_millis(1));
                    super::come_back(true);
                    assert_eq!(take_all(), 0, "nobody has asked the account");
                    let _ = Grant::ask(Place::Poll, Duration::MAX);
                    take_all()
                })
                .max();
            // 100 µs are the most, and some pass on the way.
            assert!((40..=49).contains(&most.unwrap()), "{most:?}");

            let spin_in_vain = |place| {
                testing::set_glances(3);
                let grant = Grant {
                    limit: SHORT,
                    place,
                    ..long()
                };
                let outcome = grant.spin(&mut (), |()| false, |()| {});
                assert_eq!(outcome, Outcome::InVain);
                testing::glances()
            };
            assert_eq!(spin_in_vain(Place::Poll), 0);
            assert_eq!(spin_in_vain(Place::Thread), 0);

            testing::set_glances(3);
            let _ = Grant::ask(Place::Thread, Duration::MAX);
            assert_eq!(testing::glances(), 3, "a blocked thread asks for itself");
            super::account(|account| *account = super::Account::new());
            assert!(Grant::ask(Place::Poll, Duration::MAX).is_none());
            assert_eq!(testing::glances(), 0, "no credit");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn nobody_glances_in_a_pause() {
        thread::spawn(|| {
            assert!(take_glance(Place::Thread));
            testing::lose_core();
            assert!(!take_glance(Place::Thread));

            // As much credit as there can be.
            super::leave();
            thread::sleep(Duration::from_millis(1));
            super::come_back(true);
            testing::set_glances(3);
            assert!(Grant::ask(Place::Poll, Duration::MAX).is_none());
            assert_eq!(testing::glances(), 0);
            assert!(Grant::ask(Place::Thread, Duration::MAX).is_none());
            assert!(!take_glance(Place::Thread), "it is not over");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn glances_begin_again_after_a_pause() {
        thread::spawn(|| {
            let grant = Grant {
                start: Instant::now().checked_sub(LOST_CORE).unwrap(),
                limit: SHORT,
                place: Place::Thread,
            };
            assert_eq!(grant.spin(&mut (), |()| false, |()| {}), Outcome::InVain);
            assert!(!take_glance(Place::Thread));
            // The pause is 50 ms, or longer if this thread is interrupted.
            while Grant::ask(Place::Thread, Duration::MAX).is_none() {
                thread::sleep(Duration::from_millis(10));
            }
            assert!(take_glance(Place::Thread));
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_thread_that_asks_is_here() {
        thread::spawn(|| {
            super::leave();
            let _ = Grant::ask(Place::Thread, Duration::MAX);
            assert!(!super::is_away());
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_poll_that_lost_its_core_in_its_last_looks_pauses() {
        thread::spawn(|| {
            // For the spin no time passes until it loses its core.
            let grant = Grant {
                start: Instant::now() + Duration::from_millis(500),
                limit: SHORT,
                place: Place::Poll,
            };
            let looks = Cell::new(0);
            // However it ends: this thread may be interrupted before.
            let _ = grant.spin(
                &mut (),
                |()| {
                    looks.set(looks.get() + 1);
                    if looks.get() == 2 * GLANCE + 1 {
                        thread::sleep(Duration::from_millis(600));
                    }
                    looks.get() == 2 * GLANCE + 2
                },
                |()| {},
            );
            assert!(Grant::ask(Place::Thread, Duration::from_secs(1)).is_none());
        })
        .join()
        .unwrap();
    }

    #[test]
    fn what_comes_before_the_long_part_comes_between_the_two() {
        let mut steps = 0;
        let outcome = long().spin(&mut steps, |steps| *steps > 0, |steps| *steps += 1);
        assert_eq!((outcome, steps), (Outcome::Seen, 1));
        let short = Grant {
            limit: SHORT,
            ..long()
        };
        let mut steps = 0;
        let outcome = short.spin(&mut steps, |steps| *steps > 0, |steps| *steps += 1);
        assert_eq!((outcome, steps), (Outcome::InVain, 0));
    }

    #[test]
    fn a_thread_that_lost_its_core_pauses() {
        thread::spawn(|| {
            let ask = || Grant::ask(Place::Thread, Duration::from_secs(1));
            assert!(ask().expect("a thread may spin at first").is_long());
            let looks = Cell::new(0);
            let outcome = long().spin(
                &mut (),
                |()| {
                    looks.set(looks.get() + 1);
                    thread::sleep(LOST_CORE / GLANCE);
                    looks.get() > GLANCE
                },
                |()| {},
            );
            assert_eq!(outcome, Outcome::Seen);
            assert!(ask().is_none());
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_poll_spins_after_an_absence_that_counts() {
        thread::spawn(|| {
            let ask = || Grant::ask(Place::Poll, Duration::from_secs(1)).map(|it| it.limit);
            let absence = |counts| {
                super::leave();
                thread::sleep(Duration::from_millis(1));
                super::come_back(counts);
            };
            assert_eq!(ask(), None);
            absence(false);
            assert_eq!(ask(), None);
            // Credit runs off, and this thread may be interrupted for longer.
            assert!((0..1000).any(|_| {
                absence(true);
                ask().is_some()
            }));
        })
        .join()
        .unwrap();
    }

    #[test]
    fn polls_that_look_in_are_taken_off_an_absence() {
        thread::spawn(|| {
            super::leave();
            super::look_in();
            super::look_in();
            assert_eq!(LOOKS.with(Cell::get), 2);
            super::leave();
            assert_eq!(LOOKS.with(Cell::get), 0);

            // They make up for minutes, and so for more than the thread is away.
            LOOKS.with(|looks| looks.set(u32::MAX));
            thread::sleep(Duration::from_millis(1));
            super::come_back(true);
            let ask = || Grant::ask(Place::Poll, Duration::from_secs(1));
            assert!(ask().is_none());
            // Credit runs off, and this thread may be interrupted for longer.
            assert!((0..1000).any(|_| {
                super::leave();
                thread::sleep(Duration::from_millis(1));
                super::come_back(true);
                ask().is_some()
            }));
        })
        .join()
        .unwrap();
    }

    #[test]
    fn ends_are_apart_on_two_threads() {
        let threads = Threads::new();
        assert!(
            !threads.note_thread(End::Sender),
            "the receiver was not seen yet"
        );
        assert!(!threads.note_thread(End::Receiver), "both are here");
        assert!(!threads.note_thread(End::Sender), "both are here");
        thread::scope(|scope| {
            scope
                .spawn(|| assert!(threads.note_thread(End::Receiver)))
                .join()
                .unwrap();
        });
        assert!(threads.note_thread(End::Sender));
        assert!(!threads.note_thread(End::Receiver), "it came back");
    }
}
