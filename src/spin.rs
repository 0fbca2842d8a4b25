//! The short spin before a sleep.
//!
//! To sleep and be woken costs 4 to 40 µs, and a peer that is running on another core answers in
//! a tenth of a microsecond. So an end that would have to wait may first look at the slot's flags
//! again and again, for a short time. It does so only
//!
//! * if the other end was last seen on another thread: a peer on this thread can do nothing
//!   meanwhile;
//! * for a bounded time: [`IN_POLL`] on an executor's thread, where other tasks wait, and [`IN_WAIT`]
//!   in a blocked thread. That is long enough for the other side to wake up. Two threads that put
//!   each other to sleep would otherwise never fall into step again;
//! * as long as it pays: after a spin in vain it is left out for a growing number of waits, and for
//!   more of them if other threads need the cores.

use std::time::Duration;

#[cfg(any(target_family = "wasm", all(loom, feature = "loom")))]
mod no_threads;
#[cfg(not(any(target_family = "wasm", all(loom, feature = "loom"))))]
mod threads;

#[cfg(any(target_family = "wasm", all(loom, feature = "loom")))]
use no_threads as imp;
#[cfg(not(any(target_family = "wasm", all(loom, feature = "loom"))))]
use threads as imp;

pub(crate) use imp::Threads;

/// The limit of a spin in a poll.
pub(crate) const IN_POLL: Duration = Duration::from_micros(1);
/// The limit of a spin in a blocked thread.
pub(crate) const IN_WAIT: Duration = Duration::from_micros(200);

/// The longest break, in waits, after a spin in vain.
const LONGEST_BREAK: u16 = 256;
/// The breaks, in waits, after a spin in which this thread lost its core to another one. All
/// cores are busy then, and a thread that is woken from its sleep is given one sooner than a
/// thread that keeps looking. A time slice is lost, milliseconds; out of step, a wait costs tens
/// of microseconds. So a break of this order costs about as much as what it saves.
const BREAK_UNDER_LOAD: u16 = 64;
const LONGEST_BREAK_UNDER_LOAD: u16 = 1024;

/// How a spin ends.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Seen,
    InVain,
    /// This thread was off its core for longer than it meant to spin.
    #[cfg_attr(any(target_family = "wasm", loom), allow(dead_code))]
    Suspended,
}

/// An end's experience with spinning.
#[derive(Default)]
pub(crate) struct Spin {
    /// How many more waits are to do without.
    skip: u16,
    /// How many waits the next spin in vain will cost, more or less.
    penalty: u16,
}

impl Spin {
    /// Whether a wait that begins now is to begin with a spin.
    #[inline]
    pub(crate) fn is_due(&mut self) -> bool {
        let due = self.skip == 0;
        self.skip = self.skip.saturating_sub(1);
        due
    }

    /// Spins until `seen` says that it saw something, for about `limit`.
    pub(crate) fn run(&mut self, limit: Duration, seen: impl Fn() -> bool) {
        self.learn(imp::spin(limit, seen));
    }

    /// Decides from how a spin ended when the next one is due.
    fn learn(&mut self, outcome: Outcome) {
        self.penalty = match outcome {
            Outcome::Seen => self.penalty / 2,
            Outcome::InVain => self.penalty.max((2 * self.penalty + 1).min(LONGEST_BREAK)),
            Outcome::Suspended => {
                (4 * self.penalty).clamp(BREAK_UNDER_LOAD, LONGEST_BREAK_UNDER_LOAD)
            }
        };
        self.skip = match outcome {
            Outcome::Seen => 0,
            Outcome::InVain | Outcome::Suspended => self.penalty,
        };
    }
}

#[cfg(all(test, not(target_family = "wasm"), not(loom)))]
mod tests {
    use super::{Outcome, Spin, BREAK_UNDER_LOAD, LONGEST_BREAK, LONGEST_BREAK_UNDER_LOAD};
    use Outcome::{InVain, Seen, Suspended};

    /// How many waits go by without a spin until one is due.
    fn waits_without(spin: &mut Spin) -> u16 {
        (0..2000).find(|_| spin.is_due()).expect("the break ends")
    }

    fn breaks(spin: &mut Spin, outcomes: impl IntoIterator<Item = Outcome>) -> Vec<u16> {
        let learn = |outcome| {
            spin.learn(outcome);
            waits_without(spin)
        };
        outcomes.into_iter().map(learn).collect()
    }

    #[test]
    fn the_first_wait_spins() {
        assert_eq!(waits_without(&mut Spin::default()), 0);
    }

    #[test]
    fn breaks_grow_while_spins_are_in_vain() {
        let mut spin = Spin::default();
        assert_eq!(
            breaks(&mut spin, [InVain, InVain, InVain, InVain]),
            [1, 3, 7, 15]
        );
        assert_eq!(
            breaks(&mut spin, [InVain, InVain, InVain, InVain]),
            [31, 63, 127, 255]
        );
        assert_eq!(breaks(&mut spin, [InVain, InVain]), [LONGEST_BREAK; 2]);
    }

    #[test]
    fn a_spin_that_sees_something_is_followed_by_another() {
        let mut spin = Spin::default();
        assert_eq!(
            breaks(
                &mut spin,
                [InVain, InVain, InVain, Seen, InVain, Seen, Seen, InVain]
            ),
            // Half of what came before is forgotten.
            [1, 3, 7, 0, 7, 0, 0, 3],
        );
    }

    #[test]
    fn breaks_are_longer_under_load() {
        let mut spin = Spin::default();
        assert_eq!(
            breaks(&mut spin, [Suspended, Suspended, Suspended, Suspended]),
            [
                BREAK_UNDER_LOAD,
                256,
                LONGEST_BREAK_UNDER_LOAD,
                LONGEST_BREAK_UNDER_LOAD
            ],
        );
        assert_eq!(breaks(&mut spin, [InVain]), [LONGEST_BREAK_UNDER_LOAD]);
    }
}
