//! A handover in a sandbox that kills whoever opens a file. The crate asks the system for nothing but parking, yielding
//! and the time.

use crate::common::watchdog;
use futures_lite::future::block_on;
use handoff::channel;
use seccompiler::{apply_filter_all_threads, BpfProgram, SeccompAction, SeccompFilter};
use std::env;
use std::os::unix::process::ExitStatusExt;
use std::process::{self, Command};
use std::sync::{Arc, Barrier};
use std::thread;

const THIS: &str = "sandbox::a_handover_opens_no_file";
const IN_CHILD: &str = "HANDOFF_SANDBOX";
const ITEMS: u32 = 100;

/// Kills the process at the first file that it opens.
fn no_files() -> BpfProgram {
    let calls = [
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open,
        libc::SYS_openat,
        libc::SYS_openat2,
    ];
    let rules = calls.map(|call| (call, Vec::new())).into_iter().collect();
    let arch = env::consts::ARCH.try_into().expect("a known processor");
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::KillProcess,
        arch,
    );
    filter.and_then(TryInto::try_into).expect("a good filter")
}

/// Hands over between two threads, blocking and in `block_on`, after the filter was installed. The threads exist
/// before, because the C library may open files when it starts one.
fn hand_over() {
    let ready = Arc::new(Barrier::new(2));
    let there = Arc::clone(&ready);
    let (mut tx, mut rx) = channel();
    let receiver = thread::spawn(move || {
        there.wait();
        for i in 0..ITEMS {
            assert_eq!(rx.recv().wait(), Some(i));
            assert_eq!(block_on(rx.recv()), Some(i));
        }
    });
    apply_filter_all_threads(&no_files()).expect("the kernel takes it");
    ready.wait();
    for i in 0..ITEMS {
        tx.send(i).wait().unwrap();
        block_on(tx.send(i)).unwrap();
    }
    receiver.join().unwrap();
}

#[test]
fn a_handover_opens_no_file() {
    if env::var_os(IN_CHILD).is_some() {
        hand_over();
        // At once, so that the test harness opens nothing either.
        process::exit(0);
    }
    watchdog(|| {
        let status = Command::new(env::current_exe().unwrap())
            .args(["--exact", THIS, "--nocapture"])
            .env(IN_CHILD, "1")
            .status()
            .unwrap();
        assert!(
            status.success(),
            "it ended with signal {:?}",
            status.signal()
        );
    });
}
