//! Which dimensions make a log-density low.

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::flow::{Flow, Given, log_base};
use crate::number::Real;

/// What each dimension contributes to `log p(x | c)`, in nats, and how that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Attribution<T, const D: usize> {
    /// The flow is triangular: `log p(x_d | x_0 .. x_d-1, c)`. They add up to the log-density.
    Terms([T; D]),
    /// It is not: the distance of `x_d` from the centre `f^-1(0)` times the score of that dimension, averaged over the line from there to `x`. They add up to
    /// `log p(x) - log p(f^-1(0))`, to the accuracy of [`Attribution::STEPS`] points on the line: exactly where `log p` is a quadratic.
    Distances([T; D]),
}

impl<T: Real, const D: usize> Attribution<T, D> {
    /// The points at which scores are taken (the midpoint rule).
    pub const STEPS: u32 = 8;

    /// The contributions, whichever way they were found.
    pub const fn values(&self) -> &[T; D] {
        match self {
            Attribution::Terms(values) | Attribution::Distances(values) => values,
        }
    }

    /// The dimension that lowers the log-density most: the answer to "why was that an alarm?".
    pub fn lowest(&self) -> usize {
        let values = self.values();
        (1..D).fold(0, |lowest, d| if values[d] < values[lowest] { d } else { lowest })
    }
}

impl<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize> Given<'_, T, B, D, C> {
    /// What each dimension contributes to `log p(x | c)`.
    ///
    /// A triangular flow (of [`ActNorm`](crate::ActNorm), [`Support`](crate::Support), [`Marginal`](crate::Marginal) and other maps with a diagonal or triangular Jacobian) tells exact terms,
    /// at the cost of one density; any other the distance times the score, at that of some thirty.
    ///
    /// # Domain
    /// Never NaN. A dimension that is not finite, or where the density is too small for the type, has minus infinity, and where a value is not finite the others have 0; all have minus
    /// infinity at a context that is not finite.
    ///
    /// # Source
    /// The average over a line is the integrated gradient of Sundararajan, Taly and Yan (2017), Axiomatic attribution for deep networks, with the centre as baseline.
    pub fn attribution(&self, x: &[T; D]) -> Attribution<T, D>
    where
        B: DifferentiableBijector<T, D, C>,
    {
        let (mut z, mut terms) = (*x, [T::ZEROS; D]);
        let triangular = self.bijector.forward_and_log_dets(&mut z, &self.context, &mut terms);
        if triangular {
            for d in 0..D {
                terms[d] += log_base(&[z[d]]);
            }
        } else {
            terms = self.distances(x);
        }
        if self.context.iter().any(|c| !c.is_finite()) {
            terms = [-T::INFINITY; D];
        } else if x.iter().any(|x| !x.is_finite()) {
            terms = x.map(|x| if x.is_finite() { T::ZEROS } else { -T::INFINITY });
        }
        for term in &mut terms {
            *term = if term.is_finite() { *term } else { -T::INFINITY };
        }
        if triangular { Attribution::Terms(terms) } else { Attribution::Distances(terms) }
    }

    /// The distance from the centre times the mean of the score on the way.
    fn distances(&self, x: &[T; D]) -> [T; D]
    where
        B: DifferentiableBijector<T, D, C>,
    {
        let centre = self.inverse(&[T::ZEROS; D]);
        let step = T::ONE / T::from_f64(f64::from(Attribution::<T, D>::STEPS));
        let mut sums = [T::ZEROS; D];
        let mut share = step * T::from_f64(0.5);
        for _ in 0..Attribution::<T, D>::STEPS {
            // Of both ends, so that it does not overflow.
            let point = core::array::from_fn(|d| x[d] * share + centre[d] * (T::ONE - share));
            for (sum, score) in sums.iter_mut().zip(self.score(&point)) {
                *sum += score * step;
            }
            share += step;
        }
        core::array::from_fn(|d| sums[d] * x[d] - sums[d] * centre[d])
    }
}

impl<T: Real, B: DifferentiableBijector<T, D>, const D: usize> Flow<T, B, D> {
    /// What each dimension contributes to `log p(x)`; see [`Given::attribution`].
    ///
    /// ```
    /// use gaussflow::{ActNorm, Flow};
    ///
    /// // Columns of mean 20 and 5, deviation 2 and 0.1.
    /// let flow = Flow::<f64, _, 2>::new(ActNorm { log_scale: [-2f64.ln(), -0.1f64.ln()], shift: [-10.0, -50.0] });
    /// let why = flow.attribution(&[21.0, 5.9]);
    /// assert_eq!(why.lowest(), 1);
    /// assert!((why.values().iter().sum::<f64>() - flow.log_prob(&[21.0, 5.9])).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn attribution(&self, x: &[T; D]) -> Attribution<T, D> {
        self.given([]).attribution(x)
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::Attribution;
    use crate::bijector::{ActNorm, Householder, Linear, Marginal, Support};
    use crate::check;
    use crate::flow::Flow;
    use crate::number::Zeros;
    use crate::univariate::{MixtureCdf, NoClamp};

    type Columns = (Support<f64, 3>, [ActNorm<f64, 3>; 2], Marginal<f64, MixtureCdf<NoClamp, 3>, 3>);

    fn columns() -> Flow<f64, Columns, 3> {
        let mut flow = Flow::<f64, Columns, 3>::random(&mut Pcg64::new(1, 2));
        check::perturb(&mut flow, 0.4, &mut Pcg64::new(11, 12));
        flow.bijector.0 = Support::new([(0.0, f64::INFINITY), (-f64::INFINITY, f64::INFINITY), (-1.0, 1.0)]).unwrap();
        flow
    }

    #[test]
    fn terms_of_columns_are_their_log_densities() {
        let flow = columns();
        let (x, moved) = ([0.7, -2.0, 0.3], [0.7, 5.0, 0.3]);
        let (Attribution::Terms(a), Attribution::Terms(b)) = (flow.attribution(&x), flow.attribution(&moved)) else { panic!() };
        assert!((a.iter().sum::<f64>() - flow.log_prob(&x)).abs() < 1e-14);
        assert_eq!((a[0], a[2]), (b[0], b[2]));
        assert!((b[1] - a[1] - (flow.log_prob(&moved) - flow.log_prob(&x))).abs() < 1e-12);
    }

    #[test]
    fn distances_add_up_to_the_difference_from_the_centre() {
        // One Gaussian: log p is a quadratic, and the midpoint rule exact.
        let mut flow = Flow::<f64, (Linear<f64, 3>, Householder<f64, 3, 2>), 3>::random(&mut Pcg64::new(5, 6));
        check::perturb(&mut flow, 0.3, &mut Pcg64::new(7, 8));
        let x = [3.0, -1.0, 0.4];
        let Attribution::Distances(values) = flow.attribution(&x) else { panic!() };
        let expected = flow.log_prob(&x) - flow.log_prob(&flow.inverse(&[0.0; 3]));
        assert!((values.iter().sum::<f64>() - expected).abs() < 1e-12, "{values:?}, not {expected}");
    }

    #[test]
    fn a_dead_sensor_is_named() {
        let rotated = Flow::<f64, _, 3>::new((columns().bijector.1, Householder::<f64, 3, 1> { reflectors: [[1.0, 2.0, 0.5]] }));
        for broken in [f64::NAN, f64::INFINITY, -f64::INFINITY] {
            let x = [0.5, broken, 0.2];
            assert_eq!(columns().attribution(&x), Attribution::Terms([0.0, -f64::INFINITY, 0.0]));
            assert_eq!(rotated.attribution(&x), Attribution::Distances([0.0, -f64::INFINITY, 0.0]));
        }
        // Outside of a column's support.
        let why = columns().attribution(&[-1.0, 0.0, 0.0]);
        assert!(why.lowest() == 0 && why.values()[0] == -f64::INFINITY && why.values()[1].is_finite(), "{why:?}");
        assert_eq!(rotated.attribution(&[f64::MAX; 3]).values(), &[-f64::INFINITY; 3]);
        let zeros = Flow::<f32, ActNorm<f32, 2>, 2, 1>::ZEROS;
        assert_eq!(zeros.given([f32::NAN]).attribution(&[0.0; 2]).values(), &[-f32::INFINITY; 2]);
    }
}
