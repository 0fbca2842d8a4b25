//! Blocking iteration: [`Iter`] and [`IntoIter`].

use crate::receiver::Receiver;
use futures_core::stream::Stream;
use std::fmt;
use std::iter::FusedIterator;

/// The blocking iterator of [`Receiver::iter`]. It ends when the channel is closed.
///
/// ```
/// let (mut sender, mut receiver) = handoff::channel();
/// std::thread::spawn(move || sender.send('a').wait());
/// let mut iter = receiver.iter();
/// assert_eq!(iter.next(), Some('a'));
/// assert_eq!(iter.next(), None);
/// ```
#[must_use = "iterators are lazy"]
pub struct Iter<'a, T> {
    receiver: &'a mut Receiver<T>,
}

/// The blocking iterator that owns its receiver. It ends when the channel is closed.
///
/// ```
/// let (mut sender, receiver) = handoff::channel();
/// std::thread::spawn(move || sender.send('a').wait());
/// let mut iter = receiver.into_iter();
/// assert_eq!(iter.next(), Some('a'));
/// assert_eq!(iter.next(), None);
/// ```
#[must_use = "iterators are lazy"]
pub struct IntoIter<T> {
    receiver: Receiver<T>,
}

impl<'a, T> Iter<'a, T> {
    pub(crate) fn new(receiver: &'a mut Receiver<T>) -> Self {
        Iter { receiver }
    }
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.recv().wait()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        Stream::size_hint(self.receiver)
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.recv().wait()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        Stream::size_hint(&self.receiver)
    }
}

impl<T> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter")
            .field("receiver", &self.receiver)
            .finish()
    }
}

impl<T> fmt::Debug for IntoIter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter")
            .field("receiver", &self.receiver)
            .finish()
    }
}

impl<T> FusedIterator for Iter<'_, T> {}
impl<T> FusedIterator for IntoIter<T> {}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    /// ```
    /// let (mut sender, receiver) = handoff::channel();
    /// std::thread::spawn(move || sender.send(1).wait());
    /// for item in receiver {
    ///     assert_eq!(item, 1);
    /// }
    /// ```
    fn into_iter(self) -> IntoIter<T> {
        IntoIter { receiver: self }
    }
}

// `iter` takes `&mut self`, as everything that waits does; an `iter_mut` beside it would be the same.
#[allow(clippy::into_iter_without_iter)]
impl<'a, T> IntoIterator for &'a mut Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    /// ```
    /// let (mut sender, mut receiver) = handoff::channel();
    /// std::thread::spawn(move || sender.send(1).wait());
    /// for item in &mut receiver {
    ///     assert_eq!(item, 1);
    /// }
    /// ```
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}
