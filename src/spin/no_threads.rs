//! What takes the place of the spin on a target without threads, in a build that wants no spins, and
//! in the models. These run one thread at a time, so their spin is two looks that may come at any
//! moment.

use super::{Outcome, Place};
use crate::slot::End;
use std::time::Duration;

/// On which thread each end was last seen: not known.
pub(crate) struct Threads(());

impl Threads {
    pub(crate) fn new() -> Self {
        Threads(())
    }

    /// Only the models spin.
    pub(crate) fn note_thread(&self, _end: End) -> bool {
        let Threads(()) = self;
        cfg!(loom) && !cfg!(handoff_no_spin)
    }

    pub(crate) fn note_that_sender_asks(&self) {
        let Threads(()) = self;
    }

    /// A receive in a model announces itself between two looks. So both orders come up.
    pub(crate) fn sender_asks(&self) -> bool {
        let Threads(()) = self;
        false
    }
}

pub(super) fn leave() {}

pub(super) fn come_back(_counts: bool) {}

pub(super) fn look_in() {}

pub(super) fn last_pause() -> u16 {
    0
}

pub(super) fn end_pause(_pause: u16) {}

/// The models need no glance: their spin looks at any moment.
pub(crate) fn take_glance(_place: Place) -> bool {
    false
}

pub(crate) fn glance(seen: impl Fn() -> bool) -> bool {
    seen()
}

/// Permission to spin.
pub(crate) struct Grant(());

impl Grant {
    // It asks nobody.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn ask(_place: Place, _at_most: Duration) -> Option<Self> {
        Some(Grant(()))
    }

    pub(crate) fn is_long(&self) -> bool {
        let Grant(()) = self;
        true
    }

    pub(crate) fn covers_short_look(&self) -> bool {
        let Grant(()) = self;
        true
    }

    pub(crate) fn spin<W>(
        self,
        waiter: &mut W,
        seen: impl Fn(&W) -> bool,
        before_long: impl FnOnce(&mut W),
    ) -> Outcome {
        let Grant(()) = self;
        if seen(waiter) {
            return Outcome::Seen;
        }
        before_long(waiter);
        if seen(waiter) {
            Outcome::Late
        } else {
            Outcome::InVain
        }
    }
}
