//! The points to train on: generated, or read from a file.

use std::path::Path;

use gaussflow::toy::two_moons;
use rand_pcg::Pcg32;

/// One row a point.
pub type Points = Vec<[f32; 2]>;

/// Mean and population standard deviation of each column.
pub struct Standard {
    mean: [f64; 2],
    deviation: [f64; 2],
}

impl Standard {
    /// Measures `points`; refuses a column that does not vary.
    pub fn of(points: &[[f64; 2]], name: &str) -> Result<Self, String> {
        let n = points.len() as f64;
        let mean = [0, 1].map(|d| points.iter().map(|p| p[d]).sum::<f64>() / n);
        let deviation = [0, 1].map(|d| (points.iter().map(|p| (p[d] - mean[d]).powi(2)).sum::<f64>() / n).sqrt());
        match deviation.iter().position(|s| !(*s > 0.0 && s.is_finite())) {
            Some(d) => Err(format!("{name}: column {} has no finite, positive standard deviation", d + 1)),
            None => Ok(Standard { mean, deviation }),
        }
    }

    /// `(x - mean) / deviation`, rounded once.
    pub fn apply(&self, points: &[[f64; 2]]) -> Points {
        points.iter().map(|p| [0, 1].map(|d| ((p[d] - self.mean[d]) / self.deviation[d]) as f32)).collect()
    }
}

/// Two moons with noise 0.05, as scikit-learn's `make_moons`.
pub fn moons(count: usize, seed: u64) -> Vec<[f64; 2]> {
    let mut points = vec![[0.0; 2]; count];
    two_moons(&mut points, 0.05, &mut Pcg32::new(seed, 0x6d6f_6f6e));
    points
}

/// Reads a file of two columns of numbers, with or without a line of names.
pub fn read(path: &Path) -> Result<Vec<[f64; 2]>, String> {
    let name = path.display();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|e| format!("{name}: {e}"))?;
    let mut points = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(|e| format!("{name}: row {}: {e}", index + 1))?;
        let row = record.position().map_or(index as u64 + 1, csv::Position::line);
        if index == 0 && record.iter().all(|cell| cell.parse::<f64>().is_err() && !cell.is_empty()) {
            continue;
        }
        if record.len() != 2 {
            return Err(format!("{name}: row {row}: {} columns where there should be 2", record.len()));
        }
        let mut point = [0.0; 2];
        for (d, cell) in record.iter().enumerate() {
            point[d] = match cell.parse() {
                Ok(value) if f64::is_finite(value) => value,
                _ => return Err(format!("{name}: row {row}, column {}: `{cell}` is not a finite number", d + 1)),
            };
        }
        points.push(point);
    }
    if points.is_empty() { Err(format!("{name}: no row of numbers")) } else { Ok(points) }
}
