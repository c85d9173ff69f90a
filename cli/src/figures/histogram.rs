//! Histograms.

use plotters::prelude::*;

use super::plot::{Area, BOTTOM, COLOURS, Chart, Drawn, LEFT, RIGHT, Span, Svg, TOP, Words, around, axes, chart, normal, place, span, svg};

/// The heights of `count` bars over `x`, so that their area is the part of the values that lies in `x`.
pub fn bars(values: &[f64], x: &Span, count: usize) -> Vec<f64> {
    let width = (x.end - x.start) / count as f64;
    let mut heights = vec![0.0; count];
    for value in values {
        let bar = (value - x.start) / width;
        if 0.0 <= bar && bar < count as f64 {
            heights[bar as usize] += 1.0 / (values.len() as f64 * width);
        }
    }
    heights
}

/// Draws bars over `x`, from 0 up; to the right from 0 where `turned`.
pub fn draw_bars(chart: &mut Chart, heights: &[f64], x: &Span, colour: RGBAColor, turned: bool) -> Drawn {
    let width = (x.end - x.start) / heights.len() as f64;
    chart.draw_series(heights.iter().enumerate().map(|(i, height)| {
        let (low, high) = (x.start + i as f64 * width, x.start + (i + 1) as f64 * width);
        let corners = if turned { [(0.0, low), (*height, high)] } else { [(low, 0.0), (high, *height)] };
        Rectangle::new(corners, colour.filled())
    }))?;
    Ok(())
}

/// The density of N(0, 1) over `x`, as points of a line.
pub fn normal_line(x: &Span, turned: bool) -> Vec<(f64, f64)> {
    let at = |i: i32| x.start + (x.end - x.start) * f64::from(i) / 200.0;
    (0..=200).map(|i| if turned { (normal(at(i)), at(i)) } else { (at(i), normal(at(i))) }).collect()
}

pub fn highest(heights: &[f64]) -> f64 {
    1.08 * heights.iter().copied().fold(f64::MIN_POSITIVE, f64::max)
}

/// One column of numbers, as a density by the unit of `label`; `marks` are upright lines with names.
pub fn histogram(title: &str, label: &str, values: &[f64], marks: &[(&str, f64)]) -> Svg {
    let (width, height) = around(900, 420);
    let x = span(values.iter().copied().chain(marks.iter().map(|(_, x)| *x)));
    let heights = bars(values, &x, 60);
    let top = highest(&heights);
    svg(width, height, |area| {
        let mut chart = chart(area, title, x.clone(), 0.0..top)?;
        axes(&mut chart, &Words { title, x: label, y: "density" }, true)?;
        draw_bars(&mut chart, &heights, &x, COLOURS[0].mix(0.75), false)?;
        for (mark, colour) in marks.iter().zip(COLOURS.iter().skip(1).cycle()) {
            let line = LineSeries::new([(mark.1, 0.0), (mark.1, top)], colour.stroke_width(4));
            chart.draw_series(line)?.label(mark.0).legend(|(x, y)| PathElement::new([(x, y), (x + 24, y)], colour.stroke_width(4)));
        }
        if !marks.is_empty() {
            super::plot::legend(&mut chart, SeriesLabelPosition::UpperLeft)?;
        }
        Ok(())
    })
}

/// Each column of latents against N(0, 1), at most four in a line.
pub fn latents(title: &str, columns: &[Vec<f64>]) -> Svg {
    let (width, height) = (360, 260);
    let (cell_width, cell_height) = (LEFT + width + RIGHT, TOP + height + BOTTOM);
    let across = columns.len().clamp(1, 4) as u32;
    let down = (columns.len() as u32).div_ceil(across);
    svg(across * cell_width, down * cell_height, |area| {
        for (d, column) in columns.iter().enumerate() {
            let (i, j) = (d as u32 % across, d as u32 / across);
            let name = format!("z{}", subscript(d + 1));
            let words = Words { title: if d == 0 { title } else { "" }, x: &name, y: if i == 0 { "density" } else { "" } };
            latent(&place(area, (i * cell_width, j * cell_height), (cell_width, cell_height)), &words, column)?;
        }
        Ok(())
    })
}

fn latent(area: &Area, words: &Words, values: &[f64]) -> Drawn {
    let x = -4.5..4.5;
    let heights = bars(values, &x, 45);
    let mut chart = chart(area, words.title, x.clone(), 0.0..highest(&heights).max(0.44))?;
    axes(&mut chart, words, true)?;
    draw_bars(&mut chart, &heights, &x, COLOURS[0].mix(0.6), false)?;
    chart.draw_series(LineSeries::new(normal_line(&x, false), COLOURS[1].stroke_width(3)))?;
    Ok(())
}

/// A small number as an index.
pub fn subscript(number: usize) -> String {
    number.to_string().chars().map(|digit| char::from_u32('₀' as u32 + digit as u32 - '0' as u32).unwrap_or(digit)).collect()
}
