//! Parameters: counted, drawn, and listed.

use std::string::String;
use std::vec::Vec;

use rand_core::Rng;

use super::tally::{Spot, Tally};
use super::{Law, Place};
use crate::math::standard_normal;
use crate::number::Real;
use crate::parameters::{Parameters, Role};

/// [`Law::Parameters`].
pub(super) fn counts<T: Real, P: Parameters<T> + Clone>(part: &P, tally: &mut Tally) {
    let spot = Spot::new(Law::Parameters, Place::Whole);
    let (mut trainable, mut fixed) = (0, 0);
    for slice in 0..P::SLICES {
        let (role, values) = part.slice(slice);
        *if role == Role::Trainable { &mut trainable } else { &mut fixed } += values.len();
    }
    tally.count(spot, "COUNT beside the trainable scalars of the slices", P::COUNT, trainable);
    tally.count(spot, "FIXED beside the fixed scalars of the slices", P::FIXED, fixed);
    tally.count(spot, "SLICES, past which there are scalars", part.slice(P::SLICES).1.len(), 0);

    // Each scalar is given its number where it can be changed, and must have it where it is read.
    let mut numbered = std::boxed::Box::new(part.clone());
    tally.count(spot, "SLICES, past which there are scalars to change", numbered.slice_mut(P::SLICES).1.len(), 0);
    let mut next = T::ZEROS;
    for slice in 0..P::SLICES {
        for value in numbered.slice_mut(slice).1 {
            next += T::ONE;
            *value = next;
        }
    }
    let mut expected = 0.0;
    for slice in 0..P::SLICES {
        let role = numbered.slice_mut(slice).0;
        let (same, values) = numbered.slice(slice);
        let place = Place::Parameter { slice, index: 0 };
        tally.count(
            spot.of(place),
            "the role of slice_mut beside that of slice",
            usize::from(role == Role::Fixed),
            usize::from(same == Role::Fixed),
        );
        for (index, value) in values.iter().enumerate() {
            expected += 1.0;
            let spot = spot.of(Place::Parameter { slice, index });
            // A number that an f32 does not hold tells nothing.
            if expected < 16e6 {
                tally.close(spot, value.as_(), expected, 0.0, || String::from("what slice shows of what slice_mut was given"));
            }
        }
    }
    let zeros = std::boxed::Box::new(P::ZEROS);
    for slice in 0..P::SLICES {
        for (index, value) in zeros.slice(slice).1.iter().enumerate() {
            tally.close(spot.of(Place::Parameter { slice, index }), value.as_(), 0.0, 0.0, || String::from("of ZEROS"));
        }
    }
}

/// The slices of a part or of its gradient.
pub(super) fn slices<T: Real, P: Parameters<T>>(part: &P) -> Vec<Vec<f64>> {
    (0..P::SLICES).map(|slice| part.slice(slice).1.iter().map(|v| v.as_()).collect()).collect()
}

/// Adds a normal draw, times `size`, to every trainable parameter: from the start, where layers are the identity or 0, to where laws can be seen to hold.
///
/// ```
/// use gaussflow::{Householder, Init, Zeros, check};
/// use rand_pcg::Pcg64;
///
/// let mut rng = Pcg64::new(1, 1);
/// let mut part = Householder::<f64, 3, 2>::ZEROS;
/// part.init(&mut rng);
/// check::perturb(&mut part, 0.3, &mut rng);
/// ```
pub fn perturb<T: Real, P: Parameters<T>, R: Rng + ?Sized>(part: &mut P, size: T, rng: &mut R) {
    for slice in 0..P::SLICES {
        let (role, values) = part.slice_mut(slice);
        if role == Role::Trainable {
            for value in values {
                *value += size * standard_normal(rng);
            }
        }
    }
}
