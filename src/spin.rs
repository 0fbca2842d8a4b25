//! The short spin before a sleep.
//!
//! To sleep and be woken takes much longer than a peer on another core takes to answer. So an end
//! that would have to wait may first look at the slot's flags again and again. It does so only if
//! the other end was last seen on another thread: a peer on this thread can do nothing meanwhile.
//!
//! A *short look* is for a peer that is running. A *long spin* lasts about as long as a sleep would
//! cost: long enough for a peer to wake up. Without it, two ends could put each other to sleep with
//! every item. Once both run, short looks keep them in step. Most of these end within a *glance*, a few
//! looks without a clock.
//!
//! Two things decide whether a wait begins with a spin: how spins went for this end ([`Spin`]), and
//! what its thread may spend (`account.rs`).

use std::mem;

#[cfg(not(any(target_family = "wasm", handoff_no_spin, all(loom, feature = "loom"))))]
mod account;
#[cfg(not(any(target_family = "wasm", handoff_no_spin, all(loom, feature = "loom"))))]
#[path = "spin/threads.rs"]
mod imp;
#[cfg(any(target_family = "wasm", handoff_no_spin, all(loom, feature = "loom")))]
#[path = "spin/no_threads.rs"]
mod imp;

pub(crate) use imp::{glance, take_glance, Grant, Threads};

/// The longest break, in waits, after a spin in vain.
const LONGEST_BREAK: u16 = 256;

/// So many waits before the next spin, an end begins to measure absences.
const SOON: u16 = 16;

/// So many spins that were cut short take as long as a short look.
const CUT_SHORT: u8 = 4;

/// So many answered spins in a row make a long spin before them pay off.
const PAYS_OFF_AFTER: u8 = 8;

/// Who spins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// A poll, on a thread that others may want.
    Poll,
    /// A blocked thread.
    #[cfg_attr(target_family = "wasm", allow(dead_code))]
    Thread,
}

/// How a spin ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// It was answered, and was worth its time.
    Seen,
    /// A long spin in a poll was answered late. It pays off only if it has brought the ends into step.
    Late,
    InVain,
}

/// An end's experience with spinning.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools)] // Each says something of its own, in a byte.
pub(crate) struct Spin {
    /// How many more waits are to do without a spin.
    skip: u16,
    /// The last value of `skip` that a spin in vain set, halved by each answered spin.
    penalty: u16,
    /// The other end was last seen on another thread. Otherwise there are no spins.
    pub(crate) is_apart: bool,
    /// How many spins in a row were cut short, and in vain.
    cut_short: u8,
    /// The last spin was answered, so a short look may be enough. Otherwise only a long spin is.
    pub(crate) is_in_step: bool,
    /// How many more answered spins make the last late one pay off.
    unpaid: u8,
    /// The number of the pause after that one.
    pause: u16,
    /// The last poll of this end was pending.
    is_pending: bool,
    /// This poll, or the last one, only looks in.
    looks_in: bool,
}

impl Spin {
    /// A poll begins of an end that is apart, or was at its last wait.
    ///
    /// If the end sits already, or will not spin soon, the poll only looks in: it reads no clock, and
    /// unless it has its answer, the absence of this thread goes on.
    #[cold]
    pub(crate) fn begin_poll(&mut self, sits: bool, is_ready: bool) {
        let was_pending = mem::take(&mut self.is_pending);
        self.looks_in = sits || self.skip >= SOON;
        if !self.looks_in {
            imp::come_back(was_pending);
        } else if is_ready {
            // Its task goes on, on this thread.
            imp::come_back(false);
        } else {
            imp::look_in();
        }
    }

    /// A poll is pending, of an end that is apart, and is about to return.
    #[cold]
    pub(crate) fn end_pending(&mut self) {
        self.is_pending = true;
        if !self.looks_in {
            imp::leave();
        }
    }

    /// The poll that was pending, of an end that is apart, goes on, and this thread does not leave.
    #[cold]
    pub(crate) fn stay(&mut self) {
        self.is_pending = false;
        self.looks_in = false;
        imp::come_back(false);
    }

    /// Counts a wait that begins now. Returns whether it is to begin with a spin.
    #[inline]
    pub(crate) fn count_wait(&mut self) -> bool {
        let is_due = self.skip == 0;
        self.skip = self.skip.saturating_sub(1);
        is_due
    }

    /// Decides when the next spin is due, from how this one ended. A spin in vain that was shorter
    /// than a short look proves little: several of them count as one.
    pub(crate) fn learn(&mut self, outcome: Outcome, covers_short_look: bool) {
        self.pay(outcome);
        self.cut_short = match outcome {
            Outcome::InVain if !covers_short_look => (self.cut_short + 1) % CUT_SHORT,
            _ => 0,
        };
        if self.cut_short > 0 {
            return;
        }
        if outcome != Outcome::InVain {
            self.is_in_step = true;
            self.penalty /= 2;
        } else if self.is_in_step {
            self.is_in_step = false;
        } else {
            self.penalty = (2 * self.penalty + 1).min(LONGEST_BREAK);
            self.skip = self.penalty;
        }
    }

    /// A late spin pays off with several answered ones in a row. Then its pause ends.
    fn pay(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Late => {
                self.unpaid = PAYS_OFF_AFTER;
                self.pause = imp::last_pause();
            }
            Outcome::InVain => self.unpaid = 0,
            Outcome::Seen if self.unpaid == 1 => {
                self.unpaid = 0;
                imp::end_pause(self.pause);
            }
            Outcome::Seen => self.unpaid = self.unpaid.saturating_sub(1),
        }
    }
}

/// A wait that blocks begins: this thread is here, and was not away for others.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn begin_block() {
    imp::come_back(false);
}

/// Whether this thread has left with a pending poll, and is not back.
#[cfg(all(test, not(any(target_family = "wasm", handoff_no_spin, loom))))]
pub(crate) fn is_away() -> bool {
    imp::is_away()
}

#[cfg(all(test, not(any(target_family = "wasm", handoff_no_spin, loom))))]
pub(crate) use imp::testing;

#[cfg(all(test, not(any(target_family = "wasm", handoff_no_spin, loom))))]
mod tests {
    use super::{imp, testing, Grant, Outcome, Place, Spin, LONGEST_BREAK, SOON};
    use std::thread;
    use std::time::Duration;
    use Outcome::{InVain, Late, Seen};

    /// How many waits go by without a spin until one is due.
    fn waits_without(spin: &mut Spin) -> u16 {
        (0..2000)
            .find(|_| spin.count_wait())
            .expect("the break ends")
    }

    #[test]
    fn the_first_wait_spins() {
        let mut spin = Spin::default();
        assert_eq!(waits_without(&mut spin), 0);
        assert!(!spin.is_in_step);
    }

    #[test]
    fn breaks_grow_while_spins_are_in_vain() {
        let mut spin = Spin::default();
        for expected in [1, 3, 7, 15, 31, 63, 127, 255, LONGEST_BREAK, LONGEST_BREAK] {
            spin.learn(InVain, true);
            assert_eq!(waits_without(&mut spin), expected);
        }
    }

    #[test]
    fn a_spin_that_sees_something_is_followed_by_another() {
        let mut spin = Spin::default();
        let mut breaks = Vec::new();
        for outcome in [
            InVain, InVain, InVain, Seen, InVain, InVain, Late, Seen, InVain, InVain,
        ] {
            spin.learn(outcome, true);
            breaks.push((spin.is_in_step, waits_without(&mut spin)));
        }
        // Half of what came before is forgotten. The first in vain ends only the step.
        assert_eq!(
            breaks,
            [
                (false, 1),
                (false, 3),
                (false, 7),
                (true, 0),
                (false, 0),
                (false, 7),
                (true, 0),
                (true, 0),
                (false, 0),
                (false, 3),
            ],
        );
    }

    #[test]
    fn four_that_were_cut_short_are_one_in_vain() {
        let mut spin = Spin::default();
        spin.learn(Seen, false);
        assert!(spin.is_in_step);
        for _ in 0..3 {
            (0..3).for_each(|_| spin.learn(InVain, false));
            assert!(spin.is_in_step);
            spin.learn(Seen, false);
        }
        (0..4).for_each(|_| spin.learn(InVain, false));
        assert!(!spin.is_in_step);
        assert_eq!(waits_without(&mut spin), 0);
        (0..4).for_each(|_| spin.learn(InVain, false));
        assert_eq!(waits_without(&mut spin), 1);
    }

    #[test]
    fn a_late_spin_pays_off_with_several_answers_in_a_row() {
        on_a_thread(|| {
            let mut spin = end(0);
            let mut has_paid_off = |outcomes: &[(Outcome, usize)]| {
                for &(outcome, times) in outcomes {
                    for _ in 0..times {
                        if outcome == Late {
                            testing::settle_late();
                        }
                        spin.learn(outcome, true);
                    }
                }
                !testing::may_pay_off()
            };
            testing::settle_late();
            assert!(!has_paid_off(&[(Seen, 20)]), "another end's");
            assert!(!has_paid_off(&[(Late, 1), (Seen, 7)]));
            assert!(has_paid_off(&[(Seen, 1)]));
            testing::settle_late();
            assert!(!has_paid_off(&[(Seen, 20)]), "its own has paid off");
            assert!(!has_paid_off(&[
                (Late, 1),
                (Seen, 7),
                (InVain, 1),
                (Seen, 20)
            ]));
            assert!(!has_paid_off(&[(Late, 1), (Seen, 7), (Late, 1), (Seen, 7)]));
            testing::settle_late();
            assert!(!has_paid_off(&[(Seen, 1)]), "the last one is another end's");

            testing::settle_late();
            spin.learn(Late, true);
            (0..4).for_each(|_| spin.learn(Seen, true));
            spin.learn(InVain, false);
            (0..20).for_each(|_| spin.learn(Seen, true));
            assert!(testing::may_pay_off(), "cut short, but in vain");
        });
    }

    /// An end that is to do without a spin for so many waits.
    fn end(skip: u16) -> Spin {
        Spin {
            skip,
            ..Spin::default()
        }
    }

    fn may_spin() -> bool {
        Grant::ask(Place::Poll, Duration::MAX).is_some()
    }

    /// Runs on a thread whose account is new.
    fn on_a_thread(test: impl FnOnce() + Send + 'static) {
        thread::spawn(test).join().unwrap();
    }

    #[test]
    fn a_thread_leaves_with_a_pending_poll_that_may_spin_soon() {
        on_a_thread(|| {
            for (skip, sits, is_away) in [
                (0, false, true),
                (SOON - 1, false, true),
                (SOON, false, false),
                (0, true, false),
            ] {
                let mut end = end(skip);
                end.begin_poll(sits, false);
                end.end_pending();
                assert_eq!(imp::is_away(), is_away, "{skip} {sits}");
                super::begin_block();
            }
        });
    }

    #[test]
    fn an_end_without_a_spin_in_sight_leaves_an_absence_as_it_is() {
        on_a_thread(|| {
            let (mut busy, mut quiet) = (end(0), end(SOON));
            let mut absence = |is_answered: bool| {
                busy.end_pending();
                quiet.begin_poll(false, is_answered);
                assert_eq!(imp::is_away(), !is_answered);
                if !is_answered {
                    quiet.end_pending();
                }
                thread::sleep(Duration::from_millis(1));
                busy.begin_poll(false, false);
                may_spin()
            };
            // Its task went on with the answer.
            assert!((0..10).all(|_| !absence(true)));
            // Credit runs off, and this thread may be interrupted for longer.
            assert!((0..1000).any(|_| absence(false)));
        });
    }

    #[test]
    fn a_thread_that_blocks_is_not_away() {
        on_a_thread(|| {
            end(0).end_pending();
            super::begin_block();
            assert!(!imp::is_away());
        });
    }

    #[test]
    fn an_absence_counts_for_an_end_that_was_pending() {
        on_a_thread(|| {
            let mut waiting = end(0);
            let mut other = end(0);
            let mut absence = |counts: bool| {
                waiting.end_pending();
                thread::sleep(Duration::from_millis(1));
                if counts {
                    waiting.begin_poll(false, false);
                } else {
                    other.begin_poll(false, false);
                }
                may_spin()
            };
            assert!((0..10).all(|_| !absence(false)));
            // Credit runs off, and this thread may be interrupted for longer.
            assert!((0..1000).any(|_| absence(true)));
        });
    }
}
