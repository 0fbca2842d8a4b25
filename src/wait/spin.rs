//! When a wait spins before it sleeps, and how: [`crate::spin`] says why.

use super::{Operation, Stage, Wait};
use crate::slot::{Flags, Seat};
use crate::spin::{self, Grant, Outcome, Place};
use std::time::Duration;

impl<T, O: Operation<T>> Wait<'_, T, O> {
    /// A poll begins, perhaps with a spin. Returns the flags as they are after it.
    #[inline]
    pub(super) fn begin_poll(&mut self, flags: Flags) -> Flags {
        // Also at the first wait of ends that have come together, because their absence ends here.
        let was_apart = O::SPINS && self.spin.is_apart;
        if self.note_thread() || was_apart {
            self.begin_poll_apart(flags)
        } else {
            flags
        }
    }

    #[cold]
    fn begin_poll_apart(&mut self, flags: Flags) -> Flags {
        let sits = flags.has(Flags::seat(self.operation.seat()));
        self.spin.begin_poll(sits, self.operation.is_ready(flags));
        if self.spin.is_apart && self.decide_to_spin(flags) {
            self.spin_before_sleep(Place::Poll, Duration::MAX)
        } else {
            flags
        }
    }

    /// Notes on which thread this is, at the first look of a wait, so that the other end learns it.
    /// Returns whether the ends are apart, if that matters.
    #[inline]
    pub(super) fn note_thread(&mut self) -> bool {
        if O::SPINS && self.stage == Stage::Fresh {
            let end = self.operation.seat().end();
            self.spin.is_apart = self.channel.threads.note_thread(end);
        }
        O::SPINS && self.spin.is_apart
    }

    /// See [`Spin::end_pending`](crate::spin::Spin::end_pending).
    #[inline]
    pub(super) fn end_pending(&mut self) {
        if O::SPINS && self.spin.is_apart {
            self.spin.end_pending();
        }
    }

    /// See [`Spin::stay`](crate::spin::Spin::stay).
    #[inline]
    pub(super) fn stay(&mut self) {
        if O::SPINS && self.spin.is_apart {
            self.spin.stay();
        }
    }

    /// Whether to spin now: only at the first look of a wait, before it sits down. Not for an item
    /// that has to wait until another one is gone, and not if the other end sleeps, unless this
    /// operation wakes it.
    pub(super) fn decide_to_spin(&mut self, flags: Flags) -> bool {
        let seat = self.operation.seat();
        let comes_second = O::BRINGS_ITEM && flags.is_occupied();
        let wakes_other = O::BRINGS_ITEM || seat == Seat::Receiver;
        let other_sleeps = flags.has(Flags::seat(seat.end().other().transfer_seat()));
        self.stage == Stage::Fresh
            && !self.operation.is_ready(flags)
            && !comes_second
            && !flags.has(Flags::seat(seat))
            && (wakes_other || !other_sleeps)
            && self.spin.count_wait()
    }

    /// Looks at the flags again and again, for as long as the thread may. Returns what it saw last.
    #[cold]
    pub(super) fn spin_before_sleep(&mut self, place: Place, at_most: Duration) -> Flags {
        let other = self.operation.seat().end().other().transfer_seat();
        let other_sleeps = self.channel.flags().has(Flags::seat(other));
        let announces_first = self.announces_before_it_looks();
        // An end that sleeps does not wake up within a short look.
        let is_long_only = other_sleeps || !self.spin.is_in_step;
        let has_glanced = !is_long_only && spin::take_glance(place);
        if has_glanced {
            if announces_first {
                self.announce_early();
            }
            if self.glance() {
                self.spin.learn(Outcome::Seen, true);
                return self.channel.flags();
            }
        }
        let mut grant = Grant::ask(place, at_most).filter(|it| it.is_long() || !is_long_only);
        if grant.is_some() && !has_glanced && (announces_first || other_sleeps) {
            self.announce_early();
            if other_sleeps {
                // The wake took time, so the grant is out of date.
                grant = Grant::ask(place, at_most);
            }
        }
        if let Some(grant) = grant {
            let covers_short_look = grant.covers_short_look();
            let outcome = if !has_glanced && self.glance() {
                Outcome::Seen
            } else {
                grant.spin(self, Self::sees_answer, |wait| {
                    // Otherwise a peer in `wanted` would spin as well, and both in vain.
                    if !announces_first {
                        wait.announce_early();
                    }
                })
            };
            self.spin.learn(outcome, covers_short_look);
        } else if has_glanced {
            // The credit has run off since the account was asked for it.
            self.spin.learn(Outcome::InVain, false);
        }
        self.channel.flags()
    }

    /// A send does, because the other end looks for its item. So does a receive whose sender asks
    /// whether there is one: otherwise each of them would look for the other in vain.
    fn announces_before_it_looks(&self) -> bool {
        let threads = &self.channel.threads;
        if self.operation.seat() == Seat::Receiver {
            return threads.sender_asks();
        }
        if self.operation.reasons().has(Flags::FOR_DEMAND) {
            threads.note_that_sender_asks();
        }
        O::BRINGS_ITEM
    }

    fn glance(&self) -> bool {
        spin::glance(|| self.sees_answer())
    }

    fn sees_answer(&self) -> bool {
        self.operation.is_ready(self.channel.flags())
    }

    /// Announces the operation before it sits down.
    pub(super) fn announce_early(&mut self) {
        let mut slot = self.channel.lock();
        let was_marked = slot.flags().has(Flags::WAITING);
        let wake = self.operation.announce(&mut slot);
        self.begin();
        if slot.flags().has(Flags::WAITING) && !was_marked {
            self.added = self.added | Flags::WAITING;
        }
        drop(slot);
        self.channel.wake(wake);
    }
}

#[cfg(all(test, not(any(target_family = "wasm", handoff_no_spin, loom))))]
mod tests {
    use super::{Operation, Stage, Wait};
    use crate::channel::Channel;
    use crate::closed::Closed;
    use crate::recv::Take;
    use crate::slot::{End, Flags, Offerer, Seat, Slot, Wake};
    use crate::spin::{is_away, testing, Outcome, Place, Spin};
    use crate::wanted::Demand;
    use std::cell::Cell;
    use std::future::{pending, poll_fn, ready};
    use std::pin::{pin, Pin};
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};
    use std::thread;
    use std::time::{Duration, Instant};

    struct Idle;

    impl std::task::Wake for Idle {
        fn wake(self: Arc<Self>) {}
    }

    /// Something that the sender waits for, with or without an item.
    struct Waiting<const ITEM: bool>;

    impl<const ITEM: bool> Operation<()> for Waiting<ITEM> {
        type Output = ();

        const BRINGS_ITEM: bool = ITEM;

        fn seat(&self) -> Seat {
            Seat::Sender
        }

        fn is_ready(&self, flags: Flags) -> bool {
            flags.is_closed()
        }

        fn answer(&mut self, _slot: &mut Slot<'_, ()>, _wake: &mut Wake) {}
    }

    /// A channel whose receiver was last seen on another thread, with what `prepare` does.
    fn apart(prepare: impl FnOnce(&mut Slot<'_, ()>)) -> Channel<()> {
        let channel = Channel::default();
        thread::scope(|scope| {
            scope.spawn(|| channel.threads.note_thread(End::Receiver));
        });
        prepare(&mut channel.lock());
        channel
    }

    fn may_spin<const ITEM: bool>(channel: &Channel<()>) -> bool {
        let mut due = Spin::default();
        let mut wait = Wait::new(channel, &mut due, Waiting::<ITEM>);
        wait.note_thread() && wait.decide_to_spin(channel.flags())
    }

    /// Whether something with an item spins, and something without.
    fn who_spins(prepare: impl FnOnce(&mut Slot<'_, ()>)) -> [bool; 2] {
        let channel = apart(prepare);
        [may_spin::<true>(&channel), may_spin::<false>(&channel)]
    }

    #[test]
    fn who_spins_for_what() {
        let sit = |slot: &mut Slot<'_, ()>, seat| {
            let (_, nobody) = slot.sit(seat, None, Flags::default());
            assert!(nobody.is_none());
        };

        assert_eq!(who_spins(|_| {}), [true, true]);
        assert_eq!(
            who_spins(|slot| assert!(slot.offer((), Offerer::TrySend).is_nobody())),
            [false, true],
            "an item that has to wait for another one",
        );
        assert_eq!(
            who_spins(|slot| sit(slot, Seat::Receiver)),
            [true, false],
            "the other end sleeps, and only an item wakes it",
        );
        assert_eq!(
            who_spins(|slot| sit(slot, Seat::Sender)),
            [false, false],
            "a poll without a future has sat down already",
        );
        assert_eq!(
            who_spins(|slot| assert!(slot.close(End::Receiver).was_open)),
            [false, false],
            "there is an answer",
        );
    }

    #[test]
    fn a_wait_spins_once_and_when_it_is_due() {
        let channel = apart(|_| {});
        assert!(may_spin::<true>(&channel));

        let mut in_vain = Spin::default();
        in_vain.learn(Outcome::InVain, true);
        let mut wait = Wait::new(&channel, &mut in_vain, Waiting::<true>);
        assert!(
            !wait.decide_to_spin(channel.flags()),
            "the last one was in vain"
        );

        let mut due = Spin::default();
        let mut wait = Wait::new(&channel, &mut due, Waiting::<true>);
        wait.stage = Stage::Waiting;
        assert!(
            !wait.decide_to_spin(channel.flags()),
            "it has begun already"
        );

        let together = Channel::default();
        assert!(!may_spin::<true>(&together), "both are here");
    }

    #[test]
    fn a_blocked_wait_spins_only_when_it_is_due() {
        let channel = apart(|_| {});
        let mut spin = Spin::default();
        spin.learn(Outcome::InVain, true);
        let soon = Instant::now() + Duration::from_millis(1);
        let mut wait = Wait::new(&channel, &mut spin, Waiting::<false>);
        assert_eq!(wait.block_until(Some(soon)), None);
        drop(wait);
        // A spin in vain would have made the break longer.
        assert!(spin.count_wait());
    }

    #[test]
    fn a_poll_spins_only_when_it_is_due_and_the_ends_are_apart() {
        fn spins(channel: &Channel<()>, spin: &mut Spin) -> bool {
            let waker = Waker::from(Arc::new(Idle));
            testing::set_glances(5);
            let mut wait = Wait::new(channel, spin, Waiting::<true>);
            assert!(Pin::new(&mut wait)
                .poll(&mut Context::from_waker(&waker))
                .is_pending());
            testing::glances() < 5
        }

        thread::spawn(|| {
            let (apart, together) = (apart(|_| {}), Channel::default());
            let mut in_step = Spin::default();
            in_step.learn(Outcome::InVain, true);
            in_step.learn(Outcome::Seen, true);
            assert!(!spins(&apart, &mut in_step), "in a break of one wait");
            assert!(spins(&apart, &mut in_step));
            assert!(in_step.is_apart);
            assert!(!spins(&together, &mut in_step), "apart until now");
        })
        .join()
        .unwrap();
    }

    /// An operation of the sender that has an answer after so many looks, and notes what is done with it.
    #[derive(Default)]
    struct Noted<const ITEM: bool> {
        looks: Cell<u32>,
        ready_after: Option<u32>,
        /// After how many looks it was announced.
        announced: Option<u32>,
        announcements: u32,
    }

    impl<const ITEM: bool> Operation<()> for Noted<ITEM> {
        type Output = ();

        const BRINGS_ITEM: bool = ITEM;

        fn seat(&self) -> Seat {
            Seat::Sender
        }

        fn is_ready(&self, _flags: Flags) -> bool {
            self.looks.set(self.looks.get() + 1);
            self.ready_after.is_some_and(|it| self.looks.get() > it)
        }

        fn answer(&mut self, _slot: &mut Slot<'_, ()>, _wake: &mut Wake) {}

        fn announce(&mut self, _slot: &mut Slot<'_, ()>) -> Wake {
            self.announced.get_or_insert(self.looks.get());
            self.announcements += 1;
            Wake::nobody()
        }
    }

    /// A spin of a blocked thread whose account is new. Returns whether it looked, and whether it was
    /// announced before that or at all.
    fn spun<const ITEM: bool>(
        in_step: bool,
        other_sleeps: bool,
        at_most: Duration,
    ) -> (bool, Option<bool>) {
        thread::spawn(move || {
            let channel = Channel::<()>::default();
            if other_sleeps {
                let _ = channel.lock().sit(Seat::Receiver, None, Flags::default());
            }
            let mut spin = Spin::default();
            if in_step {
                spin.learn(Outcome::Seen, true);
            }
            let mut wait = Wait::new(&channel, &mut spin, Noted::<ITEM>::default());
            wait.spin_before_sleep(Place::Thread, at_most);
            let noted = &wait.operation;
            (
                noted.looks.get() > 0,
                noted.announced.map(|looks| looks == 0),
            )
        })
        .join()
        .unwrap()
    }

    #[test]
    fn who_looks_and_who_is_announced_before() {
        const SHORT: Duration = Duration::from_micros(1);
        const LONG: Duration = Duration::MAX;
        for (in_step, other_sleeps, at_most, with_item, without) in [
            (false, false, SHORT, (false, None), (false, None)),
            (true, false, SHORT, (true, Some(true)), (true, None)),
            (true, true, SHORT, (false, None), (false, None)),
            (false, false, LONG, (true, Some(true)), (true, Some(false))),
            (true, false, LONG, (true, Some(true)), (true, Some(false))),
            (false, true, LONG, (true, Some(true)), (true, Some(true))),
        ] {
            let case = format!("in step {in_step}, sleeps {other_sleeps}, at most {at_most:?}");
            assert_eq!(
                spun::<true>(in_step, other_sleeps, at_most),
                with_item,
                "{case}"
            );
            assert_eq!(
                spun::<false>(in_step, other_sleeps, at_most),
                without,
                "{case}"
            );
        }
    }

    /// So many waits in a row of an end that begins in step, and is not answered. Returns how often it
    /// looked, how often it was announced, and whether it is in step then.
    fn waits_in_vain(
        place: Place,
        at_most: Duration,
        glances: u32,
        waits: u32,
    ) -> (u32, u32, bool) {
        let channel = Channel::<()>::default();
        let mut spin = Spin::default();
        spin.learn(Outcome::Seen, true);
        let (mut looks, mut announced) = (0, 0);
        for _ in 0..waits {
            testing::set_glances(glances);
            let mut wait = Wait::new(&channel, &mut spin, Noted::<true>::default());
            wait.spin_before_sleep(place, at_most);
            looks += wait.operation.looks.get();
            announced += wait.operation.announcements;
        }
        (looks, announced, spin.is_in_step)
    }

    #[test]
    fn a_glance_comes_first_and_may_be_all() {
        thread::spawn(|| {
            const ANY: Duration = Duration::MAX;
            // This thread has no credit.
            assert_eq!(waits_in_vain(Place::Poll, ANY, 0, 4), (0, 0, true));
            assert_eq!(waits_in_vain(Place::Poll, ANY, 1, 3), (24, 3, true));
            assert_eq!(waits_in_vain(Place::Poll, ANY, 1, 4), (32, 4, false));

            // It spins after the glance, announced once, and then it is out of step.
            let (looks, announced, is_in_step) = waits_in_vain(Place::Thread, ANY, 0, 1);
            assert!(looks > 16 && announced == 1 && !is_in_step);
            // A spin without time is the last look. There is no second glance before it.
            let outcome = waits_in_vain(Place::Thread, Duration::ZERO, 0, 1);
            assert_eq!(outcome, (8 + 1, 1, true));

            testing::lose_core();
            assert_eq!(waits_in_vain(Place::Thread, ANY, 0, 9), (0, 0, true));
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_spin_that_was_cut_short_teaches_only_what_it_saw() {
        let channel = Channel::<()>::default();
        let mut spin = Spin::default();
        (0..3).for_each(|_| spin.learn(Outcome::InVain, true));
        spin.learn(Outcome::Seen, true);
        let mut cut_short = |ready_after| {
            let spin = &mut spin;
            let spun = || {
                let noted = Noted::<false> {
                    ready_after,
                    ..Noted::default()
                };
                let mut wait = Wait::new(&channel, spin, noted);
                wait.spin_before_sleep(Place::Thread, Duration::from_micros(1));
                assert!(wait.spin.is_in_step);
            };
            // On a thread whose account is new: one that was interrupted pauses.
            thread::scope(|scope| scope.spawn(spun).join().unwrap());
        };
        cut_short(None);
        cut_short(Some(3));
        // It has forgotten half of what came before, twice. So the next break is a short one.
        while !spin.count_wait() {}
        (0..2).for_each(|_| spin.learn(Outcome::InVain, true));
        assert_eq!((0..100).find(|_| spin.count_wait()), Some(3));
    }

    #[test]
    fn a_thread_leaves_only_with_a_poll_that_may_spin() {
        thread::spawn(|| {
            let channel = apart(|_| {});
            let mut spin = Spin::default();
            spin.is_apart = true;
            let waker = Waker::from(Arc::new(Idle));
            let mut cx = Context::from_waker(&waker);

            let soon = Instant::now() + Duration::from_millis(1);
            let mut wait = Wait::new(&channel, &mut spin, Waiting::<false>);
            assert_eq!(wait.block_until(Some(soon)), None);
            drop(wait);
            assert!(!is_away(), "it blocked");

            let mut closed = Closed::new(&channel, &mut spin, End::Sender);
            let wait = &mut closed.wait;
            assert!(Pin::new(&mut *wait).poll(&mut cx).is_pending());
            assert!(wait.poll_until(pin!(pending::<()>()), &mut cx).is_pending());
            drop(closed);
            assert!(!is_away(), "it never spins");

            let mut wait = Wait::new(&channel, &mut spin, Waiting::<false>);
            assert!(Pin::new(&mut wait).poll(&mut cx).is_pending());
            assert!(is_away());

            let together = Channel::default();
            let mut here = Spin::default();
            let mut wait = Wait::new(&together, &mut here, Waiting::<false>);
            assert!(Pin::new(&mut wait).poll(&mut cx).is_pending());
            assert!(wait.poll_until(pin!(ready(())), &mut cx).is_ready());
            assert!(is_away(), "polls of ends that are not apart change nothing");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_thread_stays_with_a_poll_that_gave_up_or_was_answered_late() {
        /// Lent when its limit comes, and answered later.
        struct Lent(bool);

        impl Operation<()> for Lent {
            type Output = ();

            fn seat(&self) -> Seat {
                Seat::Sender
            }

            fn is_ready(&self, _flags: Flags) -> bool {
                self.0
            }

            fn answer(&mut self, _slot: &mut Slot<'_, ()>, _wake: &mut Wake) {}

            fn withdraw(&mut self, _slot: &mut Slot<'_, ()>) -> bool {
                false
            }
        }

        thread::spawn(|| {
            let channel = apart(|_| {});
            let mut spin = Spin::default();
            let waker = Waker::from(Arc::new(Idle));
            let mut cx = Context::from_waker(&waker);
            let poll = |wait: &mut Wait<'_, (), Lent>, cx: &mut Context<'_>, has_come: bool| {
                let limit = poll_fn(|_| {
                    if has_come {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                });
                wait.poll_until(pin!(limit), cx)
            };

            let mut wait = Wait::new(&channel, &mut spin, Waiting::<false>);
            let outcome = wait.poll_until(pin!(ready(())), &mut cx);
            assert_eq!(outcome, Poll::Ready(None));
            drop(wait);
            assert!(!is_away(), "it gave up");

            let mut wait = Wait::new(&channel, &mut spin, Lent(false));
            assert!(poll(&mut wait, &mut cx, false).is_pending());
            assert!(is_away());
            assert!(poll(&mut wait, &mut cx, true).is_pending());
            assert!(is_away(), "it has to wait, although it is late");
            wait.operation.0 = true;
            let outcome = poll(&mut wait, &mut cx, true);
            assert_eq!(outcome, Poll::Ready(Some(())));
            assert!(!is_away(), "it was answered");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_late_thread_gives_up_once_and_does_not_park() {
        /// It can give up when it is asked for the second time. It counts that.
        struct Twice(u32);

        impl Operation<()> for Twice {
            type Output = ();

            fn seat(&self) -> Seat {
                Seat::Sender
            }

            fn is_ready(&self, _flags: Flags) -> bool {
                false
            }

            fn answer(&mut self, _slot: &mut Slot<'_, ()>, _wake: &mut Wake) {}

            fn withdraw(&mut self, _slot: &mut Slot<'_, ()>) -> bool {
                self.0 += 1;
                self.0 > 1
            }
        }

        let (done, ended) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let channel = Channel::default();
            let mut spin = Spin::default();
            let mut wait = Wait::new(&channel, &mut spin, Twice(0));
            let outcome = wait.block_until(Some(Instant::now()));
            let _ = done.send((outcome, wait.operation.0));
        });
        let outcome = ended.recv_timeout(Duration::from_secs(60));
        assert_eq!(outcome, Ok((None, 2)));
    }

    #[test]
    fn an_absence_ends_with_the_first_poll_of_ends_that_have_come_together() {
        thread::spawn(|| {
            let channel = apart(|_| {});
            let mut spin = Spin::default();
            let waker = Waker::from(Arc::new(Idle));
            let mut cx = Context::from_waker(&waker);
            let mut poll = || {
                let mut wait = Wait::new(&channel, &mut spin, Waiting::<false>);
                assert!(Pin::new(&mut wait).poll(&mut cx).is_pending());
                is_away()
            };

            assert!(poll());
            // The receiver comes to this thread.
            channel.threads.note_thread(End::Receiver);
            assert!(!poll());
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_thread_is_noted_at_the_first_look_of_a_wait_that_may_spin() {
        let channel = Channel::default();
        let waker = Waker::from(Arc::new(Idle));
        let mut cx = Context::from_waker(&waker);
        let mut spin = Spin::default();

        let mut closed = Closed::new(&channel, &mut spin, End::Sender);
        assert!(Pin::new(&mut closed.wait).poll(&mut cx).is_pending());
        drop(closed);
        thread::scope(|scope| {
            let is_seen = scope.spawn(|| channel.threads.note_thread(End::Receiver));
            assert!(!is_seen.join().unwrap(), "it never spins");
        });

        let mut wait = Wait::new(&channel, &mut spin, Waiting::<false>);
        assert!(Pin::new(&mut wait).poll(&mut cx).is_pending());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut cx = Context::from_waker(&waker);
                assert!(Pin::new(&mut wait).poll(&mut cx).is_pending());
                // It is still seen where this wait began.
                assert!(channel.threads.note_thread(End::Receiver));
            });
        });
    }

    /// Whether a receive is announced after it has spun for so long at most, and after its end.
    fn announced(at_most: Duration, sender_asks: bool) -> (bool, bool) {
        let spun = move || {
            let channel = Channel::<()>::default();
            let mut spin = Spin::default();
            // As if a short look were worth it.
            spin.learn(Outcome::Seen, true);
            if sender_asks {
                let mut spin = Spin::default();
                let mut wait = Wait::new(&channel, &mut spin, Demand);
                wait.spin_before_sleep(Place::Thread, at_most);
            }
            let mut wait = Wait::new(&channel, &mut spin, Take);
            wait.spin_before_sleep(Place::Thread, at_most);
            let announced = channel.flags().has(Flags::WAITING);
            drop(wait);
            (announced, channel.flags().has(Flags::WAITING))
        };
        // On a thread whose account is new.
        thread::spawn(spun).join().unwrap()
    }

    #[test]
    fn a_receive_that_spins_for_long_is_announced() {
        assert_eq!(announced(Duration::MAX, false), (true, false));
        assert_eq!(announced(Duration::from_micros(1), false), (false, false));
    }

    #[test]
    fn a_receive_whose_sender_asks_is_announced_before_it_looks() {
        let short = Duration::from_micros(1);
        assert_eq!(announced(short, true), (true, false));
        // Whoever sends without asking first is no such sender.
        let channel = Channel::<()>::default();
        let mut spin = Spin::default();
        let mut wait = Wait::new(&channel, &mut spin, Noted::<true>::default());
        wait.spin_before_sleep(Place::Thread, short);
        drop(wait);
        assert!(!channel.threads.sender_asks());
    }
}
