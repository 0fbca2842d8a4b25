//! The contenders: handoff and its peers, each in the form that its own documentation recommends.
//!
//! One marker type a package says which ends it has between tasks, between threads, and between a
//! thread and a task. A peer without a blocking call takes part in the mixed scenarios through one
//! `block_on` an item.

mod async_channel;
mod crossbeam;
mod crossfire;
mod fibre;
mod flume;
mod futures_channel;
mod futures_intrusive;
mod handoff_1;
mod kanal;
mod loole;
mod ours;
mod std_sync;
mod tokio;

pub use self::{
    async_channel::AsyncChannel,
    crossbeam::Crossbeam,
    crossfire::Crossfire,
    fibre::Fibre,
    flume::Flume,
    futures_channel::FuturesMpsc,
    futures_intrusive::FuturesIntrusive,
    handoff_1::Handoff1,
    kanal::Kanal,
    loole::Loole,
    ours::{Asking, Ours},
    std_sync::StdSync,
    tokio::TokioMpsc,
    tokio::TokioOneshot,
};

/// Implements one of the traits of [`crate::ends`] that name a pair of ends.
macro_rules! ends {
    ($marker:ident: $kind:ident, $t:ident => $tx:ty, $rx:ty, $new:expr) => {
        impl crate::ends::$kind for $marker {
            type Tx<$t: crate::ends::Item> = $tx;
            type Rx<$t: crate::ends::Item> = $rx;

            fn channel<$t: crate::ends::Item>() -> (Self::Tx<$t>, Self::Rx<$t>) {
                $new
            }
        }
    };
}
use ends;

/// Gives a marker its name.
macro_rules! named {
    ($(#[$doc:meta])* $marker:ident, $label:literal, $package:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $marker;

        impl crate::ends::Named for $marker {
            const LABEL: &'static str = $label;
            const PACKAGE: &'static str = $package;
        }
    };
}
use named;

/// Lends its ends to threads through `block_on`: for the peers without a blocking call.
macro_rules! mixed_by_block_on {
    ($marker:ident, $t:ident => $tx:ty, $rx:ty) => {
        crate::peers::ends!($marker: ThreadToTask, $t => crate::ends::OnThread<$tx>, $rx, {
            let (tx, rx) = <$marker as crate::ends::AsyncEnds>::channel();
            (crate::ends::OnThread(tx), rx)
        });
        crate::peers::ends!($marker: TaskToThread, $t => $tx, crate::ends::OnThread<$rx>, {
            let (tx, rx) = <$marker as crate::ends::AsyncEnds>::channel();
            (tx, crate::ends::OnThread(rx))
        });
    };
}
use mixed_by_block_on;

/// Calls a function, generic over the ends, with some arguments for every contender that has ends
/// for two tasks, ours first. Gives the results as a `Vec`.
#[macro_export]
macro_rules! each_async {
    ($f:ident $(, $argument:expr)*) => {
        vec![
            $f::<$crate::peers::Ours>($($argument),*),
            $f::<$crate::peers::Handoff1>($($argument),*),
            $f::<$crate::peers::Fibre>($($argument),*),
            $f::<$crate::peers::Kanal>($($argument),*),
            $f::<$crate::peers::Flume>($($argument),*),
            $f::<$crate::peers::FuturesMpsc>($($argument),*),
            $f::<$crate::peers::FuturesIntrusive>($($argument),*),
            $f::<$crate::peers::Loole>($($argument),*),
            $f::<$crate::peers::TokioMpsc>($($argument),*),
            $f::<$crate::peers::AsyncChannel>($($argument),*),
            $f::<$crate::peers::Crossfire>($($argument),*),
        ]
    };
}

/// The same for every contender that has blocking calls at both ends.
#[macro_export]
macro_rules! each_blocking {
    ($f:ident $(, $argument:expr)*) => {
        vec![
            $f::<$crate::peers::Ours>($($argument),*),
            $f::<$crate::peers::Fibre>($($argument),*),
            $f::<$crate::peers::Kanal>($($argument),*),
            $f::<$crate::peers::Flume>($($argument),*),
            $f::<$crate::peers::Loole>($($argument),*),
            $f::<$crate::peers::Crossbeam>($($argument),*),
            $f::<$crate::peers::StdSync>($($argument),*),
            $f::<$crate::peers::TokioMpsc>($($argument),*),
            $f::<$crate::peers::AsyncChannel>($($argument),*),
            $f::<$crate::peers::Crossfire>($($argument),*),
        ]
    };
}
