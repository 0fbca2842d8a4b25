//! The table of custody: who has an item when something goes wrong.
//!
//! Each contender goes through the same experiments. They are run and not quoted: each in a child
//! process with a time limit, because a channel may deadlock in one, or worse. [`experiments`] says
//! what is done, [`tools`] with what, [`children`] runs it in a child.

pub mod children;
pub mod experiments;
pub mod tools;

use crate::{each_async, ends::AsyncEnds, machine, report::Table};
use serde::{Deserialize, Serialize};
use std::{path::Path, thread};

/// How good a finding is for whoever owns the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// As one would wish.
    Good,
    /// Nothing is claimed that is not so, but the item is gone or something is left behind.
    Fair,
    /// An item lost or duplicated unnoticed, an untrue `Ok`, a task that sleeps forever, a crash.
    Bad,
}

/// What came of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How good that is.
    pub grade: Grade,
    /// In a few words.
    pub text: String,
}

impl Finding {
    /// As one would wish.
    #[must_use]
    pub fn good(text: &str) -> Self {
        Self::new(Grade::Good, text)
    }

    /// Could be worse.
    #[must_use]
    pub fn fair(text: &str) -> Self {
        Self::new(Grade::Fair, text)
    }

    /// Could not.
    #[must_use]
    pub fn bad(text: &str) -> Self {
        Self::new(Grade::Bad, text)
    }

    fn new(grade: Grade, text: &str) -> Self {
        Self {
            grade,
            text: text.to_owned(),
        }
    }
}

/// An experiment, for one contender.
#[derive(Debug)]
pub struct Experiment {
    /// Its name on the command line of the child.
    pub name: &'static str,
    /// The question it answers.
    pub question: &'static str,
    /// Does it.
    pub run: fn() -> Finding,
}

/// A contender with its experiments.
#[derive(Debug)]
pub struct Subject {
    /// Its name.
    pub label: &'static str,
    /// Its package.
    pub package: &'static str,
    /// What it goes through.
    pub experiments: Vec<Experiment>,
}

/// All contenders, ours first.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    fn subject<E: AsyncEnds>() -> Subject {
        Subject {
            label: E::LABEL,
            package: E::PACKAGE,
            experiments: experiments::all::<E>(),
        }
    }
    each_async!(subject)
}

/// A contender's findings, in the order of the experiments.
#[derive(Debug)]
pub struct Column {
    /// The contender.
    pub subject: Subject,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// Runs all experiments of one contender, in children of the `custody` program.
#[must_use]
pub fn column(program: &Path, subject: Subject) -> Column {
    let findings = subject
        .experiments
        .iter()
        .map(|experiment| children::run(program, subject.label, experiment.name))
        .collect();
    Column { subject, findings }
}

/// Runs everything.
///
/// # Panics
///
/// If a thread that waits for the children panics.
#[must_use]
pub fn table(program: &Path, done: impl Fn() + Sync) -> Vec<Column> {
    thread::scope(|scope| {
        let columns: Vec<_> = subjects()
            .into_iter()
            .map(|subject| {
                let done = &done;
                scope.spawn(move || {
                    let column = column(program, subject);
                    done();
                    column
                })
            })
            .collect();
        columns
            .into_iter()
            .map(|column| column.join().expect("a column"))
            .collect()
    })
}

/// The table in Markdown: a row an experiment, a column a contender, what is bad in bold.
#[must_use]
pub fn markdown(columns: &[Column]) -> String {
    let names = columns.iter().map(|column| {
        let version = machine::version(column.subject.package);
        let label = column.subject.label;
        if label == "handoff" || label.contains(&version) {
            label.to_owned()
        } else {
            format!("{label} {version}")
        }
    });
    let header: Vec<String> = std::iter::once(String::new()).chain(names).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = Table::of_words(&header);
    let Some(first) = columns.first() else {
        return String::new();
    };
    for (index, experiment) in first.subject.experiments.iter().enumerate() {
        let mut row = vec![experiment.question.to_owned()];
        row.extend(columns.iter().map(|column| {
            let finding = &column.findings[index];
            match finding.grade {
                Grade::Bad => format!("**{}**", finding.text),
                Grade::Good | Grade::Fair => finding.text.clone(),
            }
        }));
        table.row(&row);
    }
    table.to_string()
}
