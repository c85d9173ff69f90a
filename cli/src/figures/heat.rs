//! Densities over the plane.

use std::error::Error;

use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;
use plotters::element::BitMapElement;
use plotters::prelude::*;

use super::plot::{
    Area, BOTTOM, Drawn, EDGE, LEFT, RIGHT, Span, Svg, TOP, Words, axes, centred, chart, dots, place, short, style, svg, thin,
};

/// Values at the middles of `SIZE * SIZE` cells of a rectangle, from its upper left corner on, line by line.
pub struct Grid {
    spans: [Span; 2],
    values: Vec<f64>,
}

impl Grid {
    pub const SIZE: usize = 220;

    /// `f` over the square of `side` and `side`.
    pub fn of(side: Span, f: impl FnMut([f64; 2]) -> f64) -> Self {
        Self::over([side.clone(), side], f)
    }

    /// `f` over a rectangle, drawn as a square.
    pub fn over(spans: [Span; 2], mut f: impl FnMut([f64; 2]) -> f64) -> Self {
        let at = |d: usize, i: usize| spans[d].start + (spans[d].end - spans[d].start) * (i as f64 + 0.5) / Self::SIZE as f64;
        let mut values = Vec::with_capacity(Self::SIZE * Self::SIZE);
        for row in (0..Self::SIZE).rev() {
            values.extend((0..Self::SIZE).map(|column| f([at(0, column), at(1, row)])));
        }
        Grid { spans, values }
    }

    pub fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Grid { spans: self.spans.clone(), values: self.values.iter().map(|v| f(*v)).collect() }
    }

    pub fn highest(&self) -> f64 {
        self.values.iter().copied().filter(|v| v.is_finite()).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The integral over the rectangle.
    pub fn integral(&self) -> f64 {
        let cell: f64 = self.spans.iter().map(|span| (span.end - span.start) / Self::SIZE as f64).product();
        self.values.iter().sum::<f64>() * cell
    }
}

/// Pixels a cell: two, so that every cell is the same size.
const PIXELS: usize = 2;
const SIDE: u32 = (PIXELS * Grid::SIZE) as u32;
const PANEL: (u32, u32) = (LEFT + SIDE + RIGHT, TOP + SIDE + BOTTOM);
const BAR: u32 = 24;
/// The colour bar with its numbers and name.
pub const BAR_ROOM: u32 = BAR + 110;

/// One grid with its colour bar, and points over it.
pub fn density(title: &str, labels: [&str; 2], unit: &str, colours: Span, grid: &Grid, points: &[[f64; 2]]) -> Svg {
    densities(labels, unit, colours, &[(title, grid)], points)
}

/// Grids beside each other, in the same colours.
pub fn densities(labels: [&str; 2], unit: &str, colours: Span, panels: &[(&str, &Grid)], points: &[[f64; 2]]) -> Svg {
    let across = panels.len() as u32 * PANEL.0;
    svg(across + BAR_ROOM, PANEL.1, |area| {
        for (i, (title, grid)) in panels.iter().enumerate() {
            let panel = place(area, (i as u32 * PANEL.0, 0), PANEL);
            heat_map(&panel, &Words { title, x: labels[0], y: labels[1] }, &colours, grid, points)?;
        }
        colour_bar(&place(area, (across, 0), (BAR_ROOM, PANEL.1)), unit, &colours)
    })
}

fn heat_map(area: &Area, words: &Words, colours: &Span, grid: &Grid, points: &[[f64; 2]]) -> Drawn {
    let side = PIXELS * Grid::SIZE;
    let [x, y] = &grid.spans;
    let mut chart = chart(area, words.title, x.clone(), y.clone())?;
    let pixels = picture(side, side, |x, y| colour(grid.values[y / PIXELS * Grid::SIZE + x / PIXELS], colours));
    let corner = (x.start, y.end);
    chart.plotting_area().draw(&bitmap(corner, (SIDE, SIDE), pixels)?)?;
    dots(&mut chart, thin(points, 500).filter(|p| x.contains(&p[0]) && y.contains(&p[1])), 1, WHITE.mix(0.7))?;
    axes(&mut chart, words, false)
}

/// The colours from the least value (below) to the greatest, with numbers and the name of the unit on the right.
pub fn colour_bar(area: &Area, unit: &str, colours: &Span) -> Drawn {
    let (width, height) = area.dim_in_pixel();
    let side = height - TOP - BOTTOM;
    let mut builder = ChartBuilder::on(area);
    let chart = builder.margin_top(TOP).margin_bottom(BOTTOM).margin_right(width - BAR).build_cartesian_2d(0.0..1.0, colours.clone())?;
    let plot = chart.plotting_area();
    let pixels = picture(BAR as usize, side as usize, |_, y| {
        let part = 1.0 - (y as f64 + 0.5) / f64::from(side);
        colour(colours.start + part * (colours.end - colours.start), colours)
    });
    plot.draw(&bitmap((0.0, colours.end), (BAR, side), pixels)?)?;
    for value in RangedCoordf64::from(colours.clone()).key_points(6) {
        let tick = PathElement::new([(0, 0), (6, 0)], BLACK);
        plot.draw(&(EmptyElement::at((1.0, value)) + tick + Text::new(short(&value), (12, -11), style(22))))?;
    }
    let upright = style(26).transform(FontTransform::Rotate270).pos(centred());
    area.draw(&Text::new(unit.to_string(), ((width - EDGE - 26) as i32, (TOP + side / 2) as i32), upright))?;
    Ok(())
}

/// Viridis, from the least (dark) to the greatest (light); what lies outside has the colour of the end, NaN that of the least.
pub fn colour(value: f64, colours: &Span) -> RGBColor {
    let value = if value.is_nan() { colours.start } else { value.clamp(colours.start, colours.end) };
    let RGBColor(r, g, b) = ViridisRGB::get_color_normalized(value, colours.start, colours.end);
    RGBColor(r, g, b)
}

fn picture(width: usize, height: usize, colour: impl Fn(usize, usize) -> RGBColor) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(3 * width * height);
    for y in 0..height {
        for x in 0..width {
            let RGBColor(r, g, b) = colour(x, y);
            pixels.extend([r, g, b]);
        }
    }
    pixels
}

fn bitmap(corner: (f64, f64), size: (u32, u32), pixels: Vec<u8>) -> Result<BitMapElement<'static, (f64, f64)>, Box<dyn Error>> {
    BitMapElement::with_owned_buffer(corner, size, pixels).ok_or_else(|| "a picture has the wrong size".into())
}
