//! The error types. Each one that ends a send carries the item back to its owner.

use std::error::Error;
use std::fmt;

/// Why a send did not deliver its item, which comes back in the error.
///
/// Returned by [`Sender::send`](crate::Sender::send).
///
/// ```
/// use handoff::{channel, SendError};
///
/// let (mut sender, receiver) = channel();
/// drop(receiver);
/// let error = sender.send("parcel").wait().unwrap_err();
/// assert_eq!(error, SendError::Closed("parcel"));
/// assert!(error.is_closed() && !error.is_declined());
/// assert_eq!(error.into_inner(), "parcel");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SendError<T> {
    /// One of the two ends was closed or dropped before the receiver took the item.
    Closed(T),
    /// The receiver [declined](crate::Offer::decline) the item. The channel is open.
    Declined(T),
}

/// Why [`Sender::try_send`](crate::Sender::try_send) did not send; the item comes back in it.
///
/// ```
/// use handoff::{channel, TrySendError};
///
/// let (mut sender, receiver) = channel();
/// // No receive is waiting.
/// assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
/// drop(receiver);
/// let error = sender.try_send(2).unwrap_err();
/// assert!(error.is_closed() && !error.is_full());
/// assert_eq!(error.into_inner(), 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// No receive is waiting at this moment, or an earlier item is still in the slot.
    Full(T),
    /// One of the two ends was closed or dropped.
    Closed(T),
}

/// Why a send with a limit did not send; the item comes back in it.
///
/// Returned by [`Send::until`](crate::Send::until), [`Send::wait_timeout`](crate::Send::wait_timeout) and
/// [`Send::wait_deadline`](crate::Send::wait_deadline).
///
/// ```
/// use handoff::{channel, SendTimeoutError};
/// use std::time::Duration;
///
/// let (mut sender, _receiver) = channel();
/// let error = sender.send(1).wait_timeout(Duration::ZERO).unwrap_err();
/// assert_eq!(error, SendTimeoutError::Timeout(1));
/// assert!(error.is_timeout() && !error.is_closed());
/// assert_eq!(error.into_inner(), 1);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SendTimeoutError<T> {
    /// The limit came first, be it a time or a cancellation token, and the receiver had not taken the
    /// item. It will not get it later either.
    Timeout(T),
    /// One of the two ends was closed or dropped.
    Closed(T),
    /// The receiver [declined](crate::Offer::decline) the item. The channel is open.
    Declined(T),
}

/// Why the `Sink` of a [`Sender`](crate::Sender) did not send. The item comes back in the error.
///
/// ```
/// use futures::SinkExt;
/// use handoff::{channel, SinkError};
///
/// let (mut sender, receiver) = channel();
/// sender.start_send_unpin(1).unwrap();
/// assert_eq!(sender.start_send_unpin(2), Err(SinkError::Busy(2)));
/// drop(receiver);
/// assert_eq!(sender.start_send_unpin(3), Err(SinkError::Closed(3)));
/// let error = futures::executor::block_on(sender.flush()).unwrap_err();
/// assert_eq!(error.into_inner(), 1);
/// ```
#[cfg(feature = "sink")]
#[cfg_attr(docsrs, doc(cfg(feature = "sink")))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SinkError<T> {
    /// One of the two ends was closed or dropped.
    Closed(T),
    /// The receiver [declined](crate::Offer::decline) the item. The channel is open.
    Declined(T),
    /// It was not tried, because an earlier item is on offer or lent, or came back and was not
    /// fetched yet. Flush, and try again.
    Busy(T),
}

/// Why [`Receiver::try_recv`](crate::Receiver::try_recv) did not receive.
///
/// ```
/// use handoff::{channel, TryRecvError};
///
/// let (sender, mut receiver) = channel::<()>();
/// assert!(receiver.try_recv().unwrap_err().is_empty());
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// Nothing is on offer at this moment.
    Empty,
    /// Nothing is on offer and nothing ever will be.
    Closed,
}

/// Why a receive with a limit did not receive.
///
/// Returned by the `until`, `wait_timeout` and `wait_deadline` of [`Recv`](crate::Recv) and
/// [`NextOffer`](crate::NextOffer). `Timeout` means that the limit came first, whatever the limit was: a
/// timer, a cancellation token, any future.
///
/// ```
/// use handoff::{channel, RecvTimeoutError};
/// use std::time::Duration;
///
/// let (sender, mut receiver) = channel::<()>();
/// let error = receiver.recv().wait_timeout(Duration::ZERO).unwrap_err();
/// assert!(error.is_timeout());
/// drop(sender);
/// let error = receiver.recv().wait_timeout(Duration::MAX).unwrap_err();
/// assert_eq!(error, RecvTimeoutError::Closed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// The limit came first, and nothing was on offer.
    Timeout,
    /// Nothing is on offer and nothing ever will be.
    Closed,
}

impl<T> SendError<T> {
    /// The item that was not sent.
    ///
    /// ```
    /// assert_eq!(handoff::SendError::Closed(5).into_inner(), 5);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            SendError::Closed(item) | SendError::Declined(item) => item,
        }
    }

    /// Whether the channel is closed, so that trying again is in vain.
    ///
    /// ```
    /// assert!(handoff::SendError::Closed(5).is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, SendError::Closed(_))
    }

    /// Whether the receiver declined the item.
    ///
    /// ```
    /// assert!(handoff::SendError::Declined(5).is_declined());
    /// ```
    #[must_use]
    pub fn is_declined(&self) -> bool {
        matches!(self, SendError::Declined(_))
    }
}

impl<T> TrySendError<T> {
    /// The item that was not sent.
    ///
    /// ```
    /// assert_eq!(handoff::TrySendError::Full(5).into_inner(), 5);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            TrySendError::Full(item) | TrySendError::Closed(item) => item,
        }
    }

    /// Whether trying again can succeed.
    ///
    /// ```
    /// assert!(handoff::TrySendError::Full(5).is_full());
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, TrySendError::Full(_))
    }

    /// Whether the channel is closed, so that trying again is in vain.
    ///
    /// ```
    /// assert!(handoff::TrySendError::Closed(5).is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, TrySendError::Closed(_))
    }
}

impl<T> SendTimeoutError<T> {
    /// The item that was not sent.
    ///
    /// ```
    /// assert_eq!(handoff::SendTimeoutError::Timeout(5).into_inner(), 5);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            SendTimeoutError::Timeout(item)
            | SendTimeoutError::Closed(item)
            | SendTimeoutError::Declined(item) => item,
        }
    }

    /// Whether the limit came first.
    ///
    /// ```
    /// assert!(handoff::SendTimeoutError::Timeout(5).is_timeout());
    /// ```
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, SendTimeoutError::Timeout(_))
    }

    /// Whether the channel is closed, so that trying again is in vain.
    ///
    /// ```
    /// assert!(handoff::SendTimeoutError::Closed(5).is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, SendTimeoutError::Closed(_))
    }

    /// Whether the receiver declined the item.
    ///
    /// ```
    /// assert!(handoff::SendTimeoutError::Declined(5).is_declined());
    /// ```
    #[must_use]
    pub fn is_declined(&self) -> bool {
        matches!(self, SendTimeoutError::Declined(_))
    }
}

#[cfg(feature = "sink")]
impl<T> SinkError<T> {
    /// The item that was not sent.
    ///
    /// ```
    /// assert_eq!(handoff::SinkError::Busy(5).into_inner(), 5);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            SinkError::Closed(item) | SinkError::Declined(item) | SinkError::Busy(item) => item,
        }
    }

    /// Whether the channel is closed, so that trying again is in vain.
    ///
    /// ```
    /// assert!(handoff::SinkError::Closed(5).is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, SinkError::Closed(_))
    }

    /// Whether the receiver declined the item.
    ///
    /// ```
    /// assert!(handoff::SinkError::Declined(5).is_declined());
    /// ```
    #[must_use]
    pub fn is_declined(&self) -> bool {
        matches!(self, SinkError::Declined(_))
    }

    /// Whether this item was not tried, because of an earlier one.
    ///
    /// ```
    /// assert!(handoff::SinkError::Busy(5).is_busy());
    /// ```
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, SinkError::Busy(_))
    }
}

impl TryRecvError {
    /// Whether an item may still come.
    ///
    /// ```
    /// assert!(handoff::TryRecvError::Empty.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, TryRecvError::Empty)
    }

    /// Whether nothing will come any more.
    ///
    /// ```
    /// assert!(handoff::TryRecvError::Closed.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, TryRecvError::Closed)
    }
}

impl RecvTimeoutError {
    /// Whether the limit came first.
    ///
    /// ```
    /// assert!(handoff::RecvTimeoutError::Timeout.is_timeout());
    /// ```
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, RecvTimeoutError::Timeout)
    }

    /// Whether nothing will come any more.
    ///
    /// ```
    /// assert!(handoff::RecvTimeoutError::Closed.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, RecvTimeoutError::Closed)
    }
}

impl<T> From<SendError<T>> for SendTimeoutError<T> {
    fn from(error: SendError<T>) -> Self {
        match error {
            SendError::Closed(item) => SendTimeoutError::Closed(item),
            SendError::Declined(item) => SendTimeoutError::Declined(item),
        }
    }
}

#[cfg(feature = "sink")]
impl<T> From<SendError<T>> for SinkError<T> {
    fn from(error: SendError<T>) -> Self {
        match error {
            SendError::Closed(item) => SinkError::Closed(item),
            SendError::Declined(item) => SinkError::Declined(item),
        }
    }
}

const CLOSED: &str = "the channel is closed";
const DECLINED: &str = "the receiver declined the item";
const LIMIT: &str = "the limit came first";
const FULL: &str = "no receive is waiting or an item is on offer";
const EMPTY: &str = "nothing is on offer";
#[cfg(feature = "sink")]
const BUSY: &str = "an earlier item is on offer or came back";

/// `Display` and `Error`.
macro_rules! error {
    ($error:ident $(<$T:ident>)?: $($variant:pat => $message:expr),+) => {
        impl $(<$T>)? fmt::Display for $error $(<$T>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self {
                    $($variant => $message,)+
                })
            }
        }

        impl $(<$T>)? Error for $error $(<$T>)? {}
    };
}

/// `Debug` without the item. A derived one would ask for `T: Debug`, and then `unwrap` would not be
/// available for the items that need it most.
macro_rules! debug {
    ($error:ident: $($variant:ident),+) => {
        impl<T> fmt::Debug for $error<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $($error::$variant(_) => concat!(stringify!($variant), "(..)"),)+
                })
            }
        }
    };
}

debug!(SendError: Closed, Declined);
error!(SendError<T>: Self::Closed(_) => CLOSED, Self::Declined(_) => DECLINED);

debug!(TrySendError: Full, Closed);
error!(TrySendError<T>: Self::Full(_) => FULL, Self::Closed(_) => CLOSED);

debug!(SendTimeoutError: Timeout, Closed, Declined);
error!(SendTimeoutError<T>:
    Self::Timeout(_) => LIMIT, Self::Closed(_) => CLOSED, Self::Declined(_) => DECLINED);

#[cfg(feature = "sink")]
debug!(SinkError: Closed, Declined, Busy);
#[cfg(feature = "sink")]
error!(SinkError<T>:
    Self::Closed(_) => CLOSED, Self::Declined(_) => DECLINED, Self::Busy(_) => BUSY);

error!(TryRecvError: Self::Empty => EMPTY, Self::Closed => CLOSED);
error!(RecvTimeoutError: Self::Timeout => LIMIT, Self::Closed => CLOSED);
