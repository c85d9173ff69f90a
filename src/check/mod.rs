//! Tests of parts of your own: the laws that bijectors, univariates and layers obey, on hosts (feature `check`).
//!
//! A part of yours plugs into a flow by a trait, and the flow trusts it: a log-det of the wrong sign or a gradient without a term still trains, to the wrong density. [`bijector`],
//! [`univariate`] and [`layer`] compare all that a part computes with what else it computes, and with differences. They give a [`Report`] of what was compared and how much of each
//! bound was needed, or the first [`Violation`]: which [`Law`], where, and the numbers that show it. Nothing panics. The crate's own parts are tested by the same functions.
//!
//! # A test
//!
//! ```toml
//! [dev-dependencies]
//! gaussflow = { version = "0.1", features = ["check"] }
//! ```
//!
//! ```
//! use gaussflow::check::{self, Law, Limits, Violation};
//! use gaussflow::{Init, Linear, Zeros};
//! use rand_pcg::Pcg64;
//!
//! # fn main() -> Result<(), Violation> {
//! // #[test]
//! // fn obeys_the_laws() -> Result<(), Violation> {
//! let mut rng = Pcg64::new(1, 1);
//! let mut part = Linear::<f64, 3>::ZEROS; // yours
//! part.init(&mut rng);
//! check::perturb(&mut part, 0.3, &mut rng); // away from a start where much is 0
//! let report = check::bijector(&part, &[[0.3, -0.7, 2.0], [40.0, 0.0, -1.0]], &Limits::DEFAULT)?;
//! println!("{report}");
//! assert!(report.compared(Law::Gradient) > 0 && report.log_det() > 0.1);
//! // Ok(())
//! // }
//! # Ok(())
//! # }
//! ```
//!
//! [`Limits`] name what a part promises beyond the laws of all (its order, its start, a log-det of 0), and how far rounding may take it from its promises; `f64` tells most, but `f32`
//! is checked too, and [`single_precision`] compares one with the other. [`loss`] checks the gradient of a loss of your own. The example `09_check_your_own` checks a bijector of its own.
//!
//! # Drawn parameters and points
//!
//! [`cases`] draws parts and points for `proptest`, from the bulk to where a mixture's components leave gaps. Far out no difference tells a slope, and gradients stay undecided there:
//! [`Report::undecided`] counts them.
//!
//! ```
//! use gaussflow::check::{self, Limits};
//! use gaussflow::{MixtureCdf, Marginal, TanhClamp};
//! use proptest::prelude::*;
//!
//! type Part = Marginal<f64, MixtureCdf<TanhClamp<f64>, 3>, 2>; // yours
//!
//! proptest! {
//!     # #![proptest_config(ProptestConfig::with_cases(8))]
//!     // #[test]
//!     fn obeys_the_laws((part, points) in check::cases::<f64, Part, 2>()) {
//!         check::bijector(&*part, &points, &Limits { order: check::Order::Exact, ..Limits::DEFAULT })?;
//!     }
//! }
//! # obeys_the_laws();
//! ```
//!
//! # A fuzz target
//!
//! [`Input`] reads a fuzzer's bytes as parameters and points; `cargo fuzz init` makes the rest. Any bits are allowed for numbers then, so gradients are left out.
//!
//! ```
//! use gaussflow::check::{self, Input, Limits};
//! use gaussflow::{ActNorm, Zeros};
//!
//! // #![no_main]
//! // libfuzzer_sys::fuzz_target!(|data: &[u8]| target(data));
//! fn target(data: &[u8]) {
//!     let mut input = Input(data);
//!     let mut part = ActNorm::<f32, 2>::ZEROS; // yours
//!     input.parameters(&mut part, |input| input.within(4.0));
//!     let x: [f32; 2] = input.array(Input::any);
//!     // What the part is not made for is no finding.
//!     if x.iter().all(|x| x.abs() < 1e6) {
//!         check::bijector(&part, &[x], &Limits { gradient: f64::INFINITY, ..Limits::DEFAULT }).unwrap();
//!     }
//! }
//! # target(&[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]);
//! ```
//!
//! # How gradients are compared
//!
//! By central differences of fourth order at steps from 3e-4 to 3e-7, each tried where the one before does not agree. A wrong gradient agrees at none. An error counts where two steps
//! tell the same slope, with none of them in doubt by its own curvature or by the conditioning of the map; elsewhere the gradient is undecided.

mod bijector;
mod differences;
mod draws;
mod input;
mod jacobian;
mod lanes;
mod law;
mod layer;
mod limits;
mod local;
mod loss;
mod map;
mod parameters;
mod precision;
mod pulled;
mod report;
mod stack;
#[cfg(feature = "check")]
mod strategies;
mod tally;
#[cfg(test)]
mod tests;
mod univariate;
mod violation;

pub use bijector::bijector;
pub use input::Input;
pub use law::Law;
pub use layer::layer;
pub use limits::{Limits, Order};
pub use loss::loss;
pub use parameters::perturb;
pub use precision::single_precision;
pub use report::{Line, Report};
#[cfg(feature = "check")]
pub use strategies::{cases, coordinates, parts, points, points_near};
pub use univariate::univariate;
pub use violation::{Direction, Place, Violation};

/// For parts and points of which all is known, in unit tests: a single step, and bounds that no conditioning widens.
#[cfg(test)]
pub(crate) const STRICT: Limits = Limits { small: 0.0, steps: &[3e-4], undecided: 0, tape: 0.0, jacobian: 1e-6, ..Limits::DEFAULT };
