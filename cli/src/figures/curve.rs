//! Losses over epochs.

use plotters::prelude::*;

use super::plot::{COLOURS, Svg, Words, around, axes, chart, legend, span, svg};

/// The losses of one or more fits, in nats, from epoch `first` (counted from 1) on.
pub fn loss_curves(title: &str, curves: &[(&str, &[f32])], first: usize) -> Svg {
    let (width, height) = around(900, 480);
    let shown = |curve: &[f32]| -> Vec<(f64, f64)> {
        let all = curve.iter().enumerate().map(|(i, loss)| ((i + 1) as f64, f64::from(*loss)));
        all.skip(first.saturating_sub(1)).filter(|(_, loss)| loss.is_finite()).collect()
    };
    let epochs = curves.iter().map(|(_, curve)| curve.len()).max().unwrap_or(1);
    let y = span(curves.iter().flat_map(|(_, curve)| shown(curve)).map(|(_, loss)| loss));
    svg(width, height, |area| {
        let mut chart = chart(area, title, first as f64..epochs.max(first + 1) as f64, y)?;
        axes(&mut chart, &Words { title, x: "epoch", y: "loss (nats)" }, true)?;
        for ((name, curve), colour) in curves.iter().zip(COLOURS.iter().cycle()) {
            let line = chart.draw_series(LineSeries::new(shown(curve), colour.stroke_width(3)))?;
            if !name.is_empty() {
                line.label(*name).legend(|(x, y)| PathElement::new([(x, y), (x + 24, y)], colour.stroke_width(4)));
            }
        }
        if curves.iter().any(|(name, _)| !name.is_empty()) {
            legend(&mut chart, SeriesLabelPosition::UpperRight)?;
        }
        Ok(())
    })
}
