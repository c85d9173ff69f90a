//! Tables of numbers.

use std::path::Path;
use std::{fs, io};

/// The first `D` columns of a file of comma-separated numbers, below a line of names.
pub fn read<const D: usize>(path: &Path) -> io::Result<Vec<[f32; D]>> {
    let text = fs::read_to_string(path)?;
    let row = |(number, line): (usize, &str)| {
        let numbers: Option<Vec<f32>> = line.split(',').take(D).map(|cell| cell.parse().ok()).collect();
        let row = numbers.and_then(|numbers| numbers.try_into().ok());
        row.ok_or_else(|| io::Error::other(format!("{}: row {}: not {D} numbers", path.display(), number + 1)))
    };
    text.lines().enumerate().skip(1).map(row).collect()
}

/// Both sets in units of the first one's mean and standard deviation.
pub fn standardized<const D: usize>(train: &[[f64; D]], test: &[[f64; D]]) -> (Vec<[f32; D]>, Vec<[f32; D]>) {
    let n = train.len() as f64;
    let mean: [f64; D] = std::array::from_fn(|d| train.iter().map(|x| x[d]).sum::<f64>() / n);
    let deviation: [f64; D] = std::array::from_fn(|d| (train.iter().map(|x| (x[d] - mean[d]).powi(2)).sum::<f64>() / n).sqrt());
    let apply = |x: &[f64; D]| std::array::from_fn(|d| ((x[d] - mean[d]) / deviation[d]) as f32);
    (train.iter().map(apply).collect(), test.iter().map(apply).collect())
}
