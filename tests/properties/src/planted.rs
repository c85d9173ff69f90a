//! Parts that delegate to another one and get one gradient wrong: the negative control of the gradient checks.

use gaussflow::check::Direction;
use gaussflow::rand_core::Rng;
use gaussflow::{
    Activation, Bijector, DifferentiableBijector, DifferentiableLayer, Flat, Init, Layer, Parameters, Role, Shape, Univariate, Value,
    Width, Zeros, parameters,
};

/// The planted errors: the wrong sign, and a part in a thousand too much.
pub const FACTORS: [f64; 2] = [-1.0, 1.001];

/// Which gradient is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    None,
    /// That of the input.
    X,
    /// That of the context.
    Context,
    /// The cotangent of the log-det on its way in.
    LogDet,
    /// That of the parameter slice of this index, in the order of [`Parameters`]; for a univariate, of this third of its parameters: logits, means, log-scales.
    Slice(usize),
}

/// `inner`, with the gradient that `fault` names multiplied by `factor`.
///
/// Without a fault it only delegates, which has a use of its own: its methods are not inlined, so that a part is compiled once for all tuples that hold it, and has a stack
/// frame of its own. (In a debug build the inlined maths of all parts of a tuple share one frame, without reuse: 2 MB for five small parts on packs of four.)
#[derive(Clone, Debug)]
pub struct Planted<P> {
    pub inner: P,
    pub fault: Fault,
    pub factor: f64,
    /// For a bijector: the direction whose gradient is wrong.
    pub direction: Direction,
}

impl<P> Planted<P> {
    pub fn new(inner: P, fault: Fault, factor: f64) -> Self {
        Planted { inner, fault, factor, direction: Direction::Forward }
    }

    fn factor<V: Value<Scalar = f64>>(&self, fault: Fault) -> V {
        V::splat(if self.fault == fault { self.factor } else { 1.0 })
    }

    /// Adds to `gradient` what `backward` adds to its argument, the planted slice multiplied.
    fn add_faulty(&self, gradient: Option<&mut Self>, backward: impl FnOnce(Option<&mut P>))
    where
        P: Parameters<f64> + Clone,
    {
        let Some(gradient) = gradient else { return backward(None) };
        let mut fresh = gradient.inner.clone();
        fresh.set_all(0.0);
        backward(Some(&mut fresh));
        let mut slice = 0;
        gradient.inner.zip(&fresh, &mut |role, sum, fresh| {
            let factor: f64 = self.factor(Fault::Slice(slice));
            if role == Role::Trainable {
                sum.iter_mut().zip(fresh).for_each(|(sum, fresh)| *sum += factor * fresh);
            }
            slice += 1;
        });
    }
}

impl<P: Zeros> Zeros for Planted<P> {
    const ZEROS: Self = Planted { inner: P::ZEROS, fault: Fault::None, factor: 1.0, direction: Direction::Forward };
}

impl<P: Init<f64>> Init<f64> for Planted<P> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.inner.init(rng);
    }
}

parameters! { impl[P: Parameters<f64>] Parameters<f64> for Planted<P> { part inner: P } }

impl<U: Univariate<f64>> Univariate<f64> for Planted<U> {
    type Params<V: Value<Scalar = f64>> = U::Params<V>;
    type Tape<V: Value<Scalar = f64>> = U::Tape<V>;

    fn forward_and_log_det<V: Value<Scalar = f64>>(&self, params: &U::Params<V>, x: V) -> (V, V) {
        self.inner.forward_and_log_det(params, x)
    }
    fn inverse_and_log_det<V: Value<Scalar = f64>>(&self, params: &U::Params<V>, z: V) -> (V, V) {
        self.inner.inverse_and_log_det(params, z)
    }
    fn forward_tape<V: Value<Scalar = f64>>(&self, params: &U::Params<V>, x: V, tape: &mut U::Tape<V>) -> (V, V) {
        self.inner.forward_tape(params, x, tape)
    }
    fn backward<V: Value<Scalar = f64>>(
        &self,
        params: &U::Params<V>,
        x: V,
        tape: &U::Tape<V>,
        dz: V,
        d_log_det: V,
        d_params: &mut U::Params<V>,
    ) -> V {
        let dx = self.inner.backward(params, x, tape, dz, d_log_det * self.factor(Fault::LogDet), d_params);
        let third = <U::Params<V> as Flat<V>>::LEN / 3;
        for (i, d) in d_params.flat_mut().iter_mut().enumerate() {
            *d = *d * self.factor(Fault::Slice(i / third));
        }
        dx * self.factor(Fault::X)
    }
    fn identity(&self) -> U::Params<f64> {
        self.inner.identity()
    }
    fn init(&mut self) {
        self.inner.init();
    }
}

impl<L: Layer<f64, Width<I>, C>, const I: usize, const C: usize> Layer<f64, Width<I>, C> for Planted<L> {
    type Out = L::Out;
    fn apply<V: Value<Scalar = f64>, F: Activation>(&self, x: &[V; I], context: &[V; C], y: &mut <L::Out as Shape<f64>>::Of<V>) {
        self.inner.apply::<V, F>(x, context, y);
    }
}

impl<L: DifferentiableLayer<f64, Width<I>, C> + Clone, const I: usize, const C: usize> DifferentiableLayer<f64, Width<I>, C>
    for Planted<L>
{
    type Tape<V: Value<Scalar = f64>> = L::Tape<V>;
    fn apply_tape<V: Value<Scalar = f64>>(
        &self,
        x: &[V; I],
        context: &[V; C],
        y: &mut <L::Out as Shape<f64>>::Of<V>,
        tape: &mut L::Tape<V>,
    ) {
        self.inner.apply_tape(x, context, y, tape);
    }
    fn backward<V: Value<Scalar = f64>>(
        &self,
        x: &[V; I],
        context: &[V; C],
        y: &<L::Out as Shape<f64>>::Of<V>,
        tape: &L::Tape<V>,
        dy: &<L::Out as Shape<f64>>::Of<V>,
        dx: &mut [V; I],
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        let mut fresh_context = [V::ZEROS; C];
        self.add_faulty(gradient, |gradient| {
            self.inner.backward(x, context, y, tape, dy, dx, &mut fresh_context, gradient);
        });
        *dx = dx.map(|d| d * self.factor(Fault::X));
        for c in 0..C {
            d_context[c] += fresh_context[c] * self.factor(Fault::Context);
        }
    }
}

impl<B: Bijector<f64, D, C>, const D: usize, const C: usize> Bijector<f64, D, C> for Planted<B> {
    fn forward_and_log_det<V: Value<Scalar = f64>>(&self, x: &mut [V; D], context: &[V; C]) -> V {
        self.inner.forward_and_log_det(x, context)
    }
    fn inverse_and_log_det<V: Value<Scalar = f64>>(&self, z: &mut [V; D], context: &[V; C]) -> V {
        self.inner.inverse_and_log_det(z, context)
    }
}

impl<B: DifferentiableBijector<f64, D, C> + Clone, const D: usize, const C: usize> DifferentiableBijector<f64, D, C> for Planted<B> {
    type Tape<V: Value<Scalar = f64>> = B::Tape<V>;
    fn forward_tape<V: Value<Scalar = f64>>(&self, x: &mut [V; D], context: &[V; C], tape: &mut B::Tape<V>) -> V {
        self.inner.forward_tape(x, context, tape)
    }
    fn backward<V: Value<Scalar = f64>>(
        &self,
        tape: &B::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        self.back(Direction::Forward, tape, context, d, d_log_det, d_context, gradient);
    }
    fn inverse_backward<V: Value<Scalar = f64>>(
        &self,
        tape: &B::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        self.back(Direction::Inverse, tape, context, d, d_log_det, d_context, gradient);
    }
}

impl<B> Planted<B> {
    #[allow(clippy::too_many_arguments)] // Those of the trait and the direction.
    fn back<V: Value<Scalar = f64>, const D: usize, const C: usize>(
        &self,
        direction: Direction,
        tape: &B::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) where
        B: DifferentiableBijector<f64, D, C> + Clone,
    {
        let back = match direction {
            Direction::Forward => B::backward::<V>,
            Direction::Inverse => B::inverse_backward::<V>,
        };
        if direction != self.direction || self.fault == Fault::None {
            return back(&self.inner, tape, context, d, d_log_det, d_context, gradient.map(|g| &mut g.inner));
        }
        let mut fresh_context = [V::ZEROS; C];
        self.add_faulty(gradient, |gradient| {
            back(&self.inner, tape, context, d, d_log_det * self.factor(Fault::LogDet), &mut fresh_context, gradient);
        });
        *d = d.map(|d| d * self.factor(Fault::X));
        for c in 0..C {
            d_context[c] += fresh_context[c] * self.factor(Fault::Context);
        }
    }
}
