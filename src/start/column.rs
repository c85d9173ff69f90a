//! What a column of data is like, before anything is fitted to it.

use crate::number::{Real, Value};
use crate::start::{DataError, check_rows};

/// What [`inspect`] tells of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Column<T> {
    /// What a density makes of it.
    pub kind: Kind,
    /// The least value.
    pub least: T,
    /// The greatest value.
    pub greatest: T,
    /// How many different values there are.
    pub distinct: usize,
    /// The value that occurs most often; the least one of those that do.
    pub most_common: T,
    /// How often it occurs.
    pub repeats: usize,
    /// What values are apart: the step of the grid that all of them lie on, to rounding, or else the smallest gap between two of them; 0 for one value.
    pub step: T,
    /// Whether all values lie on that grid.
    pub even: bool,
    /// How many values lie further than 10 times the quartiles' distance beyond the quartiles; none where the quartiles are equal. Of a normal column one in 10^44 does.
    pub outliers: usize,
}

/// What a density makes of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// Nothing: it has one value. A fit refuses it; leave it out.
    Constant,
    /// Two points: it is a label, better as a context, or to be spread over its step.
    TwoValued,
    /// Points: each value occurs twice or more in the mean, as of whole numbers or a sensor's steps. Spread each over the step, or a fit sharpens on the values.
    Stepped,
    /// A density and a point: one value is that of more than 1 % of the rows, and of five at least, as where a sensor is at its end.
    Spiked,
    /// A density.
    Continuous,
}

/// The part of all rows above which a value that repeats is a point of its own.
const SPIKE: f64 = 0.01;
/// How often a value repeats at least where it is one.
const LEAST_SPIKE: usize = 5;
/// In how many parts the smallest gap is cut in search of a grid.
const PARTS: u32 = 100;
/// How far beyond the quartiles an outlier lies, in their distance.
const FAR: f64 = 10.0;

/// What each column of `rows` is like. `scratch` holds at least one value a row; nothing else is needed, and the rows stay as they are.
///
/// ```
/// use gaussflow::start::{Kind, inspect};
///
/// let rows = [[20.25, 1.0, 3.0], [20.75, 0.0, 3.0], [20.5, 1.0, 3.0], [20.5, 1.0, 3.0]];
/// let [degrees, on, version] = inspect(&rows, &mut [0.0; 4])?;
/// assert_eq!((degrees.least, degrees.greatest, degrees.step), (20.25, 20.75, 0.25));
/// assert_eq!((on.kind, version.kind), (Kind::TwoValued, Kind::Constant));
/// # Ok::<(), gaussflow::start::DataError>(())
/// ```
///
/// # Errors
/// [`DataError::Empty`], [`DataError::Sample`], [`DataError::Scratch`].
pub fn inspect<T: Real, const D: usize>(rows: &[[T; D]], scratch: &mut [T]) -> Result<[Column<T>; D], DataError> {
    check_rows(rows)?;
    let values = scratch.get_mut(..rows.len()).ok_or(DataError::Scratch { needed: rows.len() })?;
    let mut columns = [Column::NOTHING; D];
    for (d, column) in columns.iter_mut().enumerate() {
        values.iter_mut().zip(rows).for_each(|(value, row)| *value = row[d]);
        *column = Column::of(values)?;
    }
    Ok(columns)
}

impl<T: Real> Column<T> {
    const NOTHING: Self = Column {
        kind: Kind::Constant,
        least: T::ZEROS,
        greatest: T::ZEROS,
        distinct: 0,
        most_common: T::ZEROS,
        repeats: 0,
        step: T::ZEROS,
        even: false,
        outliers: 0,
    };

    /// What these values are like; they are sorted in place. As [`inspect`], for one column.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::Sample`] with the index of a value.
    pub fn of(values: &mut [T]) -> Result<Self, DataError> {
        if let Some(index) = values.iter().position(|x| !x.is_finite()) {
            return Err(DataError::Sample(index));
        }
        // The zeros are one value.
        values.iter_mut().for_each(|x| *x += T::ZEROS);
        values.sort_unstable_by_key(|x| x.to_order());
        let (Some(least), Some(greatest)) = (values.first(), values.last()) else { return Err(DataError::Empty) };
        let mut column = Column { least: *least, greatest: *greatest, ..Self::NOTHING };
        for run in values.chunk_by(|a, b| a == b) {
            column.distinct += 1;
            if let Some(value) = run.first().filter(|_| column.repeats < run.len()) {
                (column.most_common, column.repeats) = (*value, run.len());
            }
        }
        (column.step, column.even) = step(values);
        column.kind = match column.distinct {
            1 => Kind::Constant,
            2 => Kind::TwoValued,
            distinct if 2 * distinct <= values.len() => Kind::Stepped,
            _ if LEAST_SPIKE <= column.repeats && SPIKE * (values.len() as f64) < column.repeats as f64 => Kind::Spiked,
            _ => Kind::Continuous,
        };
        let quartile = |quarters: usize| values.get((values.len() - 1) * quarters / 4).map_or(0.0, |x| x.as_());
        let (lower, upper): (f64, f64) = (quartile(1), quartile(3));
        // In halves, which cannot overflow.
        let reach = FAR * (0.5 * upper - 0.5 * lower);
        if 0.0 < reach {
            let far = |x: &T| 0.5 * x.as_() < 0.5 * lower - reach || 0.5 * upper + reach < 0.5 * x.as_();
            column.outliers = values.iter().filter(|x| far(x)).count();
        }
        Ok(column)
    }
}

/// What sorted values are apart, and whether all of them lie on a grid of that step.
fn step<T: Real>(sorted: &[T]) -> (T, bool) {
    let gap = |pair: &[T]| -> f64 { pair[1].as_() - pair[0].as_() };
    let smallest = sorted.windows(2).map(gap).filter(|gap| 0.0 < *gap).fold(f64::INFINITY, f64::min);
    if smallest == f64::INFINITY {
        return (T::ZEROS, false);
    }
    for parts in 1..=PARTS {
        if let Some(step) = grid(sorted, smallest / f64::from(parts)) {
            return (T::from_f64(step), true);
        }
    }
    (T::from_f64(smallest), false)
}

/// The step of the grid from the least of sorted values that all of them lie on, if it is about `step`.
///
/// The step gets the digits of the span as far as that has been seen: rounding of the values, not of their number.
fn grid<T: Real>(sorted: &[T], mut step: f64) -> Option<f64> {
    let (least, greatest): (f64, f64) = (sorted.first()?.as_(), sorted.last()?.as_());
    let rounding = T::EPSILON.as_() * Value::max(least.abs(), greatest.abs());
    // Where rounding is not small beside the step, everything lies on the grid.
    if !(rounding < 0.01 * step) {
        return None;
    }
    let mut seen = 1.0;
    for x in sorted {
        let span = x.as_() - least;
        let count = Value::round_int(span / step);
        // Both values are off by half a rounding, and the step by as much over the span that it comes from.
        if !((span - count * step).abs() <= rounding * (1.0 + count / seen)) || 1e15 < count {
            return None;
        }
        if seen < count {
            (seen, step) = (count, span / count);
        }
    }
    Some(step)
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;
    use std::vec::Vec;

    use super::{Column, Kind, inspect};
    use crate::math::standard_normal;
    use crate::number::Real;
    use crate::start::DataError;

    fn of<T: Real>(values: impl Iterator<Item = f64>) -> Column<T> {
        Column::of(&mut values.map(T::from_f64).collect::<Vec<T>>()).unwrap()
    }

    fn normal(count: usize) -> Vec<f64> {
        let mut rng = Pcg64::new(1, 2);
        (0..count).map(|_| standard_normal::<f64, _>(&mut rng)).collect()
    }

    fn kinds<T: Real>() {
        let noise = normal(2000);
        let column = of::<T>(noise.iter().copied());
        assert_eq!((column.kind, column.outliers, column.even), (Kind::Continuous, 0, false), "{column:?}");
        let column = of::<T>(noise.iter().map(|_| -7.25));
        assert_eq!((column.kind, column.step, column.distinct, column.repeats), (Kind::Constant, T::ZEROS, 1, 2000));
        let column = of::<T>(noise.iter().map(|x| if *x < 0.3 { -1.0 } else { 2.5 }));
        assert_eq!((column.kind, column.step, column.even), (Kind::TwoValued, T::from_f64(3.5), true));
        // A sensor that has an end, one value of many rows.
        let column = of::<T>(noise.iter().map(|x| x.min(1.5)));
        assert_eq!((column.kind, column.most_common, column.greatest), (Kind::Spiked, T::from_f64(1.5), T::from_f64(1.5)));
        assert_eq!(column.repeats, noise.iter().filter(|x| 1.5 <= **x).count());
        // Both zeros are one value.
        assert_eq!(of::<T>([0.0, -0.0, 0.0].into_iter()).kind, Kind::Constant);
    }

    #[test]
    fn each_kind_is_told() {
        kinds::<f32>();
        kinds::<f64>();
    }

    /// Grids of any step and offset, many of their places empty, in decimals that no float has.
    fn grids<T: Real>() {
        let noise = normal(3000);
        for step in [1.0, 0.1, 0.25, 1.0 / 3.0, 0.05, 7.0, 1e-6, 1e9, 1e-30] {
            for (offset, spread) in [(0.0, 3.0), (0.0, 40.0), (20.3, 12.0), (-273.15, 9.0), (4.0, 0.6)] {
                let column = of::<T>(noise.iter().map(|x| step * (offset + (spread * x).round())));
                let found: f64 = column.step.as_();
                assert_eq!((column.kind, column.even), (Kind::Stepped, true), "step {step}, offset {offset}, spread {spread}: {column:?}");
                assert!((found / step - 1.0).abs() < 1e-4, "{found} for {step}, offset {offset}, spread {spread}");
            }
        }
        // The values of every second and every third place: the step is none of the gaps.
        let column = of::<T>([0.0, 0.2, 0.2, 0.5, 0.5, 0.9, 0.9, 1.2, 0.0].into_iter());
        assert!(column.even && (column.step.as_() - 0.1).abs() < 1e-6, "{column:?}");
        // On no grid: the smallest gap.
        let column = of::<T>([1.0, 1.0, 1.5, 1.5, std::f64::consts::PI, 3.0, 3.0, std::f64::consts::E, 10.0f64.ln()].into_iter());
        assert!(!column.even && (column.step.as_() - (std::f64::consts::PI - 3.0)).abs() < 1e-6, "{column:?}");
    }

    #[test]
    fn steps_are_found() {
        grids::<f32>();
        grids::<f64>();
    }

    #[test]
    fn outliers_are_counted() {
        let noise = normal(10_000);
        let with = |bad: f64, every: usize| of::<f64>(noise.iter().enumerate().map(move |(n, x)| if n % every == 0 { bad } else { *x }));
        assert_eq!(with(1e6, 10_000).outliers, 1);
        assert_eq!(with(-9999.0, 20).outliers, 500);
        assert_eq!(with(-9999.0, 20).kind, Kind::Spiked);
        assert_eq!(with(f64::MAX, 5000).outliers, 2);
        // Exponential, the other way and flat: none.
        assert_eq!(of::<f64>(noise.iter().map(|x| x.abs())).outliers, 0);
        assert_eq!(of::<f64>((0..1000).map(f64::from)).outliers, 0);
        assert_eq!(of::<f32>([f64::from(f32::MAX), -f64::from(f32::MAX), 0.0, 1.0].into_iter()).outliers, 0);
    }

    #[test]
    fn rows_are_inspected_without_being_changed() {
        let rows = [[3.0f32, 1.0], [2.0, 1.0], [5.0, 1.0]];
        let [first, second] = inspect(&rows, &mut [0.0; 3]).unwrap();
        assert_eq!((first.least, first.greatest, first.step, first.distinct), (2.0, 5.0, 1.0, 3));
        assert_eq!(second.kind, Kind::Constant);
        assert_eq!(inspect(&rows, &mut [0.0; 2]), Err(DataError::Scratch { needed: 3 }));
        assert_eq!(inspect::<f32, 2>(&[], &mut []), Err(DataError::Empty));
        assert_eq!(inspect(&[[0.0f32], [f32::NAN]], &mut [0.0; 2]), Err(DataError::Sample(1)));
        assert_eq!(Column::<f64>::of(&mut []), Err(DataError::Empty));
    }
}
