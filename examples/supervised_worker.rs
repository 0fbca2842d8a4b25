//! A worker that breaks on some jobs, and a supervisor that starts it again: every job is done in
//! the end, and there is no queue to lose one.
//!
//! ```text
//! cargo run --example supervised_worker
//! ```
//!
//! The worker borrows each job with `next_offer` and takes it with `accept` when the work is done. A
//! panic in between drops the guard, which puts the job back on offer; the next worker gets it. All
//! that time the job is the sender's: its send is pending until somebody has really done the job.
//!
//! That is at least once, not exactly once: a worker that breaks between the work and the `accept`
//! has done what will be done again. The ledger shows it, and the exit code is non-zero if a job
//! was left out, or was done twice without a restart.

use handoff::{channel, Offer, Receiver};
use std::fmt;
use std::io::{self, Write};
use std::panic;
use std::process::{self, ExitCode};
use std::sync::{Mutex, PoisonError};
use std::thread;

const JOBS: usize = 12;

/// What goes wrong with a job, each time that it is tried.
#[derive(Clone, Copy)]
enum Mishap {
    BeforeTheWork,
    AfterTheWork,
}

/// The mishaps of a job, in the order of its tries.
fn mishaps(job: usize) -> &'static [Mishap] {
    match job {
        3 => &[Mishap::BeforeTheWork],
        7 => &[Mishap::AfterTheWork],
        10 => &[Mishap::BeforeTheWork, Mishap::AfterTheWork],
        _ => &[],
    }
}

struct Job {
    number: usize,
    /// A guard lends the job for changing, too. So what the last worker noted is there for the
    /// next one.
    tries: usize,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    done: usize,
    restarts: usize,
    confirmed: bool,
}

#[derive(Default)]
struct Ledger(Mutex<[Entry; JOBS]>);

impl Ledger {
    fn note(&self, job: usize, change: impl FnOnce(&mut Entry)) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut entries[job]);
    }
}

/// Works until there is no more to do, or until it breaks.
fn work(jobs: &mut Receiver<Job>, ledger: &Ledger) {
    while let Some(mut job) = jobs.next_offer().wait() {
        let number = job.number;
        let mishap = mishaps(number).get(job.tries).copied();
        job.tries += 1;

        if let Some(Mishap::BeforeTheWork) = mishap {
            panic!("broke before job {number} was done");
        }
        ledger.note(number, |entry| entry.done += 1);
        if let Some(Mishap::AfterTheWork) = mishap {
            panic!("broke when job {number} was done, before it could say so");
        }
        Offer::accept(job);
    }
}

/// Runs one worker after the other, each on a new thread, until one comes to the end.
fn supervise(mut jobs: Receiver<Job>, ledger: &Ledger) -> usize {
    let mut workers = 1;
    while thread::scope(|scope| scope.spawn(|| work(&mut jobs, ledger)).join()).is_err() {
        workers += 1;
        // What broke it is on offer again. It stays there, whoever looks at it.
        let job = jobs.next_offer().wait().expect("the job was put back");
        ledger.note(job.number, |entry| entry.restarts += 1);
    }
    workers
}

fn main() -> ExitCode {
    // One line is enough for a panic that is meant.
    panic::set_hook(Box::new(|info| {
        let message = info.payload().downcast_ref::<String>();
        let _ = writeln!(
            io::stderr(),
            "worker: {}",
            message.map_or("broke", String::as_str)
        );
    }));

    let ledger = Ledger::default();
    let (mut sender, receiver) = channel();
    let workers = thread::scope(|scope| {
        let supervisor = scope.spawn(|| supervise(receiver, &ledger));
        for number in 0..JOBS {
            let job = Job { number, tries: 0 };
            let done = sender.send(job).wait();
            done.expect("a supervisor that stays to the end");
            ledger.note(number, |entry| entry.confirmed = true);
        }
        drop(sender);
        supervisor.join().expect("the supervisor does not panic")
    });

    say(format_args!("job  confirmed  done  restarts"));
    let entries = *ledger.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut proven = true;
    for (number, entry) in entries.iter().enumerate() {
        let Entry {
            done,
            restarts,
            confirmed,
        } = *entry;
        say(format_args!(
            "{number:3}  {confirmed:9}  {done:4}  {restarts:8}"
        ));
        proven &= confirmed && (1..=1 + restarts).contains(&done);
        proven &= restarts == mishaps(number).len();
    }
    let restarts: usize = entries.iter().map(|entry| entry.restarts).sum();
    if proven && workers == 1 + restarts {
        say(format_args!(
            "{workers} workers: every job was done, and none twice without a restart"
        ));
        ExitCode::SUCCESS
    } else {
        let _ = writeln!(io::stderr(), "the ledger does not balance");
        ExitCode::FAILURE
    }
}

/// Prints a line. If nobody reads it any more, as in `| head -1`, the program ends quietly.
fn say(line: fmt::Arguments<'_>) {
    if writeln!(io::stdout(), "{line}").is_err() {
        process::exit(0);
    }
}
