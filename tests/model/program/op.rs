//! The operations, and how bytes become operations.

/// Which of the tasks polls.
pub(super) type Task = usize;

#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    /// Both ends are gone: a new channel.
    Renew,
    Sender(SenderOp),
    Receiver(ReceiverOp),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum SenderOp {
    /// Makes a `Send`, a `Wanted`, a `Closed`.
    Send,
    Wanted,
    Closed,
    Future(FutureOp),
    TrySend,
    Reclaim,
    Close,
    Drop,
    PollReady(Task),
    StartSend,
    PollFlush(Task),
    PollClose(Task),
    PollWanted(Task),
    PollClosed(Task),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum ReceiverOp {
    /// Makes a `Recv`, a `NextOffer`, a `Closed`.
    Recv,
    Offer,
    Closed,
    Future(FutureOp),
    Guard(GuardOp),
    TryRecv,
    TryOffer,
    PollRecv(Task),
    PollNext(Task),
    PollClosed(Task),
    /// `next` of the blocking iterator.
    Next,
    Close,
    Drop,
}

/// To the future that an end is busy with.
#[derive(Clone, Copy, Debug)]
pub(super) enum FutureOp {
    Poll(Task),
    /// Only if it does not have to wait: there is nobody else to do what it would wait for.
    Wait,
    WaitNoTime,
    WaitPast,
    /// Gives it a limit.
    Until,
    /// The limit of an `Until` is ready from now on.
    LimitComes,
    IsTerminated,
    Drop,
    Forget,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum GuardOp {
    Edit,
    Accept,
    Decline,
    IsAbandoned,
    Drop,
    Forget,
}

/// What an end is busy with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Busy {
    No,
    /// With a future that has no answer yet.
    Future,
    /// With a future that gave its answer.
    Done,
    /// With a guard; only the receiver is.
    Guard,
    /// With a guard, and with the `NextOffer` that gave it.
    DoneAndGuard,
}

/// One of the table, in which what leads further stands more often.
fn pick<T: Copy>(table: &[T], what: u8) -> T {
    table[usize::from(what) % table.len()]
}

/// `alone` if the channel is closed already, so that there is little left to do.
pub(super) fn of_sender(busy: Busy, alone: bool, what: u8, task: Task) -> SenderOp {
    use SenderOp as S;
    match busy {
        Busy::Future => S::Future(of_future(what, task)),
        Busy::Done | Busy::Guard | Busy::DoneAndGuard => S::Future(of_done(what, task)),
        Busy::No if is_rare(alone, what) => pick(&[S::Close, S::Drop, S::PollClose(task)], what),
        Busy::No => pick(
            &[
                S::Send,
                S::Send,
                S::Send,
                S::Send,
                S::Send,
                S::Send,
                S::TrySend,
                S::TrySend,
                S::TrySend,
                S::Reclaim,
                S::Reclaim,
                S::Wanted,
                S::Wanted,
                S::Closed,
                S::StartSend,
                S::StartSend,
                S::PollReady(task),
                S::PollFlush(task),
                S::PollWanted(task),
                S::PollClosed(task),
            ],
            what,
        ),
    }
}

pub(super) fn of_receiver(busy: Busy, alone: bool, what: u8, task: Task) -> ReceiverOp {
    use ReceiverOp as R;
    match busy {
        Busy::Future => R::Future(of_future(what, task)),
        Busy::Done => R::Future(of_done(what, task)),
        Busy::Guard => R::Guard(of_guard(what)),
        Busy::DoneAndGuard if what % 4 == 0 => R::Future(of_done(what / 4, task)),
        Busy::DoneAndGuard => R::Guard(of_guard(what / 4)),
        Busy::No if is_rare(alone, what) => pick(&[R::Close, R::Drop, R::Drop], what),
        Busy::No => pick(
            &[
                R::Recv,
                R::Recv,
                R::Recv,
                R::Recv,
                R::Recv,
                R::Offer,
                R::Offer,
                R::Offer,
                R::Offer,
                R::TryRecv,
                R::TryRecv,
                R::TryOffer,
                R::PollRecv(task),
                R::PollNext(task),
                R::PollNext(task),
                R::Next,
                R::Closed,
                R::PollClosed(task),
            ],
            what,
        ),
    }
}

/// Whether this is one of the steps that close something.
fn is_rare(alone: bool, what: u8) -> bool {
    what % if alone { 8 } else { 64 } == 3
}

fn of_future(what: u8, task: Task) -> FutureOp {
    use FutureOp as F;
    pick(
        &[
            F::Poll(task),
            F::Poll(task),
            F::Poll(task),
            F::Poll(task),
            F::Poll(task),
            F::Poll(task),
            F::Poll(task),
            F::Wait,
            F::Wait,
            F::WaitNoTime,
            F::WaitPast,
            F::Until,
            F::Until,
            F::LimitComes,
            F::LimitComes,
            F::IsTerminated,
            F::Drop,
            F::Drop,
            F::Drop,
            F::Forget,
        ],
        what,
    )
}

fn of_done(what: u8, task: Task) -> FutureOp {
    use FutureOp as F;
    pick(
        &[
            F::Drop,
            F::Drop,
            F::Drop,
            F::Drop,
            F::Drop,
            F::Forget,
            F::Poll(task),
            F::IsTerminated,
            F::Until,
        ],
        what,
    )
}

fn of_guard(what: u8) -> GuardOp {
    use GuardOp as G;
    pick(
        &[
            G::Accept,
            G::Accept,
            G::Accept,
            G::Drop,
            G::Drop,
            G::Drop,
            G::Edit,
            G::IsAbandoned,
            G::Decline,
            G::Decline,
            G::Forget,
        ],
        what,
    )
}
