//! The floor for one thread: the same rendezvous, written by hand with plain cells and wakers and
//! no synchronization.
//!
//! It keeps the promises that cost something on the way of an item: a send offers its item, wakes
//! the receiver, and resolves once the item was taken; dropped before that, it withdraws the item;
//! dropping an end tells the other. A waker is cloned when it is registered and consumed when it
//! wakes.

use crate::{
    drive::Page,
    ends::{GiveBack, LocalRecvEnd, LocalSendEnd, Received, Verdict},
};
use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

struct Shared<T> {
    item: Cell<Option<T>>,
    offered: Cell<bool>,
    closed: Cell<bool>,
    sender: Cell<Option<Waker>>,
    receiver: Cell<Option<Waker>>,
}

impl<T> Shared<T> {
    fn close(&self) {
        self.closed.set(true);
        wake(&self.sender);
        wake(&self.receiver);
    }
}

fn wake(place: &Cell<Option<Waker>>) {
    if let Some(waker) = place.take() {
        waker.wake();
    }
}

/// Makes a channel.
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Rc::new(Shared {
        item: Cell::new(None),
        offered: Cell::new(false),
        closed: Cell::new(false),
        sender: Cell::new(None),
        receiver: Cell::new(None),
    });
    (Sender(Rc::clone(&shared)), Receiver(shared))
}

/// The sending end.
pub struct Sender<T>(Rc<Shared<T>>);

/// The receiving end.
pub struct Receiver<T>(Rc<Shared<T>>);

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The receiver went; the item comes back.
pub struct Closed<T>(T);

impl<T> GiveBack<T> for Closed<T> {
    fn give_back(self) -> Option<T> {
        Some(self.0)
    }
}

struct Send<'a, T> {
    shared: &'a Shared<T>,
    item: Option<T>,
    on_offer: bool,
}

// Nothing in it is pinned.
impl<T> Unpin for Send<'_, T> {}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), Closed<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let shared = self.shared;
        if self.on_offer {
            if !shared.offered.get() {
                self.on_offer = false;
                return Poll::Ready(Ok(()));
            }
            if shared.closed.get() {
                self.on_offer = false;
                shared.offered.set(false);
                return Poll::Ready(shared.item.take().map_or(Ok(()), |item| Err(Closed(item))));
            }
            shared.sender.set(Some(cx.waker().clone()));
            return Poll::Pending;
        }
        let Some(item) = self.item.take() else {
            return Poll::Pending;
        };
        if shared.closed.get() {
            return Poll::Ready(Err(Closed(item)));
        }
        shared.item.set(Some(item));
        shared.offered.set(true);
        self.on_offer = true;
        shared.sender.set(Some(cx.waker().clone()));
        wake(&shared.receiver);
        Poll::Pending
    }
}

impl<T> Drop for Send<'_, T> {
    fn drop(&mut self) {
        if self.on_offer {
            self.shared.offered.set(false);
            self.shared.item.set(None);
            self.shared.sender.set(None);
        }
    }
}

struct Recv<'a, T>(&'a Shared<T>);

impl<T> Future for Recv<'_, T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let shared = self.0;
        if shared.offered.replace(false) {
            let item = shared.item.take();
            wake(&shared.sender);
            return Poll::Ready(item);
        }
        if shared.closed.get() {
            return Poll::Ready(None);
        }
        shared.receiver.set(Some(cx.waker().clone()));
        Poll::Pending
    }
}

// For the items in use and not for every `T`, so as not to collide with the blanket implementation
// for the peers.
macro_rules! ends {
    ($($item:ty),*) => {$(
        impl LocalSendEnd<$item> for Sender<$item> {
            fn send_local(&mut self, item: $item) -> impl Future<Output: Verdict<$item>> {
                Send {
                    shared: &self.0,
                    item: Some(item),
                    on_offer: false,
                }
            }
        }

        impl LocalRecvEnd<$item> for Receiver<$item> {
            fn recv_local(&mut self) -> impl Future<Output: Received<$item>> {
                Recv(&self.0)
            }
        }
    )*};
}

ends!(u64, Page);
