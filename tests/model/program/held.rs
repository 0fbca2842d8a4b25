//! A future and the end that it borrows, kept together.
//!
//! The borrow ends when the future does, whenever the program wishes that, so the two cannot live on the stack of an
//! interpreter. They live in the body of an `async fn` instead, which may borrow from itself: it waits for a command,
//! obeys, and says what came of it.

use super::answer::{Answer, Output};
use super::item::Item;
use super::op::{FutureOp, GuardOp};
use super::TASKS;
use crate::common::Probe;
use futures_core::future::FusedFuture;
use handoff::{
    Closed, NextOffer, Offer, Receiver, Recv, RecvTimeoutError, Send, SendTimeoutError, Sender,
    Wanted,
};
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::future::{poll_fn, Future};
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

/// What can be told to somebody who holds a future, or a guard.
#[derive(Clone, Copy)]
pub(super) enum Command {
    Future(FutureOp),
    Guard(GuardOp),
}

/// Which future of the sender.
#[derive(Clone, Copy)]
pub(super) enum SenderFuture {
    Send,
    Wanted,
    Closed,
}

/// Which future of the receiver.
#[derive(Clone, Copy)]
pub(super) enum ReceiverFuture {
    Recv,
    Offer,
    Closed,
}

/// A future with the end that it borrows.
pub(super) struct Held {
    body: Pin<Box<dyn Future<Output = ()>>>,
    port: Rc<Port>,
    /// Runs the body. Its waker has no meaning.
    driver: Probe,
}

// The reference is held for as long as the future lives: that is the borrow.
#[allow(clippy::await_holding_refcell_ref)]
impl Held {
    pub(super) fn sender(
        end: Rc<RefCell<Sender<Item>>>,
        future: SenderFuture,
        tasks: Rc<[Probe; TASKS]>,
    ) -> Self {
        Self::new(tasks, |port| async move {
            let mut end = end.borrow_mut();
            match future {
                SenderFuture::Send => obey(&port, end.send(Item::new())).await,
                SenderFuture::Wanted => obey(&port, end.wanted()).await,
                SenderFuture::Closed => obey(&port, end.closed()).await,
            }
        })
    }

    pub(super) fn receiver(
        end: Rc<RefCell<Receiver<Item>>>,
        future: ReceiverFuture,
        tasks: Rc<[Probe; TASKS]>,
    ) -> Self {
        Self::new(tasks, |port| async move {
            let mut end = end.borrow_mut();
            match future {
                ReceiverFuture::Recv => obey(&port, end.recv()).await,
                ReceiverFuture::Offer => obey(&port, end.next_offer()).await,
                ReceiverFuture::Closed => obey(&port, end.closed()).await,
            }
        })
    }

    fn new<B>(tasks: Rc<[Probe; TASKS]>, body: impl FnOnce(Rc<Port>) -> B) -> Self
    where
        B: Future<Output = ()> + 'static,
    {
        let port = Rc::new(Port {
            tasks,
            command: Cell::new(None),
            answer: Cell::new(None),
        });
        let mut held = Held {
            body: Box::pin(body(Rc::clone(&port))),
            port,
            driver: Probe::new(),
        };
        // As far as the first command.
        assert!(held.go_on(), "it makes its future");
        held
    }

    /// Has a command obeyed. Also says whether there is something left to command.
    pub(super) fn tell(&mut self, command: Command) -> (Answer, bool) {
        self.port.command.set(Some(command));
        let more = self.go_on();
        let answer = self.port.answer.take().expect("every command is answered");
        (answer, more)
    }

    fn go_on(&mut self) -> bool {
        self.driver.poll(&mut self.body).is_pending()
    }
}

/// Where commands come in and answers go out.
struct Port {
    tasks: Rc<[Probe; TASKS]>,
    command: Cell<Option<Command>>,
    answer: Cell<Option<Answer>>,
}

impl Port {
    async fn command(&self) -> Command {
        poll_fn(|_| self.command.take().map_or(Poll::Pending, Poll::Ready)).await
    }

    fn answer(&self, answer: impl Into<Answer>) {
        self.answer.set(Some(answer.into()));
    }
}

/// Obeys until the future is gone, and the guard that it may have given.
async fn obey<'a, W>(port: &Port, future: W)
where
    W: Waitable<'a>,
    W::Output: Output<'a>,
{
    let mut future = Some(future);
    let mut guard = None;
    while future.is_some() || guard.is_some() {
        port.answer(match port.command().await {
            Command::Future(op) => {
                let (answer, given) = obey_future(&mut future, op, &port.tasks);
                guard = given.or(guard);
                answer
            }
            Command::Guard(op) => obey_guard(&mut guard, op),
        });
    }
}

fn obey_future<'a, W>(
    held: &mut Option<W>,
    op: FutureOp,
    tasks: &[Probe; TASKS],
) -> (Answer, Option<Offer<'a, Item>>)
where
    W: Waitable<'a>,
    W::Output: Output<'a>,
{
    let mut future = held.take().expect("there is a future");
    match op {
        FutureOp::Poll(task) => {
            let poll = tasks[task].poll(&mut future);
            *held = Some(future);
            match poll {
                Poll::Pending => (Answer::Pending, None),
                Poll::Ready(output) => output.split(),
            }
        }
        FutureOp::Wait => future.wait().split(),
        FutureOp::WaitNoTime => future.wait_timeout(Duration::ZERO).split(),
        FutureOp::WaitPast => future.wait_deadline(Instant::now()).split(),
        FutureOp::IsTerminated => {
            let _ = format!("{future:?}");
            let answer = future.is_terminated().into();
            *held = Some(future);
            (answer, None)
        }
        FutureOp::Drop => {
            drop(future);
            (Answer::Nothing, None)
        }
        FutureOp::Forget => {
            mem::forget(future);
            (Answer::Nothing, None)
        }
    }
}

fn obey_guard(held: &mut Option<Offer<'_, Item>>, op: GuardOp) -> Answer {
    let mut guard = held.take().expect("there is a guard");
    match op {
        GuardOp::Edit => {
            let _ = format!("{guard:?}");
            guard.tag.edits += 1;
            let answer = Answer::Lent(guard.tag);
            *held = Some(guard);
            answer
        }
        GuardOp::Accept => Some(Offer::accept(guard)).into(),
        GuardOp::Drop => {
            drop(guard);
            Answer::Nothing
        }
        GuardOp::Forget => {
            mem::forget(guard);
            Answer::Nothing
        }
    }
}

/// What all futures of the crate have in common.
trait Waitable<'a>: FusedFuture + Unpin + Debug {
    type Timed: Output<'a>;

    fn wait(self) -> Self::Output;
    fn wait_timeout(self, timeout: Duration) -> Self::Timed;
    fn wait_deadline(self, deadline: Instant) -> Self::Timed;
}

macro_rules! waitable {
    ($($future:ident: $timed:ty,)*) => {$(
        impl<'a> Waitable<'a> for $future<'a, Item> {
            type Timed = $timed;

            fn wait(self) -> Self::Output {
                self.wait()
            }

            fn wait_timeout(self, timeout: Duration) -> Self::Timed {
                self.wait_timeout(timeout)
            }

            fn wait_deadline(self, deadline: Instant) -> Self::Timed {
                self.wait_deadline(deadline)
            }
        }
    )*};
}

waitable! {
    Send: Result<(), SendTimeoutError<Item>>,
    Wanted: Option<bool>,
    Closed: Option<()>,
    Recv: Result<Item, RecvTimeoutError>,
    NextOffer: Result<Offer<'a, Item>, RecvTimeoutError>,
}
