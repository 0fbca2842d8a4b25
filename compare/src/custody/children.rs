//! Runs an experiment in a child process with a time limit.

use super::Finding;
use std::{
    io::Read,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A child that takes longer hangs: an experiment takes milliseconds.
const LIMIT: Duration = Duration::from_secs(5);

/// Runs it.
///
/// # Panics
///
/// If no child can be started.
#[must_use]
pub fn run(program: &Path, label: &str, experiment: &str) -> Finding {
    let mut child = Command::new(program)
        .args(["--subject", label, "--experiment", experiment])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child process");
    let Some(status) = wait(&mut child) else {
        return Finding::bad("deadlocks");
    };
    let mut output = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        let _ = stdout.read_to_string(&mut output);
    }
    match serde_json::from_str(&output) {
        Ok(finding) if status.success() => finding,
        _ => Finding::bad(crash(status)),
    }
}

/// What ended it.
#[cfg(unix)]
fn crash(status: ExitStatus) -> &'static str {
    use std::os::unix::process::ExitStatusExt;
    // SIGABRT, SIGBUS, SIGSEGV.
    match status.signal() {
        Some(6) => "aborts the process",
        Some(7 | 11) => "invalid memory access",
        _ => "crashes",
    }
}

/// What ended it.
#[cfg(not(unix))]
fn crash(_status: ExitStatus) -> &'static str {
    "crashes"
}

/// Waits for the child, and ends it if that takes too long. What it says fits into the pipe.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}
