//! Flows far from their start.

use gaussflow::rand_core::Rng;
use gaussflow::{Parameters, Real, Role, standard_normal};

/// Adds `amount` times standard-normal draws to the trainable parameters.
pub fn stir<T: Real, P: Parameters<T>>(tree: &mut P, amount: f64, rng: &mut impl Rng) {
    tree.visit_mut(&mut |role, slice| {
        if role == Role::Trainable {
            slice.iter_mut().for_each(|p| *p += T::from_f64(amount) * standard_normal::<T, _>(rng));
        }
    });
}
