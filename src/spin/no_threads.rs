//! The spin where it cannot save anything: on a target without threads, and in the models, which
//! run theirs one at a time. There it is one more look, which may come at any moment.

use super::Outcome;
use crate::slot::End;
use std::time::Duration;

/// On which thread each end was last seen: not known.
pub(crate) struct Threads(());

impl Threads {
    pub(crate) fn new() -> Self {
        Threads(())
    }

    /// Whether to spin at all.
    pub(crate) fn are_apart(&self, _end: End) -> bool {
        let Threads(()) = self;
        cfg!(loom)
    }
}

pub(super) fn spin(_limit: Duration, seen: impl Fn() -> bool) -> Outcome {
    if seen() {
        Outcome::Seen
    } else {
        Outcome::InVain
    }
}
