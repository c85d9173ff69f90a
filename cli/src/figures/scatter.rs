//! Points in the plane.

use plotters::prelude::*;

use super::histogram::{bars, draw_bars, highest, normal_line};
use super::plot::{
    Area, BOTTOM, COLOURS, Drawn, LEFT, RIGHT, Span, Svg, TOP, Words, axes, chart, dots, equal_spans, place, room_for_axes, svg, thin,
};

const SIDE: u32 = 600;
const MARGINAL: u32 = 170;
const MOST: usize = 5000;

/// Points with the histogram of each column beside them, on equal axes; with the density of N(0, 1) over the histograms where `normal`.
pub fn joint(title: &str, labels: [&str; 2], points: &[[f64; 2]], normal: bool) -> Svg {
    let [x, y] = equal_spans(points.iter());
    let (plot_width, plot_height) = (LEFT + SIDE + RIGHT, SIDE + BOTTOM + RIGHT);
    let (top_height, right_width) = (TOP + MARGINAL, MARGINAL + RIGHT);
    svg(plot_width + right_width, top_height + plot_height, |area| {
        let words = Words { title, x: labels[0], y: labels[1] };
        cloud(&place(area, (0, top_height), (plot_width, plot_height)), &words, [&x, &y], points)?;
        marginal(&place(area, (0, 0), (plot_width, top_height)), title, &x, points.iter().map(|p| p[0]).collect(), normal, false)?;
        let right = place(area, (plot_width, top_height), (right_width, plot_height));
        marginal(&right, "", &y, points.iter().map(|p| p[1]).collect(), normal, true)
    })
}

fn cloud(area: &Area, words: &Words, [x, y]: [&Span; 2], points: &[[f64; 2]]) -> Drawn {
    let mut builder = ChartBuilder::on(area);
    builder.margin_top(RIGHT).margin_right(RIGHT);
    room_for_axes(&mut builder);
    let mut chart = builder.build_cartesian_2d(x.clone(), y.clone())?;
    axes(&mut chart, words, true)?;
    dots(&mut chart, thin(points, MOST), 2, COLOURS[0].mix(0.5))
}

/// The histogram above the points, or `turned` on the right of them: no numbers, as its axis is that of the points and its area is 1.
fn marginal(area: &Area, title: &str, x: &Span, values: Vec<f64>, normal: bool, turned: bool) -> Drawn {
    let heights = bars(&values, x, 60);
    let top = 0.0..highest(&heights).max(if normal { 0.42 } else { 0.0 });
    let mut builder = ChartBuilder::on(area);
    if turned {
        builder.margin_top(RIGHT).margin_right(RIGHT).margin_bottom(BOTTOM);
    } else {
        builder.margin_top(TOP).margin_right(RIGHT).margin_left(LEFT);
        area.draw(&Text::new(title.to_string(), ((LEFT + SIDE / 2) as i32, 18), super::plot::style(30).pos(super::plot::centred())))?;
    }
    let mut chart = if turned { builder.build_cartesian_2d(top, x.clone())? } else { builder.build_cartesian_2d(x.clone(), top)? };
    draw_bars(&mut chart, &heights, x, COLOURS[0].mix(0.6), turned)?;
    if normal {
        chart.draw_series(LineSeries::new(normal_line(x, turned), COLOURS[1].stroke_width(3)))?;
    }
    Ok(())
}

/// Sets of points beside each other on the same equal axes.
pub fn side_by_side(labels: [&str; 2], panels: &[(&str, &[[f64; 2]])]) -> Svg {
    const SIDE: u32 = 480;
    let (width, height) = (LEFT + SIDE + RIGHT, TOP + SIDE + BOTTOM);
    let [x, y] = equal_spans(panels.iter().flat_map(|(_, points)| points.iter()));
    svg(width * panels.len() as u32, height, |area| {
        for ((i, (title, points)), colour) in panels.iter().enumerate().zip(COLOURS.iter().cycle()) {
            let mut chart = chart(&place(area, (i as u32 * width, 0), (width, height)), title, x.clone(), y.clone())?;
            axes(&mut chart, &Words { title, x: labels[0], y: labels[1] }, true)?;
            dots(&mut chart, thin(points, MOST), 2, colour.mix(0.5))?;
        }
        Ok(())
    })
}
