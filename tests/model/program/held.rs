//! A future and the end that it borrows, kept together.
//!
//! The borrow ends when the future does, whenever the program wishes that, so the two cannot live on the stack of an
//! interpreter. They live in the body of an `async fn` instead, which may borrow from itself: it waits for a command,
//! obeys, and says what came of it.

use super::answer::{Answer, Output};
use super::item::Item;
use super::op::{FutureOp, GuardOp};
use super::TASKS;
use crate::common::{Fate, Probe};
use futures_core::future::FusedFuture;
use handoff::{
    Closed, NextOffer, Offer, Receiver, Recv, RecvTimeoutError, Send, SendTimeoutError, Sender,
    Until, Wanted,
};
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::future::{poll_fn, Future};
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
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

    /// Borrows what is on offer, without a future.
    pub(super) fn try_offer(
        end: Rc<RefCell<Receiver<Item>>>,
        tasks: Rc<[Probe; TASKS]>,
    ) -> (Answer, Option<Self>) {
        let outcome = Rc::new(Cell::new(None));
        let said = Rc::clone(&outcome);
        let body = |port: Rc<Port>| async move {
            let mut end = end.borrow_mut();
            let offer = end.try_next_offer();
            let (answer, guard) = match offer {
                Ok(guard) => (Answer::Lent(guard.tag), Some(guard)),
                Err(error) => (error.into(), None),
            };
            said.set(Some(answer));
            if guard.is_some() {
                obey_all(&port, None::<Kept<Recv<'_, Item>, _>>, guard).await;
            } else {
                // It waits to be dropped.
                port.command().await;
            }
        };
        let held = Self::new(tasks, body);
        let answer = outcome.take().expect("it was tried");
        let lent = matches!(answer, Answer::Lent(_));
        (answer, lent.then_some(held))
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
    obey_all(port, Some(Kept::Plain(future)), None).await;
}

async fn obey_all<'a, W>(
    port: &Port,
    mut future: Option<Kept<W, W::Limited>>,
    mut guard: Option<Offer<'a, Item>>,
) where
    W: Waitable<'a>,
    W::Output: Output<'a>,
{
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

/// A future, or what `until` made of it.
enum Kept<W, L> {
    Plain(W),
    Limited(L, Rc<Cell<bool>>),
}

/// Ready when the program says so, and not polled again after that.
struct Limit {
    has_come: Rc<Cell<bool>>,
    told: bool,
}

impl Future for Limit {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        assert!(!self.told, "a limit that has resolved is not polled again");
        if !self.has_come.get() {
            return Poll::Pending;
        }
        self.told = true;
        Poll::Ready(())
    }
}

fn obey_future<'a, W>(
    held: &mut Option<Kept<W, W::Limited>>,
    op: FutureOp,
    tasks: &[Probe; TASKS],
) -> (Answer, Option<Offer<'a, Item>>)
where
    W: Waitable<'a>,
    W::Output: Output<'a>,
{
    let mut kept = held.take().expect("there is a future");
    let nothing = (Answer::Nothing, None);
    match (op, &mut kept) {
        (FutureOp::Drop, _) => {
            drop(kept);
            return nothing;
        }
        (FutureOp::Forget, _) => {
            mem::forget(kept);
            return nothing;
        }
        (FutureOp::Wait | FutureOp::WaitNoTime | FutureOp::WaitPast | FutureOp::Until, _) => {
            let Kept::Plain(future) = kept else {
                unreachable!("the model allows it for a plain future only");
            };
            return match op {
                FutureOp::Wait => future.wait().split(),
                FutureOp::WaitNoTime => future.wait_timeout(Duration::ZERO).split(),
                FutureOp::WaitPast => future.wait_deadline(Instant::now()).split(),
                _ => {
                    let has_come = Rc::new(Cell::new(false));
                    let limit = Limit {
                        has_come: Rc::clone(&has_come),
                        told: false,
                    };
                    *held = Some(Kept::Limited(future.until(limit), has_come));
                    nothing
                }
            };
        }
        _ => {}
    }
    let answer = match (op, &mut kept) {
        (FutureOp::Poll(task), Kept::Plain(future)) => split(tasks[task].poll(future)),
        (FutureOp::Poll(task), Kept::Limited(until, _)) => split(tasks[task].poll(until)),
        (FutureOp::LimitComes, Kept::Limited(_, has_come)) => {
            has_come.set(true);
            nothing
        }
        (FutureOp::IsTerminated, Kept::Plain(future)) => {
            let _ = format!("{future:?}");
            (future.is_terminated().into(), None)
        }
        (FutureOp::IsTerminated, Kept::Limited(until, _)) => {
            let _ = format!("{until:?}");
            (until.is_terminated().into(), None)
        }
        _ => unreachable!("the model does not allow it"),
    };
    *held = Some(kept);
    answer
}

fn split<'a>(poll: Poll<impl Output<'a>>) -> (Answer, Option<Offer<'a, Item>>) {
    match poll {
        Poll::Pending => (Answer::Pending, None),
        Poll::Ready(output) => output.split(),
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
        GuardOp::Decline => match Offer::decline(guard) {
            Some(item) => Answer::Kept(item.end(Fate::Received)),
            None => Answer::NoMore,
        },
        GuardOp::IsAbandoned => {
            let answer = Offer::is_abandoned(&guard).into();
            *held = Some(guard);
            answer
        }
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
trait Waitable<'a>: FusedFuture + Unpin + Debug + Sized {
    type Timed: Output<'a>;
    type Limited: FusedFuture<Output = Self::Timed> + Unpin + Debug;

    fn wait(self) -> Self::Output;
    fn wait_timeout(self, timeout: Duration) -> Self::Timed;
    fn wait_deadline(self, deadline: Instant) -> Self::Timed;
    fn until(self, limit: Limit) -> Self::Limited;
}

macro_rules! waitable {
    ($($future:ident: $timed:ty,)*) => {$(
        impl<'a> Waitable<'a> for $future<'a, Item> {
            type Timed = $timed;
            type Limited = Until<Self, Limit>;

            fn wait(self) -> Self::Output {
                self.wait()
            }

            fn wait_timeout(self, timeout: Duration) -> Self::Timed {
                self.wait_timeout(timeout)
            }

            fn wait_deadline(self, deadline: Instant) -> Self::Timed {
                self.wait_deadline(deadline)
            }

            fn until(self, limit: Limit) -> Self::Limited {
                self.until(limit)
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
