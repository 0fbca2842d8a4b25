//! Counts the lines and words of a file in three stages: a thread that reads, a task that counts,
//! and a task that shows how far it has come.
//!
//! ```text
//! cargo run --release --example word_count -- PATH
//! ```
//!
//! Without a path it counts this crate's README. What it prints equals `wc -l -w PATH` in a UTF-8
//! locale.
//!
//! What it shows:
//!
//! * a plain thread hands over with `wait()` what a task receives with `.await`;
//! * no stage runs ahead: whatever the file's size, each stage has one line in its hands and no more.
//!   One line an item makes that easy to see. A handover takes longer than to count a line, so a
//!   program that is to be fast hands over many lines at a time, as a `Vec<String>` for example;
//! * an error is an item like any other, so it comes in its turn, and each stage ends because the
//!   one before it ended. None has to be told, and none hangs.

use futures_lite::future::{block_on, zip};
use handoff::{channel, Receiver, Sender};
use indicatif::{ProgressBar, ProgressStyle};
use std::env;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let path = match (args.next(), args.next()) {
        (None, _) => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")),
        (Some(path), None) => PathBuf::from(path),
        (Some(_), Some(_)) => {
            tell(format_args!("usage: word_count [PATH]"));
            return ExitCode::from(2);
        }
    };
    match run(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Quoted and escaped, so that it is one line whatever the file's name.
            tell(format_args!(
                "word_count: {:?}: {error}",
                path.to_string_lossy()
            ));
            ExitCode::FAILURE
        }
    }
}

fn run(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let (lines_in, lines_out) = channel();
    let (totals_in, totals_out) = channel();

    let reader = thread::spawn(move || read(file, lines_in));
    let ((), shown) = block_on(zip(
        count(lines_out, totals_in),
        show(totals_out, size, path),
    ));
    reader.join().expect("the reader does not panic");
    shown
}

/// Stage one, on a thread of its own: hands the file over line by line.
fn read(file: File, mut lines: Sender<io::Result<String>>) {
    let mut file = BufReader::with_capacity(64 * 1024, file);
    for number in 1_u64.. {
        let line = match read_line(&mut file, number) {
            Ok(None) => return,
            Ok(Some(line)) => Ok(line),
            Err(error) => Err(error),
        };
        let failed = line.is_err();
        if lines.send(line).wait().is_err() || failed {
            return;
        }
    }
}

/// The next line with its line feed, which the last one may lack, or `None` at the end.
fn read_line(file: &mut impl BufRead, number: u64) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if file.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let not_utf8 = |_| {
        let message = format!("line {number} is not UTF-8");
        io::Error::new(io::ErrorKind::InvalidData, message)
    };
    String::from_utf8(line).map(Some).map_err(not_utf8)
}

/// Stage two: counts, and hands the running count on.
async fn count(mut lines: Receiver<io::Result<String>>, mut running: Sender<io::Result<Totals>>) {
    let mut totals = Totals::default();
    while let Some(line) = lines.recv().await {
        let so_far = line.map(|line| {
            totals.add(&line);
            totals
        });
        if running.send(so_far).await.is_err() {
            return;
        }
    }
}

/// Stage three: shows the running count, and prints the last one.
async fn show(mut running: Receiver<io::Result<Totals>>, size: u64, path: &Path) -> io::Result<()> {
    let mut progress = Progress::new(size);
    let mut totals = Totals::default();
    while let Some(so_far) = running.recv().await {
        totals = so_far?;
        progress.update(totals);
    }
    progress.finish(totals);
    let Totals { lines, words, .. } = totals;
    match writeln!(io::stdout(), "{lines} {words} {}", path.display()) {
        // Nobody reads it any more. `wc` ends quietly then.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            let message = format!("counted, but the totals cannot be printed: {error}");
            Err(io::Error::new(error.kind(), message))
        }
        Ok(()) => Ok(()),
    }
}

/// Writes a line to standard error, if anybody reads it.
fn tell(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}

#[derive(Clone, Copy, Default)]
struct Totals {
    bytes: u64,
    lines: u64,
    words: u64,
}

impl Totals {
    fn add(&mut self, line: &str) {
        self.bytes += line.len() as u64;
        self.lines += u64::from(line.ends_with('\n'));
        let words = line.split(separates_words);
        self.words += words.filter(|run| !run.chars().all(is_nothing)).count() as u64;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines, {} words", self.lines, self.words)
    }
}

/// White space as `wc` sees it: a few characters differ from Unicode's list.
fn separates_words(c: char) -> bool {
    (c.is_whitespace() && !is_nothing(c)) || matches!(c, '\t'..='\r' | '\u{2060}')
}

/// What `wc` takes for neither white space nor a part of a word. (That of GNU coreutils before
/// 9.5, that is. For later ones anything but white space makes a word.)
fn is_nothing(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// A bar where somebody sees it, and plain lines, less often, where standard error goes elsewhere.
struct Progress {
    bar: Option<ProgressBar>,
    size: u64,
    period: Duration,
    due: Instant,
}

impl Progress {
    /// A `size` of 0 is that of a pipe or a device: there is no telling how much will come.
    fn new(size: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            if size == 0 {
                return ProgressBar::new_spinner();
            }
            let style = ProgressStyle::with_template("{wide_bar} {percent:>3} %  {msg}");
            ProgressBar::new(size).with_style(style.expect("the template is valid"))
        });
        let period = Duration::from_millis(if bar.is_some() { 100 } else { 1000 });
        Progress {
            bar,
            size,
            period,
            due: Instant::now() + period,
        }
    }

    fn update(&mut self, so_far: Totals) {
        let now = Instant::now();
        if now >= self.due {
            self.due = now + self.period;
            self.draw(so_far);
        }
    }

    fn draw(&self, so_far: Totals) {
        if let Some(bar) = &self.bar {
            bar.set_position(so_far.bytes);
            bar.set_message(so_far.to_string());
        } else if let Some(percent) = (so_far.bytes * 100).checked_div(self.size) {
            tell(format_args!("{percent:3} %  {so_far}"));
        } else {
            tell(format_args!("{so_far}"));
        }
    }

    fn finish(self, totals: Totals) {
        match &self.bar {
            Some(bar) => bar.finish_and_clear(),
            None => self.draw(totals),
        }
    }
}
