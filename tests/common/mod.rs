//! What the tests share: observed wakers, items that say where they ended, polling by hand, threads under a watchdog.

// Each test file compiles this module for itself, and uses only some of it.
#![allow(dead_code, unused_imports)]

mod ledger;
mod poll;
mod raw_waker;
mod shared;
mod threads;
mod waker;

pub(crate) use ledger::{Fate, Item, Ledger, OnDrop};
pub(crate) use poll::{inline, lend, offer_and_forget, poll_next, poll_once, yield_once, Inline};
pub(crate) use shared::Shared;
pub(crate) use threads::{elsewhere, message_of, must_panic, race, until, watchdog, watchdog_for};
pub(crate) use waker::{Counts, Probe};
