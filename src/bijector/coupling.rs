//! Coupling layers: one half of the dimensions sets the map of the other.

use core::fmt;
use core::marker::PhantomData;

use rand_core::Rng;

use crate::bijector::{AllTransformed, Bijector, DifferentiableBijector, Mask, identity_count};
use crate::conditioner::{ConstantOutput, DifferentiableLayer, Each, Identity, Layer, Width};
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Init, Parameters, Part};
use crate::univariate::Univariate;

/// `z_a = x_a`, `z_b = u(x_b; n(x_a, c))`: the mask `M` splits `x` into an identity half of `A` dimensions and a transformed half of `B`, and the conditioner `N` maps the
/// first (and the context) to the parameters of the univariate `U` for each dimension of the second.
///
/// | | |
/// |---|---|
/// | forward | `z_b = u(x_b; n(z_a))` |
/// | log-det | `sum_b log u'(x_b)`: the Jacobian is triangular |
/// | inverse | `x_b = u^-1(z_b; n(z_a))` |
/// | inverse log-det | minus the log-det at `x` |
///
/// The identity half may be empty where there is a context: [`Conditional`].
///
/// `A + B = D` and the mask's count are checked when a program that uses the layer is built (`cargo build`; `cargo check` stops too early).
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "U: bytemuck::Zeroable, N: bytemuck::Zeroable"))]
#[repr(C)]
pub struct Coupling<M, U, N, const A: usize, const B: usize> {
    /// The map of one dimension, with its settings.
    pub univariate: U,
    /// The network from the identity half to the univariate's parameters: a [`Layer`] from `Width<A>` to `Each<U, B>`.
    pub conditioner: N,
    mask: PhantomData<fn() -> M>,
}

impl<M, U, N, const A: usize, const B: usize> Coupling<M, U, N, A, B> {
    /// A coupling from its parts.
    pub const fn new(univariate: U, conditioner: N) -> Self {
        Coupling { univariate, conditioner, mask: PhantomData }
    }

    /// `x` as identity and transformed half; `C` context variables.
    #[inline(always)]
    fn split<V: Value, const D: usize, const C: usize>(x: &[V; D]) -> ([V; A], [V; B])
    where
        M: Mask<D>,
    {
        const {
            assert!(A + B == D, "a coupling's identity half A and transformed half B must add up to the dimension D of the flow");
            assert!(
                A > 0 || C > 0,
                "the mask is all false: a coupling needs at least one identity dimension, or a context, whose value sets the map of the others"
            );
            assert!(B > 0, "the mask is all true: a coupling needs at least one dimension to transform");
            assert!(identity_count(&M::IDENTITY) == A, "the mask's number of true entries must be A, the coupling's identity half");
        }
        let (mut x_a, mut x_b) = ([V::ZEROS; A], [V::ZEROS; B]);
        let (mut a, mut b) = (x_a.iter_mut(), x_b.iter_mut());
        for d in 0..D {
            // The counts are checked above, so there is always a place.
            if let Some(place) = if M::IDENTITY[d] { a.next() } else { b.next() } {
                *place = x[d];
            }
        }
        (x_a, x_b)
    }

    /// Writes the identity and transformed half to where they belong.
    #[inline(always)]
    fn merge<V: Value, const D: usize>(x_a: &[V; A], x_b: &[V; B], x: &mut [V; D])
    where
        M: Mask<D>,
    {
        let (mut a, mut b) = (x_a.iter(), x_b.iter());
        for d in 0..D {
            if let Some(value) = if M::IDENTITY[d] { a.next() } else { b.next() } {
                x[d] = *value;
            }
        }
    }
}

/// `z_d = u(x_d; n(c)_d)`: a coupling that passes nothing through; the context alone sets the map of each of `D` dimensions.
///
/// With one dimension it is the density of a number given others, `p(y | c)`. With more, it is a [`Marginal`](crate::Marginal) layer that depends on the context.
///
/// ```
/// use gaussflow::{Conditional, ContextDense, Flow, Head, Init, MixtureCdf, Tanh, TanhClamp, Zeros};
///
/// type Mixture = MixtureCdf<TanhClamp<f32>, 8>;
/// type Net = (ContextDense<f32, 0, 3, 32>, Tanh, Head<f32, Mixture, 32, 1>); // sees nothing but 3 context variables
/// type Given3 = Flow<f32, Conditional<Mixture, Net, 1>, 1, 3>;
///
/// let mut flow = Given3::ZEROS;
/// flow.init(&mut rand_pcg::Pcg32::new(1, 1));
/// assert!(flow.given([0.5, -1.0, 2.0]).log_prob(&[0.1]).is_finite());
/// ```
pub type Conditional<U, N, const D: usize> = Coupling<AllTransformed, U, N, 0, D>;

impl<M, U: Zeros, N: Zeros, const A: usize, const B: usize> Zeros for Coupling<M, U, N, A, B> {
    const ZEROS: Self = Coupling { univariate: U::ZEROS, conditioner: N::ZEROS, mask: PhantomData };
}

crate::parameters! {
    impl[T, M, U: Parameters<T>, N: Parameters<T>, const A: usize, const B: usize] Parameters<T> for Coupling<M, U, N, A, B> {
        part univariate: U,
        part conditioner: N,
    }
}

/// The conditioner is initialised, then its output set to the univariate's identity.
impl<T: Real, M, U: Univariate<T>, N: Init<T> + ConstantOutput<T, Each<U, B>>, const A: usize, const B: usize> Init<T>
    for Coupling<M, U, N, A, B>
{
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.univariate.init();
        self.conditioner.init(rng);
        self.conditioner.set_constant(&[self.univariate.identity(); B]);
    }
}

/// The call that makes it again: its mask is no field.
impl<M, U: fmt::Debug, N: fmt::Debug, const A: usize, const B: usize> fmt::Debug for Coupling<M, U, N, A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Coupling::new").field(&self.univariate).field(&self.conditioner).finish()
    }
}

impl<
    T: Real,
    M: Mask<D>,
    U: Univariate<T>,
    N: Layer<T, Width<A>, C, Out = Each<U, B>>,
    const D: usize,
    const C: usize,
    const A: usize,
    const B: usize,
> Bijector<T, D, C> for Coupling<M, U, N, A, B>
{
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C]) -> V {
        self.map(
            x,
            context,
            #[inline(always)]
            |params, x| self.univariate.forward_and_log_det(params, x),
        )
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], context: &[V; C]) -> V {
        self.map(
            z,
            context,
            #[inline(always)]
            |params, z| self.univariate.inverse_and_log_det(params, z),
        )
    }

    fn visit_contexts(&self, context: &[T; C], visit: &mut impl FnMut(&[T; C])) {
        visit(context);
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        if A == 0 {
            visit(Part::Kind("conditional"));
        } else {
            visit(Part::Kind("coupling"));
            visit(Part::Mask(&M::IDENTITY));
        }
        U::describe(visit);
        N::describe(visit);
    }
}

impl<M, U, N, const A: usize, const B: usize> Coupling<M, U, N, A, B> {
    /// Either direction: `univariate` maps one dimension.
    #[inline(always)]
    fn map<T: Real, V: Value<Scalar = T>, const D: usize, const C: usize>(
        &self,
        x: &mut [V; D],
        context: &[V; C],
        univariate: impl Fn(&U::Params<V>, V) -> (V, V),
    ) -> V
    where
        M: Mask<D>,
        U: Univariate<T>,
        N: Layer<T, Width<A>, C, Out = Each<U, B>>,
    {
        V::outline(
            #[inline(always)]
            || {
                let (x_a, mut x_b) = Self::split::<V, D, C>(x);
                let mut params = Zeros::ZEROS;
                self.conditioner.apply::<V, Identity>(&x_a, context, &mut params);
                let log_det = map_each(
                    &mut x_b,
                    #[inline(always)]
                    |b, x| univariate(&params[b], x),
                );
                Self::merge(&x_a, &x_b, x);
                log_det
            },
        )
    }
}

/// A coupling's tape: the forward map's input, the univariates' parameters and tapes, and the conditioner's tape.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct CouplingTape<V, P, S, N, const A: usize, const B: usize> {
    pub(super) x_a: [V; A],
    pub(super) x_b: [V; B],
    pub(super) params: [P; B],
    pub(super) univariates: [S; B],
    pub(super) conditioner: N,
}

impl<V: Zeros, P: Zeros, S: Zeros, N: Zeros, const A: usize, const B: usize> Zeros for CouplingTape<V, P, S, N, A, B> {
    const ZEROS: Self =
        CouplingTape { x_a: Zeros::ZEROS, x_b: Zeros::ZEROS, params: Zeros::ZEROS, univariates: Zeros::ZEROS, conditioner: Zeros::ZEROS };
}

impl<
    T: Real,
    M: Mask<D>,
    U: Univariate<T>,
    N: DifferentiableLayer<T, Width<A>, C, Out = Each<U, B>>,
    const D: usize,
    const C: usize,
    const A: usize,
    const B: usize,
> DifferentiableBijector<T, D, C> for Coupling<M, U, N, A, B>
{
    type Tape<V: Value<Scalar = T>> = CouplingTape<V, U::Params<V>, U::Tape<V>, N::Tape<V>, A, B>;

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], tape: &mut Self::Tape<V>) -> V {
        V::outline(
            #[inline(always)]
            || {
                (tape.x_a, tape.x_b) = Self::split::<V, D, C>(x);
                self.conditioner.apply_tape(&tape.x_a, context, &mut tape.params, &mut tape.conditioner);
                let mut z_b = tape.x_b;
                let log_det = map_each(
                    &mut z_b,
                    #[inline(always)]
                    |b, x| self.univariate.forward_tape(&tape.params[b], x, &mut tape.univariates[b]),
                );
                Self::merge(&tape.x_a, &z_b, x);
                log_det
            },
        )
    }

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        self.pull_back(
            tape,
            context,
            d,
            d_context,
            gradient,
            #[inline(always)]
            |params, x, tape, d_b, d_params| self.univariate.backward(params, x, tape, d_b, d_log_det, d_params),
        );
    }

    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        self.pull_back(
            tape,
            context,
            d,
            d_context,
            gradient,
            #[inline(always)]
            |params, x, tape, d_b, d_params| self.univariate.inverse_backward(params, x, tape, d_b, d_log_det, d_params),
        );
    }
}

/// The tape of a coupling with the univariate `U` and the conditioner `N`.
type TapeOf<T, V, U, N, const C: usize, const A: usize, const B: usize> = CouplingTape<
    V,
    <U as Univariate<T>>::Params<V>,
    <U as Univariate<T>>::Tape<V>,
    <N as DifferentiableLayer<T, Width<A>, C>>::Tape<V>,
    A,
    B,
>;

impl<M, U, N, const A: usize, const B: usize> Coupling<M, U, N, A, B> {
    /// Either way back: `univariate` pulls the cotangent of one transformed dimension through its map.
    #[inline(always)]
    fn pull_back<T: Real, V: Value<Scalar = T>, const D: usize, const C: usize>(
        &self,
        tape: &TapeOf<T, V, U, N, C, A, B>,
        context: &[V; C],
        d: &mut [V; D],
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
        univariate: impl Fn(&U::Params<V>, V, &U::Tape<V>, V, &mut U::Params<V>) -> V,
    ) where
        M: Mask<D>,
        U: Univariate<T>,
        N: DifferentiableLayer<T, Width<A>, C, Out = Each<U, B>>,
    {
        V::outline(
            #[inline(always)]
            || {
                let (mut d_a, mut d_b) = Self::split::<V, D, C>(d);
                let mut d_params: [U::Params<V>; B] = Zeros::ZEROS;
                for b in 0..B {
                    d_b[b] = univariate(&tape.params[b], tape.x_b[b], &tape.univariates[b], d_b[b], &mut d_params[b]);
                }
                let mut through = [V::ZEROS; A];
                self.conditioner.backward(
                    &tape.x_a,
                    context,
                    &tape.params,
                    &tape.conditioner,
                    &d_params,
                    &mut through,
                    d_context,
                    gradient.map(|g| &mut g.conditioner),
                );
                for a in 0..A {
                    d_a[a] += through[a];
                }
                Self::merge(&d_a, &d_b, d);
            },
        );
    }
}

/// As [`map_each`], with each log-det added to its own sum.
#[inline(always)]
pub(super) fn map_each_apart<V: Value, const B: usize>(x: &mut [V; B], log_dets: &mut [V; B], mut map: impl FnMut(usize, V) -> (V, V)) {
    for b in 0..B {
        let (z, l) = map(b, x[b]);
        x[b] = z;
        log_dets[b] += l;
    }
}

/// As [`map_each`], of the dimensions that are there.
pub(super) fn map_present<T: Real, const B: usize>(x: &mut [Option<T>; B], mut map: impl FnMut(usize, T) -> (T, T)) -> T {
    let mut log_det = T::ZEROS;
    for b in 0..B {
        if let Some(x) = &mut x[b] {
            let (z, l) = map(b, *x);
            *x = z;
            log_det += l;
        }
    }
    log_det
}

/// Maps each dimension, which `map` is given with its number, in place; the sum of the log-dets.
#[inline(always)]
pub(super) fn map_each<V: Value, const B: usize>(x: &mut [V; B], mut map: impl FnMut(usize, V) -> (V, V)) -> V {
    let mut log_det = V::ZEROS;
    for b in 0..B {
        let (z, l) = map(b, x[b]);
        x[b] = z;
        log_det += l;
    }
    log_det
}
