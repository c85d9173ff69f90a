//! What every fit keeps, on data of all kinds.

use rand_pcg::Pcg64;

use super::{Covariance, GaussianMixtureFit, MixtureEm, MixtureStart, MixtureWorkspace};
use crate::bijector::GaussianMixture;
use crate::flow::IntoRows;
use crate::math::{exp, log_sum_exp, standard_normal};
use crate::mixture::LOG_SQRT_TAU;
use crate::number::{Real, Zeros};
use crate::parameters::Parameters;
use crate::start::DataError;

const KINDS: [Covariance; 4] = [Covariance::Full, Covariance::Tied, Covariance::Diagonal, Covariance::Spherical];

/// Three bumps, of which one is long and turned and one is narrow.
fn bumps<const N: usize>() -> [[f64; 2]; N] {
    let mut rng = Pcg64::new(8, 8);
    core::array::from_fn(|n| {
        let [a, b]: [f64; 2] = core::array::from_fn(|_| standard_normal(&mut rng));
        [[5.0 + 0.5 * a, b], [-2.0 + a, 2.0 * a + 0.3 * b], [1.0 + 0.2 * a, -4.0 + 0.2 * b]][n % 3]
    })
}

fn fit_rows<'a, T: Real + 'a, const D: usize, const K: usize>(
    mixture: &mut GaussianMixture<T, D, K>,
    rows: impl IntoRows<'a, T, D, 0>,
    settings: &MixtureEm,
) -> Result<GaussianMixtureFit, DataError> {
    let mut workspace = MixtureWorkspace::ZEROS;
    mixture.fit(rows, settings, &mut workspace, &mut Pcg64::new(1, 2))
}

/// A new mixture and what its fit says.
fn fit<T: Real, const D: usize, const K: usize>(
    rows: &[[T; D]],
    settings: &MixtureEm,
) -> Result<(GaussianMixture<T, D, K>, GaussianMixtureFit), DataError> {
    let mut mixture = GaussianMixture::ZEROS;
    fit_rows(&mut mixture, rows, settings).map(|found| (mixture, found))
}

/// The log-density, as its definition says.
fn log_prob<T: Real, const D: usize, const K: usize>(mixture: &GaussianMixture<T, D, K>, x: &[T; D]) -> f64 {
    let logits = mixture.logits.map(|logit| logit.as_());
    let terms: [f64; K] = core::array::from_fn(|k| {
        let mut term = logits[k] - log_sum_exp::<f64>(&logits) - D as f64 * LOG_SQRT_TAU;
        for i in 0..D {
            let along = |j: usize| mixture.coefficients[i][j][k].as_() * x[j].as_();
            let mean = mixture.offsets[i][k].as_() + (0..i).map(along).sum::<f64>();
            let log_scale: f64 = mixture.log_scales[i][k].as_();
            let t = (x[i].as_() - mean) * exp(-log_scale);
            term -= 0.5 * t * t + log_scale;
        }
        term
    });
    log_sum_exp(&terms)
}

#[test]
fn finds_three_bumps() {
    let rows = bumps::<600>();
    let (mixture, found) = fit::<f64, 2, 3>(&rows, &MixtureEm::default()).unwrap();
    assert!(found.converged && found.penalty == 0.0, "{found:?}");
    let mut order = [0, 1, 2];
    order.sort_by(|&a, &b| mixture.offsets[0][a].total_cmp(&mixture.offsets[0][b]));
    // Offset, coefficient and scales of each.
    for (k, (offset, b, scales)) in order.into_iter().zip([(-2.0, 2.0, [1.0, 0.3]), (1.0, 0.0, [0.2, 0.2]), (5.0, 0.0, [0.5, 1.0])]) {
        assert!((mixture.offsets[0][k] - offset).abs() < 0.25, "{mixture:?}");
        assert!((mixture.coefficients[1][0][k] - b).abs() < 0.35, "{mixture:?}");
        assert!((mixture.log_scales[0][k] - libm::log(scales[0])).abs() < 0.2, "{mixture:?}");
        assert!((mixture.log_scales[1][k] - libm::log(scales[1])).abs() < 0.2, "{mixture:?}");
        assert!((mixture.logits[k] - libm::log(1.0 / 3.0)).abs() < 0.1, "{mixture:?}");
    }
    // What it says of itself is true.
    let mean = rows.iter().map(|x| log_prob(&mixture, x)).sum::<f64>() / 600.0;
    assert!((mean - found.log_likelihood).abs() < 1e-11, "{mean} {found:?}");
}

/// Of each kind, with and without shrinkage.
#[test]
fn the_likelihood_never_falls() {
    let rows = bumps::<200>();
    for covariance in KINDS {
        for shrinkage in [0.0, 5.0] {
            let mut last = f64::NEG_INFINITY;
            for iterations in (0..12).chain([20, 40]) {
                let settings = MixtureEm { covariance, shrinkage, starts: 1, iterations, tolerance: 0.0, ..MixtureEm::default() };
                let (_, found) = fit::<f64, 2, 4>(&rows, &settings).unwrap();
                let objective = found.log_likelihood - found.penalty;
                assert!(last <= objective, "{settings:?}: {last} {objective}");
                assert!(0.0 <= found.penalty && (found.penalty == 0.0) == (shrinkage == 0.0), "{found:?}");
                last = objective;
            }
        }
    }
}

/// Where the floor holds: on repeated rows and on lines, the same.
#[test]
fn the_likelihood_never_falls_at_the_floor() {
    let mut rows = bumps::<200>();
    for n in 0..60 {
        rows[n] = [1.5, -0.5];
        let t = rows[n + 60][0];
        rows[n + 60] = [t, 3.0 - 0.5 * t];
    }
    let mut last = f64::NEG_INFINITY;
    for iterations in (0..10).chain([20, 40, 80]) {
        let settings = MixtureEm { starts: 1, iterations, tolerance: 0.0, least_scale: 0.01, ..MixtureEm::default() };
        let (_, found) = fit::<f64, 2, 5>(&rows, &settings).unwrap();
        assert!(last <= found.log_likelihood, "{iterations}: {last} {}", found.log_likelihood);
        last = found.log_likelihood;
    }
}

#[test]
fn more_starts_are_never_worse() {
    let rows = bumps::<200>();
    let mut last = f64::NEG_INFINITY;
    for starts in [1, 2, 4] {
        let (_, found) = fit::<f64, 2, 4>(&rows, &MixtureEm { starts, iterations: 30, ..MixtureEm::default() }).unwrap();
        assert!(last <= found.log_likelihood);
        last = found.log_likelihood;
    }
}

#[test]
fn each_kind_has_its_form() {
    let rows = bumps::<200>();
    let [_, tied, diagonal, spherical] = KINDS
        .map(|covariance| fit::<f64, 2, 3>(&rows, &MixtureEm { covariance, starts: 1, iterations: 20, ..MixtureEm::default() }).unwrap().0);
    assert!(tied.coefficients[1][0] == [tied.coefficients[1][0][0]; 3] && tied.log_scales[0] == [tied.log_scales[0][0]; 3]);
    assert!(tied.coefficients[1][0][0] != 0.0 && tied.log_scales[1] == [tied.log_scales[1][0]; 3]);
    assert!(diagonal.coefficients[1][0] == [0.0; 3] && diagonal.log_scales[0] != diagonal.log_scales[1]);
    assert!(spherical.coefficients[1][0] == [0.0; 3] && spherical.log_scales[0] == spherical.log_scales[1]);
    assert!(spherical.log_scales[0][0] != spherical.log_scales[0][1]);
}

/// Weights of 0, 1, 2 and 3, and rows that are left out or stand as often.
#[test]
fn weighted_rows_are_repeated_rows() {
    let rows = bumps::<120>();
    let weights: [f64; 120] = core::array::from_fn(|n| (n * 7 % 4) as f64);
    let mut repeated = [[0.0; 2]; 360];
    let mut count = 0;
    for (row, weight) in rows.iter().zip(weights) {
        for _ in 0..weight as usize {
            repeated[count] = *row;
            count += 1;
        }
    }
    for covariance in KINDS {
        let settings = MixtureEm { covariance, starts: 1, iterations: 15, tolerance: 0.0, shrinkage: 1.0, ..MixtureEm::default() };
        let mut weighted = GaussianMixture::<f64, 2, 3>::ZEROS;
        let told = fit_rows(&mut weighted, IntoRows::<f64, 2, 0>::into_rows(&rows).weighted(&weights), &settings).unwrap();
        let (plain, of_repeated) = fit::<f64, 2, 3>(&repeated[..count], &settings).unwrap();
        assert!((told.log_likelihood - of_repeated.log_likelihood).abs() < 1e-10, "{told:?} {of_repeated:?}");
        let near = |a: &mut [f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-7);
        weighted.zip(&plain, &mut |_, a: &mut [f64], b: &[f64]| assert!(near(a, b), "{covariance:?}: {a:?} {b:?}"));
    }
}

#[test]
fn moves_and_scales_with_the_data() {
    let rows = bumps::<200>();
    let (small, told) = fit::<f64, 2, 3>(&rows, &MixtureEm::default()).unwrap();
    for sizes in [[libm::exp2(100.0), libm::exp2(-90.0)], [libm::exp2(-200.0), libm::exp2(300.0)]] {
        // Powers of 2 move no bit of the standardised rows.
        let (large, of_large) = fit::<f64, 2, 3>(&rows.map(|[x, y]| [x * sizes[0], y * sizes[1]]), &MixtureEm::default()).unwrap();
        let log_sizes = sizes.map(libm::log);
        assert!((of_large.log_likelihood + log_sizes[0] + log_sizes[1] - told.log_likelihood).abs() < 1e-9);
        for k in 0..3 {
            assert!((large.offsets[1][k] / sizes[1] - small.offsets[1][k]).abs() < 1e-9);
            assert!((large.coefficients[1][0][k] * (sizes[0] / sizes[1]) - small.coefficients[1][0][k]).abs() < 1e-9);
            assert!((large.log_scales[1][k] - log_sizes[1] - small.log_scales[1][k]).abs() < 1e-9);
        }
    }
    // An offset costs digits of the rows, no more.
    let (moved, of_moved) = fit::<f64, 2, 3>(&rows.map(|[x, y]| [x + 1e6, y - 1e6]), &MixtureEm::default()).unwrap();
    assert!((of_moved.log_likelihood - told.log_likelihood).abs() < 1e-6, "{of_moved:?} {told:?}");
    assert!(moved.offsets[0].iter().all(|x| (x - 1e6).abs() < 10.0));
}

/// The entropy of a standard normal of two dimensions is 2.838 nats; a share of 5 % elsewhere costs 0.051 more. The standard error of the mean is 1 / sqrt(n).
#[test]
fn outliers_do_not_set_the_scale() {
    let mut rng = Pcg64::new(2, 7);
    let good: [[f64; 2]; 1000] = core::array::from_fn(|_| core::array::from_fn(|_| standard_normal(&mut rng)));
    for (count, value, entropy) in [(1, 1e6, 2.838), (1, 1e30, 2.838), (50, -9999.0, 2.889)] {
        let mut rows = good;
        rows[..count].fill([value, 0.5]);
        let (mixture, _) = fit::<f64, 2, 2>(&rows, &MixtureEm { starts: 2, ..MixtureEm::default() }).unwrap();
        let nll = -rows[count..].iter().map(|x| log_prob(&mixture, x)).sum::<f64>() / (1000 - count) as f64;
        assert!((nll - entropy).abs() < 0.12, "{value}: {nll}");
    }
}

/// Few rows of many dimensions: held-out rows are likelier with shrinkage.
#[test]
fn shrinkage_helps_few_rows() {
    let mut rng = Pcg64::new(3, 7);
    let mut drawn = |n: usize| -> [f64; 5] {
        core::array::from_fn(|_| standard_normal::<f64, _>(&mut rng) + if n.is_multiple_of(2) { 4.0 } else { 0.0 })
    };
    let (train, test): ([_; 24], [_; 400]) = (core::array::from_fn(&mut drawn), core::array::from_fn(&mut drawn));
    let [none, some] = [0.0, 5.0].map(|shrinkage| {
        let (mixture, _) = fit::<f64, 5, 2>(&train, &MixtureEm { shrinkage, ..MixtureEm::default() }).unwrap();
        test.iter().map(|x| log_prob(&mixture, x)).sum::<f64>() / 400.0
    });
    std::println!("24 rows of 5 dimensions, log-likelihood of 400 others: {none:.3}, with shrinkage {some:.3}");
    assert!(none + 0.2 < some, "{none} {some}");
}

/// From itself a fit gains nothing; given means with a guess of the scales lead to the same bumps.
#[test]
fn starts_at_the_mixture_as_it_is() {
    let rows = bumps::<300>();
    let settings = MixtureEm { tolerance: 1e-9, ..MixtureEm::default() };
    let (mut mixture, told) = fit::<f64, 2, 3>(&rows, &settings).unwrap();
    let present = MixtureEm { start: MixtureStart::Present, starts: 1, ..settings };
    let again = fit_rows(&mut mixture, &rows, &MixtureEm { iterations: 0, ..present }).unwrap();
    assert!((again.log_likelihood - told.log_likelihood).abs() < 1e-12, "{again:?} {told:?}");
    let mut given = GaussianMixture::<f64, 2, 3>::ZEROS;
    given.offsets = [[-2.0, 1.0, 5.0], [-4.0, -4.0, 0.0]];
    let found = fit_rows(&mut given, &rows, &present).unwrap();
    assert!((found.log_likelihood - told.log_likelihood).abs() < 1e-6, "{found:?} {told:?}");
    assert!(given.offsets[0].is_sorted());
    given.log_scales[1][2] = f64::NAN;
    assert_eq!(fit_rows(&mut given, &rows, &present), Err(DataError::Setting("start")));
    given.log_scales[1][2] = 1e4;
    assert_eq!(fit_rows(&mut given, &rows, &present), Err(DataError::Setting("start")));
}

#[test]
fn single_precision_is_accumulated_in_double() {
    let rows = bumps::<300>().map(|row| row.map(|x| x as f32));
    let wide = rows.map(|row| row.map(f64::from));
    let ((single, a), (double, b)) =
        (fit::<f32, 2, 3>(&rows, &MixtureEm::default()).unwrap(), fit::<f64, 2, 3>(&wide, &MixtureEm::default()).unwrap());
    assert_eq!(a, b);
    assert_eq!(
        (single.offsets, single.log_scales),
        (double.offsets.map(|r| r.map(|x| x as f32)), double.log_scales.map(|r| r.map(|x| x as f32)))
    );
}

/// Errors leave the mixture as it is.
#[test]
fn refuses_what_cannot_be_fitted() {
    let check = |rows: &[[f32; 2]], weights: &[f32], settings: MixtureEm, error: DataError| {
        let mut mixture = GaussianMixture::<f32, 2, 3>::ZEROS;
        mixture.offsets[1][2] = 7.0;
        let before = mixture.clone();
        let rows = IntoRows::<f32, 2, 0>::into_rows(rows).weighted(weights);
        assert_eq!(fit_rows(&mut mixture, rows, &settings), Err(error), "{rows:?}");
        assert_eq!(mixture, before);
    };
    let (good, default) = (bumps::<9>().map(|row| row.map(|x| x as f32)), MixtureEm::default());
    let with = |value: f32| {
        let mut rows = good;
        rows[7][1] = value;
        rows
    };
    check(&[], &[], default, DataError::Empty);
    check(&good, &[0.0; 9], default, DataError::Empty);
    check(&good, &[1.0; 8], default, DataError::WeightCount { samples: 9, weights: 8 });
    check(&good[..3], &[1.0, -1.0, 1.0], default, DataError::Weight(1));
    check(&good[..3], &[1.0, 1.0, f32::NAN], default, DataError::Weight(2));
    check(&with(f32::NAN), &[], default, DataError::Sample(7));
    check(&with(f32::INFINITY), &[], default, DataError::Sample(7));
    check(&good[..2], &[], default, DataError::TooFew { needed: 3 });
    check(&good[..4], &[1.0, 0.0, 1.0, 0.0], default, DataError::TooFew { needed: 3 });
    check(&good, &[], MixtureEm { starts: 0, ..default }, DataError::Setting("starts"));
    // A coefficient of 1e60, and a scale without an inverse.
    check(&good.map(|[x, _]| [x * 1e-30, x * 1e30]), &[], default, DataError::Scale(1));
    check(&good.map(|[x, y]| [x, y * 1e-42]), &[], default, DataError::Scale(1));
}

/// Of each kind, in both precisions: finite, whatever the data.
fn degenerate<const D: usize, const K: usize, const N: usize>(rows: [[f64; D]; N]) {
    fn of<T: Real, const D: usize, const K: usize>(rows: &[[T; D]]) {
        for covariance in KINDS {
            for shrinkage in [0.0, 1.0] {
                let settings = MixtureEm { covariance, shrinkage, starts: 2, iterations: 30, ..MixtureEm::default() };
                let (mixture, found) = match fit::<T, D, K>(rows, &settings) {
                    Ok(fitted) => fitted,
                    // What the type cannot hold.
                    Err(DataError::Scale(_)) if T::BITS == 32 => continue,
                    Err(error) => panic!("{rows:?} {settings:?}: {error}"),
                };
                assert!(found.log_likelihood.is_finite() && found.penalty.is_finite(), "{rows:?} {settings:?}: {found:?}");
                mixture.visit(&mut |_, slice| assert!(slice.iter().all(|p| p.is_finite()), "{rows:?} {settings:?}: {mixture:?}"));
                if T::BITS == 64 {
                    assert!(rows.iter().all(|x| log_prob(&mixture, x).is_finite()), "{rows:?} {settings:?}: {mixture:?}");
                }
            }
        }
    }
    of::<f64, D, K>(&rows);
    of::<f32, D, K>(&rows.map(|row| row.map(|x| x as f32)));
}

#[test]
fn degenerate_data_is_fitted() {
    // One row; equal rows; two values; a constant column; as many rows as components.
    degenerate::<3, 1, 1>([[7.5, -1.0, 1e-3]]);
    degenerate::<3, 2, 6>([[7.5, -1.0, 1e-3]; 6]);
    degenerate::<2, 3, 8>([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0].map(|x| [x, 1.0 - x]));
    degenerate::<3, 2, 6>([1.0, 2.0, 3.0, 5.0, 8.0, 13.0].map(|x| [x, 4.0, -x * x]));
    degenerate::<2, 4, 4>([[0.0, 1.0], [2.0, -1.0], [5.0, 5.0], [1.0, 1.0]]);
    // Columns that depend on each other; duplicates; fewer rows than dimensions.
    degenerate::<3, 2, 7>([1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 7.0].map(|x| [x, 2.0 * x - 1.0, x + 1e-12 * x * x]));
    degenerate::<2, 3, 9>([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0].map(|x| [x, x]));
    degenerate::<6, 2, 3>([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.0, 1.0, 0.0, 3.0, 3.0, 1.0], [0.0, 0.5, 1.0, 5.0, 1.0, 2.0]]);
    // Of all sizes.
    degenerate::<2, 2, 5>([1.0, -1.0, 0.5, 0.1, -0.2].map(|x| [x * 1e30, x * x * 1e30]));
    degenerate::<2, 2, 5>([1.0, -1.0, 0.5, 0.1, -0.2].map(|x| [x * 1e-30, x * x * 1e-29]));
    degenerate::<2, 2, 5>([1.0, -1.0, 0.5, 0.1, -0.2].map(|x| [x * 1e-30, x * x * 1e30]));
    degenerate::<1, 2, 5>([1.0, -1.0, 0.5, 0.1, -0.2].map(|x| [x * 3e38]));
    degenerate::<2, 3, 6>([[1e-30, 0.0], [2e-30, 1.0], [1e30, 2.0], [1.0, 4.0], [2.0, 1e30], [-1e30, 0.0]]);
}

/// In `f64` alone: near the ends of the floats.
#[test]
fn the_largest_numbers() {
    let rows = [1.0, -1.0, 0.5, 0.1, -0.2, 0.9].map(|x| [x * f64::MAX, x * x]);
    for covariance in KINDS {
        let settings = MixtureEm { covariance, starts: 2, iterations: 30, ..MixtureEm::default() };
        match fit::<f64, 2, 2>(&rows, &settings) {
            Ok((mixture, found)) => {
                mixture.visit(&mut |_, slice| assert!(slice.iter().all(|p| p.is_finite())));
                assert!(found.log_likelihood.is_finite());
            }
            Err(error) => assert!(matches!(error, DataError::Scale(_)), "{error}"),
        }
    }
}
