//! What a flow is made of, part by part.

/// One item of the structure of a flow: what [`Bijector::describe`](crate::Bijector::describe) tells, in the order of
/// [`Parameters::zip`](crate::Parameters::zip).
///
/// Two flows with the same items are the same map once they have the same parameters; a file of weights fits a flow with the items of the one it was written from. Tuples and
/// arrays add nothing of their own, so `[B; 2]`, `(B, B)` and `((B,), B)` are alike.
///
/// ```
/// use gaussflow::{Bijector, Householder, Part, Reverse};
///
/// let mut items = String::new();
/// <(Householder<f32, 3, 2>, Reverse) as Bijector<f32, 3>>::describe(&mut |part| items += &format!("{part:?} "));
/// assert_eq!(items, r#"Kind("householder") Tensor("v", [2, 3]) Kind("permutation") Order([2, 1, 0]) "#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part<'a> {
    /// A bijector, univariate, clamp or layer of this kind, whose own items follow. Part of every file: a kind that is renamed refuses the old ones.
    Kind(&'static str),
    /// The end of a kind that wraps others (an inverse, a residual block).
    End,
    /// Which dimensions a coupling passes through.
    Mask(&'a [bool]),
    /// Where each dimension of a permutation comes from.
    Order(&'a [usize]),
    /// One fixed scalar, such as a clamp's bound.
    Setting(&'static str),
    /// How many values at the beginning of each row of the next tensor are 0 and no parameters.
    Masked(&'a [usize]),
    /// Parameters of this name and shape, row-major.
    Tensor(&'static str, &'a [usize]),
}
