//! Tuples of parts are parts: the ladder of lengths, and their parameters.

use rand_core::Rng;

use crate::number::Zeros;
use crate::parameters::{Init, Parameters, Role};

/// Calls the macro `$implement` with the elements of tuples of one to eight parts, each as two names for types and its index: in their order, then in reverse.
macro_rules! for_each_tuple {
    ($implement:ident) => {
        $crate::parameters::tuples! { $implement, [] [] [(P0 Q0 0) (P1 Q1 1) (P2 Q2 2) (P3 Q3 3) (P4 Q4 4) (P5 Q5 5) (P6 Q6 6) (P7 Q7 7)] }
    };
}

/// One step of [`for_each_tuple`]: moves an element to those that are taken.
macro_rules! tuples {
    ($implement:ident, [$($taken:tt)*] [$($reversed:tt)*] [$next:tt $($rest:tt)*]) => {
        $implement! { $($taken)* $next; $next $($reversed)* }
        $crate::parameters::tuples! { $implement, [$($taken)* $next] [$next $($reversed)*] [$($rest)*] }
    };
    ($implement:ident, [$($taken:tt)*] [$($reversed:tt)*] []) => {};
}

pub(crate) use for_each_tuple;
pub(crate) use tuples;

macro_rules! implement {
    ($(($p:ident $other:ident $i:tt))+; $($reversed:tt)+) => {
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
            const SLICES: usize = 0 $(+ $p::SLICES)+;

            fn slice(&self, index: usize) -> (Role, &[T]) {
                $(let index = match index.checked_sub($p::SLICES) {
                    None => return self.$i.slice(index),
                    Some(after) => after,
                };)+
                let _ = index;
                (Role::Fixed, &[])
            }

            fn slice_mut(&mut self, index: usize) -> (Role, &mut [T]) {
                $(let index = match index.checked_sub($p::SLICES) {
                    None => return self.$i.slice_mut(index),
                    Some(after) => after,
                };)+
                let _ = index;
                (Role::Fixed, &mut [])
            }
        }
    };
}

for_each_tuple!(implement);

/// No value: there so that who writes nine parts reads what to do, and not that `ZEROS` is missing.
impl<P0: Zeros, P1: Zeros, P2: Zeros, P3: Zeros, P4: Zeros, P5: Zeros, P6: Zeros, P7: Zeros, P8: Zeros> Zeros
    for (P0, P1, P2, P3, P4, P5, P6, P7, P8)
{
    const ZEROS: Self = panic!("a tuple has one to eight parts; a longer one is a tuple of tuples: `((a, b, c), (d, e, f))`");
}
