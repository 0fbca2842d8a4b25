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

/// An item that the channel has not handed over yet.
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

/// What the one who waits on the sender's side waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Vacancy,
    Demand,
}

/// How far a future is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Fresh,
    Waiting,
    Done,
}

#[derive(Clone, Copy)]
enum SenderFuture {
    /// The item, until it is put on offer.
    Send(Option<Tag>),
    Wanted,
    Closed,
}

#[derive(Clone, Copy)]
enum ReceiverFuture {
    Recv,
    Offer,
    Closed,
}

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

    sending: Option<(SenderFuture, Progress)>,
    receiving: Option<(ReceiverFuture, Progress)>,
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

    /// Whether an operation can be done at all here: it must not block.
    pub(super) fn allows(&self, op: Op) -> bool {
        match op {
            Op::Renew => true,
            Op::Sender(op) => match op {
                SenderOp::Future(op) => self.sender_allows(op),
                SenderOp::PollReady(_)
                | SenderOp::StartSend
                | SenderOp::PollFlush(_)
                | SenderOp::PollClose(_) => cfg!(feature = "sink"),
                _ => true,
            },
            Op::Receiver(op) => match op {
                ReceiverOp::Future(op) => self.receiver_allows(op),
                ReceiverOp::Next => self.receive_is_ready(),
                _ => true,
            },
        }
    }

    fn sender_allows(&self, op: FutureOp) -> bool {
        let Some((future, progress)) = self.sending else {
            return false;
        };
        let lent = self.offered.is_some() && self.on_offer().is_none();
        match op {
            FutureOp::Wait | FutureOp::WaitNoTime | FutureOp::WaitPast
                if progress == Progress::Done =>
            {
                false
            }
            FutureOp::Wait => match future {
                SenderFuture::Send(item) => {
                    let taken = item.is_none() && self.offered.is_none();
                    taken || (self.is_closed() && (item.is_some() || !lent))
                }
                SenderFuture::Wanted => self.is_closed() || self.is_wanted(),
                SenderFuture::Closed => self.receiver != Life::Open,
            },
            // An item that is lent cannot be withdrawn yet.
            FutureOp::WaitNoTime | FutureOp::WaitPast => {
                !matches!(future, SenderFuture::Send(None)) || !lent
            }
            _ => true,
        }
    }

    fn receiver_allows(&self, op: FutureOp) -> bool {
        let Some((future, progress)) = self.receiving else {
            return false;
        };
        match op {
            FutureOp::Wait | FutureOp::WaitNoTime | FutureOp::WaitPast
                if progress == Progress::Done =>
            {
                false
            }
            FutureOp::Wait => match future {
                ReceiverFuture::Recv | ReceiverFuture::Offer => self.receive_is_ready(),
                ReceiverFuture::Closed => self.sender != Life::Open,
            },
            _ => true,
        }
    }

    fn receive_is_ready(&self) -> bool {
        self.is_closed() || self.on_offer().is_some()
    }

    // ---- The operations ---------------------------------------------------------------------

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
                self.begin_sending(SenderFuture::Send(Some(item)))
            }
            SenderOp::Wanted => self.begin_sending(SenderFuture::Wanted),
            SenderOp::Closed => self.begin_sending(SenderFuture::Closed),
            SenderOp::Future(op) => {
                let (future, progress) = self.sending.take().expect("the sender is busy");
                match future {
                    SenderFuture::Send(item) => self.with_send(item, progress, op),
                    SenderFuture::Wanted => self.with_wanted(progress, op),
                    SenderFuture::Closed => self.with_sender_closed(progress, op),
                }
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
                self.discard_unreachable();
                Answer::Nothing
            }
            SenderOp::PollReady(task) => self.poll_vacant(task, true),
            SenderOp::PollFlush(task) => self.poll_vacant(task, false),
            SenderOp::PollClose(task) => {
                let flushed = self.poll_vacant(task, false);
                if flushed == Answer::Ok {
                    self.close_sender(Life::Closed);
                }
                flushed
            }
            SenderOp::StartSend => self.start_send(),
        }
    }

    fn begin_sending(&mut self, future: SenderFuture) -> Answer {
        self.sending = Some((future, Progress::Fresh));
        Answer::Nothing
    }

    // Rules 1 to 3 and 5: `Send`.

    /// `item` is in the future's hands until it is put on offer.
    fn with_send(&mut self, mut item: Option<Tag>, mut progress: Progress, op: FutureOp) -> Answer {
        let mut keep = false;
        let answer = match op {
            FutureOp::IsTerminated => {
                keep = true;
                Answer::Flag(progress == Progress::Done)
            }
            FutureOp::Poll(_) if progress == Progress::Done => {
                keep = true;
                Answer::Pending
            }
            FutureOp::Poll(task) => {
                keep = true;
                if let Some(answer) = self.send_answer(item) {
                    progress = Progress::Done;
                    answer
                } else {
                    self.sit_at_sender(task, For::Vacancy);
                    self.put_on_offer(&mut item);
                    progress = Progress::Waiting;
                    Answer::Pending
                }
            }
            FutureOp::Wait => self.send_answer(item).expect("it need not wait"),
            FutureOp::WaitNoTime | FutureOp::WaitPast => {
                if !self.is_closed() {
                    self.put_on_offer(&mut item);
                }
                match self.send_answer(item) {
                    Some(answer) => answer,
                    None => {
                        self.leave_sender(progress);
                        let tag = self.withdraw(item).expect("it is not lent");
                        self.settle(tag, Fate::Refused);
                        Answer::Late(tag)
                    }
                }
            }
            FutureOp::Drop if progress == Progress::Done => Answer::Nothing,
            FutureOp::Drop => {
                let taken = item.is_none() && self.offered.is_none();
                if !taken {
                    self.leave_sender(progress);
                    self.given_back = self.withdraw(item);
                }
                Answer::Nothing
            }
            // An item that was not offered leaks with it.
            FutureOp::Forget => Answer::Nothing,
        };
        if keep {
            self.sending = Some((SenderFuture::Send(item), progress));
        }
        answer
    }

    fn send_answer(&mut self, item: Option<Tag>) -> Option<Answer> {
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

    /// A send takes its item back, from its own hands or from the offer, unless it is lent.
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

    fn put_on_offer(&mut self, item: &mut Option<Tag>) {
        if self.offered.is_none() {
            if let Some(tag) = item.take() {
                self.offer(tag, false);
            }
        }
    }

    fn offer(&mut self, tag: Tag, from_sink: bool) {
        self.offered = Some(Offered {
            tag,
            place: Place::OnOffer,
            from_sink,
        });
        self.wake_receiver();
    }

    fn discard_given_back(&mut self) {
        if let Some(tag) = self.given_back.take() {
            self.settle(tag, Fate::Dropped);
        }
    }

    fn reclaim(&mut self) -> Answer {
        let reclaimed = match self.on_offer() {
            Some(tag) => {
                self.vacate();
                Some(tag)
            }
            None => self.given_back.take(),
        };
        match reclaimed {
            Some(tag) => {
                self.settle(tag, Fate::Reclaimed);
                Answer::Reclaimed(tag)
            }
            None => Answer::NoMore,
        }
    }

    // Rule 4: `try_send`.

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

    // Rule 6: `wanted`.

    fn with_wanted(&mut self, mut progress: Progress, op: FutureOp) -> Answer {
        let ready = self.is_closed() || self.is_wanted();
        let flag = Answer::Flag(self.is_wanted());
        let mut keep = false;
        let answer = match op {
            FutureOp::IsTerminated => {
                keep = true;
                Answer::Flag(progress == Progress::Done)
            }
            FutureOp::Poll(_) if progress == Progress::Done => {
                keep = true;
                Answer::Pending
            }
            FutureOp::Poll(task) => {
                keep = true;
                if ready {
                    progress = Progress::Done;
                    flag
                } else {
                    self.sit_at_sender(task, For::Demand);
                    progress = Progress::Waiting;
                    Answer::Pending
                }
            }
            FutureOp::Wait | FutureOp::WaitNoTime | FutureOp::WaitPast if ready => flag,
            FutureOp::Wait => unreachable!("it would wait"),
            FutureOp::WaitNoTime | FutureOp::WaitPast => {
                self.leave_sender(progress);
                Answer::Timeout
            }
            FutureOp::Drop => {
                self.leave_sender(progress);
                Answer::Nothing
            }
            FutureOp::Forget => Answer::Nothing,
        };
        if keep {
            self.sending = Some((SenderFuture::Wanted, progress));
        }
        answer
    }

    // Rule 11: `closed`, on either end.

    fn with_sender_closed(&mut self, progress: Progress, op: FutureOp) -> Answer {
        let closed = self.receiver != Life::Open;
        let mut seat = self.at_sender_closed;
        let (answer, progress) = self.with_closed(closed, &mut seat, progress, op);
        self.at_sender_closed = seat;
        self.sending = progress.map(|progress| (SenderFuture::Closed, progress));
        answer
    }

    fn with_receiver_closed(&mut self, progress: Progress, op: FutureOp) -> Answer {
        let looks = matches!(
            op,
            FutureOp::Poll(_) | FutureOp::Wait | FutureOp::WaitNoTime | FutureOp::WaitPast
        );
        if looks && progress != Progress::Done {
            self.accept_leaked();
        }
        let closed = self.sender != Life::Open;
        let mut seat = self.at_receiver_closed;
        let (answer, progress) = self.with_closed(closed, &mut seat, progress, op);
        self.at_receiver_closed = seat;
        self.receiving = progress.map(|progress| (ReceiverFuture::Closed, progress));
        answer
    }

    /// Gives the answer, and how far the future is then, if it is still there.
    fn with_closed(
        &mut self,
        closed: bool,
        seat: &mut Option<Task>,
        progress: Progress,
        op: FutureOp,
    ) -> (Answer, Option<Progress>) {
        match op {
            FutureOp::IsTerminated => (Answer::Flag(progress == Progress::Done), Some(progress)),
            FutureOp::Poll(_) if progress == Progress::Done => (Answer::Pending, Some(progress)),
            FutureOp::Poll(task) => {
                if closed {
                    (Answer::Nothing, Some(Progress::Done))
                } else {
                    self.clones = usize::from(*seat != Some(task));
                    *seat = Some(task);
                    (Answer::Pending, Some(Progress::Waiting))
                }
            }
            FutureOp::Wait | FutureOp::WaitNoTime | FutureOp::WaitPast if closed => {
                (Answer::Nothing, None)
            }
            FutureOp::Wait => unreachable!("it would wait"),
            FutureOp::WaitNoTime | FutureOp::WaitPast => {
                if progress == Progress::Waiting {
                    *seat = None;
                }
                (Answer::Timeout, None)
            }
            FutureOp::Drop => {
                if progress == Progress::Waiting {
                    *seat = None;
                }
                (Answer::Nothing, None)
            }
            FutureOp::Forget => (Answer::Nothing, None),
        }
    }

    fn close_sender(&mut self, life: Life) {
        self.sender = life;
        self.wake_receiver();
        if let Some(task) = self.at_receiver_closed.take() {
            self.woken[task] += 1;
        }
        self.wake_sender();
    }

    fn close_receiver(&mut self, life: Life) {
        self.accept_leaked();
        self.receiver = life;
        self.waiting = false;
        self.wake_sender();
        if let Some(task) = self.at_sender_closed.take() {
            self.woken[task] += 1;
        }
        self.wake_receiver();
        self.discard_unreachable();
    }

    /// What the receiver will not take and no sender can reclaim.
    fn discard_unreachable(&mut self) {
        if self.sender == Life::Dropped && self.receiver != Life::Open {
            if let Some(tag) = self.on_offer() {
                self.offered = None;
                self.settle(tag, Fate::Dropped);
            }
        }
    }

    // Rule 12: the `Sink`.

    fn poll_vacant(&mut self, task: Task, to_send: bool) -> Answer {
        if self.receiver != Life::Open {
            match self.offered {
                Some(offered) if offered.from_sink => {
                    self.offered = None;
                    self.settle(offered.tag, Fate::Refused);
                    Answer::Refused(offered.tag)
                }
                _ => Answer::Ok,
            }
        } else if self.offered.is_none() || (to_send && self.sender != Life::Open) {
            Answer::Ok
        } else {
            self.sit_at_sender(task, For::Vacancy);
            Answer::Pending
        }
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

    // Rules 7 to 10: receiving.

    fn receive(&mut self, op: ReceiverOp) -> Answer {
        match op {
            ReceiverOp::Recv => self.begin_receiving(ReceiverFuture::Recv),
            ReceiverOp::Offer => self.begin_receiving(ReceiverFuture::Offer),
            ReceiverOp::Closed => self.begin_receiving(ReceiverFuture::Closed),
            ReceiverOp::Future(op) => {
                let (future, progress) = self.receiving.take().expect("the receiver is busy");
                match future {
                    ReceiverFuture::Closed => self.with_receiver_closed(progress, op),
                    _ => self.with_receive(future, progress, op),
                }
            }
            ReceiverOp::Guard(op) => self.with_guard(op),
            ReceiverOp::TryRecv => {
                self.waiting = false;
                self.receive_answer(false).unwrap_or(Answer::Empty)
            }
            ReceiverOp::PollRecv(task) | ReceiverOp::PollNext(task) => {
                self.poll_receive(task, false)
            }
            ReceiverOp::Next => self.receive_answer(false).expect("it need not wait"),
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

    fn begin_receiving(&mut self, future: ReceiverFuture) -> Answer {
        self.receiving = Some((future, Progress::Fresh));
        Answer::Nothing
    }

    /// With a `Recv`, or with a `NextOffer`.
    fn with_receive(
        &mut self,
        future: ReceiverFuture,
        mut progress: Progress,
        op: FutureOp,
    ) -> Answer {
        let lend = matches!(future, ReceiverFuture::Offer);
        let mut keep = false;
        let answer = match op {
            FutureOp::IsTerminated => {
                keep = true;
                Answer::Flag(progress == Progress::Done)
            }
            FutureOp::Poll(_) if progress == Progress::Done => {
                keep = true;
                Answer::Pending
            }
            FutureOp::Poll(task) => {
                keep = true;
                let answer = self.poll_receive(task, lend);
                progress = match answer {
                    Answer::Pending => Progress::Waiting,
                    _ => Progress::Done,
                };
                answer
            }
            FutureOp::Wait => self.receive_answer(lend).expect("it need not wait"),
            FutureOp::WaitNoTime | FutureOp::WaitPast => match self.receive_answer(lend) {
                Some(answer) => answer,
                None => {
                    self.waiting = false;
                    self.leave_receiver(progress);
                    Answer::Timeout
                }
            },
            FutureOp::Drop => {
                if progress == Progress::Waiting {
                    self.waiting = false;
                    self.leave_receiver(progress);
                }
                Answer::Nothing
            }
            FutureOp::Forget => Answer::Nothing,
        };
        if keep {
            self.receiving = Some((future, progress));
        }
        answer
    }

    fn poll_receive(&mut self, task: Task, lend: bool) -> Answer {
        if let Some(answer) = self.receive_answer(lend) {
            return answer;
        }
        self.clones = usize::from(self.at_receiver != Some(task));
        self.at_receiver = Some(task);
        self.waiting = true;
        if self.is_wanted() && matches!(self.at_sender, Some((_, For::Demand))) {
            self.wake_sender();
        }
        Answer::Pending
    }

    fn receive_answer(&mut self, lend: bool) -> Option<Answer> {
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
                Answer::Received(tag)
            }
            GuardOp::Drop => {
                self.place(Place::OnOffer);
                Answer::Nothing
            }
            GuardOp::Forget => {
                self.place(Place::Leaked);
                Answer::Nothing
            }
        }
    }

    fn accept_leaked(&mut self) {
        if self.offered.is_some_and(|it| it.place == Place::Leaked) {
            self.vacate();
        }
    }

    // ---- Steps ------------------------------------------------------------------------------

    fn new_item(&mut self) -> Tag {
        self.fates.push(Fate::Alive);
        Tag::new(self.fates.len() - 1)
    }

    fn settle(&mut self, tag: Tag, fate: Fate) {
        self.fates[tag.number] = fate;
    }

    fn place(&mut self, place: Place) {
        self.offered.as_mut().expect("there is an item").place = place;
    }

    /// The item leaves the channel, which makes room for the next.
    fn vacate(&mut self) {
        self.offered = None;
        if matches!(self.at_sender, Some((_, For::Vacancy))) {
            self.wake_sender();
        }
    }

    fn sit_at_sender(&mut self, task: Task, what: For) {
        let same = self.at_sender.is_some_and(|(seated, _)| seated == task);
        self.clones = usize::from(!same);
        self.at_sender = Some((task, what));
    }

    /// A future of the sender that ends takes along only what it left there itself.
    fn leave_sender(&mut self, progress: Progress) {
        if progress == Progress::Waiting {
            self.at_sender = None;
        }
    }

    fn leave_receiver(&mut self, progress: Progress) {
        if progress == Progress::Waiting {
            self.at_receiver = None;
        }
    }

    fn wake_sender(&mut self) {
        if let Some((task, _)) = self.at_sender.take() {
            self.woken[task] += 1;
        }
    }

    fn wake_receiver(&mut self) {
        if let Some(task) = self.at_receiver.take() {
            self.woken[task] += 1;
        }
    }
}
