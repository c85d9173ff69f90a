//! Iterative Gaussianization: a flow started from data.

use rand_core::Rng;

use crate::flow::{Flow, log_base};
use crate::number::{Real, Value};
use crate::start::{DataError, Em, Gaussianize, MixtureEm, check_rows, moments};

/// How to start a flow from data. By default to principal axes, with mixtures that are close enough for training to go on from: at most 100 iterations that gain 1e-3 nats or
/// more, from one start each, and from 5 for a mixture of all dimensions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmStart {
    /// Where rotations turn to.
    pub rotation: Rotation,
    /// How mixtures of one dimension are fitted.
    pub em: Em,
    /// How a [`GaussianMixture`](crate::GaussianMixture) is fitted.
    pub mixture: MixtureEm,
}

/// Where [`Flow::warm_start`] turns a rotation to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// To the principal axes of the samples that reach it.
    Principal,
    /// Nowhere: it stays as it is, drawn by [`Init`](crate::Init) for example.
    Kept,
}

impl Default for WarmStart {
    fn default() -> Self {
        WarmStart {
            rotation: Rotation::Principal,
            em: Em { starts: 1, iterations: 100, tolerance: 1e-3, ..Em::default() },
            mixture: MixtureEm { iterations: 100, tolerance: 1e-3, ..MixtureEm::default() },
        }
    }
}

impl<T: Real, B: Gaussianize<T, D, C>, const D: usize, const C: usize> Flow<T, B, D, C> {
    /// Starts the flow from data by iterative Gaussianization: layer by layer, each fitted to the samples as the layers before it leave them. Returns the mean negative
    /// log-likelihood of the samples, in nats.
    ///
    /// | layer | fit |
    /// |---|---|
    /// | [`Householder`](crate::Householder), [`Orthogonal`](crate::Orthogonal) | principal axes ([`Rotation`]) |
    /// | [`Marginal`](crate::Marginal) | its univariate on each dimension ([`FitUnivariate`](crate::start::FitUnivariate)) |
    /// | [`Coupling`](crate::Coupling) | its univariate on each transformed dimension, for any identity half (and context): zero weights and a bias in the head; a [`SharedHead`](crate::SharedHead) takes the mean of the parameters |
    /// | [`ActNorm`](crate::ActNorm), [`Linear`](crate::Linear) | mean 0 and standard deviation 1 in each dimension |
    /// | [`Permutation`](crate::Permutation) | none |
    /// | [`ContextNorm`](crate::ContextNorm) | its bijector, as here; contexts by [`Flow::warm_start_given`] |
    /// | [`GaussianMixture`](crate::GaussianMixture) | [`GaussianMixture::fit`](crate::GaussianMixture::fit); layers after it start at the identity (rotations stay), so that the flow starts with the mixture's density |
    ///
    /// Call [`Init::init`](crate::Init::init) first: hidden layers stay as they are, so that training can go on from here. `samples` are mapped in place and end as latents;
    /// `scratch` holds at least one value a sample. The result depends on the samples, the settings and the state of `rng` alone, with the same bits on every target.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::Sample`], [`DataError::Large`], [`DataError::Constant`], [`DataError::Scale`], [`DataError::TooFew`], [`DataError::Scratch`], [`DataError::Setting`]; the flow and the samples are then unchanged.
    ///
    /// # Cost
    /// Mostly that of [`fit_mixture`](crate::start::fit_mixture) for each layer and dimension.
    ///
    /// # Source
    /// Laparra, Camps-Valls and Malo (2011), Iterative Gaussianization: from ICA to random rotations; Chen and Gopinath (2000) for the mixtures.
    pub fn warm_start<R: Rng + Clone>(
        &mut self,
        samples: &mut [[T; D]],
        scratch: &mut [T],
        settings: &WarmStart,
        rng: &R,
    ) -> Result<f64, DataError> {
        self.warm_start_with(samples, None, scratch, settings, rng)
    }

    /// As [`Flow::warm_start`], and standardises the contexts where the flow does that ([`ContextNorm`](crate::ContextNorm)): one context for each sample.
    ///
    /// # Errors
    /// Those of [`Flow::warm_start`], and [`DataError::ContextCount`]; [`DataError::Sample`] and [`DataError::Scale`] may name a row or a variable of the contexts.
    pub fn warm_start_given<R: Rng + Clone>(
        &mut self,
        samples: &mut [[T; D]],
        contexts: &[[T; C]],
        scratch: &mut [T],
        settings: &WarmStart,
        rng: &R,
    ) -> Result<f64, DataError> {
        self.warm_start_with(samples, Some(contexts), scratch, settings, rng)
    }

    fn warm_start_with<R: Rng + Clone>(
        &mut self,
        samples: &mut [[T; D]],
        contexts: Option<&[[T; C]]>,
        scratch: &mut [T],
        settings: &WarmStart,
        rng: &R,
    ) -> Result<f64, DataError> {
        settings.em.check()?;
        settings.mixture.check()?;
        check_rows(samples)?;
        // Rotations keep lengths, and what standardises makes them smaller: nothing overflows from here.
        let largest = Value::sqrt(T::MAX);
        if let Some(index) = samples.iter().position(|row| row.iter().any(|x| largest < Value::abs(*x))) {
            return Err(DataError::Large(index));
        }
        // Far enough from what no layer can standardise that rotations do not lead there.
        let least = if T::BITS == 32 { 1e-30 } else { 1e-290 };
        for d in 0..D {
            let (_, deviation) = moments(samples.iter().map(|row| row[d]));
            if deviation == 0.0 {
                return Err(DataError::Constant(d));
            }
            if deviation < least {
                return Err(DataError::Scale(d));
            }
        }
        if samples.len() < B::LEAST {
            return Err(DataError::TooFew { needed: B::LEAST });
        }
        let column = scratch.get_mut(..samples.len()).ok_or(DataError::Scratch { needed: samples.len() })?;
        if let Some(contexts) = contexts {
            if contexts.len() != samples.len() {
                return Err(DataError::ContextCount { samples: samples.len(), contexts: contexts.len() });
            }
            self.bijector.fit_contexts(contexts)?;
        }
        let log_dets = self.bijector.gaussianize(samples, column, settings, rng)?;
        let log_bases = samples.iter().fold(0.0, |sum, z| sum + log_base(z).as_());
        Ok(-(log_bases + log_dets) / samples.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::{Rotation, WarmStart};
    use crate::bijector::{ActNorm, Coupling, FirstHalf, GaussianMixture, Householder, Linear, Marginal, Orthogonal, Reverse, Swap};
    use crate::conditioner::{Dense, Head, Relu, SharedHead};
    use crate::flow::Flow;
    use crate::math::standard_normal;
    use crate::number::{Real, Zeros};
    use crate::parameters::{Init, Parameters};
    use crate::start::{DataError, Em, MixtureWorkspace};
    use crate::univariate::{Affine, MixtureCdf, NoClamp, RationalQuadraticSpline, SigmoidClamp, TanhClamp};

    type Mixture<T> = MixtureCdf<TanhClamp<T>, 4>;
    type SigmoidMixture<T> = MixtureCdf<SigmoidClamp<T>, 5>;
    type Each<T> = Coupling<FirstHalf, Mixture<T>, (Dense<T, 1, 6>, Relu, Head<T, Mixture<T>, 6, 2>), 1, 2>;
    type Shared<T> = Coupling<Swap<FirstHalf>, SigmoidMixture<T>, (Dense<T, 2, 6>, Relu, SharedHead<T, SigmoidMixture<T>, 6, 1>), 2, 1>;
    type Rotated<T> = (Householder<T, 3, 2>, Each<T>, Shared<T>, Orthogonal<T, 3>, Marginal<T, MixtureCdf<NoClamp, 4>, 3>, Reverse);
    type Others<T> = (ActNorm<T, 3>, Linear<T, 3>, Marginal<T, Affine<NoClamp>, 3>, Marginal<T, RationalQuadraticSpline<T, 6>, 3>);
    /// Every layer that can be fitted.
    type Every<T> = Flow<T, ([Rotated<T>; 2], Others<T>, Householder<T, 3, 5>), 3>;

    fn start<T: Real>() -> Every<T> {
        let mut flow = Every::ZEROS;
        flow.init(&mut Pcg64::new(1, 2));
        flow
    }

    /// Correlated, skewed and of two humps, far from standard.
    fn samples<T: Real, const N: usize>() -> [[T; 3]; N] {
        let mut rng = Pcg64::new(5, 6);
        core::array::from_fn(|n| {
            let [a, b, c]: [f64; 3] = core::array::from_fn(|_| standard_normal(&mut rng));
            [if n % 2 == 0 { 30.0 + a } else { a }, 5.0 * libm::exp(b) + a, 1e-2 * (c + a * b)].map(T::from_f64)
        })
    }

    #[test]
    fn latents_are_near_normal_and_what_is_stated_is_true() {
        let data = samples::<f64, 800>();
        let (mut flow, mut z) = (start(), data);
        let nll = flow.warm_start(&mut z, &mut [0.0; 800], &WarmStart::default(), &Pcg64::new(3, 4)).unwrap();
        let mut measured = 0.0;
        for (x, z) in data.iter().zip(&z) {
            measured -= flow.log_prob(x) / 800.0;
            assert_eq!(flow.forward(x), *z);
        }
        assert!((nll - measured).abs() < 1e-12 * 800.0, "{nll} {measured}");
        for i in 0..3 {
            for j in 0..3 {
                let second = z.iter().map(|z| z[i] * z[j] / 800.0).sum::<f64>();
                assert!((second - f64::from(i == j)).abs() < 0.1, "{i} {j}: {second}");
            }
        }
    }

    /// The mixture of all dimensions is what its own fit gives; couplings after it change its density by what their identity is off.
    #[test]
    fn after_a_mixture_layers_start_at_the_identity() {
        type After<T> = ([Rotated<T>; 2], ActNorm<T, 3>, Linear<T, 3>, Marginal<T, Affine<NoClamp>, 3>);
        let data = samples::<f64, 400>();
        let mut flow = Flow::<f64, (GaussianMixture<f64, 3, 4>, After<f64>), 3>::ZEROS;
        flow.init(&mut Pcg64::new(1, 2));
        let settings = WarmStart::default();
        let nll = flow.warm_start(&mut data.clone(), &mut [0.0; 400], &settings, &Pcg64::new(3, 4)).unwrap();
        let (mut mixture, mut workspace) = (GaussianMixture::ZEROS, MixtureWorkspace::ZEROS);
        let fit = mixture.fit(&data, &settings.mixture, &mut workspace, &mut Pcg64::new(3, 4)).unwrap();
        assert_eq!(flow.bijector.0, mixture);
        let alone = Flow::<f64, _, 3>::new(mixture);
        assert!((alone.mean_nll(&data) + fit.log_likelihood).abs() < 1e-9, "{fit:?}");
        assert!((nll + fit.log_likelihood).abs() < 1e-3, "{nll} {fit:?}");
        for x in &data {
            assert!((flow.log_prob(x) - alone.log_prob(x)).abs() < 0.02, "{x:?}: {} {}", flow.log_prob(x), alone.log_prob(x));
        }
        let few = flow.warm_start(&mut [[1.0, 2.0, 3.0], [2.0, 3.0, 1.0], [0.0, 1.0, 1.0]], &mut [0.0; 3], &settings, &Pcg64::new(3, 4));
        assert_eq!(few, Err(DataError::TooFew { needed: 5 }));
    }

    #[test]
    fn rotations_may_stay() {
        let (mut flow, before) = (start(), start());
        let settings = WarmStart { rotation: Rotation::Kept, ..WarmStart::default() };
        flow.warm_start(&mut samples::<f64, 100>(), &mut [0.0; 100], &settings, &Pcg64::new(3, 4)).unwrap();
        for (now, then) in flow.bijector.0.iter().zip(&before.bijector.0) {
            assert_eq!((&now.0, &now.3), (&then.0, &then.3));
            assert_ne!(now.1, then.1);
        }
    }

    /// Parameters and samples after an error are those before.
    #[test]
    fn refuses_what_cannot_be_fitted() {
        let check = |data: &[[f32; 3]], room: usize, em: Em, error: DataError| {
            let (mut flow, mut z, mut scratch) = (start(), [[0.0; 3]; 9], [0.0; 9]);
            let z = &mut z[..data.len()];
            z.copy_from_slice(data);
            let settings = WarmStart { em, ..WarmStart::default() };
            assert_eq!(flow.warm_start(z, &mut scratch[..room], &settings, &Pcg64::new(3, 4)), Err(error));
            assert!(z.iter().flatten().zip(data.iter().flatten()).all(|(a, b)| a.to_bits() == b.to_bits()));
            assert_eq!(flow, start());
        };
        let (good, em) = (samples::<f32, 9>(), Em::default());
        let with = |value: f32| {
            let mut rows = good;
            rows[7][1] = value;
            rows
        };
        check(&[], 9, em, DataError::Empty);
        check(&with(f32::NAN), 9, em, DataError::Sample(7));
        check(&with(f32::NEG_INFINITY), 9, em, DataError::Sample(7));
        check(&with(-2e19), 9, em, DataError::Large(7));
        check(&good.map(|row| [row[0], 4.0, row[2]]), 9, em, DataError::Constant(1));
        check(&good[..1], 9, em, DataError::Constant(0));
        check(&good[..4], 9, em, DataError::TooFew { needed: 5 });
        check(&good, 8, em, DataError::Scratch { needed: 9 });
        check(&good, 9, Em { starts: 0, ..em }, DataError::Setting("starts"));
    }

    fn degenerate<T: Real, const N: usize>(rows: [[f64; 3]; N]) {
        let data = rows.map(|row| row.map(T::from_f64));
        let mut flow = start::<T>();
        let settings = WarmStart { em: Em { starts: 2, iterations: 20, ..Em::default() }, ..WarmStart::default() };
        let nll = flow.warm_start(&mut data.clone(), &mut [T::ZEROS; N], &settings, &Pcg64::new(3, 4)).unwrap();
        assert!(nll.is_finite(), "{rows:?}: {nll}");
        flow.visit(&mut |_, slice| assert!(slice.iter().all(|p| p.is_finite()), "{rows:?}: {slice:?}"));
        for x in data.iter().chain(&[[T::ZEROS; 3], [T::ONE, -T::ONE, T::from_f64(1e6)]]) {
            let (z, log_det) = flow.forward_and_log_det(x);
            assert!(z.iter().chain([&log_det]).all(|v| v.is_finite()), "{rows:?}: {x:?} goes to {z:?}, {log_det}");
        }
    }

    #[test]
    fn degenerate_data_is_fitted() {
        fn both<const N: usize>(rows: [[f64; 3]; N]) {
            degenerate::<f32, N>(rows);
            degenerate::<f64, N>(rows);
        }
        // A parabola; one sample a component; repeated ones; three that are one.
        both([1.0, 2.0, 3.0, 5.0, 8.0, 13.0].map(|x| [x, 4.0 + x, -x * x]));
        both([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [2.0, 3.0, 4.0]]);
        both([0.0, 0.0, 0.0, 1.0, 1.0, 1.0].map(|x| [x, 1.0 - x, 3.0 + x]));
        both([1.0, 2.0, 3.0, 4.0, 5.0].map(|x| [x; 3]));
        // Of any size.
        both([1.0, -1.0, 0.5, 0.1, -0.2].map(|x| [x * 1.8e19, x * x, 1.0 + x]));
        both([1.0, -1.0, 0.5, 0.1, -0.2].map(|x| [x * 1e-21, x * x * 1e-29, x]));
        degenerate::<f64, 5>([1.0, -1.0, 0.5, 0.1, -0.2].map(|x| [x * 1.3e154, x * -1.3e154, x * 1e-280]));
    }

    /// Smaller than a scale can be in the type.
    #[test]
    fn what_no_scale_can_hold_is_refused() {
        fn refused<T: Real>(d: usize, rows: [[f64; 3]; 4]) {
            let data = rows.map(|row| row.map(T::from_f64));
            let (mut flow, mut samples) = (start::<T>(), data);
            let done = flow.warm_start(&mut samples, &mut [T::ZEROS; 4], &WarmStart::default(), &Pcg64::new(3, 4));
            assert_eq!((done, samples), (Err(DataError::Scale(d)), data));
            assert!(flow == start::<T>());
        }
        refused::<f32>(0, [1.0, 2.0, 3.0, 5.0].map(|x| [x * 1e-38, x, 1.0]));
        refused::<f32>(1, [1.0, 2.0, 3.0, 5.0].map(|x| [x, x * 1e-45, 1.0]));
        refused::<f64>(2, [1.0, 2.0, 3.0, 5.0].map(|x| [-x, x, x * 1e-320]));
    }
}
