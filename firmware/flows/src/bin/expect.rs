//! Prints what the images should, computed on this machine. With the argument `short`, a hundredth of the points: for emulated machines.

use flows::{Hash, INT8_MOONS, Learner, MOONS, int8_hash, log_prob_hash, sample_hash, watch, watch_axes};
use gaussflow::toy::two_moons;
use rand_pcg::Pcg32;

fn main() {
    let short = std::env::args().nth(1).as_deref() == Some("short");
    let hash = |name: &str, hash: &Hash| println!("{name} = {:016x} hash", hash.value());
    hash("log_prob_100", &log_prob_hash(100));
    hash("int8_100", &int8_hash(100));
    hash("sample_10", &sample_hash(10));
    if !short {
        hash("log_prob_10000", &log_prob_hash(10_000));
        hash("sample_1000", &sample_hash(1_000));
    }

    let anomaly = watch(|sample| println!("alarm = {sample} sample"));
    let axes = watch_axes(|sample| println!("axes_alarm = {sample} sample"));
    for (name, seen) in [("anomaly", anomaly), ("axes", axes)] {
        hash(name, &seen.hash);
        println!("{name}_hits = {} samples", seen.hits);
        println!("{name}_false_alarms = {} samples", seen.false_alarms);
        println!("{name}_misses = {} samples", seen.misses);
        println!("{name}_precision = {:.3} fraction", f64::from(seen.hits) / f64::from(seen.hits + seen.false_alarms));
        println!("{name}_recall = {:.3} fraction", f64::from(seen.hits) / f64::from(seen.hits + seen.misses));
    }

    if !short {
        let points = held_out();
        let nll = |log_prob: &dyn Fn(&[f32; 2]) -> f32| -points.iter().map(|x| f64::from(log_prob(x))).sum::<f64>() / points.len() as f64;
        let full = nll(&|x| MOONS.log_prob(x));
        let small = nll(&|x| INT8_MOONS.log_prob(x));
        println!("moons_nll = {full:.4} nats");
        println!("int8_nll_lost = {:.5} nats", small - full);
        println!("int8_flash_saved = {} bytes", size_of_val(&MOONS) - size_of_val(&INT8_MOONS));
    }

    let learned = Learner::new().learn().expect("finite samples and settings in their domain");
    hash("learn", &learned.hash);
    println!("learn_first = {} millinats", (1000.0 * learned.first) as u32);
    println!("learn_last = {} millinats", (1000.0 * learned.last) as u32);
}

/// The points of two moons that `train` holds out, in units of the mean and standard deviation of those it trains on.
fn held_out() -> Vec<[f32; 2]> {
    let points = |count, seed| {
        let mut points = vec![[0.0f64; 2]; count];
        two_moons(&mut points, 0.05, &mut Pcg32::new(seed, 0x6d6f_6f6e));
        points
    };
    let train = points(5000, 0);
    let mean = [0, 1].map(|d| train.iter().map(|x| x[d]).sum::<f64>() / 5000.0);
    let deviation = [0, 1].map(|d| (train.iter().map(|x| (x[d] - mean[d]).powi(2)).sum::<f64>() / 5000.0).sqrt());
    points(20_000, !0).iter().map(|x| [0, 1].map(|d| ((x[d] - mean[d]) / deviation[d]) as f32)).collect()
}
