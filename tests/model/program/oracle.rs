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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Open,
    Closed,
    Dropped,
}

/// An item that was put on offer, and that the receiver has not accepted.
#[derive(Clone, Copy, Debug)]
struct Offered {
    tag: Tag,
    place: Place,
    /// It came in through the `Sink`, which gets it back from a receiver that closes or declines.
    from_sink: bool,
    /// Somebody waits for the answer: a `Send`, until the next one is made, or the `Sink`.
    awaited: bool,
    /// Its `Send` was dropped, or is past its limit.
    abandoned: bool,
}

/// What became of the last item that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Taken,
    /// It was given back by the receiver.
    Declined,
    /// It was given back by a guard that was dropped past the limit of its `Send`.
    Returned,
}

/// An item that `reclaim` returns.
#[derive(Clone, Copy, Debug)]
struct GivenBack {
    tag: Tag,
    /// The `Sink` started it, and its next flush reports it.
    to_sink: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    OnOffer,
    Lent,
    /// Lent to a guard that was leaked: accepted, once the receiver does something.
    Leaked,
}

/// A future that an end is busy with.
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// It was not polled yet.
    Fresh,
    /// It was polled, and has no answer yet.
    Waiting,
    Done,
}

/// The limit of an `Until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    None,
    /// It is not ready.
    Open,
    /// It is ready, and the `Until` was not polled since.
    Ready,
    /// It was polled to its end. The operation gives up as soon as it can.
    Passed,
}

/// For what the one on the sender's side is woken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Reasons {
    vacancy: bool,
    demand: bool,
}

/// What a future added to the channel, and removes if it ends without an answer.
#[derive(Clone, Copy, Debug, Default)]
struct Added {
    waker: bool,
    reasons: Reasons,
    /// The mark that a receive waits.
    mark: bool,
}

/// A future that an end is busy with.
#[derive(Clone, Copy, Debug)]
struct Busily {
    future: Future,
    progress: Progress,
    limit: Limit,
    added: Added,
}

type Held = Option<Busily>;

#[derive(Clone, Debug)]
pub(super) struct Oracle {
    fates: Vec<Fate>,
    offered: Option<Offered>,
    given_back: Option<GivenBack>,
    verdict: Option<Verdict>,
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
    at_sender: Option<(Task, Reasons)>,
    at_receiver: Option<Task>,
    at_sender_closed: Option<Task>,
    at_receiver_closed: Option<Task>,

    // What the present operation did.
    woken: [usize; TASKS],
    clones: usize,
}

const VACANCY: Reasons = Reasons {
    vacancy: true,
    demand: false,
};
const DEMAND: Reasons = Reasons {
    vacancy: false,
    demand: true,
};

impl Oracle {
    pub(super) fn new() -> Self {
        Oracle {
            fates: Vec::new(),
            offered: None,
            given_back: None,
            verdict: None,
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

    /// All that decides what comes next, as text. Two channels with the same state differ only in which items they had.
    pub(super) fn state(&self) -> String {
        let mut state = Oracle {
            fates: Vec::new(),
            woken: [0; TASKS],
            clones: 0,
            ..self.clone()
        };
        if let Some(offered) = &mut state.offered {
            offered.tag = Tag::new(1);
        }
        if let Some(given_back) = &mut state.given_back {
            given_back.tag = Tag::new(2);
        }
        if let Some(Busily {
            future: Future::Send(Some(tag)),
            ..
        }) = &mut state.sending
        {
            *tag = Tag::new(3);
        }
        format!("{state:?}")
    }

    // ---- What can be seen -------------------------------------------------------------------

    /// What the sender is busy with, unless it is gone.
    pub(super) fn sender_busy(&self) -> Option<Busy> {
        match (self.sender, self.sending) {
            (Life::Dropped, _) => None,
            (_, None) => Some(Busy::No),
            (_, Some(held)) if held.progress == Progress::Done => Some(Busy::Done),
            (_, Some(_)) => Some(Busy::Future),
        }
    }

    pub(super) fn receiver_busy(&self) -> Option<Busy> {
        match (self.receiver, self.receiving, self.guard) {
            (Life::Dropped, ..) => None,
            (_, None, false) => Some(Busy::No),
            (_, None, true) => Some(Busy::Guard),
            (_, Some(_), true) => Some(Busy::DoneAndGuard),
            (_, Some(held), false) if held.progress == Progress::Done => Some(Busy::Done),
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
            offered: self.on_offer().is_some() && self.receiver == Life::Open,
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
        let Some(held) = held else {
            return false;
        };
        let can_block = held.progress != Progress::Done && held.limit == Limit::None;
        match op {
            FutureOp::Wait => can_block && self.clone().look(held.future).is_some(),
            FutureOp::WaitNoTime | FutureOp::WaitPast => {
                // An item that is lent cannot be withdrawn yet.
                can_block && !self.is_stuck(held.future)
            }
            FutureOp::Until => held.limit == Limit::None,
            FutureOp::LimitComes => held.limit == Limit::Open,
            _ => true,
        }
    }

    /// A send cannot give up, because its item is lent.
    fn is_stuck(&self, future: Future) -> bool {
        let lent = self.offered.is_some() && self.on_offer().is_none();
        lent && matches!(future, Future::Send(None))
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
                if let Some(earlier) = &mut self.offered {
                    earlier.awaited = false;
                }
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
                if let Some(last) = &mut self.offered {
                    last.awaited = false;
                }
                self.discard_given_back();
                self.close_sender(Life::Dropped);
                Answer::Nothing
            }
            SenderOp::PollWanted(task) => self.poll_and_stay(Future::Wanted, task),
            SenderOp::PollClosed(task) => self.poll_and_stay(Future::SenderClosed, task),
            SenderOp::PollReady(task) => self.poll_ready(task),
            SenderOp::PollFlush(task) => self.poll_flush(task),
            SenderOp::PollClose(task) => {
                let flushed = self.poll_flush(task);
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
            ReceiverOp::TryRecv => self.look(Future::Recv).unwrap_or(Answer::Empty),
            ReceiverOp::TryOffer => self.look(Future::Offer).unwrap_or(Answer::Empty),
            ReceiverOp::PollRecv(task) | ReceiverOp::PollNext(task) => {
                self.poll_and_stay(Future::Recv, task)
            }
            ReceiverOp::PollClosed(task) => self.poll_and_stay(Future::ReceiverClosed, task),
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
        *held = Some(Busily {
            future,
            progress: Progress::Fresh,
            limit: Limit::None,
            added: Added::default(),
        });
        Answer::Nothing
    }

    /// Gives the answer, and the future if it is still there.
    fn with_future(&mut self, mut held: Busily, op: FutureOp) -> (Answer, Held) {
        let done = held.progress == Progress::Done;
        match op {
            FutureOp::IsTerminated => (Answer::Flag(done), Some(held)),
            FutureOp::Poll(_) if done => (Answer::Pending, Some(held)),
            FutureOp::Poll(task) => {
                let answer = self.poll_to_the_limit(&mut held, task);
                held.progress = match answer {
                    Some(_) => Progress::Done,
                    None => Progress::Waiting,
                };
                (answer.unwrap_or(Answer::Pending), Some(held))
            }
            FutureOp::Wait => (self.look(held.future).expect("it need not wait"), None),
            FutureOp::WaitNoTime | FutureOp::WaitPast => {
                if !self.is_closed() {
                    self.put_on_offer(&mut held.future);
                }
                let answer = self.look(held.future);
                (answer.unwrap_or_else(|| self.give_up(held)), None)
            }
            FutureOp::Until => {
                held.limit = Limit::Open;
                (Answer::Nothing, Some(held))
            }
            FutureOp::LimitComes => {
                held.limit = Limit::Ready;
                (Answer::Nothing, Some(held))
            }
            FutureOp::Drop => {
                if !done {
                    self.cancel(held);
                }
                (Answer::Nothing, None)
            }
            // With all that it has: an item that was not offered yet leaks too.
            FutureOp::Forget => (Answer::Nothing, None),
        }
    }

    /// The operation first, and the limit second.
    fn poll_to_the_limit(&mut self, held: &mut Busily, task: Task) -> Option<Answer> {
        if held.limit == Limit::Passed {
            if let Some(answer) = self.look(held.future) {
                return Some(answer);
            }
            if !self.is_stuck(held.future) {
                return Some(self.give_up(*held));
            }
        }
        let answer = self.poll(&mut held.future, &mut held.added, task);
        if answer.is_some() || held.limit != Limit::Ready {
            return answer;
        }
        held.limit = Limit::Passed;
        if self.is_stuck(held.future) {
            self.offered.as_mut().expect("it is lent").abandoned = true;
            return None;
        }
        Some(self.give_up(*held))
    }

    fn poll(&mut self, future: &mut Future, added: &mut Added, task: Task) -> Option<Answer> {
        let answer = self.look(*future);
        if answer.is_none() {
            self.sit(*future, added, task);
            self.put_on_offer(future);
            if matches!(future, Future::Recv | Future::Offer) {
                self.waiting = true;
                self.wake_demand();
            }
        }
        answer
    }

    /// A poll without a future: nothing removes what it added.
    fn poll_and_stay(&mut self, mut future: Future, task: Task) -> Answer {
        self.poll(&mut future, &mut Added::default(), task)
            .unwrap_or(Answer::Pending)
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

    /// Taken or declined wins over closed.
    fn look_for_send(&mut self, item: Option<Tag>) -> Option<Answer> {
        if item.is_none() && self.offered.is_none() {
            return match self.verdict {
                Some(Verdict::Taken) => Some(Answer::Ok),
                Some(Verdict::Declined) => {
                    let tag = self.take_given_back()?;
                    self.settle(tag, Fate::Refused);
                    Some(Answer::Declined(tag))
                }
                // Its time is up, and it has to give up.
                _ => None,
            };
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
                self.waiting = false;
                if lend {
                    self.place(Place::Lent);
                    self.guard = true;
                    Answer::Lent(tag)
                } else {
                    self.leaves(Verdict::Taken);
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

    /// The last poll wins. A waker that is there already is not cloned again, and its owner keeps it.
    fn sit(&mut self, future: Future, added: &mut Added, task: Task) {
        match future {
            Future::Send(_) => self.sit_at_sender(added, task, VACANCY),
            Future::Wanted => self.sit_at_sender(added, task, DEMAND),
            Future::SenderClosed => {
                added.waker |= Self::take_seat(&mut self.at_sender_closed, &mut self.clones, task);
            }
            Future::ReceiverClosed => {
                added.waker |=
                    Self::take_seat(&mut self.at_receiver_closed, &mut self.clones, task);
            }
            Future::Recv | Future::Offer => {
                // The mark of another task goes with its seat.
                let other = self.at_receiver.is_some_and(|seated| seated != task);
                let displaced = other && !added.waker;
                added.waker |= Self::take_seat(&mut self.at_receiver, &mut self.clones, task);
                added.mark |= displaced || !self.waiting;
            }
        }
    }

    /// Whether it was not there already.
    fn take_seat(seat: &mut Option<Task>, clones: &mut usize, task: Task) -> bool {
        let is_new = *seat != Some(task);
        *seat = Some(task);
        *clones = usize::from(is_new);
        is_new
    }

    fn sit_at_sender(&mut self, added: &mut Added, task: Task, reasons: Reasons) {
        match &mut self.at_sender {
            Some((seated, present)) if *seated == task => {
                added.reasons.vacancy |= reasons.vacancy && !present.vacancy;
                added.reasons.demand |= reasons.demand && !present.demand;
                present.vacancy |= reasons.vacancy;
                present.demand |= reasons.demand;
            }
            // The reasons of another task go with its seat.
            _ => {
                self.at_sender = Some((task, reasons));
                added.waker = true;
                self.clones = 1;
            }
        }
    }

    fn put_on_offer(&mut self, future: &mut Future) {
        if let Future::Send(item) = future {
            if self.offered.is_none() {
                if let Some(tag) = item.take() {
                    self.offer(tag, false, true);
                }
            }
        }
    }

    /// The time is up.
    fn give_up(&mut self, held: Busily) -> Answer {
        self.remove(held);
        let Future::Send(item) = held.future else {
            return Answer::Timeout;
        };
        let tag = self
            .withdraw(item)
            .or_else(|| self.take_given_back())
            .expect("it is not lent");
        self.settle(tag, Fate::Refused);
        Answer::Late(tag)
    }

    fn cancel(&mut self, held: Busily) {
        self.remove(held);
        let Future::Send(item) = held.future else {
            return;
        };
        if let Some(tag) = self.withdraw(item) {
            self.give_back(tag, false);
        } else if let Some(lent) = &mut self.offered {
            lent.awaited = false;
            lent.abandoned = true;
        }
    }

    /// A future that ends without an answer removes what it added, and nothing else.
    fn remove(&mut self, held: Busily) {
        let added = held.added;
        if added.mark {
            self.waiting = false;
        }
        match held.future {
            Future::Send(_) | Future::Wanted => {
                if added.waker {
                    self.at_sender = None;
                } else if let Some((_, present)) = &mut self.at_sender {
                    present.vacancy &= !added.reasons.vacancy;
                    present.demand &= !added.reasons.demand;
                }
            }
            Future::SenderClosed if added.waker => self.at_sender_closed = None,
            Future::ReceiverClosed if added.waker => self.at_receiver_closed = None,
            Future::Recv | Future::Offer if added.waker => self.at_receiver = None,
            _ => {}
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
            self.offer(tag, false, false);
            Answer::Ok
        } else {
            self.settle(tag, Fate::Refused);
            Answer::Full(tag)
        }
    }

    /// What was given back comes first, and then what is on offer.
    fn reclaim(&mut self) -> Answer {
        let reclaimed = self.take_given_back().or_else(|| {
            let on_offer = self.on_offer();
            if on_offer.is_some() {
                self.vacate();
            }
            on_offer
        });
        let Some(tag) = reclaimed else {
            return Answer::NoMore;
        };
        self.settle(tag, Fate::Reclaimed);
        Answer::Reclaimed(tag)
    }

    fn start_send(&mut self) -> Answer {
        let is_back = self.given_back.is_some_and(|it| it.to_sink);
        if !is_back {
            self.discard_given_back();
        }
        let tag = self.new_item();
        if self.is_closed() {
            self.settle(tag, Fate::Refused);
            Answer::Refused(tag)
        } else if self.offered.is_some() || is_back {
            self.settle(tag, Fate::Refused);
            Answer::Busy(tag)
        } else {
            self.offer(tag, true, true);
            Answer::Ok
        }
    }

    /// It never fails.
    fn poll_ready(&mut self, task: Task) -> Answer {
        if self.offered.is_none() || self.is_closed() {
            return Answer::Ok;
        }
        self.sit_at_sender(&mut Added::default(), task, VACANCY);
        Answer::Pending
    }

    /// It fails with an item of the `Sink`, and with no other.
    fn poll_flush(&mut self, task: Task) -> Answer {
        if self.given_back.is_some_and(|it| it.to_sink) {
            let tag = self.take_given_back().expect("it is there");
            self.settle(tag, Fate::Refused);
            return Answer::Declined(tag);
        }
        match self.offered {
            Some(offered) if self.receiver != Life::Open && offered.from_sink => {
                self.offered = None;
                self.settle(offered.tag, Fate::Refused);
                Answer::Refused(offered.tag)
            }
            Some(_) if self.receiver == Life::Open => {
                self.sit_at_sender(&mut Added::default(), task, VACANCY);
                Answer::Pending
            }
            _ => Answer::Ok,
        }
    }

    fn with_guard(&mut self, op: GuardOp) -> Answer {
        let offered = self.offered.as_mut().expect("an item is lent");
        if let GuardOp::Edit = op {
            offered.tag.edits += 1;
            return Answer::Lent(offered.tag);
        }
        if let GuardOp::IsAbandoned = op {
            return Answer::Flag(offered.abandoned);
        }
        let Offered {
            tag,
            from_sink,
            awaited,
            abandoned,
            ..
        } = *offered;
        self.guard = false;
        match op {
            GuardOp::Edit | GuardOp::IsAbandoned => unreachable!("the guard is still there"),
            GuardOp::Accept => {
                self.leaves(Verdict::Taken);
                self.settle(tag, Fate::Received);
                return Answer::Received(tag);
            }
            GuardOp::Decline => {
                self.leaves(Verdict::Declined);
                if !awaited {
                    self.settle(tag, Fate::Received);
                    return Answer::Kept(tag);
                }
                self.give_back(tag, from_sink);
                return Answer::NoMore;
            }
            // Its `Send` only waits to have it back.
            GuardOp::Drop if awaited && abandoned => {
                self.leaves(Verdict::Returned);
                self.give_back(tag, false);
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

    fn offer(&mut self, tag: Tag, from_sink: bool, awaited: bool) {
        self.verdict = None;
        self.offered = Some(Offered {
            tag,
            place: Place::OnOffer,
            from_sink,
            awaited,
            abandoned: false,
        });
        self.wake_receiver();
    }

    fn place(&mut self, place: Place) {
        self.offered.as_mut().expect("there is an item").place = place;
    }

    fn accept_leaked(&mut self) {
        if self.offered.is_some_and(|it| it.place == Place::Leaked) {
            self.leaves(Verdict::Taken);
        }
    }

    /// The receiver decides about the item.
    fn leaves(&mut self, verdict: Verdict) {
        self.verdict = Some(verdict);
        self.vacate();
    }

    /// The item leaves the channel, which makes room for the next.
    fn vacate(&mut self) {
        self.offered = None;
        if self.at_sender.is_some_and(|(_, reasons)| reasons.vacancy) {
            self.wake_sender();
        }
        self.wake_demand();
    }

    /// Whoever waits to be asked for an item is woken, if one is wanted now.
    fn wake_demand(&mut self) {
        if self.is_wanted() && self.at_sender.is_some_and(|(_, reasons)| reasons.demand) {
            self.wake_sender();
        }
    }

    fn give_back(&mut self, tag: Tag, to_sink: bool) {
        assert!(self.given_back.is_none(), "nothing is ever displaced");
        self.given_back = Some(GivenBack { tag, to_sink });
    }

    fn take_given_back(&mut self) -> Option<Tag> {
        self.given_back.take().map(|it| it.tag)
    }

    fn discard_given_back(&mut self) {
        if let Some(tag) = self.take_given_back() {
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
