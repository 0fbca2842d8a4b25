//! The plain model of the channel: what every operation is to answer, whom it is to wake, and where it leaves the items.
//!
//! One thread, no wakers, no lock; items are their tags.

use super::answer::Answer;
use super::item::Tag;
use super::op::{Busy, FutureOp, GuardOp, Op, ReceiverOp, SenderOp, Task};
use super::real::{ReceiverSees, SenderSees};
use super::TASKS;
use crate::common::Fate;
use std::mem;

/// What an operation is to do.
pub(super) struct Expected {
    pub(super) answer: Answer,
    /// How often each task is woken.
    pub(super) woken: [usize; TASKS],
    /// How many wakers may be cloned.
    pub(super) clones: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    Closed,
    Dropped,
}

/// An item that was put on offer, and that the receiver has not accepted.
#[derive(Clone, Copy)]
struct Offered {
    tag: Tag,
    place: Place,
    /// It came in through the `Sink`, which gets it back from a receiver that closes.
    from_sink: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    OnOffer,
    Lent,
    /// Lent to a guard that was leaked: accepted, once the receiver does something.
    Leaked,
}

/// A future that an end is busy with.
#[derive(Clone, Copy)]
enum Future {
    /// With its item, until that is put on offer.
    Send(Option<Tag>),
    Wanted,
    SenderClosed,
    Recv,
    Offer,
    ReceiverClosed,
}

/// How far a future is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// It was not polled yet.
    Fresh,
    /// It was polled, and has no answer yet.
    Waiting,
    Done,
}

type Held = Option<(Future, Progress)>;

/// What the one who waits on the sender's side waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Vacancy,
    Demand,
}

#[derive(Clone)]
pub(super) struct Oracle {
    fates: Vec<Fate>,
    offered: Option<Offered>,
    given_back: Option<Tag>,
    sender: Life,
    receiver: Life,
    /// A receive is waiting.
    waiting: bool,
    /// The receiver was told that nothing more will come.
    terminated: bool,

    // What the ends are busy with.
    sending: Held,
    receiving: Held,
    guard: bool,

    // Who waits, in each of the four places.
    at_sender: Option<(Task, For)>,
    at_receiver: Option<Task>,
    at_sender_closed: Option<Task>,
    at_receiver_closed: Option<Task>,

    // What the present operation did.
    woken: [usize; TASKS],
    clones: usize,
}

impl Oracle {
    pub(super) fn new() -> Self {
        Oracle {
            fates: Vec::new(),
            offered: None,
            given_back: None,
            sender: Life::Open,
            receiver: Life::Open,
            waiting: false,
            terminated: false,
            sending: None,
            receiving: None,
            guard: false,
            at_sender: None,
            at_receiver: None,
            at_sender_closed: None,
            at_receiver_closed: None,
            woken: [0; TASKS],
            clones: 0,
        }
    }

    // ---- What can be seen -------------------------------------------------------------------

    /// What the sender is busy with, unless it is gone.
    pub(super) fn sender_busy(&self) -> Option<Busy> {
        match (self.sender, self.sending) {
            (Life::Dropped, _) => None,
            (_, None) => Some(Busy::No),
            (_, Some((_, Progress::Done))) => Some(Busy::Done),
            (_, Some(_)) => Some(Busy::Future),
        }
    }

    pub(super) fn receiver_busy(&self) -> Option<Busy> {
        match (self.receiver, self.receiving, self.guard) {
            (Life::Dropped, ..) => None,
            (_, None, false) => Some(Busy::No),
            (_, None, true) => Some(Busy::Guard),
            (_, Some(_), true) => Some(Busy::DoneAndGuard),
            (_, Some((_, Progress::Done)), false) => Some(Busy::Done),
            (_, Some(_), false) => Some(Busy::Future),
        }
    }

    pub(super) fn fates(&self) -> &[Fate] {
        &self.fates
    }

    /// How many of each task's wakers are kept.
    pub(super) fn held(&self) -> [usize; TASKS] {
        let mut held = [0; TASKS];
        let seated = [
            self.at_sender.map(|(task, _)| task),
            self.at_receiver,
            self.at_sender_closed,
            self.at_receiver_closed,
        ];
        for task in seated.into_iter().flatten() {
            held[task] += 1;
        }
        held
    }

    pub(super) fn sender(&self) -> Option<SenderSees> {
        matches!(self.sender_busy(), Some(Busy::No)).then(|| SenderSees {
            closed: self.is_closed(),
            wanted: self.is_wanted(),
        })
    }

    pub(super) fn receiver(&self) -> Option<ReceiverSees> {
        matches!(self.receiver_busy(), Some(Busy::No)).then(|| ReceiverSees {
            closed: self.is_closed(),
            terminated: self.terminated,
            size_hint: (0, self.most_to_come()),
        })
    }

    fn most_to_come(&self) -> Option<usize> {
        if self.receiver != Life::Open {
            Some(0)
        } else if self.sender != Life::Open {
            Some(usize::from(self.on_offer().is_some()))
        } else {
            None
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender != Life::Open || self.receiver != Life::Open
    }

    fn is_wanted(&self) -> bool {
        self.waiting && self.offered.is_none() && !self.is_closed()
    }

    fn on_offer(&self) -> Option<Tag> {
        match self.offered {
            Some(offered) if offered.place == Place::OnOffer => Some(offered.tag),
            _ => None,
        }
    }

    // ---- What can be done -------------------------------------------------------------------

    /// Whether an operation can be done at all here. It must not block, nor wait on a future that has resolved.
    pub(super) fn allows(&self, op: Op) -> bool {
        match op {
            Op::Sender(SenderOp::Future(op)) => self.allows_future(self.sending, op),
            Op::Receiver(ReceiverOp::Future(op)) => self.allows_future(self.receiving, op),
            Op::Receiver(ReceiverOp::Next) => self.clone().look(Future::Recv).is_some(),
            Op::Sender(
                SenderOp::PollReady(_)
                | SenderOp::StartSend
                | SenderOp::PollFlush(_)
                | SenderOp::PollClose(_),
            ) => cfg!(feature = "sink"),
            _ => true,
        }
    }

    fn allows_future(&self, held: Held, op: FutureOp) -> bool {
        let Some((future, progress)) = held else {
            return false;
        };
        match op {
            FutureOp::Wait => progress != Progress::Done && self.clone().look(future).is_some(),
            FutureOp::WaitNoTime | FutureOp::WaitPast => {
                // An item that is lent cannot be withdrawn yet.
                let lent = self.offered.is_some() && self.on_offer().is_none();
                let stuck = lent && matches!(future, Future::Send(None));
                progress != Progress::Done && !stuck
            }
            _ => true,
        }
    }

    pub(super) fn perform(&mut self, op: Op) -> Expected {
        self.woken = [0; TASKS];
        self.clones = 0;
        let answer = match op {
            Op::Renew => {
                let fates = mem::take(&mut self.fates);
                *self = Self::new();
                self.fates = fates;
                Answer::Nothing
            }
            Op::Sender(op) => self.send(op),
            Op::Receiver(op) => self.receive(op),
        };
        Expected {
            answer,
            woken: self.woken,
            clones: self.clones,
        }
    }

    fn send(&mut self, op: SenderOp) -> Answer {
        match op {
            SenderOp::Send => {
                self.discard_given_back();
                let item = self.new_item();
                Self::begin(&mut self.sending, Future::Send(Some(item)))
            }
            SenderOp::Wanted => Self::begin(&mut self.sending, Future::Wanted),
            SenderOp::Closed => Self::begin(&mut self.sending, Future::SenderClosed),
            SenderOp::Future(op) => {
                let held = self.sending.take().expect("the sender is busy");
                let (answer, held) = self.with_future(held, op);
                self.sending = held;
                answer
            }
            SenderOp::TrySend => self.try_send(),
            SenderOp::Reclaim => self.reclaim(),
            SenderOp::Close => {
                let was_open = !self.is_closed();
                self.close_sender(Life::Closed);
                Answer::Flag(was_open)
            }
            SenderOp::Drop => {
                self.at_sender = None;
                self.at_sender_closed = None;
                self.discard_given_back();
                self.close_sender(Life::Dropped);
                Answer::Nothing
            }
            SenderOp::PollReady(task) => self.poll_vacant(task, true),
            SenderOp::PollFlush(task) => self.poll_vacant(task, false),
            SenderOp::PollClose(task) => {
                let flushed = self.poll_vacant(task, false);
                if flushed != Answer::Pending {
                    // No poll wakes its own task, and what was leaked there has no other.
                    self.at_sender = None;
                    self.close_sender(Life::Closed);
                }
                flushed
            }
            SenderOp::StartSend => self.start_send(),
        }
    }

    fn receive(&mut self, op: ReceiverOp) -> Answer {
        match op {
            ReceiverOp::Recv => Self::begin(&mut self.receiving, Future::Recv),
            ReceiverOp::Offer => Self::begin(&mut self.receiving, Future::Offer),
            ReceiverOp::Closed => Self::begin(&mut self.receiving, Future::ReceiverClosed),
            ReceiverOp::Future(op) => {
                let held = self.receiving.take().expect("the receiver is busy");
                let (answer, held) = self.with_future(held, op);
                self.receiving = held;
                answer
            }
            ReceiverOp::Guard(op) => self.with_guard(op),
            ReceiverOp::TryRecv => {
                self.waiting = false;
                self.look(Future::Recv).unwrap_or(Answer::Empty)
            }
            ReceiverOp::PollRecv(task) | ReceiverOp::PollNext(task) => self
                .poll(&mut Future::Recv, task)
                .unwrap_or(Answer::Pending),
            ReceiverOp::Next => self.look(Future::Recv).expect("it need not wait"),
            ReceiverOp::Close => {
                let was_open = !self.is_closed();
                self.close_receiver(Life::Closed);
                Answer::Flag(was_open)
            }
            ReceiverOp::Drop => {
                self.at_receiver = None;
                self.at_receiver_closed = None;
                self.close_receiver(Life::Dropped);
                Answer::Nothing
            }
        }
    }

    // ---- Futures ----------------------------------------------------------------------------

    fn begin(held: &mut Held, future: Future) -> Answer {
        *held = Some((future, Progress::Fresh));
        Answer::Nothing
    }

    /// Gives the answer, and the future if it is still there.
    fn with_future(&mut self, held: (Future, Progress), op: FutureOp) -> (Answer, Held) {
        let (mut future, progress) = held;
        let done = progress == Progress::Done;
        match op {
            FutureOp::IsTerminated => (Answer::Flag(done), Some(held)),
            FutureOp::Poll(_) if done => (Answer::Pending, Some(held)),
            FutureOp::Poll(task) => match self.poll(&mut future, task) {
                Some(answer) => (answer, Some((future, Progress::Done))),
                None => (Answer::Pending, Some((future, Progress::Waiting))),
            },
            FutureOp::Wait => (self.look(future).expect("it need not wait"), None),
            FutureOp::WaitNoTime | FutureOp::WaitPast => {
                if !self.is_closed() {
                    self.put_on_offer(&mut future);
                }
                let answer = self.look(future);
                (
                    answer.unwrap_or_else(|| self.give_up(future, progress)),
                    None,
                )
            }
            FutureOp::Drop => {
                if !done {
                    self.cancel(future, progress);
                }
                (Answer::Nothing, None)
            }
            // With all that it has: an item that was not offered yet leaks too.
            FutureOp::Forget => (Answer::Nothing, None),
        }
    }

    fn poll(&mut self, future: &mut Future, task: Task) -> Option<Answer> {
        let answer = self.look(*future);
        if answer.is_none() {
            self.sit(*future, task);
            self.put_on_offer(future);
            if matches!(future, Future::Recv | Future::Offer) {
                self.waiting = true;
                if self.is_wanted() && matches!(self.at_sender, Some((_, For::Demand))) {
                    self.wake_sender();
                }
            }
        }
        answer
    }

    /// The answer, if there is one now.
    fn look(&mut self, future: Future) -> Option<Answer> {
        match future {
            Future::Send(item) => self.look_for_send(item),
            Future::Wanted => {
                let answered = self.is_closed() || self.is_wanted();
                answered.then(|| Answer::Flag(self.is_wanted()))
            }
            Future::SenderClosed => (self.receiver != Life::Open).then_some(Answer::Nothing),
            Future::Recv => self.look_for_receive(false),
            Future::Offer => self.look_for_receive(true),
            Future::ReceiverClosed => {
                self.accept_leaked();
                (self.sender != Life::Open).then_some(Answer::Nothing)
            }
        }
    }

    /// Taken wins over closed.
    fn look_for_send(&mut self, item: Option<Tag>) -> Option<Answer> {
        if item.is_none() && self.offered.is_none() {
            return Some(Answer::Ok);
        }
        if !self.is_closed() {
            return None;
        }
        let tag = self.withdraw(item)?;
        self.settle(tag, Fate::Refused);
        Some(Answer::Refused(tag))
    }

    fn look_for_receive(&mut self, lend: bool) -> Option<Answer> {
        self.accept_leaked();
        let answer = match self.on_offer() {
            Some(tag) if self.receiver == Life::Open => {
                if lend {
                    self.place(Place::Lent);
                    self.guard = true;
                    Answer::Lent(tag)
                } else {
                    self.vacate();
                    self.settle(tag, Fate::Received);
                    Answer::Received(tag)
                }
            }
            _ if self.is_closed() => {
                self.terminated = true;
                Answer::NoMore
            }
            _ => return None,
        };
        self.waiting = false;
        Some(answer)
    }

    /// The last poll wins. A waker that is there already is not cloned again.
    fn sit(&mut self, future: Future, task: Task) {
        let (seat, new) = match future {
            Future::Send(_) => return self.sit_at_sender(task, For::Vacancy),
            Future::Wanted => return self.sit_at_sender(task, For::Demand),
            Future::SenderClosed => (&mut self.at_sender_closed, Some(task)),
            Future::Recv | Future::Offer => (&mut self.at_receiver, Some(task)),
            Future::ReceiverClosed => (&mut self.at_receiver_closed, Some(task)),
        };
        self.clones = usize::from(*seat != new);
        *seat = new;
    }

    fn sit_at_sender(&mut self, task: Task, what: For) {
        let same = self.at_sender.is_some_and(|(seated, _)| seated == task);
        self.clones = usize::from(!same);
        self.at_sender = Some((task, what));
    }

    fn put_on_offer(&mut self, future: &mut Future) {
        if let Future::Send(item) = future {
            if self.offered.is_none() {
                if let Some(tag) = item.take() {
                    self.offer(tag, false);
                }
            }
        }
    }

    /// The time is up.
    fn give_up(&mut self, future: Future, progress: Progress) -> Answer {
        let item = self.leave(future, progress);
        match future {
            Future::Send(_) => {
                let tag = item.expect("it is not lent");
                self.settle(tag, Fate::Refused);
                Answer::Late(tag)
            }
            Future::Recv | Future::Offer => {
                // Also a poll of the stream, or a leaked `Recv`, waited until this.
                self.waiting = false;
                Answer::Timeout
            }
            Future::Wanted | Future::SenderClosed | Future::ReceiverClosed => Answer::Timeout,
        }
    }

    fn cancel(&mut self, future: Future, progress: Progress) {
        if matches!(future, Future::Send(None)) && self.offered.is_none() {
            // It was taken.
            return;
        }
        if let Some(item) = self.leave(future, progress) {
            self.given_back = Some(item);
        }
    }

    /// A future that ends without an answer takes along only what it brought: its item and its waker.
    fn leave(&mut self, future: Future, progress: Progress) -> Option<Tag> {
        if progress == Progress::Waiting {
            match future {
                Future::Send(_) | Future::Wanted => self.at_sender = None,
                Future::SenderClosed => self.at_sender_closed = None,
                Future::ReceiverClosed => self.at_receiver_closed = None,
                Future::Recv | Future::Offer => {
                    self.at_receiver = None;
                    self.waiting = false;
                }
            }
        }
        match future {
            Future::Send(item) => self.withdraw(item),
            _ => None,
        }
    }

    /// A send takes its item back, out of its own hands or off the offer, unless it is lent.
    fn withdraw(&mut self, item: Option<Tag>) -> Option<Tag> {
        if item.is_some() {
            return item;
        }
        let on_offer = self.on_offer();
        if on_offer.is_some() {
            self.offered = None;
        }
        on_offer
    }

    // ---- Without a future -------------------------------------------------------------------

    fn try_send(&mut self) -> Answer {
        self.discard_given_back();
        let tag = self.new_item();
        if self.is_closed() {
            self.settle(tag, Fate::Refused);
            Answer::Refused(tag)
        } else if self.is_wanted() {
            self.offer(tag, false);
            Answer::Ok
        } else {
            self.settle(tag, Fate::Refused);
            Answer::Full(tag)
        }
    }

    /// The oldest first: what was given back is younger than what is still on offer.
    fn reclaim(&mut self) -> Answer {
        let reclaimed = match self.on_offer() {
            Some(tag) => {
                self.vacate();
                Some(tag)
            }
            None => self.given_back.take(),
        };
        let Some(tag) = reclaimed else {
            return Answer::NoMore;
        };
        self.settle(tag, Fate::Reclaimed);
        Answer::Reclaimed(tag)
    }

    fn start_send(&mut self) -> Answer {
        self.discard_given_back();
        let tag = self.new_item();
        if self.is_closed() || self.offered.is_some() {
            self.settle(tag, Fate::Refused);
            Answer::Refused(tag)
        } else {
            self.offer(tag, true);
            Answer::Ok
        }
    }

    /// `poll_ready`, which waits `to_send`, and `poll_flush`.
    fn poll_vacant(&mut self, task: Task, to_send: bool) -> Answer {
        match self.offered {
            Some(offered) if self.receiver != Life::Open && offered.from_sink => {
                self.offered = None;
                self.settle(offered.tag, Fate::Refused);
                Answer::Refused(offered.tag)
            }
            Some(_) if self.receiver != Life::Open => Answer::Ok,
            Some(_) if self.sender != Life::Open && to_send => Answer::Ok,
            Some(_) => {
                self.sit_at_sender(task, For::Vacancy);
                Answer::Pending
            }
            None => Answer::Ok,
        }
    }

    fn with_guard(&mut self, op: GuardOp) -> Answer {
        let offered = self.offered.as_mut().expect("an item is lent");
        if let GuardOp::Edit = op {
            offered.tag.edits += 1;
            return Answer::Lent(offered.tag);
        }
        let tag = offered.tag;
        self.guard = false;
        match op {
            GuardOp::Edit => unreachable!("it was edited"),
            GuardOp::Accept => {
                self.vacate();
                self.settle(tag, Fate::Received);
                return Answer::Received(tag);
            }
            GuardOp::Drop => self.place(Place::OnOffer),
            GuardOp::Forget => self.place(Place::Leaked),
        }
        Answer::Nothing
    }

    fn close_sender(&mut self, life: Life) {
        self.sender = life;
        // Its own side too: a poll of the `Sink` may have been left there.
        self.wake_sender();
        self.wake_receiver();
        Self::wake(&mut self.woken, self.at_receiver_closed.take());
        self.discard_unreachable();
    }

    fn close_receiver(&mut self, life: Life) {
        self.accept_leaked();
        self.receiver = life;
        self.waiting = false;
        self.wake_sender();
        // Its own side too: a poll of the stream may have been left there.
        self.wake_receiver();
        Self::wake(&mut self.woken, self.at_sender_closed.take());
        self.discard_unreachable();
    }

    // ---- Steps ------------------------------------------------------------------------------

    fn new_item(&mut self) -> Tag {
        self.fates.push(Fate::Alive);
        Tag::new(self.fates.len() - 1)
    }

    fn settle(&mut self, tag: Tag, fate: Fate) {
        self.fates[tag.number] = fate;
    }

    fn offer(&mut self, tag: Tag, from_sink: bool) {
        self.offered = Some(Offered {
            tag,
            place: Place::OnOffer,
            from_sink,
        });
        self.wake_receiver();
    }

    fn place(&mut self, place: Place) {
        self.offered.as_mut().expect("there is an item").place = place;
    }

    fn accept_leaked(&mut self) {
        if self.offered.is_some_and(|it| it.place == Place::Leaked) {
            self.vacate();
        }
    }

    /// The item leaves the channel, which makes room for the next.
    fn vacate(&mut self) {
        self.offered = None;
        if matches!(self.at_sender, Some((_, For::Vacancy))) {
            self.wake_sender();
        }
    }

    fn discard_given_back(&mut self) {
        if let Some(tag) = self.given_back.take() {
            self.settle(tag, Fate::Dropped);
        }
    }

    /// What the receiver will not take, and no sender can reclaim.
    fn discard_unreachable(&mut self) {
        if self.sender == Life::Dropped && self.receiver != Life::Open {
            if let Some(tag) = self.withdraw(None) {
                self.settle(tag, Fate::Dropped);
            }
        }
    }

    fn wake_sender(&mut self) {
        let seated = self.at_sender.take();
        Self::wake(&mut self.woken, seated.map(|(task, _)| task));
    }

    fn wake_receiver(&mut self) {
        Self::wake(&mut self.woken, self.at_receiver.take());
    }

    fn wake(woken: &mut [usize; TASKS], task: Option<Task>) {
        if let Some(task) = task {
            woken[task] += 1;
        }
    }
}
