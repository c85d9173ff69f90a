//! A scale that outliers do not set, and the quantiles that it needs.

use crate::number::{Real, Value};

/// Parts of the samples above and below whose distance is taken where half of the samples are one value, and the distance of these quantiles in deviations of a normal.
const WIDER: [(f64, f64); 4] = [(1.0 / 16.0, 3.068), (1.0 / 64.0, 4.308), (1.0 / 256.0, 5.320), (1.0 / 1024.0, 6.194)];

/// The scale of samples by their quantiles, which is the deviation of normal ones and 0 for equal ones.
///
/// The shortest of three intervals that hold half of the samples each, from the 1st, 2nd and 3rd eighth on, over 1.349: an eighth of the samples on either side may lie anywhere, and
/// three eighths on one of them. Where half of the samples are one value, wider intervals follow, up to that of all.
///
/// `quantile(p)` is the least sample that a part `p` of all does not exceed.
pub(crate) fn robust_scale(quantile: impl Fn(f64) -> f64) -> f64 {
    // Halves, so that the difference of two large numbers does not overflow.
    let distance = |from: f64, to: f64| 0.5 * quantile(to) - 0.5 * quantile(from);
    let mut half = f64::INFINITY;
    for eighth in [0.125, 0.25, 0.375] {
        let distance = distance(eighth, eighth + 0.5);
        if 0.0 < distance {
            half = half.min(distance);
        }
    }
    let scale = if half.is_finite() {
        half / (0.5 * 1.349)
    } else {
        let all = distance(0.0, 1.0);
        if all == 0.0 {
            return 0.0;
        }
        let wider = WIDER.iter().map(|(part, deviations)| distance(*part, 1.0 - part) / (0.5 * deviations));
        wider.into_iter().find(|scale| 0.0 < *scale).unwrap_or(all / 3.0)
    };
    Value::max(Value::min(scale, f64::MAX), f64::MIN_POSITIVE)
}

/// The `p`-quantile of `sorted` samples: the least one that a part `p` of all does not exceed.
pub(crate) fn sorted_quantile<T: Real>(sorted: &[T], p: f64) -> f64 {
    let rank = libm::ceil(p * sorted.len() as f64) as usize;
    sorted.get(rank.saturating_sub(1)).or(sorted.last()).map_or(0.0, |x| x.as_())
}

/// As [`sorted_quantile`], of samples in any order with their weights; one of weight 2 counts as two.
///
/// # Method
/// Digit by digit in the order of the floats: a pass finds 8 bits, with 256 sums of weights. So no copy of the samples is needed.
pub(crate) fn weighted_quantile<T: Real>(samples: impl Iterator<Item = (T, f64)> + Clone, p: f64) -> f64 {
    let offset = 1u64 << (T::BITS - 1);
    let (mut prefix, mut below, mut target) = (0u64, 0.0, None);
    for shift in (0..T::BITS).step_by(8).rev() {
        let mut sums = [0.0; 256];
        for (x, weight) in samples.clone() {
            let rank = (x.to_order() as u64).wrapping_add(offset);
            // The first digit has none before it.
            if (rank ^ prefix).checked_shr(shift + 8).unwrap_or(0) == 0 {
                sums[usize::from((rank >> shift) as u8)] += weight;
            }
        }
        let target = *target.get_or_insert_with(|| p * sums.iter().sum::<f64>());
        let mut digit = None;
        for (value, sum) in (0u64..).zip(sums) {
            if 0.0 < sum {
                if let Some((_, last)) = digit {
                    below += last;
                }
                digit = Some((value, sum));
                // Where rounding leaves all sums below the target, the last one is it.
                if target <= below + sum {
                    break;
                }
            }
        }
        prefix |= digit.map_or(0, |(value, _)| value) << shift;
    }
    T::from_order(prefix.wrapping_sub(offset) as i64).as_()
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::{robust_scale, sorted_quantile, weighted_quantile};
    use crate::math::standard_normal;
    use crate::number::Real;

    fn scale<const N: usize>(mut samples: [f64; N]) -> f64 {
        samples.sort_by(f64::total_cmp);
        robust_scale(|p| sorted_quantile(&samples, p))
    }

    fn normal<const N: usize>() -> [f64; N] {
        let mut rng = Pcg64::new(4, 5);
        core::array::from_fn(|_| standard_normal(&mut rng))
    }

    /// The standard error of this scale is 1.2 / sqrt(n).
    #[test]
    fn of_a_normal_it_is_the_deviation() {
        let found = scale(normal::<10_000>());
        assert!((found - 1.0).abs() < 5.0 * 1.2 / 100.0, "{found}");
    }

    #[test]
    fn outliers_do_not_set_it() {
        let clean = scale(normal::<1000>());
        // With 37 % on one side, from 0.8 % of the others to 80 %: 3.25 deviations.
        for (part, stretched) in [(1, 1.02), (50, 1.1), (125, 1.3), (370, 2.5)] {
            let mut samples = normal::<1000>();
            samples[..part].fill(-1e300);
            let found = scale(samples);
            assert!(0.9 * clean < found && found < stretched * clean, "{part}: {found}, {clean}");
        }
        let mut samples = normal::<1000>();
        samples[..120].fill(1e300);
        samples[120..240].fill(-1e300);
        assert!(scale(samples) < 2.0 * clean);
    }

    #[test]
    fn repeated_values() {
        assert_eq!(scale([3.0; 9]), 0.0);
        assert_eq!(scale([]), 0.0);
        // Of two values, of nearly all one, and of one other alone.
        assert!((scale([0.0, 0.0, 0.0, 0.0, 1.0, 1.0]) - 1.0 / 1.349).abs() < 1e-12);
        let mut samples = normal::<1000>();
        samples[..900].fill(0.5);
        assert!((0.05..1.0).contains(&scale(samples)), "{}", scale(samples));
        samples.fill(0.5);
        samples[3] = 2.0;
        assert!((scale(samples) - 1.5 / 6.194).abs() < 1e-12);
    }

    #[test]
    fn of_any_size() {
        for size in [f64::MAX, 1e-300, 1e-307] {
            let found = scale([-size, size, 0.0, size, -size]);
            assert!(found.is_finite() && f64::MIN_POSITIVE <= found, "{size}: {found}");
        }
    }

    fn by_passes<T: Real>(samples: &[T]) {
        let mut sorted = [T::ZEROS; 300];
        sorted[..samples.len()].copy_from_slice(samples);
        let sorted = &mut sorted[..samples.len()];
        sorted.sort_by_key(|x| x.to_order());
        for p in [0.0, 0.001, 0.125, 0.25, 0.333, 0.5, 0.875, 0.999, 1.0] {
            let exact = sorted_quantile(sorted, p);
            assert_eq!(weighted_quantile(samples.iter().map(|x| (*x, 1.0)), p), exact, "{p}");
            // Each twice; and with others that do not count.
            assert_eq!(weighted_quantile(samples.iter().map(|x| (*x, 2.0)), p), exact, "{p}");
            let others = samples.iter().flat_map(|x| [(-*x, 0.0), (*x, 0.5), (*x, 0.25)]);
            assert_eq!(weighted_quantile(others, p), exact, "{p}");
        }
    }

    #[test]
    fn passes_find_what_sorting_finds() {
        let mut samples = normal::<300>();
        by_passes(&samples);
        samples[..200].fill(-1.5);
        samples[7] = f64::MAX;
        samples[8] = f64::MIN;
        samples[9] = 5e-324;
        by_passes(&samples);
        by_passes(&samples.map(|x| x as f32).map(|x| x.clamp(f32::MIN, f32::MAX)));
        by_passes(&[7.25f32]);
        assert_eq!(weighted_quantile([(1.0, 3.0), (2.0, 1.0), (9.0, 0.0)].into_iter(), 0.75), 1.0);
        assert_eq!(weighted_quantile([(1.0, 3.0), (2.0, 1.0), (9.0, 0.0)].into_iter(), 0.76), 2.0);
    }
}
