//! Every part comes back, bit for bit, from the bytes of `Flow::encode` and from text by `serde`.
//!
//! A new part is one line of the table, and one of `tests/data/structures.txt`: the hash of its structure in files, which no later release may change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use gaussflow::*;
use rand_pcg::Pcg32;

fn bits<T: Real>(part: &impl Parameters<T>) -> Vec<i64> {
    let mut bits = Vec::new();
    part.visit(&mut |_, slice| bits.extend(slice.iter().map(|x| x.to_order())));
    bits
}

/// A flow of `B` whose parameters are all different, of all sizes, with a negative zero among them.
fn drawn<T: Real, B: Bijector<T, D, C> + Parameters<T> + Init<T>, const D: usize, const C: usize>() -> Flow<T, B, D, C> {
    let mut rng = Pcg32::new(1, 1);
    let mut flow = Flow::<T, B, D, C>::random(&mut rng);
    let mut power = T::ONE;
    flow.visit_mut(&mut |_, slice| {
        for x in slice {
            power = if power.abs() < T::from_f64(1e-30) { T::from_f64(1e30) } else { -power * T::from_f64(0.03) };
            *x += power * T::uniform(&mut rng);
        }
    });
    flow.visit_mut(&mut |_, slice| slice.iter_mut().take(1).for_each(|x| *x = -T::ZEROS));
    flow
}

/// The hash of the structure, and how many scalars its description tells of.
fn structure<T: Real, B: Bijector<T, D, C> + Parameters<T>, const D: usize, const C: usize>() -> (u64, usize) {
    let mut bytes = vec![0; Flow::<T, B, D, C>::ENCODED_LEN];
    Flow::<T, B, D, C>::ZEROS.encode(&mut bytes).expect("room, and finite parameters");
    let mut scalars = 0;
    B::describe(&mut |part| match part {
        Part::Setting(_) => scalars += 1,
        Part::Tensor(_, shape) => scalars += shape.iter().product::<usize>(),
        _ => {}
    });
    (u64::from_le_bytes(bytes[16..24].try_into().expect("8 bytes")), scalars)
}

fn comes_back<T: Real, B, const D: usize, const C: usize>(name: &str)
where
    B: Bijector<T, D, C> + Parameters<T> + Init<T> + Debug,
{
    let flow = drawn::<T, B, D, C>();
    assert_eq!(bits::<T>(&flow).len(), B::COUNT + B::FIXED, "{name}");
    assert_eq!(structure::<T, B, D, C>().1, B::COUNT + B::FIXED, "{name} describes another number of parameters than it has");
    let mut bytes = vec![0; Flow::<T, B, D, C>::ENCODED_LEN];
    assert_eq!(flow.encode(&mut bytes), Ok(bytes.len()), "{name}");
    let mut decoded = Flow::<T, B, D, C>::ZEROS;
    decoded.decode(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(bits::<T>(&decoded), bits::<T>(&flow), "{name}, from bytes");

    let text = serde_json::to_string(&flow).unwrap_or_else(|error| panic!("{name}: {error}"));
    let read: Flow<T, B, D, C> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(bits::<T>(&read), bits::<T>(&flow), "{name}, from text");
}

macro_rules! parts {
    ($($name:ident: $bijector:ty, $d:literal, $c:literal;)+) => {
        $(#[test]
        fn $name() {
            fn both<T: Real>() {
                comes_back::<T, $bijector, $d, $c>(stringify!($name));
            }
            both::<f32>();
            both::<f64>();
        }
    )+

        fn structures<T: Real>() -> BTreeMap<&'static str, u64> {
            [$((stringify!($name), structure::<T, $bijector, $d, $c>().0)),+].into()
        }
    };
}

/// No two structures share a hash, and each has the one that it always had: a part that changes what it tells refuses the files of before.
#[test]
fn structures_keep_their_hashes() {
    let structures = structures::<f32>();
    assert_eq!(structures, self::structures::<f64>());
    let distinct: BTreeSet<u64> = structures.values().copied().collect();
    assert_eq!(distinct.len(), structures.len(), "two structures with one hash: {structures:x?}");
    let lines: String = structures.iter().map(|(name, hash)| format!("{name} {hash:016x}\n")).collect();
    assert!(lines == include_str!("data/structures.txt"), "tests/data/structures.txt should be\n{lines}");
}

type Mix<T> = MixtureCdf<TanhClamp<T>, 3>;

/// A coupling with the hidden layers `N` of one input and three outputs.
type Hidden<T, N> = Coupling<FirstHalf, Mix<T>, (N, Head<T, Mix<T>, 3, 2>), 1, 2>;

/// The same with an activation `A`.
type Activated<T, A> = Hidden<T, (Dense<T, 1, 3>, A)>;

/// A masked network with the univariate `U`.
type Masks<T, U, const D: usize, const C: usize> =
    (MaskedInput<T, D, 5, C>, Tanh, MaskedDense<T, 5, 4, D, C>, Tanh, MaskedHead<T, U, 4, D, C>);

parts! {
    act_norm: ActNorm<T, 2>, 2, 0;
    linear: Linear<T, 3>, 3, 0;
    orthogonal: Orthogonal<T, 3>, 3, 0;
    gaussian_mixture: GaussianMixture<T, 3, 2>, 3, 0;
    gaussian_mixture_of_one: GaussianMixture<T, 1, 1>, 1, 0;
    householder: Householder<T, 3, 2>, 3, 0;
    permutation: (Permutation<Reversed>, ActNorm<T, 2>), 2, 0;
    support: Support<T, 3>, 3, 0;
    inverse: Inverse<(ActNorm<T, 2>, Linear<T, 2>)>, 2, 0;
    array: [Linear<T, 2>; 3], 2, 0;
    marginal_tanh: Marginal<T, Mix<T>, 2>, 2, 0;
    marginal_sigmoid: Marginal<T, MixtureCdf<SigmoidClamp<T>, 3>, 2>, 2, 0;
    marginal_free: Marginal<T, MixtureCdf<NoClamp, 3>, 2>, 2, 0;
    marginal_affine: Marginal<T, Affine<TanhClamp<T>>, 2>, 2, 0;
    marginal_spline: Marginal<T, RationalQuadraticSpline<T, 4>, 2>, 2, 0;
    marginal_circular: Marginal<T, CircularSpline<T, 4>, 2>, 2, 0;
    marginal_softplus: (Marginal<T, Affine<SoftplusClamp<T>>, 2>, Marginal<T, RationalQuadraticSpline<T, 4, SoftplusKnots<T>>, 2>), 2, 0;
    marginal_soft: (Marginal<T, Affine<SoftClamp<T>>, 2>, Marginal<T, RationalQuadraticSpline<T, 4, SoftClamp<T>>, 2>), 2, 0;
    coupling_relu: Activated<T, Relu>, 3, 0;
    coupling_leaky_relu: Activated<T, LeakyRelu>, 3, 0;
    coupling_tanh: Activated<T, Tanh>, 3, 0;
    coupling_sigmoid: Activated<T, Sigmoid>, 3, 0;
    coupling_silu: Activated<T, Silu>, 3, 0;
    coupling_softplus: Activated<T, Softplus>, 3, 0;
    coupling_gelu: Activated<T, Gelu>, 3, 0;
    coupling_residual: Hidden<T, (Dense<T, 1, 3>, Residual<(Dense<T, 3, 3>, Tanh)>)>, 3, 0;
    coupling_given: Hidden<T, ContextDense<T, 1, 2, 3>>, 3, 2;
    autoregressive: Autoregressive<Mix<T>, Masks<T, Mix<T>, 3, 0>, 3>, 3, 0;
    autoregressive_given: Autoregressive<Mix<T>, Masks<T, Mix<T>, 3, 2>, 3>, 3, 2;
    masked_of_one: Autoregressive<Mix<T>, (MaskedInput<T, 1, 2>, Masked<Dense<T, 2, 2>, 1>, MaskedHead<T, Mix<T>, 2, 1>), 1>, 1, 0;
    context_norm: ContextNorm<T, Hidden<T, ContextDense<T, 1, 2, 3>>, 2>, 3, 2;
    coupling_shared: Coupling<FirstHalf, Mix<T>, (Dense<T, 1, 3>, SharedHead<T, Mix<T>, 3, 2>), 1, 2>, 3, 0;
}
