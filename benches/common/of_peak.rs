//! Criterion's clock, with the share of the machine's peak beside the time.

use std::time::{Duration, Instant};

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, Throughput};
use gaussflow::Real;

/// Time; a throughput of `n` elements means `n` floating-point operations and is shown as a share of the peak.
pub struct OfPeak {
    /// Operations a second.
    peak: f64,
}

/// Criterion with the peak of one core for `T`, measured now.
pub fn criterion<T: Real>() -> Criterion<OfPeak> {
    let peak = crate::common::peak::<T>();
    println!("FMA peak of one core in {}: {:.1} GFLOP/s", core::any::type_name::<T>(), peak / 1e9);
    Criterion::default()
        .with_measurement(OfPeak { peak })
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args()
}

/// Operations for [`OfPeak`].
pub fn operations(flops: f64) -> Throughput {
    Throughput::Elements(flops as u64)
}

impl Measurement for OfPeak {
    type Intermediate = Instant;
    type Value = Duration;

    fn start(&self) -> Instant {
        WallTime.start()
    }
    fn end(&self, start: Instant) -> Duration {
        WallTime.end(start)
    }
    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        WallTime.add(a, b)
    }
    fn zero(&self) -> Duration {
        WallTime.zero()
    }
    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        self
    }
}

impl ValueFormatter for OfPeak {
    fn scale_values(&self, typical: f64, values: &mut [f64]) -> &'static str {
        WallTime.formatter().scale_values(typical, values)
    }
    fn scale_throughputs(&self, typical: f64, throughput: &Throughput, values: &mut [f64]) -> &'static str {
        let Throughput::Elements(operations) = throughput else {
            return WallTime.formatter().scale_throughputs(typical, throughput, values);
        };
        // Nanoseconds to percent.
        values.iter_mut().for_each(|ns| *ns = 100.0 * *operations as f64 / (*ns * 1e-9) / self.peak);
        "% of the FMA peak"
    }
    fn scale_for_machines(&self, values: &mut [f64]) -> &'static str {
        WallTime.formatter().scale_for_machines(values)
    }
}
