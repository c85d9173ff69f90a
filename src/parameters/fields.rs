//! What a part has to say of its fields, written once.

/// Implements [`Parameters`](crate::Parameters), and with it [`Zeros`](crate::Zeros) and [`Init`](crate::Init), for a type from the list of its fields, in the order of files
/// and optimizers.
///
/// | kind | field |
/// |---|---|
/// | `trainable` | a scalar, or an array of them ([`Flat`](crate::Flat)), that training changes |
/// | `fixed` | the same, that training leaves alone |
/// | `part` | a part with parameters of its own |
/// | `marker` | `PhantomData` |
///
/// `Parameters<T> + Zeros + Init` asks for all three, `Parameters<T> + Zeros` leaves the start to you, `Parameters<T>` the zeros too. The start initialises parts and clears scalars.
///
/// ```
/// use gaussflow::{Parameters, parameters};
///
/// struct Line { slope: [f32; 2], offset: f32 }
///
/// parameters! { impl[] Parameters<f32> + Zeros + Init for Line { trainable slope: [f32; 2], trainable offset: f32 } }
///
/// let (mut a, b) = (Line { slope: [1.0, 2.0], offset: 3.0 }, Line { slope: [10.0, 20.0], offset: 30.0 });
/// a.zip(&b, &mut |_, a, b| for i in 0..a.len() { a[i] += b[i] });
/// assert_eq!((a.slope, a.offset), ([11.0, 22.0], 33.0));
/// assert_eq!(Line::COUNT, 3);
/// ```
#[macro_export]
macro_rules! parameters {
    (impl[$($g:tt)*] Parameters<$t:ty> + Zeros + Init for $part:ty { $($kind:ident $field:tt: $ty:ty),* $(,)? }) => {
        $crate::parameters! { impl[$($g)*] Parameters<$t> + Zeros for $part { $($kind $field: $ty),* } }

        impl<$($g)*> $crate::Init<$t> for $part {
            fn init<RNG: $crate::rand_core::Rng + ?Sized>(&mut self, rng: &mut RNG) {
                let _ = &rng;
                $($crate::parameters!(@init self, rng, $kind $field);)*
            }
        }
    };
    (impl[$($g:tt)*] Parameters<$t:ty> + Zeros for $part:ty { $($kind:ident $field:tt: $ty:ty),* $(,)? }) => {
        $crate::parameters! { impl[$($g)*] Parameters<$t> for $part { $($kind $field: $ty),* } }

        impl<$($g)*> $crate::Zeros for $part {
            const ZEROS: Self = Self { $($field: $crate::parameters!(@zeros $kind)),* };
        }
    };
    (impl[$($g:tt)*] Parameters<$t:ty> for $part:ty { $($kind:ident $field:tt: $ty:ty),* $(,)? }) => {
        impl<$($g)*> $crate::Parameters<$t> for $part {
            const COUNT: usize = 0 $(+ $crate::parameters!(@count $kind $ty, $t))*;
            const FIXED: usize = 0 $(+ $crate::parameters!(@fixed $kind $ty, $t))*;
            const SLICES: usize = 0 $(+ $crate::parameters!(@slices $kind $ty, $t))*;

            fn slice(&self, index: usize) -> ($crate::Role, &[$t]) {
                $(let index = $crate::parameters!(@slice self, index, $kind $field: $ty, $t);)*
                let _ = index;
                ($crate::Role::Fixed, &[])
            }

            fn slice_mut(&mut self, index: usize) -> ($crate::Role, &mut [$t]) {
                $(let index = $crate::parameters!(@slice_mut self, index, $kind $field: $ty, $t);)*
                let _ = index;
                ($crate::Role::Fixed, &mut [])
            }
        }
    };

    (@zeros marker) => { core::marker::PhantomData };
    (@zeros $kind:ident) => { $crate::Zeros::ZEROS };

    (@init $self:ident, $rng:ident, part $field:tt) => { $crate::Init::init(&mut $self.$field, $rng) };
    (@init $self:ident, $rng:ident, marker $field:tt) => {};
    (@init $self:ident, $rng:ident, $kind:ident $field:tt) => { $self.$field = $crate::Zeros::ZEROS };

    (@count trainable $ty:ty, $t:ty) => { <$ty as $crate::Flat<$t>>::LEN };
    (@count part $ty:ty, $t:ty) => { <$ty as $crate::Parameters<$t>>::COUNT };
    (@count $kind:ident $ty:ty, $t:ty) => { 0 };

    (@fixed fixed $ty:ty, $t:ty) => { <$ty as $crate::Flat<$t>>::LEN };
    (@fixed part $ty:ty, $t:ty) => { <$ty as $crate::Parameters<$t>>::FIXED };
    (@fixed $kind:ident $ty:ty, $t:ty) => { 0 };

    (@slices part $ty:ty, $t:ty) => { <$ty as $crate::Parameters<$t>>::SLICES };
    (@slices marker $ty:ty, $t:ty) => { 0 };
    (@slices $kind:ident $ty:ty, $t:ty) => { 1 };

    // The index among the slices of the fields that follow, or an early return.
    (@slice $self:ident, $index:ident, part $field:tt: $ty:ty, $t:ty) => {
        match $index.checked_sub(<$ty as $crate::Parameters<$t>>::SLICES) {
            None => return <$ty as $crate::Parameters<$t>>::slice(&$self.$field, $index),
            Some(after) => after,
        }
    };
    (@slice $self:ident, $index:ident, marker $field:tt: $ty:ty, $t:ty) => { $index };
    (@slice $self:ident, $index:ident, $kind:ident $field:tt: $ty:ty, $t:ty) => {
        match $index.checked_sub(1) {
            None => return ($crate::parameters!(@role $kind), <$ty as $crate::Flat<$t>>::flat(&$self.$field)),
            Some(after) => after,
        }
    };

    (@slice_mut $self:ident, $index:ident, part $field:tt: $ty:ty, $t:ty) => {
        match $index.checked_sub(<$ty as $crate::Parameters<$t>>::SLICES) {
            None => return <$ty as $crate::Parameters<$t>>::slice_mut(&mut $self.$field, $index),
            Some(after) => after,
        }
    };
    (@slice_mut $self:ident, $index:ident, marker $field:tt: $ty:ty, $t:ty) => { $index };
    (@slice_mut $self:ident, $index:ident, $kind:ident $field:tt: $ty:ty, $t:ty) => {
        match $index.checked_sub(1) {
            None => return ($crate::parameters!(@role $kind), <$ty as $crate::Flat<$t>>::flat_mut(&mut $self.$field)),
            Some(after) => after,
        }
    };

    (@role trainable) => { $crate::Role::Trainable };
    (@role fixed) => { $crate::Role::Fixed };
}
