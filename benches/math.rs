//! How long each function takes for one lane, alone and on wide lanes. How far each is from the truth is in its documentation, and `tests/ulp.rs` holds it.

mod common;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use gaussflow::math::{
    cdf, exp, expm1, ln, ln_1p, log_cdf, log_sf, mills, quantile, quantile_log_cdf, quantile_log_tail, sigmoid, softplus, tanh,
};
use gaussflow::{Real, Value, Wide};

const POINTS: usize = 1024;

/// Criterion's throughput is in lanes: "Melem/s" is a thousand over the nanoseconds of one value.
fn functions<V: Value>(c: &mut Criterion, lanes: &str) {
    let mut group = c.benchmark_group(format!("math/{} {lanes}", core::any::type_name::<V::Scalar>()));
    group.throughput(Throughput::Elements(POINTS as u64));
    // The normal's bulk; for logarithms and probabilities, what it maps to.
    let normals = common::normals::<V::Scalar, 1>(POINTS);
    let lanes_of = |f: fn(V::Scalar) -> V::Scalar| -> Vec<V> {
        normals.as_flattened().chunks(V::LANES).map(|x| V::from_lanes(|n| f(x[n.min(x.len() - 1)]))).collect()
    };
    let (any, positive, probability, log_tail) =
        (lanes_of(|x| x), lanes_of(Value::abs), lanes_of(cdf), lanes_of(|x| log_sf(Value::abs(x))));
    let mut out = any.clone();
    macro_rules! bench {
        ($($function:ident of $input:ident),*) => {$(
            group.bench_function(stringify!($function), |b| b.iter(|| run(&mut out, black_box(&$input), #[inline(always)] |x| $function(x))));
        )*};
    }
    bench!(
        exp of any, expm1 of any, ln of positive, ln_1p of positive, tanh of any, sigmoid of any, softplus of any, mills of positive, cdf of any, log_cdf of any,
        quantile of probability, quantile_log_cdf of log_tail, quantile_log_tail of log_tail
    );
    group.finish();
}

fn run<V: Value>(out: &mut [V], input: &[V], f: impl Fn(V) -> V) {
    V::outline(
        #[inline(always)]
        || out.iter_mut().zip(input).for_each(|(y, x)| *y = f(*x)),
    );
    black_box(out);
}

fn both<T: Real>(c: &mut Criterion) {
    functions::<T>(c, "one");
    functions::<Wide<T>>(c, "wide");
}

fn main() {
    let c = &mut Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(500))
        .configure_from_args();
    both::<f32>(c);
    both::<f64>(c);
    c.final_summary();
}
