//! Parameters and points for `proptest`.

use core::fmt::Debug;
use std::boxed::Box;
use std::vec::Vec;

use proptest::prelude::*;

use super::draws::Draws;
use super::perturb;
use crate::number::Real;
use crate::parameters::{Init, Parameters};

/// How far the parameters are from the start. The largest parts a mixture's components and opens gaps between them.
const SIZES: [f64; 3] = [0.3, 1.0, 3.0];

/// A part after [`Init`], each trainable parameter then moved by a normal draw of one of three sizes: 0.3, 1, and 3, which parts a mixture's components and opens gaps between them.
pub fn parts<T: Real, P: Init<T> + Parameters<T> + Debug>() -> impl Strategy<Value = Box<P>> + Clone {
    (any::<u64>().no_shrink(), 0..SIZES.len()).prop_map(|(seed, size)| {
        let mut draws = Draws(seed);
        let mut part = Box::new(P::ZEROS);
        part.init(&mut draws);
        perturb(&mut *part, T::from_f64(SIZES[size]), &mut draws);
        part
    })
}

/// A coordinate: the bulk, the tails, the scales between, and 0.
pub fn coordinates<T: Real>() -> impl Strategy<Value = T> + Clone {
    prop_oneof![
        4 => -3.0..3.0,
        2 => -30.0..30.0,
        2 => -1e3..1e3,
        2 => (any::<bool>(), -6.0..3.0).prop_map(|(negative, e)| f64::powf(10.0, e) * if negative { -1.0 } else { 1.0 }),
        1 => Just(0.0),
    ]
    .prop_map(T::from_f64)
}

/// A point of [`coordinates`].
pub fn points<T: Real, const D: usize>() -> impl Strategy<Value = [T; D]> + Clone {
    array(coordinates())
}

/// A point of [`coordinates`], or of what the part's own parameters single out: where they are (the means of a mixture, say), the floats beside that, and the middle of the gaps between.
pub fn points_near<T: Real, P: Parameters<T>, const D: usize>(part: &P) -> impl Strategy<Value = [T; D]> + Clone + use<T, P, D> {
    let mut values: Vec<T> = [T::ZEROS].into();
    part.visit(&mut |_, slice| values.extend(slice.iter().copied().filter(|v| v.is_finite())));
    values.sort_unstable_by_key(|v| v.to_order());
    let gaps = values.windows(2).map(|w| T::from_f64(0.5 * (w[0].as_() + w[1].as_()))).collect();
    let singled = |values: Vec<T>| (0..values.len().max(1)).prop_map(move |i| values.get(i).copied().unwrap_or(T::ZEROS));
    array(prop_oneof![
        3 => coordinates(),
        1 => singled(gaps),
        1 => (singled(values), -2..=2i64).prop_map(|(value, step)| T::from_order(value.to_order() + step)),
    ])
}

/// A part of [`parts`] with four points of [`points_near`] it, as many as lanes of a pack.
///
/// ```
/// use gaussflow::Linear;
/// use gaussflow::check::{self, Limits};
/// use proptest::prelude::*;
///
/// proptest! {
///     // #[test]
///     fn obeys_the_laws((part, points) in check::cases::<f64, Linear<f64, 2>, 2>()) {
///         check::bijector(&*part, &points, &Limits::DEFAULT)?;
///     }
/// }
/// # obeys_the_laws();
/// ```
pub fn cases<T: Real, P: Init<T> + Parameters<T> + Debug + Clone, const D: usize>() -> impl Strategy<Value = (Box<P>, [[T; D]; 4])> {
    parts::<T, P>().prop_flat_map(|part| {
        let points = proptest::array::uniform4(points_near(&*part));
        (Just(part), points)
    })
}

fn array<T: Real, const D: usize>(coordinate: impl Strategy<Value = T> + Clone) -> impl Strategy<Value = [T; D]> + Clone {
    proptest::collection::vec(coordinate, D).prop_map(|x| std::array::from_fn(|d| x[d]))
}
