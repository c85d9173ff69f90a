//! Rows as a fit reads them: checked, standardised by robust scales, in blocks of lanes.

use crate::flow::Rows;
use crate::math::ln;
use crate::number::{Real, Value, Zeros};
use crate::start::robust::{robust_scale, weighted_quantile};
use crate::start::{Covariance, DataError, MixtureEm};

/// Packs a side: 4 of two vectors each keep the multipliers busy, and 16 in a block make the sums over lanes cheap.
pub(super) const SIDE: usize = 4;

/// One value of each row of a block.
pub(super) type Column<V> = [[V; SIDE]; SIDE];

/// The least unit of a dimension, in its range: so squares of squares stay within the floats.
const FARTHEST: f64 = 1e-50;

/// Rows side by side, standardised. Places without a row have weight 0.
pub(super) struct Block<V, const D: usize> {
    pub x: [Column<V>; D],
    pub weights: Column<V>,
}

impl<V: Value<Scalar = f64>, const D: usize> Block<V, D> {
    pub const ROWS: usize = SIDE * SIDE * V::LANES;
    pub const ZEROS: Self = Block { x: [Zeros::ZEROS; D], weights: Zeros::ZEROS };
}

/// Rows with a centre and a unit for each dimension.
pub(super) struct Data<'a, T, const D: usize> {
    rows: Rows<'a, T, D>,
    pub centre: [f64; D],
    pub unit: [f64; D],
    /// The sum of all weights.
    pub weight: f64,
}

impl<'a, T: Real, const D: usize> Data<'a, T, D> {
    /// Refuses rows that cannot be fitted with `components`.
    pub fn new(rows: Rows<'a, T, D>, components: usize, settings: &MixtureEm) -> Result<Self, DataError> {
        check(&rows, components)?;
        let mut data = Data { rows, centre: [0.0; D], unit: [1.0 / settings.least_scale; D], weight: 0.0 };
        data.weight = data.weighted().map(|(_, weight)| weight).sum();
        let mut scales = [0.0; D];
        for d in 0..D {
            let quantile = |p| weighted_quantile(data.weighted().map(|(row, weight)| (row[d], weight)), p);
            let centre = quantile(0.5);
            let farthest = data.rows.samples().iter().fold(0.0, |far, row| Value::max((0.5 * row[d].as_() - 0.5 * centre).abs(), far));
            // Without spread, the unit that is there makes the least scale 1.
            let scale = if 0.0 < farthest { robust_scale(quantile) } else { 0.0 };
            if 0.0 < scale {
                scales[d] = Value::max(scale, farthest * FARTHEST);
                data.unit[d] = scales[d];
            }
            data.centre[d] = centre;
        }
        if settings.covariance == Covariance::Spherical {
            // The root of the mean square, in units of the largest.
            let largest = scales.iter().fold(0.0, |largest, scale| Value::max(*scale, largest));
            if 0.0 < largest {
                let squares: f64 = scales.iter().map(|scale| (scale / largest) * (scale / largest)).sum();
                data.unit = [largest * Value::sqrt(squares / D as f64); D];
            }
        }
        Ok(data)
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The log-density of a row in the units of the samples, less that in standardised ones.
    pub fn log_unit(&self) -> f64 {
        -self.unit.iter().map(|unit| ln(*unit)).sum::<f64>()
    }

    fn weighted(&self) -> impl Iterator<Item = (&'a [T; D], f64)> + Clone {
        let weights = self.rows.weights();
        self.rows.samples().iter().enumerate().map(|(n, row)| (row, weights.get(n).map_or(1.0, |weight| weight.as_())))
    }

    /// A row, standardised.
    pub fn row(&self, n: usize) -> [f64; D] {
        let mut x = [0.0; D];
        if let Some(row) = self.rows.samples().get(n) {
            for d in 0..D {
                x[d] = self.standardised(row, d);
            }
        }
        x
    }

    /// In halves, so that the difference of two large numbers does not overflow.
    #[inline(always)]
    fn standardised(&self, row: &[T; D], d: usize) -> f64 {
        (0.5 * row[d].as_() - 0.5 * self.centre[d]) * (1.0 / (0.5 * self.unit[d]))
    }

    /// The rows from `first` on.
    #[inline(always)]
    pub fn load<V: Value<Scalar = f64>>(&self, first: usize, block: &mut Block<V, D>) {
        let rows = self.rows.samples().get(first..).unwrap_or(&[]);
        let weights = self.rows.weights().get(first..).unwrap_or(&[]);
        let mut n = 0;
        for g in 0..SIDE {
            for p in 0..SIDE {
                for lane in 0..V::LANES {
                    let weight = if n < rows.len() { weights.get(n).map_or(1.0, |weight| weight.as_()) } else { 0.0 };
                    block.weights[g][p].set_lane(lane, weight);
                    if let Some(row) = rows.get(n) {
                        for d in 0..D {
                            block.x[d][g][p].set_lane(lane, self.standardised(row, d));
                        }
                    }
                    n += 1;
                }
            }
        }
    }
}

fn check<T: Real, const D: usize>(rows: &Rows<T, D>, components: usize) -> Result<(), DataError> {
    let (samples, weights) = (rows.len(), rows.weights().len());
    if weights != 0 && weights != samples {
        return Err(DataError::WeightCount { samples, weights });
    }
    if let Some(index) = rows.weights().iter().position(|weight| !(T::ZEROS <= *weight && weight.is_finite())) {
        return Err(DataError::Weight(index));
    }
    let counted = if weights == 0 { samples } else { rows.weights().iter().filter(|weight| T::ZEROS < **weight).count() };
    if counted == 0 {
        return Err(DataError::Empty);
    }
    crate::start::check_rows(rows.samples())?;
    if counted < components { Err(DataError::TooFew { needed: components }) } else { Ok(()) }
}
