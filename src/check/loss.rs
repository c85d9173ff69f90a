//! The gradient of any loss.

use super::differences::Known;
use super::stack::on_large_stack;
use super::tally::{Spot, Tally};
use super::{Law, Limits, Place, Report, Violation, parameters};
use crate::number::Real;
use crate::parameters::Parameters;

/// Checks the gradient of any loss of a part's parameters, such as one of your own training, against differences.
///
/// `loss` gives the loss and the sum of the sizes of its terms, which tells how well it is known; `gradient` holds its gradient in a value of the part's own type.
///
/// # Errors
/// The first parameter whose gradient is not that of differences.
///
/// ```
/// use gaussflow::check::{self, Law, Limits};
/// use gaussflow::{ActNorm, Parameters, Zeros};
///
/// let part = ActNorm::<f64, 1> { log_scale: [0.3], shift: [2.0] };
/// let loss = |part: &ActNorm<f64, 1>| (part.log_scale[0].powi(2) - part.shift[0], 2.09);
/// let mut gradient = ActNorm::ZEROS;
/// (gradient.log_scale[0], gradient.shift[0]) = (0.6, -1.0);
/// assert_eq!(check::loss(&part, &gradient, loss, &Limits::DEFAULT).unwrap().compared(Law::Gradient), 2);
/// gradient.shift[0] = 1.0;
/// println!("{}", check::loss(&part, &gradient, loss, &Limits::DEFAULT).unwrap_err());
/// ```
pub fn loss<T: Real, P: Parameters<T> + Clone>(
    part: &P,
    gradient: &P,
    loss: impl Fn(&P) -> (T, T) + Sync,
    limits: &Limits,
) -> Result<Report, Violation> {
    on_large_stack(|| {
        let mut tally = Tally::new(limits);
        parameters::counts(part, &mut tally);
        let size = loss(part).1.as_();
        let value = |part: &P| loss(part).0.as_();
        tally.parameters(Spot::new(Law::Gradient, Place::Whole), part, &parameters::slices(gradient), Known::well(size), value);
        tally.outcome()
    })
}
