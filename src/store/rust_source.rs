//! A trained flow as Rust source: how its weights come into flash.

use core::fmt;

/// Displays a flow (or any part of one) as a Rust expression that makes it again, bit for bit.
///
/// Training writes the expression to a file, and firmware includes the file in a `static`: the weights then lie in flash, with no copy in RAM and nothing to do at the start.
/// A wrong type, shape or order is an error of the compiler, as is a weight that is not finite.
///
/// ```
/// use gaussflow::{Flow, Householder, store::RustSource};
///
/// type Rotation = Flow<f32, Householder<f32, 2, 1>, 2>;
/// let trained: Rotation = Flow::new(Householder { reflectors: [[0.1, -1e-7]] });
/// assert_eq!(
///     RustSource(&trained).to_string(),
///     "{#[allow(unused_imports)]use ::gaussflow::*;Flow::new(Householder { reflectors: [[0.1, -1e-7]] })}"
/// );
/// // std::fs::write("rotation.rs", RustSource(&trained).to_string())?;
/// // and in the firmware: static ROTATION: Rotation = include!("rotation.rs");
/// ```
///
/// The expression is the flow's `Debug` form with the names of this crate in scope. A layer of your own works if its `Debug` form, as derived, is an expression (all fields public)
/// and its name is in scope where the file is included.
#[derive(Clone, Copy)]
pub struct RustSource<'a, F>(pub &'a F);

impl<F: fmt::Debug> fmt::Display for RustSource<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{#[allow(unused_imports)]use ::gaussflow::*;{:?}}}", self.0)
    }
}
