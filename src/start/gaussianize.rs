//! Layers that are fitted to samples and map them, one after the other.

use rand_core::Rng;

use crate::bijector::{
    ActNorm, Autoregressive, Bijector, ContextNorm, Coupling, GaussianMixture, Householder, Inverse, Linear, Marginal, Mask, Order,
    Orthogonal, Permutation, Support,
};
use crate::conditioner::{ConstantOutput, Each, Layer, Ordered, Width};
use crate::number::{Real, Zeros};
use crate::parameters::for_each_tuple;
use crate::start::{DataError, FitUnivariate, MixtureWorkspace, Rotation, WarmStart};

/// A bijector that can be fitted to samples, so that they come out nearer to a standard normal; a part of [`Flow::warm_start`](crate::Flow::warm_start).
///
/// Tuples and arrays fit their parts from left to right, each to what those before it give. After a [`GaussianMixture`] they set them to the identity.
pub trait Gaussianize<T: Real, const D: usize, const C: usize = 0>: Bijector<T, D, C> {
    /// The fewest samples that it can be fitted to.
    const LEAST: usize;

    /// Whether its fit takes all dimensions to the normal together: what follows then starts at the identity.
    const TO_NORMAL: bool = false;

    /// Sets the map to one that keeps the standard normal, as near as its family comes: the identity, or a rotation as it is.
    fn keep_normal(&mut self);

    /// Fits the bijector to `samples` and maps them in place; returns the sum of their log-dets, in nats.
    ///
    /// `column` has room for one value a sample. Each fit draws from its own copy of `rng`, so that it depends on its data and not on the fits before.
    ///
    /// # Errors
    /// Those of the fits. [`Flow::warm_start`](crate::Flow::warm_start) rules all of them out beforehand.
    fn gaussianize<R: Rng + Clone>(
        &mut self,
        samples: &mut [[T; D]],
        column: &mut [T],
        settings: &WarmStart,
        rng: &R,
    ) -> Result<f64, DataError>;

    /// Fits what standardises contexts ([`ContextNorm`]) to these; nothing by default.
    ///
    /// # Errors
    /// Those of [`ContextNorm::fit`].
    fn fit_contexts(&mut self, _contexts: &[[T; C]]) -> Result<(), DataError> {
        Ok(())
    }
}

/// Maps the samples; the sum of their log-dets. The maps fitted here are the same for any context.
fn map<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize>(bijector: &B, samples: &mut [[T; D]]) -> f64 {
    samples.iter_mut().fold(0.0, |sum, x| sum + bijector.forward_and_log_det(x, &[T::ZEROS; C]).as_())
}

/// Fits the next of several parts, or sets it to the identity where those before it have made the samples `normal`.
fn next<T: Real, B: Gaussianize<T, D, C>, R: Rng + Clone, const D: usize, const C: usize>(
    bijector: &mut B,
    normal: bool,
    samples: &mut [[T; D]],
    column: &mut [T],
    settings: &WarmStart,
    rng: &R,
) -> Result<f64, DataError> {
    if normal {
        bijector.keep_normal();
        Ok(map::<T, B, D, C>(bijector, samples))
    } else {
        bijector.gaussianize(samples, column, settings, rng)
    }
}

/// The parameters of a univariate for dimension `d`.
fn fit_dimension<T: Real, U: FitUnivariate<T>, R: Rng + Clone, const D: usize>(
    univariate: &U,
    samples: &[[T; D]],
    d: usize,
    column: &mut [T],
    settings: &WarmStart,
    rng: &R,
) -> Result<U::Params<T>, DataError> {
    for (to, row) in column.iter_mut().zip(samples) {
        *to = row[d];
    }
    univariate.fit(column, &settings.em, &mut rng.clone())
}

impl<T: Real, const D: usize, const C: usize> Gaussianize<T, D, C> for Orthogonal<T, D> {
    const LEAST: usize = 1;

    fn keep_normal(&mut self) {}

    fn gaussianize<R: Rng + Clone>(&mut self, samples: &mut [[T; D]], _: &mut [T], settings: &WarmStart, _: &R) -> Result<f64, DataError> {
        if settings.rotation == Rotation::Principal {
            self.fit_principal_axes(samples)?;
        }
        Ok(map::<T, Self, D, C>(self, samples))
    }
}

/// With fewer reflectors than dimensions, the first `R` principal axes and a completion.
impl<T: Real, const D: usize, const N: usize, const C: usize> Gaussianize<T, D, C> for Householder<T, D, N> {
    const LEAST: usize = 1;

    fn keep_normal(&mut self) {}

    fn gaussianize<R: Rng + Clone>(&mut self, samples: &mut [[T; D]], _: &mut [T], settings: &WarmStart, _: &R) -> Result<f64, DataError> {
        if settings.rotation == Rotation::Principal {
            let mut axes = Orthogonal::ZEROS;
            axes.fit_principal_axes(samples)?;
            self.turn_to(&axes.matrix);
        }
        Ok(map::<T, Self, D, C>(self, samples))
    }
}

impl<T: Real, U: FitUnivariate<T>, const D: usize, const C: usize> Gaussianize<T, D, C> for Marginal<T, U, D> {
    const LEAST: usize = U::LEAST;

    fn keep_normal(&mut self) {
        self.univariate.init();
        self.params = [self.univariate.identity(); D];
    }

    fn gaussianize<R: Rng + Clone>(
        &mut self,
        samples: &mut [[T; D]],
        column: &mut [T],
        settings: &WarmStart,
        rng: &R,
    ) -> Result<f64, DataError> {
        self.univariate.init();
        for d in 0..D {
            self.params[d] = fit_dimension(&self.univariate, samples, d, column, settings, rng)?;
        }
        Ok(map::<T, Self, D, C>(self, samples))
    }
}

impl<T, M, U, N, const D: usize, const C: usize, const A: usize, const B: usize> Gaussianize<T, D, C> for Coupling<M, U, N, A, B>
where
    T: Real,
    M: Mask<D>,
    U: FitUnivariate<T>,
    N: Layer<T, Width<A>, C, Out = Each<U, B>> + ConstantOutput<T, Each<U, B>>,
{
    const LEAST: usize = U::LEAST;

    fn keep_normal(&mut self) {
        self.univariate.init();
        self.conditioner.set_constant(&[self.univariate.identity(); B]);
    }

    fn gaussianize<R: Rng + Clone>(
        &mut self,
        samples: &mut [[T; D]],
        column: &mut [T],
        settings: &WarmStart,
        rng: &R,
    ) -> Result<f64, DataError> {
        self.univariate.init();
        let mut params: [U::Params<T>; B] = Zeros::ZEROS;
        let transformed = (0..D).filter(|d| !M::IDENTITY[*d]);
        for (params, d) in params.iter_mut().zip(transformed) {
            *params = fit_dimension(&self.univariate, samples, d, column, settings, rng)?;
        }
        self.conditioner.set_constant(&params);
        Ok(map::<T, Self, D, C>(self, samples))
    }
}

impl<T, U, N, const D: usize, const C: usize> Gaussianize<T, D, C> for Autoregressive<U, N, D>
where
    T: Real,
    U: FitUnivariate<T>,
    N: Layer<T, Ordered<D>, C, Out = Each<U, D>> + ConstantOutput<T, Each<U, D>>,
{
    const LEAST: usize = U::LEAST;

    fn keep_normal(&mut self) {
        self.univariate.init();
        self.conditioner.set_constant(&[self.univariate.identity(); D]);
    }

    fn gaussianize<R: Rng + Clone>(
        &mut self,
        samples: &mut [[T; D]],
        column: &mut [T],
        settings: &WarmStart,
        rng: &R,
    ) -> Result<f64, DataError> {
        self.univariate.init();
        let mut params: [U::Params<T>; D] = Zeros::ZEROS;
        for (d, params) in params.iter_mut().enumerate() {
            *params = fit_dimension(&self.univariate, samples, d, column, settings, rng)?;
        }
        self.conditioner.set_constant(&params);
        Ok(map::<T, Self, D, C>(self, samples))
    }
}

impl<T: Real, const D: usize, const C: usize> Gaussianize<T, D, C> for ActNorm<T, D> {
    const LEAST: usize = 1;

    fn keep_normal(&mut self) {
        *self = Self::ZEROS;
    }

    fn gaussianize<R: Rng + Clone>(&mut self, samples: &mut [[T; D]], _: &mut [T], _: &WarmStart, _: &R) -> Result<f64, DataError> {
        self.fit(samples)?;
        Ok(map::<T, Self, D, C>(self, samples))
    }
}

/// As [`ActNorm`], without mixing dimensions.
impl<T: Real, const D: usize, const C: usize> Gaussianize<T, D, C> for Linear<T, D> {
    const LEAST: usize = 1;

    fn keep_normal(&mut self) {
        *self = Self::ZEROS;
    }

    fn gaussianize<R: Rng + Clone>(&mut self, samples: &mut [[T; D]], _: &mut [T], _: &WarmStart, _: &R) -> Result<f64, DataError> {
        let mut diagonal = ActNorm::ZEROS;
        diagonal.fit(samples)?;
        *self = Self::ZEROS;
        for d in 0..D {
            self.factors[d][d] = diagonal.log_scale[d];
        }
        self.bias = diagonal.shift;
        Ok(map::<T, Self, D, C>(self, samples))
    }
}

impl<T: Real, P: Order<D>, const D: usize, const C: usize> Gaussianize<T, D, C> for Permutation<P> {
    const LEAST: usize = 1;

    fn keep_normal(&mut self) {}

    fn gaussianize<R: Rng + Clone>(&mut self, samples: &mut [[T; D]], _: &mut [T], _: &WarmStart, _: &R) -> Result<f64, DataError> {
        Ok(map::<T, Self, D, C>(self, samples))
    }
}

/// Its bounds are settings; it refuses the first sample that is not inside of them.
impl<T: Real, const D: usize, const C: usize> Gaussianize<T, D, C> for Support<T, D> {
    const LEAST: usize = 1;

    fn keep_normal(&mut self) {
        *self = Self::ZEROS;
    }

    fn gaussianize<R: Rng + Clone>(&mut self, samples: &mut [[T; D]], _: &mut [T], _: &WarmStart, _: &R) -> Result<f64, DataError> {
        match samples.iter().position(|x| !self.contains(x)) {
            Some(index) => Err(DataError::Support(index)),
            None => Ok(map::<T, Self, D, C>(self, samples)),
        }
    }
}

/// By [`GaussianMixture::fit`]; its workspace is on the stack.
impl<T: Real, const D: usize, const K: usize, const C: usize> Gaussianize<T, D, C> for GaussianMixture<T, D, K> {
    const LEAST: usize = K;
    const TO_NORMAL: bool = true;

    /// Components that are the standard normal each.
    fn keep_normal(&mut self) {
        *self = Self::ZEROS;
    }

    fn gaussianize<R: Rng + Clone>(
        &mut self,
        samples: &mut [[T; D]],
        _: &mut [T],
        settings: &WarmStart,
        rng: &R,
    ) -> Result<f64, DataError> {
        let mut workspace = MixtureWorkspace::ZEROS;
        self.fit(&*samples, &settings.mixture, &mut workspace, &mut rng.clone())?;
        Ok(map::<T, Self, D, C>(self, samples))
    }
}

/// The bijector is fitted for any context, so for standardised ones.
impl<T: Real, B: Gaussianize<T, D, C>, const D: usize, const C: usize> Gaussianize<T, D, C> for ContextNorm<T, B, C> {
    const LEAST: usize = B::LEAST;
    const TO_NORMAL: bool = B::TO_NORMAL;

    fn keep_normal(&mut self) {
        self.bijector.keep_normal();
    }

    fn gaussianize<R: Rng + Clone>(
        &mut self,
        samples: &mut [[T; D]],
        column: &mut [T],
        settings: &WarmStart,
        rng: &R,
    ) -> Result<f64, DataError> {
        self.bijector.gaussianize(samples, column, settings, rng)
    }

    fn fit_contexts(&mut self, contexts: &[[T; C]]) -> Result<(), DataError> {
        self.fit(contexts)
    }
}

/// Stays as it is: what a fit finds is a map towards the normal, not one away from it.
impl<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize> Gaussianize<T, D, C> for Inverse<B> {
    const LEAST: usize = 1;

    fn keep_normal(&mut self) {}

    fn gaussianize<R: Rng + Clone>(&mut self, samples: &mut [[T; D]], _: &mut [T], _: &WarmStart, _: &R) -> Result<f64, DataError> {
        Ok(map::<T, Self, D, C>(self, samples))
    }
}

const fn larger(a: usize, b: usize) -> usize {
    if a < b { b } else { a }
}

impl<T: Real, B: Gaussianize<T, D, C>, const L: usize, const D: usize, const C: usize> Gaussianize<T, D, C> for [B; L] {
    const LEAST: usize = B::LEAST;
    const TO_NORMAL: bool = B::TO_NORMAL;

    fn keep_normal(&mut self) {
        for bijector in self {
            bijector.keep_normal();
        }
    }

    fn gaussianize<R: Rng + Clone>(
        &mut self,
        samples: &mut [[T; D]],
        column: &mut [T],
        settings: &WarmStart,
        rng: &R,
    ) -> Result<f64, DataError> {
        let mut log_dets = 0.0;
        for (n, bijector) in self.iter_mut().enumerate() {
            log_dets += next(bijector, n > 0 && B::TO_NORMAL, samples, column, settings, rng)?;
        }
        Ok(log_dets)
    }

    fn fit_contexts(&mut self, contexts: &[[T; C]]) -> Result<(), DataError> {
        self.iter_mut().try_for_each(|bijector| bijector.fit_contexts(contexts))
    }
}

macro_rules! implement {
    ($(($b:ident $other:ident $i:tt))+; $($reversed:tt)+) => {
        impl<T: Real, const D: usize, const C: usize, $($b: Gaussianize<T, D, C>),+> Gaussianize<T, D, C> for ($($b,)+) {
            const LEAST: usize = {
                let mut least = 1;
                $(least = larger(least, $b::LEAST);)+
                least
            };
            const TO_NORMAL: bool = $($b::TO_NORMAL)||+;

            fn keep_normal(&mut self) {
                $(self.$i.keep_normal();)+
            }

            fn gaussianize<R: Rng + Clone>(
                &mut self,
                samples: &mut [[T; D]],
                column: &mut [T],
                settings: &WarmStart,
                rng: &R,
            ) -> Result<f64, DataError> {
                let (mut log_dets, mut normal) = (0.0, false);
                $(
                    log_dets += next(&mut self.$i, normal, samples, column, settings, rng)?;
                    normal |= $b::TO_NORMAL;
                )+
                let _ = normal;
                Ok(log_dets)
            }

            fn fit_contexts(&mut self, contexts: &[[T; C]]) -> Result<(), DataError> {
                $(<$b as Gaussianize<T, D, C>>::fit_contexts(&mut self.$i, contexts)?;)+
                Ok(())
            }
        }
    };
}

for_each_tuple!(implement);
