//! Steps that integers take faster where there is no floating-point unit, with the same bits.

/// Each gives `None` where its way does not hold; the caller then calculates as everywhere.
pub(super) trait Soft: Sized {
    /// [`Value::round_int`](super::Value::round_int).
    fn rounded(self) -> Option<Self> {
        None
    }

    /// The integer that `self` is.
    fn integer(self) -> Option<i32> {
        None
    }

    /// [`Value::product_error`](super::Value::product_error).
    fn error_of_product(_a: Self, _b: Self, _product: Self) -> Option<Self> {
        None
    }

    /// Whether `self < than`.
    fn less(self, than: Self) -> bool;

    /// `self * a + b`, each rounded.
    fn times_plus(self, a: Self, b: Self) -> Self;

    /// `sum * scale`, each rounded.
    fn scaled(sum: i32, scale: Self) -> Self;
}

impl Soft for f64 {
    #[inline(always)]
    fn less(self, than: f64) -> bool {
        self < than
    }

    #[inline(always)]
    fn times_plus(self, a: f64, b: f64) -> f64 {
        self * a + b
    }

    #[inline(always)]
    fn scaled(sum: i32, scale: f64) -> f64 {
        f64::from(sum) * scale
    }
}

const SIGN: u32 = 1 << 31;
const HIDDEN: u32 = 1 << 23;

/// The exponent field.
#[inline(always)]
fn exponent(x: f32) -> u32 {
    (x.to_bits() << 1) >> 24
}

/// The significand with its hidden bit, for a normal number.
#[inline(always)]
fn significand(x: f32) -> u32 {
    (x.to_bits() & (HIDDEN - 1)) | HIDDEN
}

impl Soft for f32 {
    #[inline(always)]
    fn rounded(self) -> Option<f32> {
        let (bits, exponent) = (self.to_bits(), exponent(self));
        match exponent {
            127..149 => {
                // Half of the last place of an integer, less one where that is even; a carry goes to the exponent as it should.
                let places = 150 - exponent;
                let odd = (bits >> places) & 1;
                Some(f32::from_bits((bits + (1 << (places - 1)) - 1 + odd) & (u32::MAX << places)))
            }
            126 if bits & (HIDDEN - 1) > 0 => Some(f32::from_bits((bits & SIGN) | 1.0f32.to_bits())),
            0..=126 => Some(0.0),
            _ => None,
        }
    }

    #[inline(always)]
    fn integer(self) -> Option<i32> {
        let magnitude = match exponent(self) {
            127..149 => significand(self) >> (150 - exponent(self)),
            0..127 => 0,
            _ => return None,
        } as i32;
        Some(if self.to_bits() >= SIGN { -magnitude } else { magnitude })
    }

    /// In units of the last place of the exact product, of which the low 32 bits are enough.
    #[inline(always)]
    fn error_of_product(a: f32, b: f32, product: f32) -> Option<f32> {
        let (of_a, of_b, of_product) = (exponent(a), exponent(b), exponent(product));
        // The unit is a normal number, and so are the factors and the product.
        let unit = (of_a + of_b).wrapping_sub(173);
        if of_a == 0 || of_b == 0 || unit.wrapping_sub(1) > 254 || of_product.wrapping_sub(1) > 253 {
            return None;
        }
        let rounded = significand(product).wrapping_shl((of_product + 150).wrapping_sub(of_a + of_b));
        let lost = significand(a).wrapping_mul(significand(b)).wrapping_sub(rounded) as i32;
        if lost == 0 {
            return Some(0.0);
        }
        let bits = (lost as f32).to_bits().wrapping_add(unit << 23).wrapping_sub(127 << 23);
        Some(f32::from_bits(bits ^ (product.to_bits() & SIGN)))
    }

    #[inline(always)]
    fn less(self, than: f32) -> bool {
        let is_nan = |x: f32| x.to_bits() << 1 > f32::INFINITY.to_bits() << 1;
        // Both zeros as 0.
        let rank = |x: f32| if x.to_bits() < SIGN { x.to_bits() as i32 } else { (SIGN.wrapping_sub(x.to_bits())) as i32 };
        !is_nan(self) && !is_nan(than) && rank(self) < rank(than)
    }

    #[inline(always)]
    fn times_plus(self, a: f32, b: f32) -> f32 {
        times_plus(self, a, b)
    }

    #[inline(always)]
    fn scaled(sum: i32, scale: f32) -> f32 {
        scaled(sum, scale)
    }
}

/// The upper 32 of the 48 bits of a product of two numbers of 24 bits, the lowest of them set where any below is.
#[inline(always)]
fn product(a: u32, b: u32) -> u32 {
    if cfg!(not(target_arch = "arm")) {
        let whole = u64::from(a) * u64::from(b);
        return (whole >> 16) as u32 | u32::from(whole as u16 > 0);
    }
    // A Cortex-M0 multiplies to 32 bits.
    let ((a_low, a_high), (b_low, b_high)) = ((a & 0xffff, a >> 16), (b & 0xffff, b >> 16));
    let low = a_low.wrapping_mul(b_low);
    let middle = a_high * b_low + a_low * b_high + (low >> 16);
    ((a_high * b_high) << 16).wrapping_add(middle) | u32::from(low & 0xffff > 0)
}

/// The bits of `significand 2^(exponent - 127 - 31)`, rounded to nearest, ties to even: the significand has its highest bit, and the exponent is that of a normal number.
#[inline(always)]
fn rounded_from_32(significand: u32, exponent: u32) -> u32 {
    let (kept, rest) = (significand >> 8, significand & 0xff);
    // The hidden bit adds 1 to the exponent, as does a carry.
    ((exponent - 1) << 23).wrapping_add(kept + ((rest + 0x7f + (kept & 1)) >> 8))
}

/// The bits of `a b` from the two significands and the sum of the exponent fields; `None` where it may not be a normal number.
#[inline(always)]
fn rounded_product(a: u32, b: u32, exponents: u32) -> Option<u32> {
    let product = product(a, b);
    let high = product >> 31;
    let exponent = exponents.wrapping_sub(127).wrapping_add(high);
    if exponent.wrapping_sub(1) > 252 {
        return None;
    }
    Some(rounded_from_32(product << (1 - high), exponent))
}

/// The bits of the sum of two normal numbers; `None` where it may not be a normal number or 0.
#[inline(always)]
fn rounded_sum(x: u32, y: u32) -> Option<u32> {
    let (large, small) = if x << 1 < y << 1 { (y, x) } else { (x, y) };
    let mut exponent = (large << 1) >> 24;
    let apart = exponent - ((small << 1) >> 24);
    // A bit above for the carry, seven below for the rounding.
    let significand = |bits: u32| (bits << 7) & (u32::MAX >> 2) | (1 << 30);
    let (of_large, of_small) = (significand(large), significand(small));
    let moved = if apart > 30 { 1 } else { (of_small >> apart) | u32::from(of_small & ((1 << apart) - 1) > 0) };
    let mut sum;
    if (x ^ y) >> 31 == 0 {
        sum = of_large + moved;
        let carry = sum >> 31;
        exponent += carry;
        sum <<= 1 - carry;
    } else {
        sum = of_large - moved;
        if sum == 0 {
            return Some(0);
        }
        let free = sum.leading_zeros();
        exponent = exponent.wrapping_sub(free - 1);
        sum <<= free;
    }
    if exponent.wrapping_sub(1) > 252 {
        return None;
    }
    Some(rounded_from_32(sum, exponent) | (large & SIGN))
}

/// Not inlined: half of the library's instructions are these.
#[inline(never)]
fn times_plus(a: f32, b: f32, c: f32) -> f32 {
    let (of_a, of_b, of_c) = (exponent(a), exponent(b), exponent(c));
    if of_a.wrapping_sub(1) < 254
        && of_b.wrapping_sub(1) < 254
        && let Some(product) = rounded_product(significand(a), significand(b), of_a + of_b)
    {
        let product = product | ((a.to_bits() ^ b.to_bits()) & SIGN);
        if c.to_bits() << 1 == 0 {
            return f32::from_bits(product);
        }
        if of_c.wrapping_sub(1) < 254
            && let Some(sum) = rounded_sum(product, c.to_bits())
        {
            return f32::from_bits(sum);
        }
    }
    a * b + c
}

#[inline(never)]
fn scaled(sum: i32, scale: f32) -> f32 {
    let magnitude = sum.unsigned_abs();
    if magnitude.wrapping_sub(1) < HIDDEN && exponent(scale).wrapping_sub(1) < 254 {
        // As a significand of 24 bits.
        let free = magnitude.leading_zeros() - 8;
        if let Some(product) = rounded_product(magnitude << free, significand(scale), exponent(scale) + 150 - free) {
            return f32::from_bits(product | ((scale.to_bits() ^ sum as u32) & SIGN));
        }
    }
    sum as f32 * scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Value;

    /// Any bits, each exponent alike.
    fn drawn(state: &mut u64) -> f32 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f32::from_bits((*state >> 32) as u32)
    }

    fn same(soft: Option<f32>, hard: f32) -> bool {
        soft.is_none_or(|soft| soft.to_bits() == hard.to_bits())
    }

    #[test]
    fn integers_give_the_bits_of_floats() {
        let (mut state, mut taken) = (1, [0; 3]);
        let ends = [0.0f32, -0.0, 0.5, -0.5, 1.0, 1.5, 2.5, -2.5, 4_194_303.5, f32::MAX, f32::INFINITY, f32::NAN, 1e-45];
        let near = |state: &mut u64| (drawn(state).to_bits() as i32 >> 10) as f32 / 64.0;
        for i in 0..2_000_000 {
            let x = ends.get(i).copied().unwrap_or(if i % 2 == 0 { drawn(&mut state) } else { near(&mut state) });
            assert!(same(x.rounded(), x.round_int()), "{x:e} to {:?}", x.rounded());
            taken[0] += u32::from(x.rounded().is_some());
            let other = ends.get(i / 13 % 13).copied().unwrap_or(drawn(&mut state));
            assert!(x.less(other) == (x < other) && other.less(x) == (other < x), "{x:e} {other:e}");
            let n = x.round_int();
            assert!(n.integer().is_none_or(|integer| integer as f32 == n), "{n:e} is {:?}", n.integer());
            taken[1] += u32::from(n.integer().is_some());
            // Of factors whose product is a normal number half of the time.
            let (a, b) = (drawn(&mut state), if i % 3 == 0 { drawn(&mut state) } else { near(&mut state) });
            let hard = f32::product_error(a, b, a * b);
            assert!(
                same(f32::error_of_product(a, b, a * b), hard),
                "{a:e} {b:e}: {:?} is not {hard:e}",
                f32::error_of_product(a, b, a * b)
            );
            taken[2] += u32::from(f32::error_of_product(a, b, a * b).is_some());
        }
        assert!(taken.iter().all(|taken| *taken > 500_000), "{taken:?}");
    }

    /// Sums of all kinds: of any numbers, of near ones, of ones that cancel.
    #[test]
    fn products_and_sums_are_rounded_as_floats_are() {
        let mut state = 7;
        let ordinary = |state: &mut u64| {
            let bits = drawn(state).to_bits();
            f32::from_bits((bits & (SIGN | (HIDDEN - 1))) | ((112 + (bits >> 23) % 30) << 23))
        };
        for i in 0..2_000_000 {
            let draw = |state: &mut u64| if i % 4 == 0 { drawn(state) } else { ordinary(state) };
            let (a, b, c) = (draw(&mut state), draw(&mut state), draw(&mut state));
            let c = match i % 5 {
                0 => -a * b,
                1 => f32::from_bits((-a * b).to_bits().wrapping_add(c.to_bits() >> 28)),
                2 => f32::from_bits((a * b).to_bits() ^ (c.to_bits() & 0x8000_7fff)),
                _ => c,
            };
            let (soft, hard) = (times_plus(a, b, c), a * b + c);
            assert!(soft.to_bits() == hard.to_bits() || (soft.is_nan() && hard.is_nan()), "{a:e} {b:e} {c:e}: {soft:e} is not {hard:e}");
            let sum = (c.to_bits() as i32) >> (a.to_bits() % 31);
            let (soft, hard) = (scaled(sum, b), sum as f32 * b);
            assert!(soft.to_bits() == hard.to_bits() || (soft.is_nan() && hard.is_nan()), "{sum} {b:e}: {soft:e} is not {hard:e}");
        }
    }
}
