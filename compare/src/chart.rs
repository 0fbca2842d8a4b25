//! The charts: a panel a scenario, a bar a contender, on a logarithmic axis.
//!
//! Ours stands out; a peer whose `Ok` means taken is solid, one that may say `Ok` for an item that
//! nobody took is hollow; the floor is a line that nobody can be expected to cross. The one with all
//! scenarios has a light background of its own, so that it reads the same on a dark page. The small
//! one for the README comes in two colours.

use crate::{
    bench::{Line, Outcome, Role},
    report::time,
    results::Results,
};
use plotters::{
    backend::SVGBackend,
    coord::Shift,
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    element::{PathElement, Rectangle, Text},
    style::{
        text_anchor::{HPos, Pos, VPos},
        Color, FontStyle, IntoFont, RGBColor, ShapeStyle,
    },
};
use std::io;

const MARGIN: i32 = 24;
const GAP: i32 = 30;
const AXIS: i32 = 54;

/// Sizes and colours.
struct Style {
    columns: i32,
    width: i32,
    margin: i32,
    header: i32,
    /// For the contenders' names.
    names: i32,
    /// For the times behind the bars.
    times: i32,
    title: i32,
    row: i32,
    bar: i32,
    /// How much larger than usual text is.
    larger: i32,
    paper: RGBColor,
    ink: RGBColor,
    faint_ink: RGBColor,
    grid: RGBColor,
    ours: RGBColor,
    peer: RGBColor,
    early: RGBColor,
    early_edge: RGBColor,
    floor: RGBColor,
}

impl Style {
    const ALL: Self = Self {
        columns: 3,
        width: 1410,
        margin: MARGIN,
        header: 104,
        names: 140,
        times: 58,
        title: 30,
        row: 19,
        bar: 13,
        larger: 0,
        paper: RGBColor(0xFD, 0xFD, 0xFB),
        ink: RGBColor(0x21, 0x25, 0x29),
        faint_ink: RGBColor(0x6B, 0x72, 0x7A),
        grid: RGBColor(0xE4, 0xE6, 0xE9),
        ours: RGBColor(0xE8, 0x59, 0x0C),
        peer: RGBColor(0x3B, 0x6E, 0xA8),
        early: RGBColor(0xE3, 0xEA, 0xF2),
        early_edge: RGBColor(0x9A, 0xB0, 0xC9),
        floor: RGBColor(0x2B, 0x8A, 0x3E),
    };

    /// As wide as a README on a forge, and with its colours.
    const LIGHT: Self = Self {
        columns: 2,
        width: 830,
        margin: 2,
        header: 76,
        names: 136,
        times: 72,
        row: 23,
        bar: 15,
        larger: 1,
        paper: RGBColor(0xFF, 0xFF, 0xFF),
        ink: RGBColor(0x1F, 0x23, 0x28),
        faint_ink: RGBColor(0x59, 0x63, 0x6E),
        ..Self::ALL
    };

    const DARK: Self = Self {
        paper: RGBColor(0x0D, 0x11, 0x17),
        ink: RGBColor(0xF0, 0xF6, 0xFC),
        faint_ink: RGBColor(0xA5, 0xAE, 0xB9),
        grid: RGBColor(0x2A, 0x31, 0x3A),
        ours: RGBColor(0xF5, 0x7F, 0x2B),
        peer: RGBColor(0x5B, 0x93, 0xD1),
        early: RGBColor(0x1B, 0x26, 0x33),
        early_edge: RGBColor(0x5D, 0x78, 0x96),
        floor: RGBColor(0x4A, 0xC2, 0x63),
        ..Self::LIGHT
    };

    fn panel(&self) -> i32 {
        (self.width - 2 * self.margin - (self.columns - 1) * GAP) / self.columns
    }
}

/// What the README shows: which scenarios, and which contenders in them.
const SHOWN: [(&str, &str); 4] = [
    ("one-task", "One task, both ends joined"),
    ("threads-block-on", "Two threads, block_on on each"),
    ("thread-to-task", "Thread sends, task receives"),
    ("threads-wait-loaded", "Two threads, all cores busy"),
];
const SHOWN_PEERS: [&str; 6] = [
    "kanal (0)",
    "fibre spsc (0)",
    "flume (0)",
    "crossbeam (0)",
    "tokio mpsc (1)",
    "handoff 1.0.2",
];

type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// Draws all scenarios.
///
/// # Errors
///
/// Those of the drawing library, of which none is to be expected: it draws into a string.
pub fn draw(results: &Results) -> Result<String, DrawingAreaErrorKind<io::Error>> {
    let quick = if results.quick { "Quick run. " } else { "" };
    let machine = &results.machine;
    let about = format!(
        "{quick}Median time per item on a logarithmic axis: shorter is faster. Thin lines: quartiles. {}, {} cores, {}.",
        machine.processor, machine.cores, machine.system
    );
    draw_as(&Style::ALL, &results.scenarios, |canvas| {
        let title = "What a hand-over costs: handoff and its peers";
        canvas.bold(title, MARGIN, 26, 23)?;
        canvas.text(&about, MARGIN, 52, 14, canvas.1.faint_ink, HPos::Left)?;
        let entries = [
            ("handoff", 112),
            ("peer: Ok means taken", 222),
            ("peer: may say Ok though nobody took the item", 402),
            (
                "floor: no synchronization at all, or a bare atomic ping-pong",
                0,
            ),
        ];
        legend(canvas, MARGIN, 72, &entries)
    })
}

/// Draws the four panels of the README, for a light page and for a dark one. `None` if the run has not all of them.
///
/// # Errors
///
/// As [`draw`].
pub fn draw_summary(
    results: &Results,
    dark: bool,
) -> Result<Option<String>, DrawingAreaErrorKind<io::Error>> {
    let shown: Option<Vec<Outcome>> = SHOWN
        .iter()
        .map(|(name, title)| {
            let mut outcome = results.scenario(name)?.clone();
            outcome.title = (*title).into();
            outcome.contenders.retain(|line| {
                matches!(line.role, Role::Ours | Role::Floor)
                    || SHOWN_PEERS.contains(&line.label.as_str())
            });
            Some(outcome)
        })
        .collect();
    let style = if dark { &Style::DARK } else { &Style::LIGHT };
    let machine = &results.machine;
    let about = format!(
        "Median time per item, logarithmic: shorter is faster. {}, {} cores.",
        machine.processor, machine.cores
    );
    let head = |canvas: &Canvas<'_, '_>| {
        canvas.text(&about, style.margin, 20, 14, style.faint_ink, HPos::Left)?;
        let entries = [
            ("handoff", 110),
            ("peer: Ok means taken", 214),
            ("peer: Ok may come earlier", 242),
            ("floor: no synchronization", 0),
        ];
        legend(canvas, style.margin, 38, &entries)
    };
    shown.map(|shown| draw_as(style, &shown, head)).transpose()
}

fn draw_as(
    style: &Style,
    outcomes: &[Outcome],
    header: impl FnOnce(&Canvas<'_, '_>) -> Drawn,
) -> Result<String, DrawingAreaErrorKind<io::Error>> {
    let rows: Vec<&[Outcome]> = outcomes.chunks(style.columns as usize).collect();
    let height = |row: &&[Outcome]| row.iter().map(|it| height(style, it)).max().unwrap_or(0);
    let heights: Vec<i32> = rows.iter().map(height).collect();
    let total = style.header + heights.iter().sum::<i32>() + style.margin / 2;

    let mut svg = String::new();
    {
        let size = (style.width.unsigned_abs(), total.unsigned_abs());
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&style.paper)?;
        let canvas = Canvas(&area, style);
        header(&canvas)?;
        let mut top = style.header;
        for (row, height) in rows.iter().zip(&heights) {
            let mut left = style.margin;
            for outcome in *row {
                panel(&canvas, outcome, left, top)?;
                left += style.panel() + GAP;
            }
            top += height;
        }
        area.present()?;
    }
    Ok(svg)
}

/// What the bars are, and the line: the texts in this order, and how wide each entry is.
fn legend(canvas: &Canvas<'_, '_>, left: i32, top: i32, entries: &[(&str, i32); 4]) -> Drawn {
    let style = canvas.1;
    let fills = [
        (style.ours, style.ours),
        (style.peer, style.peer),
        (style.early, style.early_edge),
    ];
    let mut left = left;
    for ((text, width), (fill, edge)) in entries.iter().zip(fills) {
        canvas.bar(left, top, left + 26, top + 13, fill, edge)?;
        canvas.text(text, left + 33, top + 6, 14, style.ink, HPos::Left)?;
        left += width;
    }
    canvas.dashes(left + 13, top - 4, top + 16)?;
    canvas.text(entries[3].0, left + 24, top + 6, 14, style.ink, HPos::Left)
}

fn bars(outcome: &Outcome) -> impl Iterator<Item = &Line> {
    outcome
        .contenders
        .iter()
        .filter(|line| matches!(line.role, Role::Ours | Role::Peer))
}

fn height(style: &Style, outcome: &Outcome) -> i32 {
    style.title + style.row * i32::try_from(bars(outcome).count()).unwrap_or(0) + AXIS
}

fn panel(canvas: &Canvas<'_, '_>, outcome: &Outcome, left: i32, top: i32) -> Drawn {
    let style = canvas.1;
    canvas.bold(&outcome.title, left, top + 10, 16)?;
    let count = i32::try_from(bars(outcome).count()).unwrap_or(0);
    let axis = Axis::new(
        outcome,
        left + style.names,
        left + style.panel() - style.times,
    );
    let (head, foot) = (top + style.title, top + style.title + style.row * count);
    for tick in axis.ticks() {
        let x = axis.x(tick);
        canvas.line(&[(x, head - 3), (x, foot + 4)], style.grid, 1)?;
        canvas.text(
            &tick_label(tick),
            x,
            foot + 13,
            12,
            style.faint_ink,
            HPos::Center,
        )?;
    }
    let caption = format!("time per {}, log scale", outcome.unit);
    let middle = i32::midpoint(axis.left, axis.right);
    canvas.text(
        &caption,
        middle,
        foot + 29,
        12,
        style.faint_ink,
        HPos::Center,
    )?;

    let rows = || bars(outcome).zip((head + style.row / 2..).step_by(style.row as usize));
    for (line, middle) in rows() {
        bar(canvas, line, &axis, middle)?;
    }
    let floor = outcome
        .contenders
        .iter()
        .find(|line| line.role == Role::Floor);
    let floor = floor.map(|line| axis.x(line.ns.median));
    if let Some(x) = floor {
        canvas.dashes(x, head - 4, foot + 4)?;
    }
    for (line, middle) in rows() {
        labels(canvas, line, &axis, middle, floor)?;
    }
    Ok(())
}

fn bar(canvas: &Canvas<'_, '_>, line: &Line, axis: &Axis, middle: i32) -> Drawn {
    let style = canvas.1;
    let (top, bottom) = (middle - style.bar / 2, middle + style.bar / 2 + 1);
    let (fill, edge) = match (line.role, line.acks_early) {
        (Role::Ours, _) => (style.ours, style.ours),
        (_, true) => (style.early, style.early_edge),
        (_, false) => (style.peer, style.peer),
    };
    canvas.bar(axis.left, top, axis.x(line.ns.median), bottom, fill, edge)?;
    let (q1, q3) = (axis.x(line.ns.q1), axis.x(line.ns.q3));
    if q3 - q1 > 3 {
        canvas.line(&[(q1, middle), (q3, middle)], style.ink, 1)?;
    }
    Ok(())
}

fn labels(
    canvas: &Canvas<'_, '_>,
    line: &Line,
    axis: &Axis,
    middle: i32,
    floor: Option<i32>,
) -> Drawn {
    let style = canvas.1;
    let text = time(line.ns.median);
    let after = axis.x(line.ns.median).max(axis.x(line.ns.q3)) + 6;
    // Where the floor's line would run through it, the text gets a clear ground.
    let width = 8 * i32::try_from(text.chars().count()).unwrap_or(0);
    if floor.is_some_and(|x| (after - 3..after + width).contains(&x)) {
        canvas.bar(
            after - 2,
            middle - style.row / 2,
            after + width,
            middle + style.row / 2,
            style.paper,
            style.paper,
        )?;
    }
    if line.role == Role::Ours {
        canvas.right_bold(&line.label, axis.left - 7, middle, 13)?;
        canvas.bold(&text, after, middle, 13)
    } else {
        canvas.text(
            &line.label,
            axis.left - 7,
            middle,
            13,
            style.ink,
            HPos::Right,
        )?;
        canvas.text(&text, after, middle, 13, style.faint_ink, HPos::Left)
    }
}

/// A logarithmic axis.
struct Axis {
    left: i32,
    right: i32,
    low: f64,
    high: f64,
}

impl Axis {
    fn new(outcome: &Outcome, left: i32, right: i32) -> Self {
        let all = || {
            outcome
                .contenders
                .iter()
                .filter(|line| line.role != Role::Parking)
        };
        let least = all()
            .map(|line| line.ns.median.min(line.ns.q1))
            .fold(f64::INFINITY, f64::min);
        let most = all()
            .map(|line| line.ns.median.max(line.ns.q3))
            .fold(1.0, f64::max);
        Self {
            left,
            right,
            low: least.max(1.0) * 0.6,
            high: most * 1.05,
        }
    }

    #[allow(clippy::cast_possible_truncation)]
    fn x(&self, ns: f64) -> i32 {
        let share = (ns / self.low).ln() / (self.high / self.low).ln();
        let width = f64::from(self.right - self.left);
        self.left + (share.clamp(0.0, 1.0) * width).round() as i32
    }

    /// Powers of ten; with twice and five times them where those are few.
    fn ticks(&self) -> Vec<f64> {
        let among = |steps: &'static [f64]| -> Vec<f64> {
            let all =
                (0..10).flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)));
            all.filter(|tick| (self.low..=self.high).contains(tick))
                .collect()
        };
        let tens = among(&[1.0]);
        match tens.len() {
            0 | 1 => among(&[1.0, 2.0, 5.0]),
            2 => among(&[1.0, 3.0]),
            _ => tens,
        }
    }
}

fn tick_label(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns} ns"),
        ns if ns < 1e6 => format!("{} µs", ns / 1e3),
        ns => format!("{} ms", ns / 1e6),
    }
}

/// What is drawn on.
struct Canvas<'a, 'svg>(&'a DrawingArea<SVGBackend<'svg>, Shift>, &'a Style);

impl Canvas<'_, '_> {
    fn text(&self, text: &str, x: i32, y: i32, size: i32, color: RGBColor, anchor: HPos) -> Drawn {
        self.words(text, x, y, (size, FontStyle::Normal), color, anchor)
    }

    fn bold(&self, text: &str, x: i32, y: i32, size: i32) -> Drawn {
        self.words(text, x, y, (size, FontStyle::Bold), self.1.ink, HPos::Left)
    }

    fn right_bold(&self, text: &str, x: i32, y: i32, size: i32) -> Drawn {
        self.words(text, x, y, (size, FontStyle::Bold), self.1.ink, HPos::Right)
    }

    fn words(
        &self,
        text: &str,
        x: i32,
        y: i32,
        (size, weight): (i32, FontStyle),
        color: RGBColor,
        anchor: HPos,
    ) -> Drawn {
        // The backend divides by this.
        let size = f64::from(size + self.1.larger) * 1.24;
        let style = ("sans-serif", size).into_font().style(weight).color(&color);
        let style = style.pos(Pos::new(anchor, VPos::Center));
        self.0.draw(&Text::new(text, (x, y), style))
    }

    fn bar(
        &self,
        left: i32,
        top: i32,
        right: i32,
        bottom: i32,
        fill: RGBColor,
        edge: RGBColor,
    ) -> Drawn {
        let corners = [(left, top), (right, bottom)];
        self.0.draw(&Rectangle::new(corners, fill.filled()))?;
        if edge != fill {
            self.0.draw(&Rectangle::new(corners, edge))?;
        }
        Ok(())
    }

    fn line(&self, points: &[(i32, i32)], color: RGBColor, width: u32) -> Drawn {
        let style = ShapeStyle {
            color: color.to_rgba(),
            filled: false,
            stroke_width: width,
        };
        self.0.draw(&PathElement::new(points, style))
    }

    /// The floor's line.
    fn dashes(&self, x: i32, top: i32, bottom: i32) -> Drawn {
        for y in (top..bottom).step_by(8) {
            self.line(&[(x, y), (x, (y + 5).min(bottom))], self.1.floor, 2)?;
        }
        Ok(())
    }
}
