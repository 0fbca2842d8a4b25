//! Two ends on two threads. What counts here is whether the two keep in step: putting a thread to
//! sleep and waking it takes a hundred times as long as handing the item over, the more so across
//! cores.
//!
//! Where the threads run is up to the operating system, and decides much: two threads that put each
//! other to sleep are often moved to the same core, where a switch is cheap, and the next moment
//! apart. Hence these scenarios are there twice: as it comes, and with each thread bound to a core
//! of its own.
//!
//! The clock starts when the first item has arrived, so that starting the threads is not measured.

use crate::{
    bench::{Contender, Role},
    drive::{drain_blocking, pump_blocking, Batch},
    each_async, each_blocking,
    ends::{AsyncEnds, BlockingEnds, BlockingRecvEnd, BlockingSendEnd, OnThread},
    floor::{parking, spinning},
    peers::{Asking, Ours},
    probe::{buffers, early},
};
use std::{thread, time::Duration};

/// Where the two threads run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cores {
    /// Where the system puts them.
    Any,
    /// Each on its own.
    Apart,
}

/// One `block_on` an item.
pub(super) fn by_block_on(cores: Cores) -> Vec<Contender> {
    fn contender<E: AsyncEnds>(cores: Cores) -> Contender {
        Contender::new::<E>(early::<E>().any(), move |budget| {
            let (tx, rx) = E::channel::<u64>();
            two_threads((OnThread(tx), OnThread(rx)), cores, budget)
        })
    }
    let mut contenders = each_async!(contender, cores);
    contenders.extend([floor(), parked(cores)]);
    contenders
}

/// Blocking calls.
pub(super) fn by_blocking(cores: Cores) -> Vec<Contender> {
    fn contender<E: BlockingEnds>(cores: Cores) -> Contender {
        Contender::new::<E>(buffers::<E>(), move |budget| {
            two_threads(E::channel(), cores, budget)
        })
    }
    let mut contenders = each_blocking!(contender, cores);
    contenders.extend([floor(), parked(cores)]);
    contenders
}

/// Blocking calls, or one `block_on` each: `wanted` before each send, beside a send alone.
pub(super) fn asking(by_block_on: bool) -> Vec<Contender> {
    let ours = Contender::new::<Ours>(false, move |budget| {
        let (tx, rx) = <Ours as BlockingEnds>::channel::<u64>();
        let tx = Asking(tx);
        if by_block_on {
            two_threads((OnThread(tx), OnThread(rx)), Cores::Any, budget)
        } else {
            two_threads((tx, rx), Cores::Any, budget)
        }
    });
    let alone = Contender::new::<Ours>(false, move |budget| {
        let (tx, rx) = <Ours as BlockingEnds>::channel::<u64>();
        if by_block_on {
            two_threads((OnThread(tx), OnThread(rx)), Cores::Any, budget)
        } else {
            two_threads((tx, rx), Cores::Any, budget)
        }
    });
    let alone = Contender {
        label: "a send alone",
        role: Role::Peer,
        ..alone
    };
    vec![ours, alone]
}

/// The bare ping-pong. It always gets two cores, as on one it would be no floor.
pub(super) fn floor() -> Contender {
    Contender::floor(|budget| two_threads(spinning::channel(), Cores::Apart, budget))
}

/// What it costs to sleep for each item, on the cores of the scenario.
fn parked(cores: Cores) -> Contender {
    Contender::parking(move |budget| two_threads(parking::channel(), cores, budget))
}

fn two_threads<X, Y>((tx, rx): (X, Y), cores: Cores, budget: Duration) -> Batch
where
    X: BlockingSendEnd<u64> + Send,
    Y: BlockingRecvEnd<u64> + Send,
{
    thread::scope(|scope| {
        let receiving = scope.spawn(move || {
            settle(cores, 0);
            drain_blocking(rx)
        });
        scope.spawn(move || {
            settle(cores, 1);
            pump_blocking(tx, budget);
        });
        receiving.join().expect("received")
    })
}

/// Binds this thread to a core, if it is to have one of its own.
fn settle(cores: Cores, which: usize) {
    if cores == Cores::Apart {
        let all = core_affinity::get_core_ids().unwrap_or_default();
        if let Some(core) = all.get(which) {
            core_affinity::set_for_current(*core);
        }
    }
}
