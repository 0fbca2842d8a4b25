//! The table of custody: `cargo compare --bin custody`.
//!
//! Puts handoff and its peers through the same experiments, each in a child process with a time
//! limit, and prints what became of the item as a Markdown table.

#![forbid(unsafe_code)]

use clap::Parser;
use compare::custody::{self, Finding};
use indicatif::ProgressBar;
use std::{env, error::Error, panic};

/// Who has an item when something goes wrong: handoff and its peers in the same experiments.
#[derive(Debug, Parser)]
struct Options {
    /// In a child: who is experimented on
    #[arg(long, hide = true, requires = "experiment")]
    subject: Option<String>,
    /// In a child: which experiment
    #[arg(long, hide = true, requires = "subject")]
    experiment: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    if let (Some(subject), Some(experiment)) = (&options.subject, &options.experiment) {
        let finding = experiment_here(subject, experiment).ok_or("no such experiment")?;
        println!("{}", serde_json::to_string(&finding)?);
        return Ok(());
    }
    let bar = ProgressBar::new(custody::subjects().len() as u64);
    let columns = custody::table(&env::current_exe()?, || bar.inc(1));
    bar.finish_and_clear();
    print!("{}", custody::markdown(&columns));
    Ok(())
}

fn experiment_here(subject: &str, experiment: &str) -> Option<Finding> {
    panic::set_hook(Box::new(|_| {}));
    let subject = custody::subjects()
        .into_iter()
        .find(|it| it.label == subject)?;
    let experiment = subject
        .experiments
        .iter()
        .find(|it| it.name == experiment)?;
    Some((experiment.run)())
}
