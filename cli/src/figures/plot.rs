//! What all figures share: sizes, colours, axes.

use std::error::Error;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
pub type Svg = Result<String, Box<dyn Error>>;
pub type Drawn = Result<(), Box<dyn Error>>;

/// A part of an axis.
pub type Span = Range<f64>;

// Space around a plot, in pixels: numbers and names of the axes, and a title.
pub const LEFT: u32 = 100;
pub const BOTTOM: u32 = 80;
pub const TOP: u32 = 60;
pub const RIGHT: u32 = 30;
/// What keeps an axis' name off the edge.
pub const EDGE: u32 = 16;

/// The colours of the first, second and third of several things: blue, orange and green that differ in grey too (Okabe and Ito 2008).
pub const COLOURS: [RGBColor; 3] = [RGBColor(0, 114, 178), RGBColor(230, 120, 0), RGBColor(0, 158, 115)];
pub const GREY: RGBColor = RGBColor(90, 90, 90);

/// What is written at a plot.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    pub title: &'a str,
    pub x: &'a str,
    pub y: &'a str,
}

/// Draws a figure of `width` by `height` pixels on white.
pub fn svg(width: u32, height: u32, draw: impl FnOnce(&Area) -> Drawn) -> Svg {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
    }
    Ok(text)
}

/// The size of a figure whose one plot is `width` by `height` pixels.
pub fn around(width: u32, height: u32) -> (u32, u32) {
    (LEFT + width + RIGHT, TOP + height + BOTTOM)
}

/// The part of `area` from `(x, y)` on, of a figure of one plot.
pub fn place<'a>(area: &Area<'a>, (x, y): (u32, u32), (width, height): (u32, u32)) -> Area<'a> {
    let (x, y) = (x as i32, y as i32);
    area.clone().shrink((x, y), (width, height))
}

/// An empty plot without its axes, which are drawn by [`axes`]: before the data, or after where the data covers them.
pub fn chart<'a>(area: &Area<'a>, title: &str, x: Span, y: Span) -> Result<Chart<'a>, Box<dyn Error>> {
    let (width, _) = area.dim_in_pixel();
    if !title.is_empty() {
        let centre = (LEFT + width.saturating_sub(RIGHT)) / 2;
        area.draw(&Text::new(title.to_string(), (centre as i32, 18), style(30).pos(centred())))?;
    }
    let mut builder = ChartBuilder::on(area);
    builder.margin_top(TOP).margin_right(RIGHT);
    room_for_axes(&mut builder);
    Ok(builder.build_cartesian_2d(x, y)?)
}

/// Keeps [`LEFT`] and [`BOTTOM`] free.
pub fn room_for_axes<'a, 'b>(builder: &mut ChartBuilder<'a, 'b, SVGBackend<'b>>) {
    builder.margin_left(EDGE).margin_bottom(EDGE).y_label_area_size(LEFT - EDGE).x_label_area_size(BOTTOM - EDGE);
}

/// The frame, numbers and names of the axes; `lines` for light lines at the numbers.
pub fn axes(chart: &mut Chart, words: &Words, lines: bool) -> Drawn {
    // What the sum of steps leaves of a zero is one, by the length of the axis.
    let tick = |axis: Span| move |at: &f64| short(&if at.abs() < 1e-9 * (axis.end - axis.start).abs() { 0.0 } else { *at });
    let (x_tick, y_tick) = (tick(chart.x_range()), tick(chart.y_range()));
    let mut mesh = chart.configure_mesh();
    mesh.x_desc(words.x)
        .y_desc(words.y)
        .x_labels(6)
        .y_labels(6)
        .label_style(style(22))
        .axis_desc_style(style(26))
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .x_label_formatter(&x_tick)
        .y_label_formatter(&y_tick);
    if !lines {
        mesh.disable_mesh();
    }
    mesh.draw()?;
    Ok(())
}

pub fn style(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&BLACK)
}

pub fn centred() -> plotters::style::text_anchor::Pos {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    Pos::new(HPos::Center, VPos::Top)
}

/// A number at an axis: at most four digits that say something.
pub fn short(x: &f64) -> String {
    if *x != 0.0 && !(1e-3..1e5).contains(&x.abs()) {
        return format!("{x:.1e}");
    }
    let text = format!("{x:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// The names of the lines that have one, in a corner of the plot.
pub fn legend(chart: &mut Chart, corner: SeriesLabelPosition) -> Drawn {
    chart
        .configure_series_labels()
        .position(corner)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .label_font(style(22))
        .margin(12)
        .draw()?;
    Ok(())
}

/// From the least to the greatest finite value, and a little more; around one value where there is no more.
pub fn span(values: impl Iterator<Item = f64>) -> Span {
    let (low, high) = values.filter(|x| x.is_finite()).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if !(low <= high) {
        return -1.0..1.0;
    }
    let room = if low < high { 0.04 * (high - low) } else { 0.5 * low.abs().max(1.0) };
    low - room..high + room
}

/// The span of the middle 99.8 %: a few far values would hide the rest.
pub fn central_span(values: impl Iterator<Item = f64>) -> Span {
    let mut values: Vec<f64> = values.filter(|x| x.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let cut = values.len() / 1000;
    span(values.iter().skip(cut).take(values.len() - 2 * cut).copied())
}

/// [`central_span`] of two columns.
pub fn central_spans(points: &[[f64; 2]]) -> [Span; 2] {
    [0, 1].map(|d| central_span(points.iter().map(|p| p[d])))
}

/// The spans of two columns, widened to the same length: equal axes in a square plot.
pub fn equal_spans<'a>(points: impl Iterator<Item = &'a [f64; 2]> + Clone) -> [Span; 2] {
    let spans = [0, 1].map(|d| span(points.clone().map(|p| p[d])));
    let half = spans.iter().map(|s| (s.end - s.start) / 2.0).fold(0.0, f64::max);
    spans.map(|s| {
        let middle = (s.start + s.end) / 2.0;
        middle - half..middle + half
    })
}

/// At most `most` points, evenly taken: more do not show, and make the file large.
pub fn thin<P: Copy>(points: &[P], most: usize) -> impl Iterator<Item = P> + '_ {
    points.iter().copied().step_by(points.len().div_ceil(most).max(1))
}

pub fn dots<'a>(chart: &mut Chart, points: impl IntoIterator<Item = [f64; 2]> + 'a, radius: u32, colour: RGBAColor) -> Drawn {
    chart.draw_series(points.into_iter().map(|[x, y]| Circle::new((x, y), radius, colour.filled())))?;
    Ok(())
}

/// The density of N(0, 1).
pub fn normal(x: f64) -> f64 {
    (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_of_any_size_are_told_apart() {
        assert_eq!(
            [0.0, 2e-15, 3e-15, -4.5e-13, 0.25, 1500.0, 2.5e7].map(|x| short(&x)),
            ["0", "2.0e-15", "3.0e-15", "-4.5e-13", "0.25", "1500", "2.5e7"]
        );
    }
}
