//! Polling by hand.

use futures_core::Stream;
use handoff::{Offer, Receiver, Sender};
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Polls a future once. All of `handoff`'s are `Unpin`; others go in as `Box::pin(...)`.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Polls a stream once.
pub(crate) fn poll_next<S: Stream + Unpin>(stream: &mut S, waker: &Waker) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(waker))
}

/// A waker that wakes nobody.
fn idle_waker() -> Waker {
    struct Idle;
    impl Wake for Idle {
        fn wake(self: Arc<Self>) {}
    }
    Waker::from(Arc::new(Idle))
}

/// Puts an item on offer that no future stands for any more.
#[track_caller]
pub(crate) fn offer_and_forget<T>(tx: &mut Sender<T>, item: T) {
    let mut send = tx.send(item);
    let outcome = poll_once(&mut send, &idle_waker());
    assert!(outcome.is_pending(), "it cannot be put on offer");
    mem::forget(send);
}

/// The guard of the item on offer.
#[track_caller]
pub(crate) fn lend<T>(rx: &mut Receiver<T>) -> Offer<'_, T> {
    match poll_once(&mut rx.next_offer(), &idle_waker()) {
        Poll::Ready(Some(guard)) => guard,
        Poll::Ready(None) => panic!("the channel is closed"),
        Poll::Pending => panic!("nothing is on offer"),
    }
}

/// Pending once, and asks for the next poll: lets the executor run the others.
pub(crate) async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A task whose waker polls it on the spot, inside `wake`: the harshest executor there can be.
pub(crate) struct Inline {
    state: Mutex<State>,
}

enum State {
    Idle(Task),
    /// Being polled; `again` if it was woken meanwhile.
    Running {
        again: bool,
    },
    Done,
}

/// Polls `future` at once, and from then on whenever it is woken, by whoever wakes it.
pub(crate) fn inline(future: impl Future<Output = ()> + Send + 'static) -> Arc<Inline> {
    let task = Arc::new(Inline {
        state: Mutex::new(State::Idle(Box::pin(future))),
    });
    task.run();
    task
}

impl Inline {
    pub(crate) fn is_done(&self) -> bool {
        matches!(*self.lock(), State::Done)
    }

    /// Drops the future, unless it is running at this moment.
    pub(crate) fn cancel(&self) {
        let mut state = self.lock();
        if let State::Idle(_) = *state {
            let task = mem::replace(&mut *state, State::Done);
            drop(state);
            drop(task);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(self: &Arc<Self>) {
        let mut state = self.lock();
        match &mut *state {
            State::Running { again } => *again = true,
            State::Done => {}
            State::Idle(_) => {
                let running = State::Running { again: false };
                let State::Idle(mut task) = mem::replace(&mut *state, running) else {
                    unreachable!("it was idle");
                };
                drop(state);
                let waker = Waker::from(Arc::clone(self));
                let mut cx = Context::from_waker(&waker);
                loop {
                    if task.as_mut().poll(&mut cx).is_ready() {
                        *self.lock() = State::Done;
                        return;
                    }
                    let mut state = self.lock();
                    if let State::Running { again: true } = *state {
                        *state = State::Running { again: false };
                    } else {
                        *state = State::Idle(task);
                        return;
                    }
                }
            }
        }
    }
}

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        self.run();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.run();
    }
}
