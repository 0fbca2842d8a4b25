//! What a thread may spend on spins, as a state machine: it has no clock and no thread of its own,
//! and is told the time.
//!
//! 1. *In a poll it spins no longer than it was away.* Others may want the thread meanwhile. So a
//!    credit grows by the length of each absence, and runs off while the thread is present,
//!    whatever the task does then. Spins end where it ends.
//! 2. *Long spins cost at most 2 %.* A long spin that was not answered at once is an investment: the
//!    next one comes after 50 times what it took.
//! 3. *A lost core costs a pause.* After a spin that took more than a millisecond there is none for
//!    50 times that.
//!
//! A blocked thread has nobody else to serve, so the first rule does not hold for it.

use super::{Outcome, Place};
use std::time::{Duration, Instant};

/// The limit of a short look. A peer that runs on another core answers within that.
pub(super) const SHORT: Duration = Duration::from_micros(2);
/// The limit of a long spin: about what it takes to wake a thread that sleeps on another core.
const LONG: Duration = Duration::from_micros(50);
/// A long spin in a poll that was answered within this has paid.
const QUICK: Duration = Duration::from_micros(10);
/// A spin below this is not worth its start. The credit is saved up.
const LEAST: Duration = Duration::from_nanos(500);
/// The credit does not grow beyond this.
const MOST_CREDIT: Duration = Duration::from_micros(100);
/// A spin that took this long was not one: another thread had the core.
pub(super) const LOST_CORE: Duration = Duration::from_millis(1);
/// A long spin in a poll needs that much credit, so that enough is left for the short looks after it.
const ENOUGH: Duration = Duration::from_micros(80);
/// A pause, in multiples of what it makes up for.
const PAUSE: u32 = 50;
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    /// When the thread went away: a poll was pending, and returned.
    left: Option<Instant>,
    /// Where the credit ends.
    credit_ends: Option<Instant>,
    /// Where the pause for long spins ends.
    long_from: Option<Instant>,
    /// Where the pause for all spins ends.
    any_from: Option<Instant>,
}

impl Account {
    pub(super) const fn new() -> Self {
        Account {
            left: None,
            credit_ends: None,
            long_from: None,
            any_from: None,
        }
    }

    #[inline]
    pub(super) fn is_away(&self) -> bool {
        self.left.is_some()
    }

    /// A poll was pending and returns.
    pub(super) fn leave(&mut self, now: Instant) {
        self.left = Some(now);
    }

    /// The absence ends, and earns as much credit.
    pub(super) fn come_back(&mut self, now: Instant) {
        if let Some(left) = self.left.take() {
            let absence = now.saturating_duration_since(left);
            let credit = self.credit(left).saturating_add(absence).min(MOST_CREDIT);
            self.credit_ends = now.checked_add(credit);
        }
    }

    /// The absence was none, and earns nothing.
    pub(super) fn stay(&mut self) {
        self.left = None;
    }

    /// For how long a spin that begins now may last, if it may begin.
    pub(super) fn allowance(&self, now: Instant, place: Place) -> Option<Duration> {
        if is_paused(self.any_from, now) {
            return None;
        }
        let credit = match place {
            Place::Poll => self.credit(now),
            Place::Thread => Duration::MAX,
        };
        let is_long = credit >= ENOUGH && !is_paused(self.long_from, now);
        let limit = credit.min(if is_long { LONG } else { SHORT });
        (limit >= LEAST).then_some(limit)
    }

    /// A spin with this `limit` has ended.
    pub(super) fn settle(
        &mut self,
        now: Instant,
        place: Place,
        limit: Duration,
        took: Duration,
        outcome: Outcome,
    ) {
        let pause = took.saturating_mul(PAUSE).min(LONGEST_PAUSE);
        let has_paid = outcome == Outcome::Seen && (place == Place::Thread || took <= QUICK);
        if limit > SHORT && !has_paid {
            self.long_from = later(self.long_from, now, pause);
        }
        if took >= LOST_CORE {
            self.any_from = later(self.any_from, now, pause);
        }
    }

    /// A clock that jumps back gives no more credit than there can be.
    fn credit(&self, now: Instant) -> Duration {
        let rest = |ends: Instant| ends.saturating_duration_since(now).min(MOST_CREDIT);
        self.credit_ends.map_or(Duration::ZERO, rest)
    }
}

/// A clock that jumps back makes no pause longer than there can be.
fn is_paused(until: Option<Instant>, now: Instant) -> bool {
    until.is_some_and(|until| until > now && until - now <= LONGEST_PAUSE)
}

/// Of two pauses the one that ends later counts.
fn later(until: Option<Instant>, now: Instant, pause: Duration) -> Option<Instant> {
    until.max(now.checked_add(pause))
}
