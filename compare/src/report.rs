//! The tables, in Markdown.

use crate::{
    bench::{Line, Outcome, Role},
    footprint::{
        allocations::Allocations,
        idle::{self, How},
        sizes,
    },
    goals::Goal,
    results::Results,
};
use std::fmt::Write;

/// What marks a contender that may say `Ok` for an item that nobody took.
pub const EARLY: &str = "†";

/// All tables of a run.
#[must_use]
pub fn all(results: &Results) -> String {
    let mut text = preamble(results);
    for outcome in &results.scenarios {
        text += &scenario(outcome);
    }
    if let Some(table) = &results.allocations {
        text += &allocations(table);
    }
    if !results.idle.is_empty() {
        text += &idle_table(&results.idle);
    }
    if !results.sizes.is_empty() {
        text += &sizes_table(&results.sizes);
    }
    let goals = crate::goals::judge(results);
    if !goals.is_empty() {
        text += &goals_table(&goals);
    }
    text
}

/// Where it was measured, and how to read the tables.
#[must_use]
pub fn preamble(results: &Results) -> String {
    let machine = &results.machine;
    let quick = if results.quick {
        " A quick run: for a first impression only."
    } else {
        ""
    };
    format!(
        "{}, {} cores, {}.{quick}\n\n\
         Medians; the quartiles beside them say how far to trust them. \"ours ÷ its\" is taken within each round: below 1, handoff \
         is faster.\n{EARLY} may say `Ok` for an item that nobody took. Between two threads fewer channels do: a blocked receive \
         cannot be cancelled, so what was promised to it is taken.\n\n",
        machine.processor, machine.cores, machine.system
    )
}

/// One scenario.
#[must_use]
pub fn scenario(outcome: &Outcome) -> String {
    let mut table = Table::new(&[
        "",
        &format!("per {}", outcome.unit),
        "quartiles",
        "ours ÷ its",
        "quartiles",
    ]);
    for line in &outcome.contenders {
        let ratio = &line.ours_over;
        table.row(&[
            &name(line),
            &time(line.ns.median),
            &format!("{} – {}", time(line.ns.q1), time(line.ns.q3)),
            &format!("{:.2}", ratio.median),
            &format!("{:.2} – {:.2}", ratio.q1, ratio.q3),
        ]);
    }
    format!(
        "### {}\n\n{} {} rounds.\n\n{table}\n",
        outcome.title, outcome.about, outcome.rounds
    )
}

/// A contender's name with its version and its mark.
fn name(line: &Line) -> String {
    let mark = if line.acks_early {
        format!(" {EARLY}")
    } else {
        String::new()
    };
    match line.role {
        Role::Ours => format!("**{}**", line.label),
        Role::Floor | Role::Parking => format!("*{}*", line.label),
        Role::Peer if line.version.is_empty() || line.label.contains(&line.version) => {
            format!("{}{mark}", line.label)
        }
        Role::Peer => format!("{} {}{mark}", line.label, line.version),
    }
}

/// A time, in the unit that suits it.
#[must_use]
pub fn time(ns: f64) -> String {
    match ns {
        ns if ns < 99.95 => format!("{ns:.1} ns"),
        ns if ns < 999.5 => format!("{ns:.0} ns"),
        ns if ns < 9_995.0 => format!("{:.2} µs", ns / 1e3),
        ns if ns < 99_950.0 => format!("{:.1} µs", ns / 1e3),
        ns if ns < 999_500.0 => format!("{:.0} µs", ns / 1e3),
        ns => format!("{:.1} ms", ns / 1e6),
    }
}

fn allocations(allocations: &Allocations) -> String {
    let mut header = vec![""];
    header.extend(allocations.scenarios.iter().map(String::as_str));
    let mut table = Table::new(&header);
    for row in &allocations.rows {
        let mut cells = vec![emphasized(&row.label, row.role)];
        cells.extend(row.per_item.iter().map(|count| match count {
            None => String::new(),
            Some(count) if *count < 0.005 => "0".to_owned(),
            Some(count) => format!("{count:.2}"),
        }));
        table.row(&cells);
    }
    format!(
        "### Allocations per item\n\nIn the `create-` scenarios, per channel with one item. What the floor has is the executor's \
         own.\n\n{table}\n"
    )
}

fn emphasized(label: &str, role: Role) -> String {
    match role {
        Role::Ours => format!("**{label}**"),
        Role::Floor | Role::Parking => format!("*{label}*"),
        Role::Peer => label.to_owned(),
    }
}

fn idle_table(rows: &[idle::Row]) -> String {
    let mut table = Table::new(&["", "waits in", "receiver", "receiver, timed", "sender"]);
    for row in rows {
        let role = if row.label == "handoff" {
            Role::Ours
        } else {
            Role::Peer
        };
        table.row(&[
            emphasized(&row.label, role).as_str(),
            match row.how {
                How::Blocked => "a blocking call",
                How::Pending => "`block_on`",
            },
            &milliseconds(row.receive),
            &row.receive_timed.map(milliseconds).unwrap_or_default(),
            &milliseconds(row.send),
        ]);
    }
    format!("### CPU used by waiting for one second\n\n{table}\n")
}

fn milliseconds(ms: f64) -> String {
    format!("{ms:.2} ms")
}

fn sizes_table(rows: &[sizes::Row]) -> String {
    let mut table = Table::new(&["", "sender", "receiver", "send future", "receive future"]);
    for row in rows {
        let role = if row.label == "handoff" {
            Role::Ours
        } else {
            Role::Peer
        };
        let [sender, receiver, send, recv] =
            [row.sender, row.receiver, row.send, row.recv].map(|size| size.to_string());
        table.row(&[emphasized(&row.label, role), sender, receiver, send, recv]);
    }
    format!("### Sizes in bytes, for items of one word\n\n{table}\n")
}

fn goals_table(goals: &[Goal]) -> String {
    let mut table = Table::of_words(&["", "goal", "reached", "met"]);
    for goal in goals {
        let met = if goal.met { "yes" } else { "**no**" };
        table.row(&[&goal.of, goal.goal, &goal.reached, met]);
    }
    format!("### Numbers to reach\n\n{table}\n")
}

/// A Markdown table: the first column to the left, the others to the right.
pub struct Table {
    text: String,
}

impl Table {
    /// Starts a table of numbers.
    #[must_use]
    pub fn new(header: &[&str]) -> Self {
        Self::aligned(header, "--:|")
    }

    /// Starts a table of words, all columns to the left.
    #[must_use]
    pub fn of_words(header: &[&str]) -> Self {
        Self::aligned(header, "---|")
    }

    fn aligned(header: &[&str], rule: &str) -> Self {
        let mut table = Self {
            text: String::new(),
        };
        table.row(header);
        table.text += "|---|";
        table.text += &rule.repeat(header.len() - 1);
        table.text.push('\n');
        table
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[impl AsRef<str>]) {
        self.text.push('|');
        for cell in cells {
            write!(self.text, " {} |", cell.as_ref()).expect("a String takes all");
        }
        self.text.push('\n');
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn units() {
        assert_eq!(time(56.44), "56.4 ns");
        assert_eq!(time(1_582.2), "1.58 µs");
        assert_eq!(time(47_116.0), "47.1 µs");
        assert_eq!(time(2_001_427.0), "2.0 ms");
    }
}
