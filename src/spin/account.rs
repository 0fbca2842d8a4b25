//! What a thread may spend on spins, as a state machine: it has no clock and no thread of its own,
//! and is told the time.
//!
//! 1. *In a poll it spins no longer than it was away.* Others may want the thread meanwhile. So each
//!    absence adds to a credit what others had of it. The credit runs off while the thread is
//!    present, whatever the task does then, and a spin ends with it.
//! 2. *Long spins cost at most 2 %.* After a long spin that was not answered at once there is none
//!    for 50 times what it took. If it was answered late, and brought the ends into step, it has paid
//!    off: several answered spins in a row end its pause.
//! 3. *A lost core costs a pause.* After a spin that took more than a millisecond there is none for
//!    50 times that.
//!
//! A blocked thread has nobody else to serve: the first rule does not hold for it, and of the second
//! any answer is soon enough.
//!
//! A glance is so short that it needs no look at the clock: the credit pays for some in advance.
//!
//! The account does not see polls of ends that are not apart (but the first after they were), nor of
//! `closed()`. What a task does after such a poll counts as absence, as if another task did it.

use super::{Outcome, Place};
use std::mem;
use std::time::{Duration, Instant};

/// The limit of a short look. A peer that runs on another core answers within that.
pub(super) const SHORT: Duration = Duration::from_micros(2);
/// The limit of a long spin: about what it takes to wake a thread that sleeps on another core.
const LONG: Duration = Duration::from_micros(50);
/// A spin below this is not worth its start. The credit is saved up.
const LEAST: Duration = Duration::from_nanos(500);
/// The credit does not grow beyond this.
const MOST_CREDIT: Duration = Duration::from_micros(100);
/// A spin that took this long was not one: another thread had the core.
pub(super) const LOST_CORE: Duration = Duration::from_millis(1);
/// The part of an absence that it takes to wake the task and to begin its poll.
const OWN: Duration = Duration::from_nanos(700);
/// What a poll takes that finds nothing, and does not spin.
const LOOK_IN: Duration = Duration::from_nanos(100);
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
    /// The last long spin was answered late, and may pay off.
    may_pay_off: bool,
    /// The number of the last pause for long spins.
    last_pause: u16,
    /// Where the pause for all spins ends.
    any_from: Option<Instant>,
}

impl Account {
    pub(super) const fn new() -> Self {
        Account {
            left: None,
            credit_ends: None,
            long_from: None,
            may_pay_off: false,
            last_pause: 0,
            any_from: None,
        }
    }

    /// Whether an absence has begun and not ended.
    #[inline]
    pub(super) fn has_left(&self) -> bool {
        self.left.is_some()
    }

    /// A poll was pending and returns.
    pub(super) fn leave(&mut self, now: Instant) {
        self.left = Some(now);
    }

    /// The absence ends, and earns as much credit, without what this crate spent of it: on waking
    /// the task, and on polls that only looked in.
    pub(super) fn come_back(&mut self, now: Instant, looks: u32) {
        if let Some(left) = self.left.take() {
            let own = OWN.saturating_add(LOOK_IN.saturating_mul(looks));
            let absence = now.saturating_duration_since(left).saturating_sub(own);
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

    /// How many glances the credit pays for, beside a short look, as if each took as long as that.
    pub(super) fn glances(&self, now: Instant) -> u32 {
        let rest = self.credit(now).saturating_sub(SHORT);
        let paid = rest.as_nanos() / SHORT.as_nanos();
        paid.try_into().unwrap_or(u32::MAX)
    }

    /// Whether a spin has lost its core, and nobody has found since that the pause is over.
    #[inline]
    pub(super) fn has_lost_core(&self) -> bool {
        self.any_from.is_some()
    }

    /// The pause after a lost core is over.
    pub(super) fn after_pause(self) -> Self {
        Account {
            any_from: None,
            ..self
        }
    }

    /// A spin with this `limit` has ended.
    pub(super) fn settle(
        &mut self,
        now: Instant,
        limit: Duration,
        took: Duration,
        outcome: Outcome,
    ) {
        let pause = took.saturating_mul(PAUSE).min(LONGEST_PAUSE);
        if limit > SHORT && outcome != Outcome::Seen {
            self.may_pay_off = outcome == Outcome::Late && !is_paused(self.long_from, now);
            self.last_pause = self.last_pause.wrapping_add(1);
            self.long_from = later(self.long_from, now, pause);
        }
        if took >= LOST_CORE {
            self.any_from = later(self.any_from, now, pause);
        }
    }

    pub(super) fn last_pause(&self) -> u16 {
        self.last_pause
    }

    /// The late spin before this pause has paid off. If it is still the last pause, it ends.
    pub(super) fn end_pause(&mut self, pause: u16) {
        if self.last_pause == pause && mem::take(&mut self.may_pay_off) {
            self.long_from = None;
        }
    }

    /// The pauses are over. Only their number stays.
    #[cfg(test)]
    pub(super) fn forget_pauses(&mut self) {
        *self = Account {
            last_pause: self.last_pause,
            ..Account::new()
        };
    }

    #[cfg(test)]
    pub(super) fn may_pay_off(&self) -> bool {
        self.may_pay_off
    }

    /// A clock that jumps back gives no more credit than there can be.
    fn credit(&self, now: Instant) -> Duration {
        let rest = |ends: Instant| ends.saturating_duration_since(now).min(MOST_CREDIT);
        self.credit_ends.map_or(Duration::ZERO, rest)
    }
}

/// A pause that seems longer than the longest is over: the clock has jumped back.
fn is_paused(until: Option<Instant>, now: Instant) -> bool {
    until.is_some_and(|until| until > now && until - now <= LONGEST_PAUSE)
}

/// Of two pauses the one that ends later counts.
fn later(until: Option<Instant>, now: Instant, pause: Duration) -> Option<Instant> {
    until.max(now.checked_add(pause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use Outcome::{InVain, Late, Seen};

    const US: Duration = Duration::from_micros(1);

    /// An account that has just earned this.
    fn with_credit(credit: Duration) -> (Account, Instant) {
        let mut account = Account::new();
        let now = earn(&mut account, Instant::now(), credit);
        (account, now)
    }

    /// Is away from `left` on for as long as it takes, and returns when that ends.
    fn earn(account: &mut Account, left: Instant, credit: Duration) -> Instant {
        account.leave(left);
        let now = left + OWN + credit;
        account.come_back(now, 0);
        now
    }

    #[test]
    fn an_absence_earns_what_others_had_of_it() {
        let earned = |absence, looks| {
            let (mut account, left) = (Account::new(), Instant::now());
            account.leave(left);
            account.come_back(left + absence, looks);
            account.credit(left + absence)
        };
        assert_eq!(earned(20 * US + OWN, 0), 20 * US);
        assert_eq!(earned(20 * US + OWN + 30 * LOOK_IN, 30), 20 * US);
        assert_eq!(earned(20 * US, 1000), Duration::ZERO);
        assert_eq!(earned(OWN, 0), Duration::ZERO);
        assert_eq!(earned(Duration::from_secs(1), 5), MOST_CREDIT);
    }

    #[test]
    fn a_poll_spins_no_longer_than_the_thread_was_away() {
        let (account, now) = with_credit(Duration::from_nanos(1700));
        let allowed = |elapsed| account.allowance(now + elapsed, Place::Poll);
        assert_eq!(allowed(Duration::ZERO), Some(Duration::from_nanos(1700)));
        assert_eq!(allowed(US), Some(Duration::from_nanos(700)));
        assert_eq!(allowed(US + LEAST), None, "0.2 µs are saved up");
        assert_eq!(allowed(10 * US), None);
        assert_eq!(Account::new().allowance(now, Place::Poll), None);
        assert_eq!(Account::new().allowance(now, Place::Thread), Some(LONG));
    }

    #[test]
    fn credit_adds_up_to_its_limit_and_a_long_spin_needs_much() {
        let (mut account, now) = with_credit(50 * US);
        assert_eq!(account.allowance(now, Place::Poll), Some(SHORT));
        let now = earn(&mut account, now, 30 * US);
        assert_eq!(account.allowance(now, Place::Poll), Some(LONG));
        let now = earn(&mut account, now, Duration::from_secs(1));
        let allowed = |elapsed: Duration| account.allowance(now + elapsed, Place::Poll);
        assert_eq!(allowed(99 * US), Some(US));
        assert_eq!(allowed(100 * US), None);
    }

    #[test]
    fn what_does_not_count_earns_nothing() {
        let mut account = Account::new();
        let now = Instant::now();
        account.leave(now);
        assert!(account.has_left());
        account.stay();
        assert!(!account.has_left());
        account.come_back(now + LONG, 0);
        assert_eq!(account.allowance(now + LONG, Place::Poll), None);
    }

    /// How long the pauses for long spins and for all are, after such a spin.
    fn pauses(limit: Duration, took: Duration, outcome: Outcome) -> [Duration; 2] {
        let mut account = Account::new();
        let now = Instant::now();
        account.settle(now, limit, took, outcome);
        [account.long_from, account.any_from]
            .map(|until| until.map_or(Duration::ZERO, |until| until - now))
    }

    #[test]
    fn who_pauses_for_what() {
        const MS: Duration = Duration::from_millis(1);
        let none = Duration::ZERO;
        for (limit, took, outcome, expected) in [
            (SHORT, SHORT, InVain, [none, none]),
            (SHORT, SHORT, Late, [none, none]),
            (LONG, LONG, InVain, [50 * LONG, none]),
            (LONG, SHORT, Late, [50 * SHORT, none]),
            (LONG, LONG, Late, [50 * LONG, none]),
            (LONG, LONG, Seen, [none, none]),
            (LONG, MS, Seen, [none, 50 * MS]),
            (SHORT, MS, InVain, [none, 50 * MS]),
            (LONG, 4 * MS, Late, [200 * MS, 200 * MS]),
            (LONG, 100 * MS, InVain, [LONGEST_PAUSE, LONGEST_PAUSE]),
        ] {
            let pauses = pauses(limit, took, outcome);
            assert_eq!(pauses, expected, "{limit:?} {took:?} {outcome:?}");
        }
    }

    #[test]
    fn only_the_pause_after_a_late_answer_ends_early() {
        let is_long_after = |outcomes: &[Outcome]| {
            let mut account = Account::new();
            let now = Instant::now();
            for &outcome in outcomes {
                account.settle(now, LONG, LONG, outcome);
            }
            account.end_pause(account.last_pause());
            account.allowance(now, Place::Thread) == Some(LONG)
        };
        assert!(is_long_after(&[Late]));
        assert!(!is_long_after(&[InVain]));
        assert!(!is_long_after(&[Late, InVain]));
        assert!(!is_long_after(&[InVain, Late]));

        let mut account = Account::new();
        account.settle(Instant::now(), LONG, LONG, Late);
        account.end_pause(account.last_pause().wrapping_sub(1));
        assert!(account.may_pay_off(), "another pause");

        let mut account = Account::new();
        let now = Instant::now();
        account.settle(now, LONG, LOST_CORE, Late);
        account.end_pause(account.last_pause());
        assert_eq!(account.allowance(now, Place::Thread), None, "rule 3");
    }

    #[test]
    fn the_credit_pays_for_glances_beside_a_short_look() {
        let (account, now) = with_credit(21 * US);
        assert_eq!(account.glances(now), 9);
        assert_eq!(account.glances(now + 2 * US), 8);
        assert_eq!(account.glances(now + LONG), 0);
        let (account, now) = with_credit(Duration::from_secs(1));
        assert_eq!(account.glances(now), 49);
    }

    #[test]
    fn a_pause_is_kept_and_the_longer_one_counts() {
        let mut account = Account::new();
        let now = Instant::now();
        account.settle(now, LONG, LOST_CORE, InVain);
        account.settle(now, LONG, LONG, InVain);
        let allowed = |elapsed| account.allowance(now + elapsed, Place::Thread);
        assert_eq!(allowed(49 * LOST_CORE), None);
        assert_eq!(allowed(50 * LOST_CORE), Some(LONG));

        let mut account = Account::new();
        account.settle(now, LONG, LONG, InVain);
        let allowed = |elapsed| account.allowance(now + elapsed, Place::Thread);
        assert_eq!(allowed(49 * LONG), Some(SHORT));
        assert_eq!(allowed(50 * LONG), Some(LONG));
    }

    #[test]
    fn a_clock_that_jumps_back_gives_no_more_and_forbids_no_longer() {
        let (mut account, now) = with_credit(LONG);
        let Some(before) = now.checked_sub(Duration::from_secs(5)) else {
            return;
        };
        account.settle(now, LONG, LOST_CORE, InVain);
        // As if there were no pause. The credit is at most what there can be.
        assert_eq!(account.allowance(before, Place::Poll), Some(LONG));
        account.leave(now);
        account.come_back(before, 0);
        let later = before + MOST_CREDIT;
        assert_eq!(account.allowance(later, Place::Poll), None);
    }

    fn nanos(time: Duration) -> u64 {
        u64::try_from(time.as_nanos()).unwrap()
    }

    /// What happens next to a thread, with a time in nanoseconds.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Away { time: u64, looks: u32, counts: bool },
        Busy { time: u64 },
        Spin { place: Place, answer: u64 },
        Glance { time: u64 },
        EndPause,
    }

    fn step() -> impl Strategy<Value = Step> {
        let time = || prop_oneof![0..3_000_u64, 0..100_000_u64, 0..10_000_000_u64];
        let place = prop_oneof![Just(Place::Poll), Just(Place::Thread)];
        prop_oneof![
            (time(), 0..4_u32, any::<bool>()).prop_map(|(time, looks, counts)| Step::Away {
                time,
                looks,
                counts
            }),
            (0..5_000_u64).prop_map(|time| Step::Busy { time }),
            (place, time()).prop_map(|(place, answer)| Step::Spin { place, answer }),
            (0..=2_000_u64).prop_map(|time| Step::Glance { time }),
            Just(Step::EndPause),
        ]
    }

    proptest! {
        /// The three rules, for any sequence, against sums that are kept in another way.
        #[test]
        fn the_rules_hold(steps in vec(step(), 1..200)) {
            let start = Instant::now();
            let mut now = start;
            let mut account = Account::new();
            let (mut credit, mut away, mut spun, mut in_vain) = (0, 0, 0, 0_u64);
            let mut glances = 0;
            let mut paused_until = start;
            for step in steps {
                match step {
                    Step::Away { time, looks, counts } => {
                        account.leave(now);
                        now += Duration::from_nanos(time);
                        if counts {
                            account.come_back(now, looks);
                            let earned = time.saturating_sub(700 + 100 * u64::from(looks));
                            away += earned;
                            credit = (credit + earned).min(100_000);
                        } else {
                            account.stay();
                            credit = credit.saturating_sub(time);
                        }
                    }
                    Step::Busy { time } => {
                        now += Duration::from_nanos(time);
                        credit = credit.saturating_sub(time);
                    }
                    Step::EndPause => account.end_pause(account.last_pause()),
                    // Of a poll, as a glance of a blocked thread needs no permission.
                    Step::Glance { time } => {
                        if glances > 0 {
                            glances -= 1;
                            now += Duration::from_nanos(time);
                            credit = credit.saturating_sub(time);
                            spun += time;
                            prop_assert!(spun <= away, "rule 1, over all");
                        }
                    }
                    Step::Spin { place, answer } => {
                        let limit = account.allowance(now, place);
                        if place == Place::Poll {
                            glances = limit.map_or(0, |_| account.glances(now));
                        }
                        let Some(limit) = limit else {
                            continue;
                        };
                        prop_assert!(now >= paused_until, "rule 3");
                        // It ends at its limit, if it is not interrupted for milliseconds.
                        let limit_ns = nanos(limit);
                        let took = if answer < 1_000_000 { answer.min(limit_ns) } else { answer };
                        let outcome = match answer {
                            _ if answer >= limit_ns => InVain,
                            _ if place == Place::Thread || answer < 2_000 => Seen,
                            _ => Late,
                        };
                        if place == Place::Poll {
                            prop_assert!(limit_ns <= credit, "rule 1");
                            spun += took.min(limit_ns);
                            prop_assert!(spun <= away, "rule 1, over all");
                        }
                        now += Duration::from_nanos(took);
                        credit = credit.saturating_sub(took);
                        let took = Duration::from_nanos(took);
                        if took >= SHORT {
                            account.settle(now, limit, took, outcome);
                            glances = 0;
                        }
                        if took >= LOST_CORE {
                            paused_until = paused_until.max(now + (50 * took).min(LONGEST_PAUSE));
                        } else if limit > SHORT && outcome == InVain {
                            let elapsed = nanos(now - start);
                            in_vain += nanos(took);
                            prop_assert!(in_vain <= elapsed / 50 + 50_000, "rule 2");
                        }
                    }
                }
            }
        }
    }
}
