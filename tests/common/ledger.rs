//! Items that say where they ended.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Where an [`Item`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Somebody still has it, or it was leaked.
    Alive,
    /// The receiver took it.
    Received,
    /// It came back in an error.
    Refused,
    /// It came back through `reclaim`.
    Reclaimed,
    /// It was never handed to the channel.
    Kept,
    /// It was dropped, and nobody had said a word before.
    Dropped,
}

/// Knows the [`Fate`] of every [`Item`] that it issued.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    fates: Arc<Mutex<Vec<Fate>>>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Issues the next item: numbers count up from 0.
    pub(crate) fn item(&self) -> Item {
        let mut fates = self.fates.lock().unwrap_or_else(PoisonError::into_inner);
        fates.push(Fate::Alive);
        Item {
            number: fates.len() - 1,
            fate: Fate::Dropped,
            ledger: self.clone(),
            on_drop: None,
        }
    }

    pub(crate) fn fate(&self, number: usize) -> Fate {
        self.fates()[number]
    }

    /// All fates, in the order of the items.
    pub(crate) fn fates(&self) -> Vec<Fate> {
        let fates = self.fates.lock().unwrap_or_else(PoisonError::into_inner);
        fates.clone()
    }

    /// How many items have this fate.
    pub(crate) fn count(&self, fate: Fate) -> usize {
        self.fates().into_iter().filter(|&it| it == fate).count()
    }

    /// How many items are neither settled nor dropped.
    pub(crate) fn alive(&self) -> usize {
        self.count(Fate::Alive)
    }
}

/// An item that enters its end in a [`Ledger`]. It cannot be cloned.
pub(crate) struct Item {
    number: usize,
    fate: Fate,
    ledger: Ledger,
    on_drop: Option<Box<dyn FnOnce() + Send>>,
}

impl Item {
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Runs `hook` when the item is dropped without a word of where it ended.
    pub(crate) fn on_drop(mut self, hook: impl FnOnce() + Send + 'static) -> Self {
        self.on_drop = Some(Box::new(hook));
        self
    }

    /// Ends the item, and says where that was.
    pub(crate) fn end(mut self, fate: Fate) {
        self.fate = fate;
    }

    /// Ends the item at the receiver, and gives its number.
    pub(crate) fn received(self) -> usize {
        let number = self.number;
        self.end(Fate::Received);
        number
    }

    /// Ends the item with the sender, out of an error, and gives its number.
    pub(crate) fn refused(self) -> usize {
        let number = self.number;
        self.end(Fate::Refused);
        number
    }

    /// Ends the item with the sender, out of `reclaim`, and gives its number.
    pub(crate) fn reclaimed(self) -> usize {
        let number = self.number;
        self.end(Fate::Reclaimed);
        number
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Item({})", self.number)
    }
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number && Arc::ptr_eq(&self.ledger.fates, &other.ledger.fates)
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        let mut fates = self
            .ledger
            .fates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut fates[self.number], self.fate);
        drop(fates);
        assert_eq!(before, Fate::Alive, "item {} ended twice", self.number);
        if let (Fate::Dropped, Some(hook)) = (self.fate, self.on_drop.take()) {
            hook();
        }
    }
}

/// An item that runs any code when it is dropped.
pub(crate) struct OnDrop {
    run: Option<Box<dyn FnOnce() + Send>>,
}

impl OnDrop {
    pub(crate) fn new(run: impl FnOnce() + Send + 'static) -> Self {
        Self {
            run: Some(Box::new(run)),
        }
    }

    /// An item whose drop does nothing.
    pub(crate) fn nothing() -> Self {
        Self { run: None }
    }

    /// Ends the item without running anything.
    pub(crate) fn disarm(mut self) {
        self.run = None;
    }
}

impl fmt::Debug for OnDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let armed = self.run.is_some();
        f.debug_struct("OnDrop").field("armed", &armed).finish()
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(run) = self.run.take() {
            run();
        }
    }
}
