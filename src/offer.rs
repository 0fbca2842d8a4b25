//! The [`Offer`] guard: an item looked at, but not yet taken.

use crate::receiver::Receiver;
use crate::slot::Seat;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// An item on loan, from [`Receiver::offer`].
///
/// The sender stays pending as long as the guard lives. [`accept`](Self::accept) takes the item
/// and completes the send; dropping the guard puts the item back on offer, changed if it was
/// changed through the guard, and the send stays pending.
///
/// # Cancel safety
///
/// A guard that is dropped half-way, by a panic or with the task that held it, puts its item back:
/// the next receive gets it.
///
/// While the guard lives its item cannot be withdrawn. If the `Send` is dropped in the meantime,
/// [`reclaim`](crate::Sender::reclaim) returns `None`, and an item that the guard puts back then
/// stays on offer, to be received or reclaimed. A send with a time limit outlasts it until the
/// guard is gone, and then has its item back before anybody can borrow it again.
///
/// A guard that is leaked with [`mem::forget`](std::mem::forget) counts as accepted, and its item
/// is leaked too. The sender learns of it at the receiver's next operation (one that receives,
/// waits or closes) or when the receiver is dropped.
///
/// ```
/// let (mut sender, mut receiver) = handoff::channel();
/// let thread = std::thread::spawn(move || sender.send(20).wait());
///
/// let mut offer = receiver.offer().wait().unwrap();
/// *offer += 1;
/// drop(offer);
///
/// assert_eq!(receiver.recv().wait(), Some(21));
/// assert_eq!(thread.join().unwrap(), Ok(()));
/// ```
#[must_use = "an offer that is dropped puts its item back"]
pub struct Offer<'a, T> {
    receiver: &'a mut Receiver<T>,
    /// Always there, until `accept` or the drop takes it out.
    item: Option<T>,
}

impl<'a, T> Offer<'a, T> {
    pub(crate) fn new(receiver: &'a mut Receiver<T>, item: T) -> Self {
        Offer {
            receiver,
            item: Some(item),
        }
    }

    /// Takes the item. The send is completed.
    ///
    /// ```
    /// use futures_lite::future::{block_on, poll_once};
    ///
    /// let (mut sender, mut receiver) = handoff::channel();
    /// let mut send = sender.send("job");
    /// assert!(block_on(poll_once(&mut send)).is_none());
    /// let offer = receiver.offer().wait().unwrap();
    /// assert!(block_on(poll_once(&mut send)).is_none());
    /// assert_eq!(offer.accept(), "job");
    /// assert_eq!(block_on(send), Ok(()));
    /// ```
    pub fn accept(mut self) -> T {
        let item = self.item.take();
        let shared = &self.receiver.shared;
        let wake = shared.lock().accept();
        shared.wake(Seat::Sender, wake);
        match item {
            Some(item) => item,
            None => unreachable!("a guard holds its item as long as it lives"),
        }
    }
}

impl<T> Deref for Offer<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.item {
            Some(item) => item,
            None => unreachable!("a guard holds its item as long as it lives"),
        }
    }
}

impl<T> DerefMut for Offer<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.item {
            Some(item) => item,
            None => unreachable!("a guard holds its item as long as it lives"),
        }
    }
}

impl<T> Drop for Offer<'_, T> {
    fn drop(&mut self) {
        if let Some(item) = self.item.take() {
            let shared = &self.receiver.shared;
            let wake = shared.lock().put_back(item);
            shared.wake(Seat::Sender, wake);
        }
    }
}

impl<T> fmt::Debug for Offer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer")
            .field("receiver", &self.receiver)
            .finish_non_exhaustive()
    }
}
