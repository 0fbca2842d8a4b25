//! The item: it knows whether anybody took it over before it was destroyed.

use std::sync::atomic::{AtomicU64, Ordering};

/// Items that were destroyed while they were the channel's. There must never be one.
pub static LOST: AtomicU64 = AtomicU64::new(0);

/// An item of a channel.
#[derive(Debug)]
pub struct Parcel {
    number: u64,
    accounted: bool,
}

impl Parcel {
    /// The `number`th item of its channel.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self {
            number,
            accounted: false,
        }
    }

    /// Which one it is.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Writes it off: whoever calls this answers for the item.
    pub fn account(&mut self) -> u64 {
        self.accounted = true;
        self.number
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        if !self.accounted {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
    }
}
