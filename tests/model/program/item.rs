//! Items that say where they ended, and own no memory, so that a leaked one is no leak.

use crate::common::Fate;
use std::cell::RefCell;
use std::mem;

thread_local! {
    static FATES: RefCell<Vec<Fate>> = const { RefCell::new(Vec::new()) };
}

/// What there is to know of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) number: usize,
    /// How often it was changed through an `Offer`.
    pub(super) edits: u32,
}

impl Tag {
    pub(super) fn new(number: usize) -> Self {
        Tag { number, edits: 0 }
    }
}

/// What goes through the channel. Dropped without a word, it counts as [`Fate::Dropped`].
#[derive(Debug)]
pub(super) struct Item {
    pub(super) tag: Tag,
}

impl Item {
    /// Items are numbered from 0.
    pub(super) fn new() -> Self {
        FATES.with(|fates| {
            let mut fates = fates.borrow_mut();
            fates.push(Fate::Alive);
            Item {
                tag: Tag::new(fates.len() - 1),
            }
        })
    }

    /// Ends it in the hands of whoever says so.
    pub(super) fn end(self, fate: Fate) -> Tag {
        let tag = self.tag;
        mem::forget(self);
        enter(tag, fate);
        tag
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        enter(self.tag, Fate::Dropped);
    }
}

fn enter(tag: Tag, fate: Fate) {
    let before = FATES.with(|fates| mem::replace(&mut fates.borrow_mut()[tag.number], fate));
    assert_eq!(before, Fate::Alive, "item {} ended twice", tag.number);
}

/// Where each item is.
pub(super) fn fates() -> Vec<Fate> {
    FATES.with(|fates| fates.borrow().clone())
}

/// Starts a new program.
pub(super) fn forget_all() {
    FATES.with(|fates| fates.borrow_mut().clear());
}
