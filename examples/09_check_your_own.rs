//! A bijector of one's own, checked: `asinh`, which draws heavy tails in. Then one with a wrong sign, and what the check says of it.
//!
//! ```text
//! cargo run --release --features check --example 09_check_your_own
//! ```

use gaussflow::check::{self, Limits, Order, Violation};
use gaussflow::{Bijector, DifferentiableBijector, Value, math, parameters};

/// `z = asinh(v)` with `v = e^s x`: as `x` in the middle, as its logarithm far out. With another `SIGN` than 1, one of its gradients is wrong.
#[derive(Clone, Debug)]
struct Asinh<const SIGN: i8> {
    log_scale: f64,
}

parameters! { impl[const SIGN: i8] Parameters<f64> + Zeros + Init for Asinh<SIGN> { trainable log_scale: f64 } }

impl<const SIGN: i8> Asinh<SIGN> {
    /// `(e^s, v, sqrt(1 + v^2))`.
    fn at<V: Value<Scalar = f64>>(&self, x: V) -> (V, V, V) {
        let scale = V::splat(math::exp(self.log_scale));
        let v = scale * x;
        (scale, v, v.mul_add(v, V::ONE).sqrt())
    }
}

/// `dz/dx = e^s / r` with `r = sqrt(1 + v^2)`.
impl<const SIGN: i8> Bijector<f64, 1> for Asinh<SIGN> {
    fn forward_and_log_det<V: Value<Scalar = f64>>(&self, [x]: &mut [V; 1], _: &[V; 0]) -> V {
        let (_, v, r) = self.at(*x);
        // Of |v|, in which nothing cancels.
        let z = math::ln_1p(v.abs() + v * v / (V::ONE + r));
        *x = v.select_lt(V::ZEROS, -z, z);
        V::splat(self.log_scale) - math::ln(r)
    }

    fn inverse_and_log_det<V: Value<Scalar = f64>>(&self, [z]: &mut [V; 1], _: &[V; 0]) -> V {
        let sinh = V::splat(0.5) * (math::expm1(*z) - math::expm1(-*z));
        *z = sinh * V::splat(math::exp(-self.log_scale));
        math::ln(self.at(*z).2) - V::splat(self.log_scale)
    }
}

impl<const SIGN: i8> DifferentiableBijector<f64, 1> for Asinh<SIGN> {
    /// The forward map's input.
    type Tape<V: Value<Scalar = f64>> = [V; 1];

    fn forward_tape<V: Value<Scalar = f64>>(&self, x: &mut [V; 1], context: &[V; 0], tape: &mut [V; 1]) -> V {
        *tape = *x;
        self.forward_and_log_det(x, context)
    }

    /// `dz/dv = 1 / r` and `dl/dv = -v / r^2`; `dv/ds = v`, and `dl/ds = 1` beside that.
    fn backward<V: Value<Scalar = f64>>(
        &self,
        [x]: &[V; 1],
        _: &[V; 0],
        [d]: &mut [V; 1],
        d_log_det: V,
        _: &mut [V; 0],
        gradient: Option<&mut Self>,
    ) {
        let (scale, v, r) = self.at(*x);
        let d_v = (*d - d_log_det * v / r) / r;
        *d = d_v * scale;
        gradient.into_iter().for_each(|g| g.log_scale += f64::from(SIGN) * d_v.mul_add(v, d_log_det).sum());
    }

    /// `dx/dz = r / e^s` and `dl/dz = v / r` for the inverse's log-det; `dx/ds = -x`, `dl/ds = -1`.
    fn inverse_backward<V: Value<Scalar = f64>>(
        &self,
        [x]: &[V; 1],
        _: &[V; 0],
        [d]: &mut [V; 1],
        d_log_det: V,
        _: &mut [V; 0],
        gradient: Option<&mut Self>,
    ) {
        let (scale, v, r) = self.at(*x);
        gradient.into_iter().for_each(|g| g.log_scale -= d.mul_add(*x, d_log_det).sum());
        *d = *d * r / scale + d_log_det * v / r;
    }
}

fn main() -> Result<(), Violation> {
    let (points, limits) = ([[0.3], [12.0], [-2.0], [-400.0]], Limits { order: Order::Rounded, ..Limits::DEFAULT });
    println!("{}", check::bijector(&Asinh::<1> { log_scale: 0.4 }, &points, &limits)?);
    println!("with a wrong sign: {}", check::bijector(&Asinh::<-1> { log_scale: 0.4 }, &points, &limits).unwrap_err());
    Ok(())
}
