//! What an operation says, in a form that the channel and the model can both give.

use super::item::{Item, Tag};
use crate::common::Fate;
use handoff::{Offer, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// There is nothing to say.
    Nothing,
    Flag(bool),
    Pending,
    /// `Ok` of a send, or of the `Sink`.
    Ok,
    /// The item back, for the channel is closed.
    Refused(Tag),
    /// The item back from the `Sink`, which did not try it.
    Busy(Tag),
    /// The item back, for nobody is waiting.
    Full(Tag),
    /// The item back, for the time is up.
    Late(Tag),
    /// The item back, for the receiver declined it.
    Declined(Tag),
    Reclaimed(Tag),
    /// The item is the decliner's, for nobody waits for it.
    Kept(Tag),
    Received(Tag),
    Lent(Tag),
    /// Nothing more will come; or there is nothing to reclaim.
    NoMore,
    Empty,
    Timeout,
}

/// What a future gives: an answer, and perhaps a guard.
pub(super) trait Output<'a> {
    fn split(self) -> (Answer, Option<Offer<'a, Item>>);
}

impl<'a, O: Into<Answer>> Output<'a> for O {
    fn split(self) -> (Answer, Option<Offer<'a, Item>>) {
        (self.into(), None)
    }
}

impl<'a> Output<'a> for Option<Offer<'a, Item>> {
    fn split(self) -> (Answer, Option<Offer<'a, Item>>) {
        let answer = match &self {
            Some(offer) => Answer::Lent(offer.tag),
            None => Answer::NoMore,
        };
        (answer, self)
    }
}

impl<'a> Output<'a> for Result<Offer<'a, Item>, RecvTimeoutError> {
    fn split(self) -> (Answer, Option<Offer<'a, Item>>) {
        match self {
            Ok(offer) => Some(offer).split(),
            Err(error) => (error.into(), None),
        }
    }
}

impl From<()> for Answer {
    fn from((): ()) -> Self {
        Answer::Nothing
    }
}

impl From<bool> for Answer {
    fn from(flag: bool) -> Self {
        Answer::Flag(flag)
    }
}

/// The timed form of `wanted`.
impl From<Option<bool>> for Answer {
    fn from(flag: Option<bool>) -> Self {
        flag.map_or(Answer::Timeout, Answer::Flag)
    }
}

/// The timed form of `closed`.
impl From<Option<()>> for Answer {
    fn from(closed: Option<()>) -> Self {
        closed.map_or(Answer::Timeout, Answer::from)
    }
}

impl From<Result<(), SendError<Item>>> for Answer {
    fn from(sent: Result<(), SendError<Item>>) -> Self {
        match sent {
            Ok(()) => Answer::Ok,
            Err(SendError::Closed(item)) => Answer::Refused(item.end(Fate::Refused)),
            Err(SendError::Declined(item)) => Answer::Declined(item.end(Fate::Refused)),
        }
    }
}

#[cfg(feature = "sink")]
impl From<Result<(), handoff::SinkError<Item>>> for Answer {
    fn from(sent: Result<(), handoff::SinkError<Item>>) -> Self {
        use handoff::SinkError;
        match sent {
            Ok(()) => Answer::Ok,
            Err(SinkError::Closed(item)) => Answer::Refused(item.end(Fate::Refused)),
            Err(SinkError::Declined(item)) => Answer::Declined(item.end(Fate::Refused)),
            Err(SinkError::Busy(item)) => Answer::Busy(item.end(Fate::Refused)),
        }
    }
}

impl From<Result<(), SendTimeoutError<Item>>> for Answer {
    fn from(sent: Result<(), SendTimeoutError<Item>>) -> Self {
        match sent {
            Ok(()) => Answer::Ok,
            Err(SendTimeoutError::Closed(item)) => Answer::Refused(item.end(Fate::Refused)),
            Err(SendTimeoutError::Declined(item)) => Answer::Declined(item.end(Fate::Refused)),
            Err(SendTimeoutError::Timeout(item)) => Answer::Late(item.end(Fate::Refused)),
        }
    }
}

impl From<Result<(), TrySendError<Item>>> for Answer {
    fn from(sent: Result<(), TrySendError<Item>>) -> Self {
        match sent {
            Ok(()) => Answer::Ok,
            Err(TrySendError::Closed(item)) => Answer::Refused(item.end(Fate::Refused)),
            Err(TrySendError::Full(item)) => Answer::Full(item.end(Fate::Refused)),
        }
    }
}

impl From<Option<Item>> for Answer {
    fn from(received: Option<Item>) -> Self {
        match received {
            Some(item) => Answer::Received(item.end(Fate::Received)),
            None => Answer::NoMore,
        }
    }
}

impl From<Result<Item, RecvTimeoutError>> for Answer {
    fn from(received: Result<Item, RecvTimeoutError>) -> Self {
        match received {
            Ok(item) => Some(item).into(),
            Err(error) => error.into(),
        }
    }
}

impl From<RecvTimeoutError> for Answer {
    fn from(error: RecvTimeoutError) -> Self {
        match error {
            RecvTimeoutError::Timeout => Answer::Timeout,
            RecvTimeoutError::Closed => Answer::NoMore,
        }
    }
}

impl From<TryRecvError> for Answer {
    fn from(error: TryRecvError) -> Self {
        match error {
            TryRecvError::Empty => Answer::Empty,
            TryRecvError::Closed => Answer::NoMore,
        }
    }
}

impl From<Result<Item, TryRecvError>> for Answer {
    fn from(received: Result<Item, TryRecvError>) -> Self {
        match received {
            Ok(item) => Some(item).into(),
            Err(error) => error.into(),
        }
    }
}
