//! One-dimensional mixtures by expectation-maximisation against scikit-learn's, on `tests/data/em/sets.txt` (made by `tools/em_data.py`).

use gaussflow::start::{DataError, Em, MixtureFit, fit_mixture};
use gaussflow::{Mixture, Real};
use rand_pcg::Pcg64;

/// How far the log-likelihood of a sample may be from scikit-learn's best of 5 starts, in nats: other starts lead to other local maxima. The worst set is at 0.005.
const WITHIN: f64 = 0.01;

/// What single precision changes: `log_pdf` in `f32` for the rounded parameters, some 30 ulp of a value near 20.
const SINGLE: f64 = 1e-4;

/// Fits `samples` with `K` components; returns the log-likelihood of a sample, in `T`'s own arithmetic.
fn fit<T: Real, const K: usize>(samples: &[f64]) -> (f64, MixtureFit<T, K>) {
    let mut sorted: Vec<T> = samples.iter().map(|x| T::from_f64(*x)).collect();
    let found: MixtureFit<T, K> = fit_mixture(&mut sorted, &Em::default(), &mut Pcg64::new(1, 2)).expect("finite samples, more than K");
    let mixture = Mixture::new(&found.logits, &found.means, &found.log_scales).expect("finite parameters");
    let total: f64 = sorted.iter().map(|x| mixture.log_pdf(*x).as_()).sum();
    (total / samples.len() as f64, found)
}

fn compare<const K: usize>(name: &str, theirs: f64, samples: &[f64]) {
    let (ours, found) = fit::<f64, K>(samples);
    println!("{name:12} K = {K}: {ours:+.6}, scikit-learn {theirs:+.6}, difference {:+.6}, {} iterations", ours - theirs, found.iterations);
    assert!((ours - found.log_likelihood).abs() < 1e-9, "{name}: stated as {}", found.log_likelihood);
    assert!((ours - theirs).abs() <= WITHIN, "{name}: {ours}, scikit-learn {theirs}");
    // Its spread is a few hundred steps of f32 at its offset.
    if name != "offset" {
        let (single, stated) = fit::<f32, K>(samples);
        assert!((single - stated.log_likelihood).abs() < SINGLE, "{name}: {single} in f32, stated as {}", stated.log_likelihood);
        assert!((single - theirs).abs() <= WITHIN, "{name}: {single} in f32, scikit-learn {theirs}");
    }
}

#[test]
fn as_likely_as_scikit_learn() {
    let mut sets = 0;
    for line in include_str!("data/em/sets.txt").lines() {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap();
        let k: usize = words.next().unwrap().parse().unwrap();
        let mut numbers = words.map(|word| word.parse::<f64>().unwrap());
        let theirs = numbers.next().unwrap();
        let samples: Vec<f64> = numbers.collect();
        match k {
            1 => compare::<1>(name, theirs, &samples),
            2 => compare::<2>(name, theirs, &samples),
            3 => compare::<3>(name, theirs, &samples),
            4 => compare::<4>(name, theirs, &samples),
            5 => compare::<5>(name, theirs, &samples),
            6 => compare::<6>(name, theirs, &samples),
            8 => compare::<8>(name, theirs, &samples),
            _ => panic!("{name}: no case for {k} components"),
        }
        sets += 1;
    }
    assert_eq!(sets, 20);
}

/// A fit or a typed error for whatever is asked, never a NaN.
#[test]
fn any_samples() {
    let mut rng = Pcg64::new(6, 6);
    for round in 0..300 {
        let n = round % 12;
        let mut samples: Vec<f32> = (0..n)
            .map(|_| match (f32::uniform(&mut rng) * 6.0) as u32 {
                0 => f32::from_bits((f64::uniform(&mut rng) * 2f64.powi(32)) as u32),
                1 => 0.0,
                2 => 1.0,
                3 => f32::MAX,
                4 => f32::from_bits(1),
                _ => f32::uniform(&mut rng),
            })
            .collect();
        let finite = samples.iter().position(|x| !x.is_finite());
        match fit_mixture::<f32, 4, _>(&mut samples, &Em { starts: 3, iterations: 30, ..Em::default() }, &mut rng) {
            Ok(found) => {
                assert!(Mixture::new(&found.logits, &found.means, &found.log_scales).is_ok(), "{samples:?} {found:?}");
                assert!(found.log_likelihood.is_finite(), "{samples:?} {found:?}");
            }
            Err(DataError::Empty) => assert_eq!(n, 0),
            Err(DataError::Sample(index)) => assert_eq!(Some(index), finite),
            Err(error) => assert_eq!((error, n < 4, finite), (DataError::TooFew { needed: 4 }, true, None)),
        }
    }
}
