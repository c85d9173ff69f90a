//! The constants of [`math`](crate::math) that differ between `f32` and `f64`.
//!
//! Written by `tools/coefficients.py --write`: change them there. Numbers are the shortest decimals that read back. An
//! error is the largest of a fit with its rounded coefficients, itself evaluated without rounding.

/// The constants of [`math`](crate::math), each in the precision of the scalar.
pub trait Coefficients: Sized + 'static {
    // The exponential function.
    /// Below it `e^x` rounds to 0.
    const EXP_LOW: Self;
    /// From here on `e^x` is a normal number, with an exponent to spare.
    const EXP_NORMAL: Self;
    /// Above it `e^x` is infinite.
    const EXP_HIGH: Self;
    /// `log2(e)`.
    const LOG2_E: Self;
    /// `ln 2` to few bits, so that its multiples by an exponent are exact.
    const LN_2_HIGH: Self;
    /// `ln 2 - LN_2_HIGH`.
    const LN_2_LOW: Self;
    /// `P` in `e^r = 1 + r + r^2 P(r)`, `|r| <= 0.3475`.
    /// Error relative to `e^r`: `2^-28.2` in f32, `2^-57.8` in f64 (`tools/coefficients.py exp`).
    const EXP: &'static [Self];

    // The natural logarithm.
    /// `P` in `2 atanh(s) = 2 s + s^3 P(s^2)`, `|s| <= 0.1716`.
    /// Error relative to the logarithm: `2^-30.2` in f32, `2^-59.4` in f64 (`tools/coefficients.py ln`).
    const LN: &'static [Self];
    /// `2^k`, by which a subnormal becomes normal.
    const LIFT: Self;
    /// `k`.
    const LIFT_EXPONENT: Self;

    // The Mills ratio.
    /// `P` in `1/M(t) = t + P(t)/Q(t)`, `t >= 0`.
    /// Error relative to `M(t)`: `2^-28.8` in f32, `2^-56.0` in f64 (`tools/coefficients.py mills`).
    const MILLS_P: &'static [Self];
    /// `Q` in the same.
    const MILLS_Q: &'static [Self];
    /// From here on `M(t) = 1/t` to an eighth of a unit in the last place.
    const MILLS_FAR: Self;

    // The normal distribution.
    /// From here on the tail `1 - Phi(x)` rounds to 0.
    const TAIL_END: Self;
    /// `1/sqrt(2 pi)`.
    const INV_SQRT_2_PI: Self;
    /// What `INV_SQRT_2_PI` lacks.
    const INV_SQRT_2_PI_LOW: Self;
    /// `ln sqrt(2 pi)`.
    const LN_SQRT_2_PI: Self;
    /// What `LN_SQRT_2_PI` lacks.
    const LN_SQRT_2_PI_LOW: Self;

    // The normal distribution's quantile.
    /// `sqrt(ln(2) / 2)`, where `z = 0`.
    const QUANTILE_ZERO: Self;
    /// What `QUANTILE_ZERO` lacks.
    const QUANTILE_ZERO_LOW: Self;
    /// `B` in `z = 2 v + v (B + P(v)/Q(v))`, `v = sqrt(-lp / 2) - QUANTILE_ZERO`.
    const QUANTILE_BEND: Self;
    /// `P` in the same.
    /// Error in units of `max(1, z)`, for `z <= 1e5` in f32 and `z <= 14` in f64: `2^-25.7` in f32, `2^-55.7` in f64 (`tools/coefficients.py quantile`).
    const QUANTILE_P: &'static [Self];
    /// `Q` in the same.
    const QUANTILE_Q: &'static [Self];
    /// From here on `v` is held in `v (B + P(v)/Q(v))`, which moves no more (`f32`) or is not used (`f64`).
    const QUANTILE_HELD: Self;
    /// Below this `lp` the ratio is not exact enough.
    const QUANTILE_END: Self;
    /// The `z` there.
    const QUANTILE_AT_END: Self;
    /// From here on `sqrt(-lp / 2)` is half of `z`.
    const QUANTILE_FAR: Self;

    // The hyperbolic tangent.
    /// `P` in `tanh x = x + x z P(z)/Q(z)`, `z = x^2`, `|x| <= 0.625`.
    /// Error relative to `tanh x`: `2^-27.6` in f32, `2^-60.3` in f64 (`tools/coefficients.py tanh`).
    const TANH_P: &'static [Self];
    /// `Q` in the same.
    const TANH_Q: &'static [Self];

    // Density and tail of the normal in mixtures.
    /// From here on density and tail are 0; below they are normal numbers.
    const DENSITY_END: Self;
    /// `P` in `int_0^t e^(-u^2/2) du = t - t^3 P(t^2)`, `t <= 1`.
    /// Absolute error: `2^-31.0` in f32, `2^-62.7` in f64 (`tools/coefficients.py core`).
    const CORE: &'static [Self];
}

impl Coefficients for f32 {
    const EXP_LOW: f32 = -104.0;
    const EXP_NORMAL: f32 = -86.0;
    const EXP_HIGH: f32 = 89.0;
    const LOG2_E: f32 = core::f32::consts::LOG2_E;
    const LN_2_HIGH: f32 = 0.69314575;
    const LN_2_LOW: f32 = 1.4286068e-06;
    const EXP: &'static [f32] = &[0.49999994, 0.1666652, 0.041668262, 0.008368863, 0.0013821484];
    const LN: &'static [f32] = &[0.66666776, 0.39977577, 0.29871112];
    const LIFT: f32 = 33554432.0;
    const LIFT_EXPONENT: f32 = 25.0;
    const MILLS_P: &'static [f32] = &[0.79788494, 0.52251565, 0.17637058, 0.032557063, 0.0028166245];
    const MILLS_Q: &'static [f32] = &[1.0000005, 1.1103061, 0.59009284, 0.18184038, 0.032562993, 0.0028165402];
    const MILLS_FAR: f32 = 16384.0;
    const TAIL_END: f32 = 15.0;
    const INV_SQRT_2_PI: f32 = 0.3989423;
    const INV_SQRT_2_PI_LOW: f32 = -1.133517e-08;
    const LN_SQRT_2_PI: f32 = 0.9189385;
    const LN_SQRT_2_PI_LOW: f32 = 1.5634177e-08;
    const QUANTILE_ZERO: f32 = 0.588705;
    const QUANTILE_ZERO_LOW: f32 = 7.996171e-09;
    const QUANTILE_BEND: f32 = 0.0;
    const QUANTILE_P: &'static [f32] = &[0.9132746, 1.6014106, 0.66903234, 0.07790291, 0.0020905281, 7.906417e-06];
    const QUANTILE_Q: &'static [f32] = &[0.96, 2.6604202, 2.2919416, 0.7023379, 0.07082695, 0.0017998054, 6.717087e-06];
    const QUANTILE_HELD: f32 = 131072.0;
    const QUANTILE_END: f32 = f32::NEG_INFINITY;
    const QUANTILE_AT_END: f32 = f32::INFINITY;
    const QUANTILE_FAR: f32 = 131072.0;
    const TANH_P: &'static [f32] = &[-0.33333308, -0.0015413653];
    const TANH_Q: &'static [f32] = &[1.0, 0.40461153];
    const DENSITY_END: f32 = 13.0;
    const CORE: &'static [f32] = &[0.16666661, -0.024999343, 0.00297346, -0.0002841973, 1.907676e-05];
}

impl Coefficients for f64 {
    const EXP_LOW: f64 = -746.0;
    const EXP_NORMAL: f64 = -707.0;
    const EXP_HIGH: f64 = 710.0;
    const LOG2_E: f64 = core::f64::consts::LOG2_E;
    const LN_2_HIGH: f64 = 0.6931471805601177;
    const LN_2_LOW: f64 = -1.7239444525614835e-13;
    const EXP: &'static [f64] = &[
        0.5000000000000011,
        0.1666666666666642,
        0.04166666666652595,
        0.008333333333490137,
        0.0013888888944797112,
        0.0001984126951722766,
        2.4801491826383587e-05,
        2.7557575453605497e-06,
        2.7630724104687884e-07,
        2.5004014385624304e-08,
    ];
    const LN: &'static [f64] = &[
        0.6666666666666734,
        0.3999999999941648,
        0.2857142874210845,
        0.2222219859208438,
        0.18183563768800604,
        0.1531405530204977,
        0.14795987661534335,
    ];
    const LIFT: f64 = 18014398509481984.0;
    const LIFT_EXPONENT: f64 = 54.0;
    const MILLS_P: &'static [f64] = &[
        0.7978845608028717,
        1.0093590617936337,
        0.6503062142056713,
        0.2717436972867563,
        0.0800620016292093,
        0.01712989981310103,
        0.002655838999839317,
        0.00028824295606321907,
        1.999746627923336e-05,
        6.848735635295726e-07,
    ];
    const MILLS_Q: &'static [f64] = &[
        1.000000000000008,
        1.7204735582861075,
        1.4619727435320045,
        0.7953290921585489,
        0.30430314144437604,
        0.08525368034436316,
        0.017702276938358876,
        0.002695833922548375,
        0.0002896127033256233,
        1.9997466278213443e-05,
        6.848735635326176e-07,
    ];
    const MILLS_FAR: f64 = 268435456.0;
    const TAIL_END: f64 = 39.0;
    const INV_SQRT_2_PI: f64 = 0.3989422804014327;
    const INV_SQRT_2_PI_LOW: f64 = -2.49232720227773e-17;
    const LN_SQRT_2_PI: f64 = 0.9189385332046728;
    const LN_SQRT_2_PI_LOW: f64 = -3.8782941580672414e-17;
    const QUANTILE_ZERO: f64 = 0.5887050112577373;
    const QUANTILE_ZERO_LOW: f64 = 1.3752281222961745e-17;
    const QUANTILE_BEND: f64 = 0.25;
    const QUANTILE_P: &'static [f64] = &[
        0.6592494980749365,
        2.991225079799787,
        5.120726344280741,
        4.102950430015629,
        1.4488964585367048,
        0.00856729075303536,
        -0.16273984719677362,
        -0.04689411325978975,
        -0.004558948301498151,
        -0.00012656883053989367,
    ];
    const QUANTILE_Q: &'static [f64] = &[
        0.94,
        5.56289880600407,
        13.494894591747675,
        17.531028663527,
        13.424231032623394,
        6.28015236040448,
        1.7724299290601853,
        0.2784281025658884,
        0.020605347640807525,
        0.0005063987363217731,
        -8.652996129395459e-10,
    ];
    const QUANTILE_HELD: f64 = 16.0;
    const QUANTILE_END: f64 = -100.0;
    const QUANTILE_AT_END: f64 = 13.888476033003887;
    const QUANTILE_FAR: f64 = 1073741824.0;
    const TANH_P: &'static [f64] = &[-0.33333333333333326, -0.020496980247284274, -0.00019909749966331885];
    const TANH_Q: &'static [f64] = &[1.0, 0.4614909407418399, 0.02328890689120046, 0.00020644748097673743];
    const DENSITY_END: f64 = 37.0;
    const CORE: &'static [f64] = &[
        0.16666666666666657,
        -0.024999999999996546,
        0.002976190476141905,
        -0.0002893518514970012,
        2.3674240887636736e-05,
        -1.6693333998422512e-06,
        1.0333245723898769e-07,
        -5.690222845363955e-09,
        2.769513366043137e-10,
        -1.0137260198633165e-11,
    ];
}
