//! Two ends in tasks. What counts here is the work of a poll and of a wake: on one thread nothing
//! else happens.

use crate::{
    bench::Contender,
    drive::{drain, drain_local, pump, pump_local, Batch, Page, Payload},
    each_async,
    ends::{AsyncEnds, LocalRecvEnd, LocalSendEnd},
    floor::local,
    probe::early,
};
use async_executor::LocalExecutor;
use futures_lite::future::{block_on, zip};
use std::{sync::OnceLock, time::Duration};
use tokio::{
    runtime::{Builder, Runtime},
    task::{spawn_local, LocalSet},
};

/// Both ends joined in one task.
pub(super) fn one_task() -> Vec<Contender> {
    fn contender<E: AsyncEnds>() -> Contender {
        Contender::new::<E>(early::<E>().any(), |budget| {
            joined::<u64, _, _>(E::channel(), budget)
        })
    }
    let mut contenders = each_async!(contender);
    contenders.push(Contender::floor(|budget| {
        joined::<u64, _, _>(local::channel(), budget)
    }));
    contenders
}

/// The same with items of 4 KiB.
pub(super) fn large_items() -> Vec<Contender> {
    fn contender<E: AsyncEnds>() -> Contender {
        Contender::new::<E>(early::<E>().any(), |budget| {
            joined::<Page, _, _>(E::channel(), budget)
        })
    }
    let mut contenders = each_async!(contender);
    contenders.push(Contender::floor(|budget| {
        joined::<Page, _, _>(local::channel(), budget)
    }));
    contenders
}

fn joined<T: Payload, X: LocalSendEnd<T>, Y: LocalRecvEnd<T>>(
    (tx, rx): (X, Y),
    budget: Duration,
) -> Batch {
    block_on(zip(pump_local(tx, budget), drain_local(rx))).1
}

/// Two tasks on tokio's current-thread runtime.
pub(super) fn tokio_current_thread() -> Vec<Contender> {
    fn contender<E: AsyncEnds>() -> Contender {
        let runtime = current_thread();
        Contender::new::<E>(early::<E>().any(), move |budget| {
            on_local_set(&runtime, E::channel(), budget)
        })
    }
    let mut contenders = each_async!(contender);
    let runtime = current_thread();
    contenders.push(Contender::floor(move |budget| {
        on_local_set(&runtime, local::channel(), budget)
    }));
    contenders
}

pub(super) fn current_thread() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

fn on_local_set<X, Y>(runtime: &Runtime, (tx, rx): (X, Y), budget: Duration) -> Batch
where
    X: LocalSendEnd<u64> + 'static,
    Y: LocalRecvEnd<u64> + 'static,
{
    LocalSet::new().block_on(runtime, async move {
        let receiving = spawn_local(drain_local(rx));
        let sending = spawn_local(pump_local(tx, budget));
        sending.await.expect("sent");
        receiving.await.expect("received")
    })
}

/// Two tasks on a smol `LocalExecutor`.
pub(super) fn smol_local() -> Vec<Contender> {
    fn contender<E: AsyncEnds>() -> Contender {
        Contender::new::<E>(early::<E>().any(), |budget| {
            on_local_executor(E::channel(), budget)
        })
    }
    let mut contenders = each_async!(contender);
    contenders.push(Contender::floor(|budget| {
        on_local_executor(local::channel(), budget)
    }));
    contenders
}

fn on_local_executor<X, Y>((tx, rx): (X, Y), budget: Duration) -> Batch
where
    X: LocalSendEnd<u64> + 'static,
    Y: LocalRecvEnd<u64> + 'static,
{
    let executor = LocalExecutor::new();
    let receiving = executor.spawn(drain_local(rx));
    let sending = executor.spawn(pump_local(tx, budget));
    block_on(executor.run(zip(receiving, sending))).0
}

/// Two tasks on tokio's multi-thread runtime with two workers.
pub(super) fn tokio_multi_thread() -> Vec<Contender> {
    fn contender<E: AsyncEnds>() -> Contender {
        Contender::new::<E>(early::<E>().any(), |budget| {
            let (tx, rx) = E::channel::<u64>();
            let runtime = two_workers();
            let receiving = runtime.spawn(drain(rx));
            let sending = runtime.spawn(pump(tx, budget));
            runtime.block_on(async {
                sending.await.expect("sent");
                receiving.await.expect("received")
            })
        })
    }
    each_async!(contender)
}

fn two_workers() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .expect("a runtime")
    })
}
