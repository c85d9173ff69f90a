//! Parameters: one visitor over all of them, and their starting values.

mod describe;

pub use describe::Part;

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

/// A tree of parameters, walked as flat slices in a fixed order.
///
/// One method serves optimizers (several trees in step), gradient checks, saving and loading.
///
/// ```
/// use gaussflow::{Parameters, Role};
///
/// struct Line { slope: f32, offset: f32 }
///
/// impl Parameters<f32> for Line {
///     const COUNT: usize = 2;
///     fn zip<const M: usize, const N: usize>(
///         mut change: [&mut Self; M],
///         read: [&Self; N],
///         visit: &mut impl FnMut(Role, [&mut [f32]; M], [&[f32]; N]),
///     ) {
///         use core::slice::{from_mut, from_ref};
///         visit(Role::Trainable, change.each_mut().map(|l| from_mut(&mut l.slope)), read.map(|l| from_ref(&l.slope)));
///         visit(Role::Trainable, change.map(|l| from_mut(&mut l.offset)), read.map(|l| from_ref(&l.offset)));
///     }
/// }
///
/// let (mut a, b) = (Line { slope: 1.0, offset: 2.0 }, Line { slope: 10.0, offset: 20.0 });
/// Line::zip([&mut a], [&b], &mut |_, [a], [b]| for i in 0..a.len() { a[i] += b[i] });
/// assert_eq!((a.slope, a.offset), (11.0, 22.0));
/// ```
pub trait Parameters<T>: Sized {
    /// How many trainable scalars there are.
    const COUNT: usize;

    /// How many fixed scalars there are.
    const FIXED: usize = 0;

    /// Calls `visit` on each parameter slice of the trees `change` and `read`, all in step.
    fn zip<const M: usize, const N: usize>(
        change: [&mut Self; M],
        read: [&Self; N],
        visit: &mut impl FnMut(Role, [&mut [T]; M], [&[T]; N]),
    );

    /// Calls `visit` on each slice.
    fn visit(&self, visit: &mut impl FnMut(Role, &[T])) {
        Self::zip([], [self], &mut |role, [], [slice]| visit(role, slice));
    }

    /// Calls `visit` on each slice, to change it.
    fn visit_mut(&mut self, visit: &mut impl FnMut(Role, &mut [T])) {
        Self::zip([self], [], &mut |role, [slice], []| visit(role, slice));
    }

    /// Sets every trainable and fixed parameter to `value`.
    fn fill(&mut self, value: T)
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
        Self::zip([self], [other], &mut |_, [to], [from]| to.copy_from_slice(from));
    }
}

impl<T> Parameters<T> for () {
    const COUNT: usize = 0;
    fn zip<const M: usize, const N: usize>(_: [&mut Self; M], _: [&Self; N], _: &mut impl FnMut(Role, [&mut [T]; M], [&[T]; N])) {}
}

impl<T, P: Parameters<T>, const L: usize> Parameters<T> for [P; L] {
    const COUNT: usize = L * P::COUNT;
    const FIXED: usize = L * P::FIXED;

    fn zip<const M: usize, const N: usize>(
        mut change: [&mut Self; M],
        read: [&Self; N],
        visit: &mut impl FnMut(Role, [&mut [T]; M], [&[T]; N]),
    ) {
        for i in 0..L {
            P::zip(change.each_mut().map(|tree| &mut tree[i]), read.map(|tree| &tree[i]), visit);
        }
    }
}

/// Random starting values, written in place.
pub trait Init<T> {
    /// Draws the values (Glorot-uniform for dense layers), clears biases, and gives settings that are all zero their defaults.
    ///
    /// A value from [`Zeros::ZEROS`] or zeroed memory is complete after this.
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R);
}

impl<T, P: Init<T>, const L: usize> Init<T> for [P; L] {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        for part in self {
            part.init(rng);
        }
    }
}

macro_rules! tuple {
    ($($p:ident $i:tt),+) => {
        impl<$($p: Zeros),+> Zeros for ($($p,)+) {
            const ZEROS: Self = ($($p::ZEROS,)+);
        }

        impl<T, $($p: Init<T>),+> Init<T> for ($($p,)+) {
            fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
                $(self.$i.init(rng);)+
            }
        }

        impl<T, $($p: Parameters<T>),+> Parameters<T> for ($($p,)+) {
            const COUNT: usize = 0 $(+ $p::COUNT)+;
            const FIXED: usize = 0 $(+ $p::FIXED)+;

            fn zip<const M: usize, const N: usize>(
                mut change: [&mut Self; M],
                read: [&Self; N],
                visit: &mut impl FnMut(Role, [&mut [T]; M], [&[T]; N]),
            ) {
                $($p::zip(change.each_mut().map(|tree| &mut tree.$i), read.map(|tree| &tree.$i), visit);)+
            }
        }
    };
}

tuple!(P0 0);
tuple!(P0 0, P1 1);
tuple!(P0 0, P1 1, P2 2);
tuple!(P0 0, P1 1, P2 2, P3 3);
tuple!(P0 0, P1 1, P2 2, P3 3, P4 4);
tuple!(P0 0, P1 1, P2 2, P3 3, P4 4, P5 5);
tuple!(P0 0, P1 1, P2 2, P3 3, P4 4, P5 5, P6 6);
tuple!(P0 0, P1 1, P2 2, P3 3, P4 4, P5 5, P6 6, P7 7);
