//! The channel itself: does each operation and gives the answer.

use super::answer::Answer;
use super::held::{Command, Held, ReceiverFuture, SenderFuture};
use super::item::Item;
use super::op::{Op, ReceiverOp, SenderOp};
use super::TASKS;
use crate::common::{Fate, Probe};
use futures_core::stream::{FusedStream, Stream};
use handoff::{channel, Receiver, Sender};
use std::cell::RefCell;
use std::rc::Rc;
use std::task::Poll;

pub(super) struct Real {
    tasks: Rc<[Probe; TASKS]>,
    sender: End<Sender<Item>>,
    receiver: End<Receiver<Item>>,
}

/// An end, and the future that it is busy with. The future goes first.
struct End<E> {
    held: Option<Held>,
    end: Option<Rc<RefCell<E>>>,
}

impl<E> End<E> {
    fn new(end: E) -> Self {
        End {
            held: None,
            end: Some(Rc::new(RefCell::new(end))),
        }
    }

    fn end(&self) -> Rc<RefCell<E>> {
        Rc::clone(self.end.as_ref().expect("the end is there"))
    }

    /// Looks at the end, if it is there and free.
    fn look<R>(&self, look: impl FnOnce(&E) -> R) -> Option<R> {
        match (&self.end, &self.held) {
            (Some(end), None) => Some(look(&end.borrow())),
            _ => None,
        }
    }

    fn hold(&mut self, held: Held) -> Answer {
        self.held = Some(held);
        Answer::Nothing
    }

    fn tell(&mut self, command: Command) -> Answer {
        let held = self.held.as_mut().expect("the end is busy");
        let (answer, more) = held.tell(command);
        if !more {
            self.held = None;
        }
        answer
    }

    fn drop(&mut self) -> Answer {
        self.end = None;
        Answer::Nothing
    }
}

/// What a free sender shows of the channel.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SenderSees {
    pub(super) closed: bool,
    pub(super) wanted: bool,
}

/// What a free receiver shows of the channel.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReceiverSees {
    pub(super) closed: bool,
    pub(super) terminated: bool,
    pub(super) offered: bool,
    pub(super) size_hint: (usize, Option<usize>),
}

impl Real {
    pub(super) fn new(tasks: Rc<[Probe; TASKS]>) -> Self {
        let (sender, receiver) = channel();
        Real {
            tasks,
            sender: End::new(sender),
            receiver: End::new(receiver),
        }
    }

    pub(super) fn sender(&self) -> Option<SenderSees> {
        self.sender.look(|sender| SenderSees {
            closed: sender.is_closed(),
            wanted: sender.is_wanted(),
        })
    }

    pub(super) fn receiver(&self) -> Option<ReceiverSees> {
        self.receiver.look(|receiver| ReceiverSees {
            closed: receiver.is_closed(),
            terminated: receiver.is_terminated(),
            offered: receiver.is_offered(),
            size_hint: receiver.size_hint(),
        })
    }

    pub(super) fn perform(&mut self, op: Op) -> Answer {
        match op {
            Op::Renew => {
                *self = Self::new(Rc::clone(&self.tasks));
                Answer::Nothing
            }
            Op::Sender(op) => self.send(op),
            Op::Receiver(op) => self.receive(op),
        }
    }

    fn send(&mut self, op: SenderOp) -> Answer {
        let future = match op {
            SenderOp::Future(op) => return self.sender.tell(Command::Future(op)),
            SenderOp::Drop => return self.sender.drop(),
            SenderOp::Send => SenderFuture::Send,
            SenderOp::Wanted => SenderFuture::Wanted,
            SenderOp::Closed => SenderFuture::Closed,
            _ => return self.send_at_once(op),
        };
        let held = Held::sender(self.sender.end(), future, Rc::clone(&self.tasks));
        self.sender.hold(held)
    }

    fn send_at_once(&self, op: SenderOp) -> Answer {
        let end = self.sender.end();
        let mut sender = end.borrow_mut();
        match op {
            SenderOp::TrySend => sender.try_send(Item::new()).into(),
            SenderOp::Reclaim => match sender.reclaim() {
                Some(item) => Answer::Reclaimed(item.end(Fate::Reclaimed)),
                None => Answer::NoMore,
            },
            SenderOp::PollWanted(task) => polled(sender.poll_wanted(&mut self.tasks[task].cx())),
            SenderOp::PollClosed(task) => polled(sender.poll_closed(&mut self.tasks[task].cx())),
            SenderOp::Close => {
                let _ = format!("{sender:?}");
                sender.close().into()
            }
            #[cfg(feature = "sink")]
            SenderOp::PollReady(_)
            | SenderOp::StartSend
            | SenderOp::PollFlush(_)
            | SenderOp::PollClose(_) => self.sink(op, &mut sender),
            _ => unreachable!("{op:?} is done elsewhere"),
        }
    }

    #[cfg(feature = "sink")]
    fn sink(&self, op: SenderOp, sender: &mut Sender<Item>) -> Answer {
        use futures_sink::Sink;
        use std::pin::Pin;

        let sender = Pin::new(sender);
        let poll = match op {
            SenderOp::PollReady(task) => sender.poll_ready(&mut self.tasks[task].cx()),
            SenderOp::PollFlush(task) => sender.poll_flush(&mut self.tasks[task].cx()),
            SenderOp::PollClose(task) => sender.poll_close(&mut self.tasks[task].cx()),
            _ => Poll::Ready(sender.start_send(Item::new())),
        };
        polled(poll)
    }

    fn receive(&mut self, op: ReceiverOp) -> Answer {
        let future = match op {
            ReceiverOp::Future(op) => return self.receiver.tell(Command::Future(op)),
            ReceiverOp::Guard(op) => return self.receiver.tell(Command::Guard(op)),
            ReceiverOp::Drop => return self.receiver.drop(),
            ReceiverOp::TryOffer => {
                let (answer, held) = Held::try_offer(self.receiver.end(), Rc::clone(&self.tasks));
                self.receiver.held = held;
                return answer;
            }
            ReceiverOp::Recv => ReceiverFuture::Recv,
            ReceiverOp::Offer => ReceiverFuture::Offer,
            ReceiverOp::Closed => ReceiverFuture::Closed,
            _ => return self.receive_at_once(op),
        };
        let held = Held::receiver(self.receiver.end(), future, Rc::clone(&self.tasks));
        self.receiver.hold(held)
    }

    fn receive_at_once(&self, op: ReceiverOp) -> Answer {
        let end = self.receiver.end();
        let mut receiver = end.borrow_mut();
        match op {
            ReceiverOp::TryRecv => receiver.try_recv().into(),
            ReceiverOp::PollRecv(task) => polled(receiver.poll_recv(&mut self.tasks[task].cx())),
            ReceiverOp::PollNext(task) => polled(self.tasks[task].poll_next(&mut *receiver)),
            ReceiverOp::PollClosed(task) => {
                polled(receiver.poll_closed(&mut self.tasks[task].cx()))
            }
            ReceiverOp::Next => receiver.iter().next().into(),
            ReceiverOp::Close => {
                let _ = format!("{receiver:?}");
                receiver.close().into()
            }
            _ => unreachable!("{op:?} is done elsewhere"),
        }
    }
}

fn polled(poll: Poll<impl Into<Answer>>) -> Answer {
    match poll {
        Poll::Ready(output) => output.into(),
        Poll::Pending => Answer::Pending,
    }
}
