//! Units of the floats.

/// How a distance is counted.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    /// In units in the last place of the truth.
    Ulp,
    /// In `EPSILON * max(1, |truth|)`: for functions that pass through 0.
    Eps,
}

/// The unit in the last place at `y`, of numbers with `digits` bits and least exponent `least`; subnormals share one unit.
pub fn ulp(y: f64, digits: i32, least: i32) -> f64 {
    let exponent = ((y.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    let unit = exponent.max(least) - digits + 1;
    f64::from_bits(if unit < -1022 { 1 << (unit + 1074) } else { ((unit + 1023) as u64) << 52 })
}
