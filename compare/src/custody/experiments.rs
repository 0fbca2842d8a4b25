//! The experiments. Each has a channel of its own, polls by hand, and looks where the item ends up.
//!
//! A buffered channel is filled up first where a send has to wait, so that all are asked about a
//! send that waits.

use super::{
    tools::{capacity, exchange, fill, poll, poll_recv, poll_send, Bell, Exchange, Ledger, Parcel},
    Experiment, Finding,
};
use crate::{
    ends::{AsyncEnds, Received, RecvEnd, SendEnd, Sent, Verdict},
    probe,
};
use std::{
    future::Future,
    mem,
    panic::{catch_unwind, AssertUnwindSafe},
    pin::{pin, Pin},
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc, Mutex,
    },
    task::{Context, Poll, Wake, Waker},
};

/// All of them, in the order of the table.
#[must_use]
pub fn all<E: AsyncEnds>() -> Vec<Experiment> {
    let experiment = |name, question, run| Experiment {
        name,
        question,
        run,
    };
    vec![
        experiment(
            "ok-means-taken",
            "Is `Ok` said only after the take?",
            ok_means_taken::<E> as fn() -> Finding,
        ),
        experiment(
            "cancelled-send",
            "The item of a cancelled send",
            cancelled_send::<E>,
        ),
        experiment(
            "timed-send",
            "A send cut short by a timer: who has the item, and does the sender know?",
            timed_send::<E>,
        ),
        experiment(
            "cancelled-receive",
            "An item whose receive is cancelled after it was woken",
            cancelled_receive::<E>,
        ),
        experiment(
            "receiver-dropped",
            "The receiver is dropped while a send waits",
            receiver_dropped::<E>,
        ),
        experiment(
            "woken-receiver-dropped",
            "The receiver is dropped after its receive was woken",
            woken_receiver_dropped::<E>,
        ),
        experiment(
            "forgotten-receive",
            "After `mem::forget` of a pending receive",
            forgotten_receive::<E>,
        ),
        experiment(
            "forgotten-send",
            "After `mem::forget` of a pending send",
            forgotten_send::<E>,
        ),
        experiment(
            "replaced-waker",
            "Polled with one waker, then another: is the latter woken?",
            replaced_waker::<E>,
        ),
        experiment(
            "inline-waker",
            "A waker that runs its task inside `wake`",
            inline_waker::<E>,
        ),
        experiment(
            "waker-drop",
            "A waker whose drop drops the other end",
            waker_drop::<E>,
        ),
        experiment(
            "panicking-waker",
            "After a waker that panics",
            panicking_waker::<E>,
        ),
        experiment(
            "kept-waker",
            "Is a waker kept after its future is dropped?",
            kept_waker::<E>,
        ),
    ]
}

fn ok_means_taken<E: AsyncEnds>() -> Finding {
    let early = probe::early::<E>();
    if early.unasked {
        Finding::bad("no, as soon as it is queued")
    } else if early.before_take {
        Finding::bad("no, as soon as a receive waits")
    } else if early.at_drop {
        Finding::bad("no, also when the receiver goes")
    } else {
        Finding::good("yes")
    }
}

fn cancelled_send<E: AsyncEnds>() -> Finding {
    let capacity = capacity::<E>();
    let ledger = Ledger::default();
    let (mut tx, mut rx) = E::channel();
    fill(&mut tx, &ledger, capacity);
    let mut send = Box::pin(tx.send(ledger.parcel(capacity)));
    assert!(poll_send(send.as_mut()).is_pending());
    drop(send);
    if tx.reclaim().is_some_and(|parcel| parcel.number == capacity) {
        return Finding::good("given back by `reclaim`");
    }
    let destroyed = ledger.destroyed(capacity);
    let after = exchange(&mut tx, &mut rx, &ledger, 32..33);
    if after.received.contains(&capacity) {
        Finding::bad("delivered later all the same")
    } else if destroyed {
        Finding::fair("destroyed")
    } else {
        Finding::bad("kept inside")
    }
}

/// With the peer's own limit for tasks, and otherwise by a race: whoever loses is dropped.
fn timed_send<E: AsyncEnds>() -> Finding {
    let capacity = capacity::<E>();
    let ledger = Ledger::default();
    let (mut tx, mut rx) = E::channel();
    fill(&mut tx, &ledger, capacity);
    match tx.send_with_limit(ledger.parcel(capacity)) {
        Ok(Sent::Returned(parcel)) if parcel.number == capacity => {
            return Finding::good("the sender, in the error");
        }
        Ok(_) => return Finding::bad("nobody, and the sender is not told"),
        Err(parcel) => {
            let mut send = Box::pin(tx.send(parcel));
            assert!(poll_send(send.as_mut()).is_pending());
        }
    }
    if tx.reclaim().is_some_and(|parcel| parcel.number == capacity) {
        return Finding::good("the sender, by `reclaim`");
    }
    let destroyed = ledger.destroyed(capacity);
    let after = exchange(&mut tx, &mut rx, &ledger, 32..33);
    if after.received.contains(&capacity) {
        Finding::bad("the receiver gets it later, and the sender is not told")
    } else if destroyed {
        Finding::fair("nobody: destroyed with the future")
    } else {
        Finding::bad("kept inside")
    }
}

fn cancelled_receive<E: AsyncEnds>() -> Finding {
    let ledger = Ledger::default();
    let (mut tx, mut rx) = E::channel();
    let (bell, waker) = Bell::new();
    let mut recv = Box::pin(rx.recv());
    assert!(poll(recv.as_mut(), &waker).is_pending());
    let mut send = Box::pin(tx.send(ledger.parcel(0)));
    let first = poll_send(send.as_mut());
    assert!(bell.rung() > 0, "the receive must be woken");
    drop(recv);
    match poll_recv(pin!(rx.recv())) {
        Poll::Ready(Some(_)) => return Finding::good("goes to the next receive"),
        Poll::Ready(None) => return Finding::bad("closed"),
        Poll::Pending => {}
    }
    let told_ok = match first {
        Poll::Ready(sent) => matches!(sent, Sent::Ok),
        Poll::Pending => matches!(poll_send(send.as_mut()), Poll::Ready(Sent::Ok)),
    };
    match (ledger.destroyed(0), told_ok) {
        (true, true) => Finding::bad("destroyed, sender told `Ok`"),
        (true, false) => Finding::bad("destroyed"),
        (false, _) => Finding::bad("stuck"),
    }
}

fn receiver_dropped<E: AsyncEnds>() -> Finding {
    let capacity = capacity::<E>();
    let ledger = Ledger::default();
    let (mut tx, rx) = E::channel();
    fill(&mut tx, &ledger, capacity);
    let mut send = Box::pin(tx.send(ledger.parcel(capacity)));
    assert!(poll_send(send.as_mut()).is_pending());
    drop(rx);
    let verdict = after_the_receiver_went(poll_send(send.as_mut()));
    drop(send);
    drop(tx);
    if capacity > 0 && ledger.destroyed(0) {
        return Finding::bad(&format!(
            "{}; what was queued is destroyed, sender told `Ok`",
            verdict.text
        ));
    }
    verdict
}

fn woken_receiver_dropped<E: AsyncEnds>() -> Finding {
    let ledger = Ledger::default();
    let (mut tx, mut rx) = E::channel();
    let mut recv = Box::pin(rx.recv());
    assert!(poll_recv(recv.as_mut()).is_pending());
    let mut send = Box::pin(tx.send(ledger.parcel(0)));
    let first = poll_send(send.as_mut());
    drop(recv);
    drop(rx);
    after_the_receiver_went(match first {
        Poll::Ready(_) => first,
        Poll::Pending => poll_send(send.as_mut()),
    })
}

fn after_the_receiver_went(sent: Poll<Sent<Parcel>>) -> Finding {
    match sent {
        Poll::Ready(Sent::Returned(_)) => Finding::good("given back in the error"),
        Poll::Ready(Sent::Refused) => Finding::fair("destroyed, sender told so"),
        Poll::Ready(Sent::Ok) => Finding::bad("destroyed, sender told `Ok`"),
        Poll::Pending => Finding::bad("the send waits forever"),
    }
}

fn forgotten_receive<E: AsyncEnds>() -> Finding {
    let ledger = Ledger::default();
    let (mut tx, mut rx) = E::channel();
    let mut recv = Box::pin(rx.recv());
    assert!(poll_recv(recv.as_mut()).is_pending());
    mem::forget(recv);
    let after = exchange(&mut tx, &mut rx, &ledger, 0..3);
    if after.received == [0, 1, 2] && after.sent_all {
        Finding::good("the channel still works")
    } else if after.sent_all {
        Finding::bad("swallows the next item, sender told `Ok`")
    } else {
        Finding::bad("wedged")
    }
}

fn forgotten_send<E: AsyncEnds>() -> Finding {
    let capacity = capacity::<E>();
    let ledger = Ledger::default();
    let (mut tx, mut rx) = E::channel();
    fill(&mut tx, &ledger, capacity);
    let mut send = Box::pin(tx.send(ledger.parcel(capacity)));
    assert!(poll_send(send.as_mut()).is_pending());
    mem::forget(send);
    let after = exchange(&mut tx, &mut rx, &ledger, 32..35);
    let queued: Vec<u32> = (0..capacity).collect();
    let with_it = [&queued[..], &[capacity, 32, 33, 34]].concat();
    let without_it = [&queued[..], &[32, 33, 34]].concat();
    if !after.sent_all {
        Finding::bad("wedged")
    } else if after.received == with_it {
        Finding::good("its item is delivered, the channel still works")
    } else if after.received == without_it {
        Finding::fair("its item leaks, the channel still works")
    } else {
        Finding::bad("items are lost or out of order")
    }
}

fn replaced_waker<E: AsyncEnds>() -> Finding {
    let ledger = Ledger::default();
    let (mut tx, mut rx) = E::channel();
    let ((_, old), (bell, new)) = (Bell::new(), Bell::new());
    let mut recv = Box::pin(rx.recv());
    assert!(poll(recv.as_mut(), &old).is_pending());
    assert!(poll(recv.as_mut(), &new).is_pending());
    let _ = poll_send(pin!(tx.send(ledger.parcel(0))));
    let receiver = bell.rung() > 0;
    drop(recv);

    let capacity = capacity::<E>();
    let (mut tx, mut rx) = E::channel();
    fill(&mut tx, &ledger, capacity);
    let ((_, old), (bell, new)) = (Bell::new(), Bell::new());
    let mut send = Box::pin(tx.send(ledger.parcel(capacity)));
    assert!(poll(send.as_mut(), &old).is_pending());
    assert!(poll(send.as_mut(), &new).is_pending());
    for _ in 0..=capacity {
        let _ = poll_recv(pin!(rx.recv()));
    }
    let sender = bell.rung() > 0;
    match (receiver, sender) {
        (true, true) => Finding::good("yes"),
        (true, false) => Finding::bad("no, a sender sleeps for ever"),
        (false, true) => Finding::bad("no, a receiver sleeps for ever"),
        (false, false) => Finding::bad("no, either end sleeps for ever"),
    }
}

/// A task that is polled inside the wake, as by an executor that runs a task where it is woken.
/// Woken while it is being polled, it is polled again afterwards.
struct Inline {
    task: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    woken: AtomicBool,
}

impl Inline {
    fn new(task: impl Future<Output = ()> + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            task: Mutex::new(Some(Box::pin(task))),
            woken: AtomicBool::new(false),
        })
    }

    fn done(&self) -> bool {
        self.task.lock().expect("not poisoned").is_none()
    }
}

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        while self.woken.load(Ordering::SeqCst) {
            let Ok(mut place) = self.task.try_lock() else {
                return;
            };
            self.woken.store(false, Ordering::SeqCst);
            let Some(task) = &mut *place else {
                return;
            };
            let waker = Waker::from(Arc::clone(&self));
            if task
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_ready()
            {
                *place = None;
            }
        }
    }
}

fn inline_waker<E: AsyncEnds>() -> Finding {
    let received = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&received);
    let (mut tx, mut rx) = E::channel::<u32>();
    let receiving = Inline::new(async move {
        while let Some(number) = rx.recv().await.received() {
            list.lock().expect("not poisoned").push(number);
        }
    });
    let sending = Inline::new(async move {
        for number in 0..5 {
            assert!(matches!(tx.send(number).await.sent(), Sent::Ok), "refused");
        }
    });
    Arc::clone(&receiving).wake();
    Arc::clone(&sending).wake();
    let all = *received.lock().expect("not poisoned") == [0, 1, 2, 3, 4];
    if all && sending.done() && receiving.done() {
        Finding::good("the channel still works")
    } else {
        Finding::bad("stalls")
    }
}

/// Drops something when it is dropped; nobody wakes it.
struct Owner<X: Send>(#[allow(dead_code, reason = "owned for its drop")] Mutex<X>);

impl<X: Send> Wake for Owner<X> {
    fn wake(self: Arc<Self>) {}
}

fn waker_drop<E: AsyncEnds>() -> Finding {
    // The receiver's waker owns the sender and is replaced by another one; and the other way round.
    let (tx, mut rx) = E::channel::<u32>();
    let (bell, waker) = Bell::new();
    let mut recv = Box::pin(rx.recv());
    assert!(poll(recv.as_mut(), &Waker::from(Arc::new(Owner(Mutex::new(tx))))).is_pending());
    let mut told = match poll(recv.as_mut(), &waker) {
        Poll::Ready(end) => end.received().is_none(),
        Poll::Pending => bell.rung() > 0 && poll(recv.as_mut(), &waker).is_ready(),
    };
    drop(recv);
    drop(rx);

    let ledger = Ledger::default();
    let capacity = capacity::<E>();
    let (mut tx, rx) = E::channel();
    fill(&mut tx, &ledger, capacity);
    let (bell, waker) = Bell::new();
    let mut send = Box::pin(tx.send(ledger.parcel(capacity)));
    assert!(poll(send.as_mut(), &Waker::from(Arc::new(Owner(Mutex::new(rx))))).is_pending());
    told &= match poll(send.as_mut(), &waker) {
        Poll::Ready(_) => true,
        Poll::Pending => bell.rung() > 0 && poll(send.as_mut(), &waker).is_ready(),
    };
    if told {
        Finding::good("the channel still works")
    } else {
        Finding::bad("the other sleeps for ever")
    }
}

/// A waker that panics.
struct Panicking;

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        panic!("a waker panics");
    }
}

fn panicking_waker<E: AsyncEnds>() -> Finding {
    let ledger = Ledger::default();
    let (mut tx, mut rx) = E::channel();
    let quietly = |work: &mut dyn FnMut()| catch_unwind(AssertUnwindSafe(work)).is_ok();
    let dropped = {
        let mut recv = Some(Box::pin(rx.recv()));
        let waker = Waker::from(Arc::new(Panicking));
        let pending = recv
            .as_mut()
            .is_some_and(|recv| poll(recv.as_mut(), &waker).is_pending());
        assert!(pending, "an item from nowhere");
        quietly(&mut || {
            let _ = poll_send(pin!(tx.send(ledger.parcel(0))));
        });
        quietly(&mut || drop(recv.take()))
    };
    if !dropped {
        mem::forget((tx, rx));
        return Finding::bad("panics again in a drop");
    }
    let mut after = Exchange::default();
    if !quietly(&mut || after = exchange(&mut tx, &mut rx, &ledger, 1..4)) {
        mem::forget((tx, rx));
        return Finding::bad("panics ever after");
    }
    let mut ends = Some((tx, rx));
    if !quietly(&mut || drop(ends.take())) {
        return Finding::bad("panics again in a drop");
    }
    after.received.retain(|number| *number > 0);
    if after.sent_all && after.received == [1, 2, 3] {
        Finding::good("the channel still works")
    } else if after.sent_all {
        Finding::bad("an item is lost, sender told `Ok`")
    } else {
        Finding::bad("wedged")
    }
}

fn kept_waker<E: AsyncEnds>() -> Finding {
    let (_tx, mut rx) = E::channel::<u32>();
    let (bell, waker) = Bell::new();
    let mut recv = Box::pin(rx.recv());
    assert!(poll(recv.as_mut(), &waker).is_pending());
    drop(recv);
    drop(waker);
    let receiver = Arc::strong_count(&bell) > 1;

    let ledger = Ledger::default();
    let capacity = capacity::<E>();
    let (mut tx, _rx) = E::channel();
    fill(&mut tx, &ledger, capacity);
    let (bell, waker) = Bell::new();
    let mut send = Box::pin(tx.send(ledger.parcel(capacity)));
    assert!(poll(send.as_mut(), &waker).is_pending());
    drop(send);
    drop(waker);
    let sender = Arc::strong_count(&bell) > 1;
    match (receiver, sender) {
        (false, false) => Finding::good("no"),
        (true, false) => Finding::fair("yes, a receiver's"),
        (false, true) => Finding::fair("yes, a sender's"),
        (true, true) => Finding::fair("yes, either end's"),
    }
}
