//! Numbers of two `f64`, some 31 digits: enough to judge 16.

use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::LazyLock;

/// `high + low`, with `|low|` at most half a unit in the last place of `high`.
#[derive(Clone, Copy, Debug)]
pub struct Double {
    pub high: f64,
    pub low: f64,
}

pub const LN_2: Double = Double { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };
/// `log sqrt(2 pi)`.
pub const LN_SQRT_TAU: Double = Double { high: 0.918_938_533_204_672_8, low: -3.878_294_158_067_241_4e-17 };
pub const SQRT_TAU: Double = Double { high: 2.506_628_274_631_000_7, low: -1.832_857_998_045_916_7e-16 };
pub const SQRT_HALF_PI: Double = Double { high: 1.253_314_137_315_500_3, low: -9.164_289_990_229_583e-17 };
pub const PI: Double = Double { high: std::f64::consts::PI, low: 1.224_646_799_147_353_2e-16 };

impl From<f64> for Double {
    fn from(high: f64) -> Self {
        Double { high, low: 0.0 }
    }
}

/// The sum, where `|b| <= |a|` (Dekker 1971).
fn normal(a: f64, b: f64) -> Double {
    let high = a + b;
    Double { high, low: b - (high - a) }
}

impl Add for Double {
    type Output = Double;
    /// Knuth's two-sum of both parts.
    fn add(self, other: Double) -> Double {
        let two = |a: f64, b: f64| {
            let sum = a + b;
            let of_b = sum - a;
            (sum, (a - (sum - of_b)) + (b - of_b))
        };
        let ((high, lost), (low, lost_low)) = (two(self.high, other.high), two(self.low, other.low));
        let first = normal(high, lost + low);
        normal(first.high, first.low + lost_low)
    }
}

impl Neg for Double {
    type Output = Double;
    fn neg(self) -> Double {
        Double { high: -self.high, low: -self.low }
    }
}

impl Sub for Double {
    type Output = Double;
    fn sub(self, other: Double) -> Double {
        self + -other
    }
}

impl Mul for Double {
    type Output = Double;
    fn mul(self, other: Double) -> Double {
        let high = self.high * other.high;
        let lost = self.high.mul_add(other.high, -high);
        normal(high, lost + self.high.mul_add(other.low, self.low * other.high))
    }
}

impl Div for Double {
    type Output = Double;
    fn div(self, other: Double) -> Double {
        let first = self.high / other.high;
        let rest = self - other * first.into();
        let second = rest.high / other.high;
        let rest = rest - other * second.into();
        normal(first, second) + (rest.high / other.high).into()
    }
}

impl Double {
    /// `e^self`; 0 below -700. To some 30 digits.
    pub fn exp(self) -> Double {
        if self.high < -700.0 {
            return 0.0.into();
        }
        let n = (self.high / LN_2.high).round();
        let part: Double = (1.0 / 512.0).into();
        let r = (self - LN_2 * n.into()) * part;
        // e^r - 1 by its series, then squared nine times.
        let mut series: Double = 0.0.into();
        for k in (1..=10).rev() {
            series = (series + 1.0.into()) * r * RECIPROCALS[k];
        }
        for _ in 0..9 {
            series = series * (series + 2.0.into());
        }
        let whole = series + 1.0.into();
        // In two steps, each within the floats.
        let half = (n / 2.0).trunc();
        let scale = |x: f64| x * half.exp2() * (n - half).exp2();
        Double { high: scale(whole.high), low: scale(whole.low) }
    }

    /// By one step of Newton's method on [`Self::exp`].
    pub fn ln(self) -> Double {
        let start: Double = self.high.ln().into();
        let rest = self * (-start).exp() - 1.0.into();
        start + (rest - rest * rest * 0.5.into())
    }

    /// What `value` is off, relative to `size`.
    pub fn error_of(self, value: f64, size: f64) -> f64 {
        ((value - self.high) - self.low).abs() / size
    }

    pub fn abs(self) -> Double {
        if self.high < 0.0 { -self } else { self }
    }
}

/// `M(t) = (1 - Phi(t)) / phi(t)` for `t >= 0`, by the trapezoidal rule with steps of `h = 23/64`, whose error is `e^-(pi/h)^2 = 7e-34`.
///
/// # Source
/// Hunter and Regan (1972), A note on the evaluation of the complementary error function, with nodes at odd multiples of `h / 2`.
pub fn mills(t: Double) -> Double {
    let square = t * t * 0.5.into();
    let step: Double = H.into();
    // `x = t / sqrt 2`: the sum has the factor `x / sqrt 2 = t / 2`.
    let mut sum: Double = 0.0.into();
    for (node, weight) in NODES.iter() {
        sum = sum + *weight / (*node + square);
    }
    let sum = t * step * sum / PI * sqrt_2();
    let reach = std::f64::consts::PI / H * std::f64::consts::SQRT_2;
    let correction = if t.high < reach {
        let power = PI * t * sqrt_2() / step;
        (square.exp() * 2.0.into()) / (power.exp() + 1.0.into())
    } else {
        0.0.into()
    };
    (sum + correction) * SQRT_HALF_PI
}

/// `1 / k`.
static RECIPROCALS: LazyLock<[Double; 11]> = LazyLock::new(|| std::array::from_fn(|k| Double::from(1.0) / (k.max(1) as f64).into()));

const H: f64 = 23.0 / 64.0;

fn sqrt_2() -> Double {
    Double { high: std::f64::consts::SQRT_2, low: -9.667_293_313_452_913e-17 }
}

/// `((n + 1/2) h)^2` and `e^-` of it.
static NODES: LazyLock<[(Double, Double); 26]> = LazyLock::new(|| {
    std::array::from_fn(|n| {
        let root = (n as f64 + 0.5) * H;
        let node = Double::from(root * root);
        (node, (-node).exp())
    })
});
