//! Parameters: one list of slices over all of them, their starting values, and what they are parameters of.

mod describe;
mod fields;
mod tuples;

pub use describe::Part;
pub(crate) use tuples::{for_each_tuple, tuples};

use rand_core::Rng;

use crate::number::Zeros;

/// Whether training may change a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Changed by training; has a gradient.
    Trainable,
    /// Part of the model and of its file, but fixed (a clamp's bound, a fixed rotation).
    Fixed,
}

/// A tree of parameters, as a list of flat slices in a fixed order.
///
/// It serves optimizers, gradient checks, saving and loading. [`parameters!`](crate::parameters!) writes it from a list of fields.
pub trait Parameters<T>: Zeros {
    /// How many trainable scalars there are.
    const COUNT: usize;

    /// How many fixed scalars there are.
    const FIXED: usize;

    /// How many slices there are.
    const SLICES: usize;

    /// The slice of this index; past the end, a fixed one without scalars.
    fn slice(&self, index: usize) -> (Role, &[T]);

    /// As [`Self::slice`], to change it.
    fn slice_mut(&mut self, index: usize) -> (Role, &mut [T]);

    /// Calls `visit` on each slice.
    fn visit(&self, visit: &mut impl FnMut(Role, &[T])) {
        for index in 0..Self::SLICES {
            let (role, slice) = self.slice(index);
            visit(role, slice);
        }
    }

    /// Calls `visit` on each slice, to change it.
    fn visit_mut(&mut self, visit: &mut impl FnMut(Role, &mut [T])) {
        for index in 0..Self::SLICES {
            let (role, slice) = self.slice_mut(index);
            visit(role, slice);
        }
    }

    /// Calls `visit` on each slice, to change it, with that of `other`.
    fn zip(&mut self, other: &Self, visit: &mut impl FnMut(Role, &mut [T], &[T])) {
        for index in 0..Self::SLICES {
            let (role, slice) = self.slice_mut(index);
            visit(role, slice, other.slice(index).1);
        }
    }

    /// Sets every trainable and fixed parameter to `value`.
    fn set_all(&mut self, value: T)
    where
        T: Copy,
    {
        self.visit_mut(&mut |_, slice| slice.fill(value));
    }

    /// Copies every parameter of `other`, in place.
    fn copy_from(&mut self, other: &Self)
    where
        T: Copy,
    {
        self.zip(other, &mut |_, to, from| to.iter_mut().zip(from).for_each(|(to, from)| *to = *from));
    }
}

impl<T, P: Parameters<T>, const L: usize> Parameters<T> for [P; L] {
    const COUNT: usize = L * P::COUNT;
    const FIXED: usize = L * P::FIXED;
    const SLICES: usize = L * P::SLICES;

    fn slice(&self, index: usize) -> (Role, &[T]) {
        match index.checked_div(P::SLICES).and_then(|part| self.get(part)) {
            Some(part) => part.slice(index % P::SLICES.max(1)),
            None => (Role::Fixed, &[]),
        }
    }

    fn slice_mut(&mut self, index: usize) -> (Role, &mut [T]) {
        match index.checked_div(P::SLICES).and_then(|part| self.get_mut(part)) {
            Some(part) => part.slice_mut(index % P::SLICES.max(1)),
            None => (Role::Fixed, &mut []),
        }
    }
}

/// Random starting values, written in place.
pub trait Init<T> {
    /// Draws the values (Glorot-uniform for dense layers), clears biases, and gives settings that are all zero their defaults.
    ///
    /// A value from [`Zeros::ZEROS`] or zeroed memory is complete after this; before it, hidden layers give 0 whatever they see, and stay there in training.
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R);
}

impl<T, P: Init<T>, const L: usize> Init<T> for [P; L] {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        for part in self {
            part.init(rng);
        }
    }
}
