//! A blocked thread on one end and a task on the other: how a program crosses from its threads into
//! its executor. The task is spawned on a tokio current-thread runtime, on a thread of its own.
//!
//! The clock starts when the first item has arrived, so that starting the runtime is not measured.

use super::{tasks::current_thread, threads::floor};
use crate::{
    bench::Contender,
    drive::{drain, drain_blocking, pump, pump_blocking},
    each_async,
    ends::{AsyncEnds, TaskToThread, ThreadToTask},
    probe::early,
};
use std::{future::Future, thread};

/// A thread sends, a task receives.
pub(super) fn thread_to_task() -> Vec<Contender> {
    fn contender<E: ThreadToTask + AsyncEnds>() -> Contender {
        Contender::new::<E>(early::<E>().any(), |budget| {
            let (tx, rx) = <E as ThreadToTask>::channel::<u64>();
            beside(drain(rx), || pump_blocking(tx, budget)).0
        })
    }
    let mut contenders = each_async!(contender);
    contenders.push(floor());
    contenders
}

/// A task sends, a thread receives.
pub(super) fn task_to_thread() -> Vec<Contender> {
    fn contender<E: TaskToThread + AsyncEnds>() -> Contender {
        Contender::new::<E>(early::<E>().for_thread(), |budget| {
            let (tx, rx) = <E as TaskToThread>::channel::<u64>();
            beside(pump(tx, budget), || drain_blocking(rx)).1
        })
    }
    let mut contenders = each_async!(contender);
    contenders.push(floor());
    contenders
}

/// Runs a task on a runtime of its own, and `work` on another thread meanwhile.
fn beside<A: Send + 'static, B: Send>(
    task: impl Future<Output = A> + Send + 'static,
    work: impl FnOnce() -> B + Send,
) -> (A, B) {
    thread::scope(|scope| {
        let task = scope.spawn(move || {
            let runtime = current_thread();
            let task = runtime.spawn(task);
            runtime.block_on(task).expect("the task")
        });
        let work = scope.spawn(work);
        (
            task.join().expect("the task's thread"),
            work.join().expect("the thread"),
        )
    })
}
