//! A flow in a few lines of text.

use core::any::type_name;
use core::fmt;

use crate::bijector::Bijector;
use crate::flow::Flow;
use crate::number::Real;
use crate::parameters::{Parameters, Part};

/// A summary: scalar, dimensions, parameters, and the kinds of the parts with their shapes.
///
/// ```
/// use gaussflow::{Flow, Householder, Reverse, Zeros};
///
/// let flow = Flow::<f32, (Householder<f32, 3, 2>, Reverse), 3>::ZEROS;
/// assert_eq!(flow.to_string(), "flow of f32, 3 dimensions, 6 trainable and 0 fixed parameters: householder v[2, 3], permutation [2, 1, 0]");
/// ```
impl<T: Real, B: Bijector<T, D, C> + Parameters<T>, const D: usize, const C: usize> fmt::Display for Flow<T, B, D, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flow of {}, {D} dimensions, ", type_name::<T>())?;
        if C > 0 {
            write!(f, "{C} context variables, ")?;
        }
        write!(f, "{} trainable and {} fixed parameters:", B::COUNT, B::FIXED)?;
        let (mut done, mut first) = (Ok(()), true);
        B::describe(&mut |part| {
            if done.is_ok() {
                done = item(f, part, &mut first);
            }
        });
        done
    }
}

fn item(f: &mut fmt::Formatter<'_>, part: Part, first: &mut bool) -> fmt::Result {
    match part {
        Part::Kind(name) => {
            let comma = if core::mem::take(first) { "" } else { "," };
            write!(f, "{comma} {name}")
        }
        Part::End | Part::Setting(_) => Ok(()),
        Part::Mask(mask) => {
            f.write_str(" ")?;
            mask.iter().try_for_each(|identity| f.write_str(if *identity { "=" } else { "x" }))
        }
        Part::Order(order) => write!(f, " {order:?}"),
        Part::Masked(_) => write!(f, " masked"),
        Part::Tensor(name, shape) => write!(f, " {name}{shape:?}"),
    }
}
