//! The API as it is written down: signatures, auto traits, errors, `Debug`, sizes. Much of this fails by not compiling.

use crate::common::{watchdog, Probe};
use futures_core::future::FusedFuture;
use futures_core::stream::{FusedStream, Stream};
use handoff::{
    channel, Closed, IntoIter, Iter, NextOffer, Offer, Receiver, Recv, RecvTimeoutError, Send,
    SendError, SendTimeoutError, Sender, TryRecvError, TrySendError, Until, Wanted,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::cell::Cell;
use std::collections::HashSet;
use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::future::{Future, Ready};
use std::marker::PhantomPinned;
use std::mem::{self, size_of};
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::MutexGuard;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Implements nothing at all.
struct Plain;

// Every function, with its exact type.

type T = Plain;

#[test]
fn the_api_is_the_one_of_the_design() {
    let _: fn() -> (Sender<T>, Receiver<T>) = channel::<T>;

    let _: for<'a> fn(&'a mut Sender<T>, T) -> Send<'a, T> = Sender::send;
    let _: fn(&mut Sender<T>, T) -> Result<(), TrySendError<T>> = Sender::try_send;
    let _: fn(&mut Sender<T>) -> Option<T> = Sender::reclaim;
    let _: for<'a> fn(&'a mut Sender<T>) -> Wanted<'a, T> = Sender::wanted;
    let _: fn(&Sender<T>) -> bool = Sender::is_wanted;
    let _: for<'a> fn(&'a mut Sender<T>) -> Closed<'a, T> = Sender::closed;
    let _: fn(&Sender<T>) -> bool = Sender::is_closed;
    let _: fn(&mut Sender<T>) -> bool = Sender::close;

    let _: for<'a> fn(&'a mut Receiver<T>) -> Recv<'a, T> = Receiver::recv;
    let _: fn(&mut Receiver<T>) -> Result<T, TryRecvError> = Receiver::try_recv;
    let _: fn(&mut Receiver<T>, &mut Context<'_>) -> Poll<Option<T>> = Receiver::poll_recv;
    let _: for<'a> fn(&'a mut Receiver<T>) -> NextOffer<'a, T> = Receiver::next_offer;
    let _: for<'a> fn(&'a mut Receiver<T>) -> Closed<'a, T> = Receiver::closed;
    let _: fn(&Receiver<T>) -> bool = Receiver::is_closed;
    let _: fn(&mut Receiver<T>) -> bool = Receiver::close;
    let _: for<'a> fn(&'a mut Receiver<T>) -> Iter<'a, T> = Receiver::iter;
    let _: fn(Receiver<T>) -> IntoIter<T> = IntoIterator::into_iter;
}

#[test]
fn every_future_has_its_blocking_forms() {
    type D = Duration;
    type I = Instant;
    type Sent = Result<(), SendTimeoutError<T>>;
    type Received = Result<T, RecvTimeoutError>;
    type Lent<'a> = Result<Offer<'a, T>, RecvTimeoutError>;

    // Not unused: the methods belong to an `impl` of one lifetime.
    #[allow(clippy::extra_unused_lifetimes)]
    fn forms<'a>() {
        let _: fn(Send<'a, T>) -> Result<(), SendError<T>> = Send::wait;
        let _: fn(Send<'a, T>, D) -> Sent = Send::wait_timeout;
        let _: fn(Send<'a, T>, I) -> Sent = Send::wait_deadline;
        let _: fn(Wanted<'a, T>) -> bool = Wanted::wait;
        let _: fn(Wanted<'a, T>, D) -> Option<bool> = Wanted::wait_timeout;
        let _: fn(Wanted<'a, T>, I) -> Option<bool> = Wanted::wait_deadline;
        let _: fn(Closed<'a, T>) = Closed::wait;
        let _: fn(Closed<'a, T>, D) -> Option<()> = Closed::wait_timeout;
        let _: fn(Closed<'a, T>, I) -> Option<()> = Closed::wait_deadline;
        let _: fn(Recv<'a, T>) -> Option<T> = Recv::wait;
        let _: fn(Recv<'a, T>, D) -> Received = Recv::wait_timeout;
        let _: fn(Recv<'a, T>, I) -> Received = Recv::wait_deadline;
        let _: fn(NextOffer<'a, T>) -> Option<Offer<'a, T>> = NextOffer::wait;
        let _: fn(NextOffer<'a, T>, D) -> Lent<'a> = NextOffer::wait_timeout;
        let _: fn(NextOffer<'a, T>, I) -> Lent<'a> = NextOffer::wait_deadline;
        let _: fn(Offer<'a, T>) -> T = Offer::accept;
        let _: fn(&'a mut Receiver<T>) -> Iter<'a, T> = IntoIterator::into_iter;
    }

    forms();
}

#[test]
fn every_future_is_fused_and_unpin_and_has_its_output() {
    fn is<F: FusedFuture + Future<Output = O> + Unpin, O>(_: fn() -> F) {}

    fn futures<'a, T: 'a>() {
        is::<Send<'a, T>, Result<(), SendError<T>>>(|| unreachable!());
        is::<Wanted<'a, T>, bool>(|| unreachable!());
        is::<Closed<'a, T>, ()>(|| unreachable!());
        is::<Recv<'a, T>, Option<T>>(|| unreachable!());
        is::<NextOffer<'a, T>, Option<Offer<'a, T>>>(|| unreachable!());
    }

    futures::<Plain>();
    futures::<PhantomPinned>();
}

assert_impl_all!(Receiver<Plain>: Stream<Item = Plain>, FusedStream, IntoIterator<Item = Plain>);
assert_impl_all!(Iter<'static, Plain>: Iterator<Item = Plain>);
assert_impl_all!(IntoIter<Plain>: Iterator<Item = Plain>);
assert_impl_all!(Offer<'static, Plain>: Deref<Target = Plain>, DerefMut);
#[cfg(feature = "sink")]
assert_impl_all!(Sender<Plain>: futures_sink::Sink<Plain, Error = handoff::SinkError<Plain>>);

#[test]
fn an_error_has_its_item_and_says_yes_to_its_own_name_only() {
    macro_rules! with_an_item {
        ($error:path: $($variant:ident $is:ident),+) => {{
            use $error as E;
            for (error, name) in [$((E::$variant(stringify!($variant)), stringify!($variant))),+] {
                assert_eq!(error.into_inner(), name);
                $(assert_eq!(error.$is(), name == stringify!($variant), "{name}");)+
            }
        }};
    }
    macro_rules! without {
        ($error:path: $($variant:ident $is:ident),+) => {{
            use $error as E;
            for (error, name) in [$((E::$variant, stringify!($variant))),+] {
                $(assert_eq!(error.$is(), name == stringify!($variant), "{name}");)+
            }
        }};
    }

    with_an_item!(handoff::SendError: Closed is_closed, Declined is_declined);
    with_an_item!(handoff::TrySendError: Full is_full, Closed is_closed);
    with_an_item!(handoff::SendTimeoutError:
        Timeout is_timeout, Closed is_closed, Declined is_declined);
    #[cfg(feature = "sink")]
    with_an_item!(handoff::SinkError: Closed is_closed, Declined is_declined, Busy is_busy);
    without!(handoff::TryRecvError: Empty is_empty, Closed is_closed);
    without!(handoff::RecvTimeoutError: Timeout is_timeout, Closed is_closed);
}

#[test]
fn what_a_send_returns_becomes_what_its_other_forms_return() {
    fn declined() -> Result<(), SendTimeoutError<u8>> {
        Err(SendError::Declined(1))?
    }
    fn timed() -> Result<(), SendTimeoutError<u8>> {
        Err(SendError::Closed(2))?
    }

    assert_eq!(declined(), Err(SendTimeoutError::Declined(1)));
    assert_eq!(timed(), Err(SendTimeoutError::Closed(2)));
}

// Send and Sync, exactly when the items are Send.

/// `Send`, but not `Sync`.
type NotSync = Cell<u8>;
/// Neither.
type NotSend = Rc<u8>;
/// `Sync`, but not `Send`.
type OnlySync = MutexGuard<'static, u8>;

assert_impl_all!(Sender<Plain>: std::marker::Send, Sync);
assert_impl_all!(Receiver<Plain>: std::marker::Send, Sync);
assert_impl_all!(Sender<NotSync>: std::marker::Send, Sync);
assert_impl_all!(Receiver<NotSync>: std::marker::Send, Sync);
assert_not_impl_any!(Sender<NotSend>: std::marker::Send, Sync);
assert_not_impl_any!(Receiver<NotSend>: std::marker::Send, Sync);
assert_not_impl_any!(Sender<OnlySync>: std::marker::Send, Sync);
assert_not_impl_any!(Receiver<OnlySync>: std::marker::Send, Sync);
assert_not_impl_any!(Sender<*const u8>: std::marker::Send, Sync);
assert_not_impl_any!(Receiver<*const u8>: std::marker::Send, Sync);

assert_impl_all!(Send<'static, Plain>: std::marker::Send, Sync);
assert_impl_all!(Wanted<'static, Plain>: std::marker::Send, Sync);
assert_impl_all!(Closed<'static, Plain>: std::marker::Send, Sync);
assert_impl_all!(Recv<'static, Plain>: std::marker::Send, Sync);
assert_impl_all!(NextOffer<'static, Plain>: std::marker::Send, Sync);
assert_impl_all!(Offer<'static, Plain>: std::marker::Send, Sync);
assert_impl_all!(Iter<'static, Plain>: std::marker::Send, Sync);
assert_impl_all!(IntoIter<Plain>: std::marker::Send, Sync);

assert_impl_all!(Until<Send<'static, Plain>, Ready<()>>: std::marker::Send, Sync);
assert_impl_all!(Until<Recv<'static, NotSync>, Ready<()>>: std::marker::Send);
assert_not_impl_any!(Until<Recv<'static, NotSend>, Ready<()>>: std::marker::Send, Sync);
assert_not_impl_any!(Until<Recv<'static, Plain>, Ready<NotSend>>: std::marker::Send, Sync);

assert_impl_all!(Send<'static, NotSync>: std::marker::Send);
assert_impl_all!(Wanted<'static, NotSync>: std::marker::Send);
assert_impl_all!(Closed<'static, NotSync>: std::marker::Send);
assert_impl_all!(Recv<'static, NotSync>: std::marker::Send);
assert_impl_all!(NextOffer<'static, NotSync>: std::marker::Send);
assert_impl_all!(Offer<'static, NotSync>: std::marker::Send);
// A shared guard gives shared items.
assert_not_impl_any!(Offer<'static, NotSync>: Sync);

assert_not_impl_any!(Send<'static, NotSend>: std::marker::Send, Sync);
assert_not_impl_any!(Wanted<'static, NotSend>: std::marker::Send, Sync);
assert_not_impl_any!(Closed<'static, NotSend>: std::marker::Send, Sync);
assert_not_impl_any!(Recv<'static, NotSend>: std::marker::Send, Sync);
assert_not_impl_any!(NextOffer<'static, NotSend>: std::marker::Send, Sync);
assert_not_impl_any!(Offer<'static, NotSend>: std::marker::Send, Sync);
assert_not_impl_any!(Iter<'static, NotSend>: std::marker::Send, Sync);
assert_not_impl_any!(IntoIter<NotSend>: std::marker::Send, Sync);

assert_impl_all!(SendError<Plain>: std::marker::Send, Sync);
assert_not_impl_any!(SendError<NotSend>: std::marker::Send, Sync);
assert_not_impl_any!(SendError<NotSync>: Sync);

// Unpin and unwind safety, for every item.

assert_impl_all!(Sender<PhantomPinned>: Unpin);
assert_impl_all!(Receiver<PhantomPinned>: Unpin);
assert_impl_all!(Iter<'static, PhantomPinned>: Unpin);
assert_impl_all!(IntoIter<PhantomPinned>: Unpin);

assert_impl_all!(Sender<Plain>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(Receiver<Plain>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(Sender<NotSync>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(Receiver<NotSync>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(Sender<&'static mut u8>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(Receiver<&'static mut u8>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(Sender<Rc<NotSync>>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(Receiver<Rc<NotSync>>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(Sender<Box<dyn FnMut()>>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(Receiver<Box<dyn FnMut()>>: UnwindSafe, RefUnwindSafe);

#[test]
fn ends_go_through_catch_unwind_as_they_are() {
    let (mut tx, mut rx) = channel::<Cell<u8>>();
    let (mut tx, mut rx) = std::panic::catch_unwind(move || {
        drop(tx.send(Cell::new(1)));
        assert!(rx.try_recv().is_err());
        (tx, rx)
    })
    .unwrap();
    assert_eq!(tx.reclaim(), Some(Cell::new(1)));
    assert!(rx.try_recv().is_err());
}

// Errors.

assert_impl_all!(SendError<Plain>: Error, Debug, Display);
assert_impl_all!(TrySendError<Plain>: Error, Debug, Display);
assert_impl_all!(SendTimeoutError<Plain>: Error, Debug, Display);
assert_impl_all!(TryRecvError: Error, Debug, Display, Clone, Copy, PartialEq, Eq);
assert_impl_all!(RecvTimeoutError: Error, Debug, Display, Clone, Copy, PartialEq, Eq);
assert_impl_all!(SendError<u8>: Clone, Copy, PartialEq, Eq);
assert_impl_all!(TrySendError<u8>: Clone, Copy, PartialEq, Eq);
assert_impl_all!(SendTimeoutError<u8>: Clone, Copy, PartialEq, Eq);
assert_impl_all!(SendError<String>: Clone, PartialEq, Eq);
assert_not_impl_any!(SendError<String>: Copy);
assert_not_impl_any!(TrySendError<String>: Copy);
assert_not_impl_any!(SendTimeoutError<String>: Copy);
assert_not_impl_any!(SendError<Plain>: Clone, Copy, PartialEq);
assert_not_impl_any!(TrySendError<Plain>: Clone, Copy, PartialEq);
assert_not_impl_any!(SendTimeoutError<Plain>: Clone, Copy, PartialEq);
assert_impl_all!(SendError<f32>: PartialEq);
assert_not_impl_any!(SendError<f32>: Eq);

#[test]
fn errors_that_differ_are_not_equal() {
    assert_ne!(SendError::Closed(1), SendError::Closed(2));
    assert_ne!(TrySendError::Full(1), TrySendError::Closed(1));
    assert_ne!(TrySendError::Full(1), TrySendError::Full(2));
    assert_ne!(SendTimeoutError::Timeout(1), SendTimeoutError::Closed(1));
    assert_ne!(TryRecvError::Empty, TryRecvError::Closed);
    assert_ne!(RecvTimeoutError::Timeout, RecvTimeoutError::Closed);
}

#[test]
fn errors_say_what_happened() {
    fn said(errors: &[&dyn Error]) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    let closed = said(&[
        &SendError::Closed(Plain),
        &TrySendError::Closed(Plain),
        &SendTimeoutError::Closed(Plain),
        &TryRecvError::Closed,
        &RecvTimeoutError::Closed,
    ]);
    let other = said(&[
        &TrySendError::Full(Plain),
        &SendTimeoutError::Timeout(Plain),
        &TryRecvError::Empty,
        &RecvTimeoutError::Timeout,
    ]);
    for text in &closed {
        assert!(text.contains("closed"), "{text:?}");
    }
    for text in &other {
        assert!(!text.contains("closed"), "{text:?}");
        assert!(text.len() > 5, "{text:?} says nothing");
    }
    for text in closed.iter().chain(&other) {
        assert!(!text.ends_with('.'), "{text:?} is no sentence");
        assert!(text.starts_with(char::is_lowercase), "{text:?}");
    }
}

#[test]
fn errors_say_in_debug_which_they_are() {
    fn shown(error: impl Debug, name: &str) {
        let text = format!("{error:?}");
        assert!(text.contains(name), "{text:?} is not {name}");
    }

    // Of items that have nothing to say of themselves.
    shown(SendError::Closed(Plain), "Closed(..)");
    shown(SendError::Declined(Plain), "Declined(..)");
    shown(SendTimeoutError::Declined(Plain), "Declined(..)");
    shown(TrySendError::Full(Plain), "Full");
    shown(TrySendError::Closed(Plain), "Closed");
    shown(SendTimeoutError::Timeout(Plain), "Timeout");
    shown(SendTimeoutError::Closed(Plain), "Closed");
    shown(TryRecvError::Empty, "Empty");
    shown(TryRecvError::Closed, "Closed");
    shown(RecvTimeoutError::Timeout, "Timeout");
    shown(RecvTimeoutError::Closed, "Closed");
}

#[test]
fn errors_are_boxed_with_a_question_mark() {
    watchdog(|| {
        fn all_of_them() -> Result<(), Box<dyn Error + std::marker::Send + Sync>> {
            let (mut tx, mut rx) = channel();
            tx.send(Plain).wait_timeout(Duration::ZERO).ok();
            tx.try_send(Plain).ok();
            rx.close();
            tx.send(Plain).wait()?;
            Ok(())
        }

        let error = all_of_them().unwrap_err();
        assert!(error.downcast_ref::<SendError<Plain>>().is_some());
        assert!(error.source().is_none());
    });
}

// Debug.

assert_impl_all!(Sender<Plain>: Debug);
assert_impl_all!(Receiver<Plain>: Debug);
assert_impl_all!(Send<'static, Plain>: Debug);
assert_impl_all!(Wanted<'static, Plain>: Debug);
assert_impl_all!(Closed<'static, Plain>: Debug);
assert_impl_all!(Recv<'static, Plain>: Debug);
assert_impl_all!(NextOffer<'static, Plain>: Debug);
assert_impl_all!(Offer<'static, Plain>: Debug);
assert_impl_all!(Iter<'static, Plain>: Debug);
assert_impl_all!(IntoIter<Plain>: Debug);

/// All differ, and each has the name of its type.
#[track_caller]
fn all_different(name: &str, shown: &[(&str, String)]) {
    for (state, text) in shown {
        assert!(text.starts_with(name), "{name}, {state}: {text}");
    }
    let texts: HashSet<_> = shown.iter().map(|(_, text)| text).collect();
    assert_eq!(texts.len(), shown.len(), "some look alike: {shown:#?}");
}

#[test]
fn the_ends_show_their_state() {
    let (mut tx, mut rx) = channel::<Plain>();
    let probe = Probe::new();
    let mut senders = Vec::new();
    let mut receivers = Vec::new();
    let mut show = |state, tx: &Sender<Plain>, rx: &Receiver<Plain>| {
        senders.push((state, format!("{tx:?}")));
        receivers.push((state, format!("{rx:?}")));
    };

    show("open", &tx, &rx);
    assert!(probe.poll_next(&mut rx).is_pending());
    show("a receive waits", &tx, &rx);
    tx.try_send(Plain).unwrap();
    show("an item on offer, and a receive waits", &tx, &rx);
    rx.try_recv().unwrap();
    let mut send = tx.send(Plain);
    assert!(probe.poll(&mut send).is_pending());
    mem::forget(send);
    show("an item on offer", &tx, &rx);
    mem::forget(rx.next_offer().wait().unwrap());
    show("an item lent", &tx, &rx);
    assert!(rx.try_recv().is_err(), "it was the guard's");
    drop(tx.send(Plain));
    show("an item given back", &tx, &rx);
    assert!(tx.reclaim().is_some());
    let mut closed = tx.closed();
    assert!(probe.poll(&mut closed).is_pending());
    mem::forget(closed);
    show("the sender waits for the end", &tx, &rx);
    let mut closed = rx.closed();
    assert!(probe.poll(&mut closed).is_pending());
    mem::forget(closed);
    show("both wait for the end", &tx, &rx);
    rx.close();
    show("closed", &tx, &rx);

    all_different("Sender", &senders);
    all_different("Receiver", &receivers);
}

#[test]
fn a_receive_that_was_woken_in_vain_is_shown_until_the_receiver_goes() {
    let woken_in_vain = || {
        let (mut tx, mut rx) = channel::<Plain>();
        assert!(Probe::new().poll_next(&mut rx).is_pending());
        tx.try_send(Plain).unwrap();
        assert!(tx.reclaim().is_some());
        (tx, rx)
    };
    let waits = |end: &dyn Debug| format!("{end:?}").contains("receiver_waits: true");

    let (tx, rx) = woken_in_vain();
    assert!(waits(&tx));
    drop(tx);
    assert!(waits(&rx));

    let (tx, rx) = woken_in_vain();
    drop(rx);
    assert!(!waits(&tx));
}

#[test]
fn a_wait_for_the_end_shows_whether_it_has_come() {
    let (mut tx, mut rx) = channel::<Plain>();
    let open = format!("{:?}", tx.closed());
    rx.close();
    let closed = format!("{:?}", tx.closed());
    all_different("Closed", &[("open", open), ("closed", closed)]);
}

#[test]
fn the_futures_and_guards_show_what_they_are() {
    watchdog(|| {
        let (mut tx, mut rx) = channel::<Plain>();
        let probe = Probe::new();

        let mut send = tx.send(Plain);
        let mut shown = vec![("new", format!("{send:?}"))];
        assert!(probe.poll(&mut send).is_pending());
        shown.push(("on offer", format!("{send:?}")));
        rx.try_recv().unwrap();
        assert!(probe.poll(&mut send).is_ready());
        shown.push(("resolved", format!("{send:?}")));
        all_different("Send", &shown);
        drop(send);

        all_different("Wanted", &[("new", format!("{:?}", tx.wanted()))]);
        let mut closed = tx.closed();
        let mut shown = vec![("new", format!("{closed:?}"))];
        assert!(probe.poll(&mut closed).is_pending());
        shown.push(("waiting", format!("{closed:?}")));
        all_different("Closed", &shown);
        drop(closed);
        all_different("Recv", &[("new", format!("{:?}", rx.recv()))]);
        all_different("NextOffer", &[("new", format!("{:?}", rx.next_offer()))]);
        all_different("Iter", &[("new", format!("{:?}", rx.iter()))]);

        let mut send = tx.send(Plain);
        assert!(probe.poll(&mut send).is_pending());
        let guard = rx.next_offer().wait().unwrap();
        all_different("Offer", &[("new", format!("{guard:?}"))]);
        drop(guard);
        drop(send);
        all_different("IntoIter", &[("new", format!("{:?}", rx.into_iter()))]);
    });
}

#[test]
fn a_receiver_of_anything_can_be_shown_in_an_assertion() {
    struct Shown<'a>(&'a dyn Debug);

    impl fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{:#?}", self.0)
        }
    }

    let (tx, rx) = channel::<Box<dyn FnOnce()>>();
    assert!(Shown(&tx).to_string().contains("Sender"));
    assert!(Shown(&rx).to_string().contains("Receiver"));
}

// Sizes.

#[test]
fn ends_and_futures_are_small() {
    const WORD: usize = size_of::<usize>();

    assert!(size_of::<Sender<[u8; 4096]>>() <= 3 * WORD);
    assert!(size_of::<Receiver<[u8; 4096]>>() <= 3 * WORD);
    assert!(size_of::<Recv<'_, [u8; 4096]>>() <= 4 * WORD);
    assert!(size_of::<Send<'_, [u8; 4096]>>() < 2 * 4096, "one item");
    assert_eq!(
        size_of::<Until<Recv<'_, u8>, Ready<()>>>(),
        size_of::<(Recv<'_, u8>, Ready<()>)>(),
        "a limit costs what it is"
    );
    assert_eq!(
        size_of::<Option<Sender<u8>>>(),
        size_of::<Sender<u8>>(),
        "the handle is a pointer that is never null"
    );
}
