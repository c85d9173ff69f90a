//! A mixture of eight components, from the parameters that a network gives and prepared: the median over ordinary points, the most over what a search finds.

#![no_std]
#![no_main]

use core::hint::black_box;

use board::Spread;
use gaussflow::{Identity, Layer, Zeros};

#[board::entry]
fn main() -> ! {
    let [(_, coupling, _), ..] = &flows::MOONS.bijector;
    let mut params = [Zeros::ZEROS];
    coupling.conditioner.apply::<f32, Identity>(&[0.5], &[], &mut params);
    let [params] = params;
    let mixture = coupling.univariate.mixture(&params);

    let whole = Spread::of(|[x]: &[f32; 1]| {
        black_box(coupling.univariate.mixture(black_box(&params)).forward_and_log_det(*x));
    });
    whole.report("mixture_median", "mixture_worst", "mixture_stack");
    let prepared = Spread::of(|[x]: &[f32; 1]| {
        black_box(black_box(&mixture).forward_and_log_det(*x));
    });
    prepared.report("prepared_mixture_median", "prepared_mixture_worst", "prepared_mixture_stack");
    board::done()
}
