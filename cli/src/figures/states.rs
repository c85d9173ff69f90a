//! A flow at work: the points after each of its layers.

use plotters::prelude::*;

use super::heat::{BAR_ROOM, colour, colour_bar};
use super::plot::{BOTTOM, LEFT, RIGHT, Svg, TOP, Words, axes, chart, equal_spans, place, span, svg};

const SIDE: u32 = 300;
const PANEL: (u32, u32) = (LEFT + SIDE + RIGHT, TOP + SIDE + BOTTOM);
const ACROSS: u32 = 5;

/// One panel a state, in the order of the layers; each point keeps the colour of its first coordinate in the first state. Each panel has equal axes of its own.
pub fn states(labels: [&str; 2], panels: &[(String, Vec<[f64; 2]>)]) -> Svg {
    let Some((_, data)) = panels.first() else { return svg(1, 1, |_| Ok(())) };
    let colours = span(data.iter().map(|p| p[0]));
    let down = (panels.len() as u32).div_ceil(ACROSS);
    svg(ACROSS * PANEL.0 + BAR_ROOM, down * PANEL.1, |area| {
        for (i, (title, points)) in panels.iter().enumerate() {
            let (column, row) = (i as u32 % ACROSS, i as u32 / ACROSS);
            let panel = place(area, (column * PANEL.0, row * PANEL.1), PANEL);
            let [x, y] = equal_spans(points.iter());
            let mut chart = chart(&panel, title, x, y)?;
            axes(&mut chart, &Words { title, x: labels[0], y: labels[1] }, true)?;
            let dots = points.iter().zip(data);
            chart.draw_series(dots.map(|(p, first)| Circle::new((p[0], p[1]), 2, colour(first[0], &colours).filled())))?;
        }
        colour_bar(&place(area, (ACROSS * PANEL.0, 0), (BAR_ROOM, PANEL.1)), &format!("{} of the data", labels[0]), &colours)
    })
}
