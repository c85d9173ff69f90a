//! Flows of zuko and flowjax beside what those libraries say of them in f64: `tools/test_exports.py` made the files, and the types beside them.
//!
//! With `PEER_FLOWS` set, the files are those of that folder: of the same shapes, with other weights and more points.

use gaussflow::store::tensors;
use gaussflow::{DifferentiableBijector, Flow, Init, Real, Zeros};

/// Of `log_prob` and `z`, in units of `max(1, |value|)`: roundings there and here, where sums over hidden values have another order, times the slopes of the maps behind them.
const DOUBLE: f64 = 1e-9;
/// The splines of three couplings here, with slopes down to 1e-8, are between 1e-5 and 1.6e-5 off in f32; all others below 1e-5.
const SINGLE: f64 = 2e-5;

/// The tensors beside the weights: points, their images, their log-densities, and the contexts, where there are any.
struct Points {
    x: Vec<f64>,
    z: Vec<f64>,
    log_prob: Vec<f64>,
    context: Vec<f64>,
}

fn file(name: &str) -> (Vec<u8>, Points) {
    let folder = std::env::var("PEER_FLOWS").unwrap_or(format!("{}/tests/data/peers", env!("CARGO_MANIFEST_DIR")));
    let path = format!("{folder}/{name}.safetensors");
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |name: &str| -> Vec<f64> {
        let data = tensors.tensor(name).map(|view| view.data()).unwrap_or_default();
        data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
    };
    let points = Points { x: numbers("x"), z: numbers("z"), log_prob: numbers("log_prob"), context: numbers("context") };
    (bytes, points)
}

fn row<T: Real, const N: usize>(values: &[f64], n: usize) -> [T; N] {
    std::array::from_fn(|i| T::from_f64(values[n * N + i]))
}

/// `log_prob`, `z`, and the way back from `z`: what is found there has the image `z`, and is the `x` of most rows. Where a spline's slope is 1e-8, roundings of `z` are worth so much in `x`
/// that no more can be asked of all.
fn compare<T: Real, B, const D: usize, const C: usize>(name: &str, tolerance: f64)
where
    B: DifferentiableBijector<T, D, C> + Init<T>,
{
    let (bytes, points) = file(name);
    let mut flow = Box::new(Flow::<T, B, D, C>::ZEROS);
    tensors::load(&mut flow, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    let rows = points.log_prob.len();
    assert!(
        rows >= 200 && points.x.len() == rows * D && points.z.len() == rows * D && points.context.len() == rows * C,
        "{name}: {rows} rows"
    );
    let mut worst = [0.0f64; 3];
    let (mut beyond, mut inverses) = (0, Vec::new());
    for n in 0..rows {
        let (x, z): ([T; D], [T; D]) = (row(&points.x, n), row(&points.z, n));
        let given = flow.given(row::<T, C>(&points.context, n));
        let off = |found: T, expected: f64| (found.as_() - expected).abs() / expected.abs().max(1.0);
        // NaN is the worst of all.
        let mut see = |i: usize, error: f64| worst[i] = if error <= worst[i] { worst[i] } else { error };
        see(0, off(given.log_prob(&x), points.log_prob[n]));
        let back = given.inverse(&z);
        for (d, (found, again)) in given.forward(&x).into_iter().zip(given.forward(&back)).enumerate() {
            see(1, off(found, points.z[n * D + d]));
            see(2, off(again, points.z[n * D + d]));
        }
        inverses.push((0..D).map(|d| off(back[d], points.x[n * D + d])).fold(0.0, f64::max));
        beyond += usize::from(x.iter().any(|x| x.as_().abs() > 5.0));
    }
    inverses.sort_by(f64::total_cmp);
    let (median, most) = (inverses[rows / 2], inverses[rows - 1]);
    println!(
        "{name}, {} bits, {rows} points, {beyond} beyond 5: log_prob {:.1e}, z {:.1e}, z of the inverse {:.1e}, x {median:.1e} (worst {most:.1e})",
        T::BITS,
        worst[0],
        worst[1],
        worst[2]
    );
    assert!(beyond > 0, "{name}: the tails are not tried");
    assert!(worst.iter().all(|error| *error <= tolerance) && median <= tolerance, "{name}, {} bits: {worst:?}, {median}", T::BITS);
}

macro_rules! flows {
    ($($name:ident: $d:literal, $c:literal;)+) => {$(
        mod $name {
            use super::{DOUBLE, SINGLE, compare};

            include!(concat!("data/peers/", stringify!($name), ".rs"));

            #[test]
            fn as_it_was_there() {
                fn of<T: Real, B: DifferentiableBijector<T, $d, $c> + Init<T>>(_: fn() -> Flow<T, B, $d, $c>, tolerance: f64) {
                    compare::<T, B, $d, $c>(stringify!($name), tolerance);
                }
                of(|| Model::<f64>::ZEROS, DOUBLE);
                of(|| Model::<f32>::ZEROS, SINGLE);
            }
        }
    )+};
}

flows! {
    zuko_maf_d2: 2, 0;
    zuko_maf_d6: 6, 0;
    zuko_maf_d16: 16, 0;
    zuko_maf_given_d3: 3, 2;
    zuko_nsf_d2: 2, 0;
    zuko_nsf_d6: 6, 0;
    zuko_nsf_d16: 16, 0;
    zuko_nsf_coupling_d5: 5, 0;
    zuko_nsf_coupling_d6: 6, 0;
    zuko_nsf_coupling_d16: 16, 0;
    flowjax_maf_d2: 2, 0;
    flowjax_maf_d6: 6, 0;
    flowjax_maf_d16: 16, 0;
    flowjax_maf_given_d3: 3, 2;
    flowjax_maf_spline_d2: 2, 0;
    flowjax_maf_spline_d6: 6, 0;
    flowjax_maf_spline_d16: 16, 0;
    flowjax_coupling_d2: 2, 0;
    flowjax_coupling_d6: 6, 0;
    flowjax_coupling_d16: 16, 0;
    flowjax_coupling_spline_d2: 2, 0;
    flowjax_coupling_spline_d6: 6, 0;
    flowjax_coupling_spline_d16: 16, 0;
}
