//! Mean and standard deviation.

use crate::number::{Real, Value};

/// The mean and the (population) standard deviation of finite values; the deviation of equal values is exactly 0.
///
/// # Method
/// Two passes in `f64`, in units of the largest `|x|`, so that nothing overflows or underflows whatever the values' size.
pub(crate) fn moments<T: Real>(values: impl Iterator<Item = T> + Clone) -> (f64, f64) {
    let (mut largest, mut low, mut high, mut count) = (0.0, f64::INFINITY, -f64::INFINITY, 0.0);
    for x in values.clone() {
        let x: f64 = x.as_();
        (low, high) = (low.min(x), high.max(x));
        largest = Value::max(largest, x.abs());
        count += 1.0;
    }
    // Rounding the mean of equal values would leave them a deviation.
    if low == high || count == 0.0 {
        return (if count == 0.0 { 0.0 } else { low }, 0.0);
    }
    let mean = values.clone().fold(0.0, |sum, x| sum + x.as_() / largest) / count;
    let squares = values.fold(0.0, |sum, x| {
        let c = x.as_() / largest - mean;
        sum + c * c
    });
    (mean * largest, Value::sqrt(squares / count) * largest)
}

#[cfg(test)]
mod tests {
    use super::moments;

    #[test]
    fn any_size() {
        assert_eq!(moments([0.1f32; 7].into_iter()), (f64::from(0.1f32), 0.0));
        assert_eq!(moments([3.0, -1.0].into_iter()), (1.0, 2.0));
        for size in [f64::MAX, f64::MIN_POSITIVE] {
            let (mean, deviation) = moments([size, -size, size, -size].into_iter());
            assert_eq!((mean, deviation), (0.0, size));
        }
        assert_eq!(moments(core::iter::empty::<f32>()), (0.0, 0.0));
    }
}
