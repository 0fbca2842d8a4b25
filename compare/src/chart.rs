//! The chart: a panel a scenario, a bar a contender, on a logarithmic axis.
//!
//! Ours stands out; a peer whose `Ok` means taken is solid, one that may say `Ok` for an item that
//! nobody took is hollow; the floor is a line that nobody can be expected to cross. It has a light
//! background of its own, so that it reads the same on a dark page.

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

const COLUMNS: i32 = 3;
const WIDTH: i32 = 1410;
const MARGIN: i32 = 24;
const HEADER: i32 = 104;
const GAP: i32 = 30;
const PANEL: i32 = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS;
/// For the contenders' names.
const NAMES: i32 = 140;
/// For the times behind the bars.
const TIMES: i32 = 58;
const TITLE: i32 = 30;
const ROW: i32 = 19;
const BAR: i32 = 13;
const AXIS: i32 = 54;

const PAPER: RGBColor = RGBColor(0xFD, 0xFD, 0xFB);
const INK: RGBColor = RGBColor(0x21, 0x25, 0x29);
const FAINT_INK: RGBColor = RGBColor(0x6B, 0x72, 0x7A);
const GRID: RGBColor = RGBColor(0xE4, 0xE6, 0xE9);
const OURS: RGBColor = RGBColor(0xE8, 0x59, 0x0C);
const PEER: RGBColor = RGBColor(0x3B, 0x6E, 0xA8);
const EARLY: RGBColor = RGBColor(0xE3, 0xEA, 0xF2);
const EARLY_EDGE: RGBColor = RGBColor(0x9A, 0xB0, 0xC9);
const FLOOR: RGBColor = RGBColor(0x2B, 0x8A, 0x3E);

type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// Draws it.
///
/// # Errors
///
/// Those of the drawing library, of which none is to be expected: it draws into a string.
pub fn draw(results: &Results) -> Result<String, DrawingAreaErrorKind<io::Error>> {
    let rows: Vec<&[Outcome]> = results.scenarios.chunks(COLUMNS as usize).collect();
    let heights: Vec<i32> = rows
        .iter()
        .map(|row| row.iter().map(height).max().unwrap_or(0))
        .collect();
    let total = HEADER + heights.iter().sum::<i32>() + MARGIN / 2;

    let mut svg = String::new();
    {
        let size = (WIDTH.unsigned_abs(), total.unsigned_abs());
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&PAPER)?;
        let canvas = Canvas(&area);
        header(&canvas, results)?;
        let mut top = HEADER;
        for (row, height) in rows.iter().zip(&heights) {
            let mut left = MARGIN;
            for outcome in *row {
                panel(&canvas, outcome, left, top)?;
                left += PANEL + GAP;
            }
            top += height;
        }
        area.present()?;
    }
    Ok(svg)
}

fn bars(outcome: &Outcome) -> impl Iterator<Item = &Line> {
    outcome
        .contenders
        .iter()
        .filter(|line| line.role != Role::Floor)
}

fn height(outcome: &Outcome) -> i32 {
    TITLE + ROW * i32::try_from(bars(outcome).count()).unwrap_or(0) + AXIS
}

fn header(canvas: &Canvas<'_, '_>, results: &Results) -> Drawn {
    let machine = &results.machine;
    canvas.bold(
        "What a hand-over costs: handoff and its peers",
        MARGIN,
        26,
        23,
    )?;
    let quick = if results.quick { "Quick run. " } else { "" };
    let about = format!(
        "{quick}Median time per item on a logarithmic axis: shorter is faster. Thin lines: quartiles. {}, {} cores, {}.",
        machine.processor, machine.cores, machine.system
    );
    canvas.text(&about, MARGIN, 52, 14, FAINT_INK, HPos::Left)?;

    let mut left = MARGIN;
    let mut entry = |fill: RGBColor, edge: RGBColor, text: &str, width: i32| {
        canvas.bar(left, 72, left + 26, 72 + BAR, fill, edge)?;
        canvas.text(text, left + 33, 72 + BAR / 2, 14, INK, HPos::Left)?;
        left += width;
        Ok(())
    };
    entry(OURS, OURS, "handoff", 112)?;
    entry(PEER, PEER, "peer: Ok means taken", 222)?;
    let early = "peer: may say Ok though nobody took the item";
    entry(EARLY, EARLY_EDGE, early, 402)?;
    canvas.dashes(left + 13, 68, 72 + BAR + 3)?;
    let floor = "floor: no synchronization at all, or a bare atomic ping-pong";
    canvas.text(floor, left + 24, 72 + BAR / 2, 14, INK, HPos::Left)
}

fn panel(canvas: &Canvas<'_, '_>, outcome: &Outcome, left: i32, top: i32) -> Drawn {
    canvas.bold(&outcome.title, left, top + 10, 16)?;
    let count = i32::try_from(bars(outcome).count()).unwrap_or(0);
    let axis = Axis::new(outcome, left + NAMES, left + PANEL - TIMES);
    let (head, foot) = (top + TITLE, top + TITLE + ROW * count);
    for tick in axis.ticks() {
        let x = axis.x(tick);
        canvas.line(&[(x, head - 3), (x, foot + 4)], GRID, 1)?;
        canvas.text(&tick_label(tick), x, foot + 13, 12, FAINT_INK, HPos::Center)?;
    }
    let caption = format!("time per {}, log scale", outcome.unit);
    let middle = i32::midpoint(axis.left, axis.right);
    canvas.text(&caption, middle, foot + 29, 12, FAINT_INK, HPos::Center)?;

    let rows = || bars(outcome).zip((head + ROW / 2..).step_by(ROW as usize));
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
    let (top, bottom) = (middle - BAR / 2, middle + BAR / 2 + 1);
    let (fill, edge) = match (line.role, line.acks_early) {
        (Role::Ours, _) => (OURS, OURS),
        (_, true) => (EARLY, EARLY_EDGE),
        (_, false) => (PEER, PEER),
    };
    canvas.bar(axis.left, top, axis.x(line.ns.median), bottom, fill, edge)?;
    let (q1, q3) = (axis.x(line.ns.q1), axis.x(line.ns.q3));
    if q3 - q1 > 3 {
        canvas.line(&[(q1, middle), (q3, middle)], INK, 1)?;
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
    let text = time(line.ns.median);
    let after = axis.x(line.ns.median).max(axis.x(line.ns.q3)) + 6;
    // Where the floor's line would run through it, the text gets a clear ground.
    let width = 8 * i32::try_from(text.chars().count()).unwrap_or(0);
    if floor.is_some_and(|x| (after - 3..after + width).contains(&x)) {
        canvas.bar(
            after - 2,
            middle - ROW / 2,
            after + width,
            middle + ROW / 2,
            PAPER,
            PAPER,
        )?;
    }
    if line.role == Role::Ours {
        canvas.right_bold(&line.label, axis.left - 7, middle, 13)?;
        canvas.bold(&text, after, middle, 13)
    } else {
        canvas.text(&line.label, axis.left - 7, middle, 13, INK, HPos::Right)?;
        canvas.text(&text, after, middle, 13, FAINT_INK, HPos::Left)
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
        let all = || outcome.contenders.iter();
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
struct Canvas<'a, 'svg>(&'a DrawingArea<SVGBackend<'svg>, Shift>);

impl Canvas<'_, '_> {
    fn text(&self, text: &str, x: i32, y: i32, size: i32, color: RGBColor, anchor: HPos) -> Drawn {
        self.words(text, x, y, (size, FontStyle::Normal), color, anchor)
    }

    fn bold(&self, text: &str, x: i32, y: i32, size: i32) -> Drawn {
        self.words(text, x, y, (size, FontStyle::Bold), INK, HPos::Left)
    }

    fn right_bold(&self, text: &str, x: i32, y: i32, size: i32) -> Drawn {
        self.words(text, x, y, (size, FontStyle::Bold), INK, HPos::Right)
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
        let size = f64::from(size) * 1.24;
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
            self.line(&[(x, y), (x, (y + 5).min(bottom))], FLOOR, 2)?;
        }
        Ok(())
    }
}
