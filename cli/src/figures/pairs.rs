//! Several columns, two at a time.

use plotters::prelude::*;

use super::histogram::{bars, highest};
use super::plot::{
    Area, COLOURS, Chart, Drawn, Span, Svg, Words, around, axes, central_span, centred, chart, dots, place, short, style, svg, thin,
};

const ROOM: u32 = 90;

/// Data and samples, both as columns: the histogram of each column on the diagonal, each pair of columns below it. One column is one histogram.
pub fn pairs(names: &[String], data: &[Vec<f64>], samples: &[Vec<f64>]) -> Svg {
    let side = if names.len() <= 4 { 260 } else { 150 };
    let spans: Vec<Span> = data.iter().zip(samples).map(|(a, b)| central_span(a.iter().chain(b).copied())).collect();
    if let ([name], [x]) = (names, &spans[..]) {
        let (width, height) = around(900, 480);
        return svg(width, height, |area| {
            let (a, b) = (bars(&data[0], x, 60), bars(&samples[0], x, 60));
            let mut chart = chart(area, "Data and samples", x.clone(), 0.0..highest(&a).max(highest(&b)))?;
            axes(&mut chart, &Words { title: "", x: name, y: "density" }, true)?;
            outlines(&mut chart, x, &a, &b)?;
            super::plot::legend(&mut chart, SeriesLabelPosition::UpperRight)
        });
    }
    let total = ROOM + side * names.len() as u32 + ROOM / 2;
    svg(total, total, |area| {
        for row in 0..names.len() {
            for column in 0..=row {
                let corner = (ROOM + column as u32 * side, ROOM / 2 + row as u32 * side);
                let cell = place(area, corner, (side, side));
                if row == column {
                    let x = &spans[row];
                    let (a, b) = (bars(&data[row], x, 40), bars(&samples[row], x, 40));
                    let mut builder = ChartBuilder::on(&cell);
                    let y = 0.0..highest(&a).max(highest(&b));
                    let mut chart = builder.margin(4).build_cartesian_2d(x.clone(), y.clone())?;
                    frame(&mut chart, [x, &y])?;
                    outlines(&mut chart, x, &a, &b)?;
                } else {
                    let mut builder = ChartBuilder::on(&cell);
                    let (x, y) = (&spans[column], &spans[row]);
                    let mut chart = builder.margin(4).build_cartesian_2d(x.clone(), y.clone())?;
                    frame(&mut chart, [x, y])?;
                    for (set, colour) in [data, samples].iter().zip(COLOURS) {
                        let points: Vec<[f64; 2]> = set[column].iter().zip(&set[row]).map(|(x, y)| [*x, *y]).collect();
                        dots(&mut chart, thin(&points, 800).filter(|p| x.contains(&p[0]) && y.contains(&p[1])), 1, colour.mix(0.6))?;
                    }
                }
            }
        }
        numbers(area, side, names, &spans)?;
        key(area, total)
    })
}

fn frame(chart: &mut Chart, [x, y]: [&Span; 2]) -> Drawn {
    let corners = [(x.start, y.start), (x.end, y.end)];
    chart.plotting_area().draw(&Rectangle::new(corners, BLACK.mix(0.4)))?;
    Ok(())
}

fn outlines(chart: &mut Chart, x: &Span, data: &[f64], samples: &[f64]) -> Drawn {
    let width = (x.end - x.start) / data.len() as f64;
    for ((heights, name), colour) in [(data, "data"), (samples, "samples")].iter().zip(&COLOURS) {
        let steps = heights.iter().enumerate().flat_map(|(i, h)| [0, 1].map(|side| (x.start + (i + side) as f64 * width, *h)));
        let line = chart.draw_series(LineSeries::new(steps, colour.stroke_width(2)))?;
        line.label(*name).legend(|(x, y)| PathElement::new([(x, y), (x + 24, y)], colour.stroke_width(4)));
    }
    Ok(())
}

/// The ends of each span, and the names, below the columns and left of the rows.
fn numbers(area: &Area, side: u32, names: &[String], spans: &[Span]) -> Drawn {
    let (size, bottom) = (18, (ROOM / 2 + side * names.len() as u32) as i32);
    let upright = style(size + 2).transform(FontTransform::Rotate270).pos(centred());
    for (d, (name, x)) in names.iter().zip(spans).enumerate() {
        let middle = (ROOM + side * d as u32 + side / 2) as i32;
        let ends = format!("{} … {}", short_span(x.start, x), short_span(x.end, x));
        area.draw(&Text::new(name.clone(), (middle, bottom + 8), style(size + 2).pos(centred())))?;
        area.draw(&Text::new(ends.clone(), (middle, bottom + 36), style(size - 2).pos(centred())))?;
        let level = (ROOM / 2 + side * d as u32 + side / 2) as i32;
        area.draw(&Text::new(name.clone(), (14, level), upright.clone()))?;
        area.draw(&Text::new(ends, (46, level), style(size - 2).transform(FontTransform::Rotate270).pos(centred())))?;
    }
    Ok(())
}

/// Three digits of the span's size.
fn short_span(value: f64, x: &Span) -> String {
    let unit = 10f64.powf((x.end - x.start).log10().floor() - 1.0);
    short(&((value / unit).round() * unit))
}

fn key(area: &Area, total: u32) -> Drawn {
    for (i, (name, colour)) in ["data", "samples"].iter().zip(COLOURS).enumerate() {
        let (x, y) = (total as i32 - 200, 40 + 34 * i as i32);
        area.draw(&Rectangle::new([(x, y), (x + 22, y + 22)], colour.filled()))?;
        area.draw(&Text::new(name.to_string(), (x + 34, y), style(24)))?;
    }
    Ok(())
}
