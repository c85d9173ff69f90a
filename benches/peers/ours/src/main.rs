//! The work of the comparison, done by this crate: answers each row that it reads with the seconds of one run.

#[path = "../../../common/mod.rs"]
mod common;

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;
use std::{env, fs, io};

use common::Moons;
use gaussflow::train::{Settings, Trainer};
use gaussflow::{Init, Wide, Zeros};
use rand_pcg::Pcg32;

/// Each step in `P` shares, on as many threads.
type Training<const P: usize> = Trainer<Moons<f32>, Wide<f32>, P>;

/// A run takes at least as long, so that clocks and timers do not matter.
const SECONDS: f64 = 0.2;

/// Pairs of little-endian floats.
fn read(folder: &Path, name: &str) -> io::Result<Vec<[f32; 2]>> {
    let bytes = fs::read(folder.join(name))?;
    let floats: Vec<f32> = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    Ok(floats.as_chunks().0.to_vec())
}

/// Seconds a call, over as many calls as fill [`SECONDS`].
fn timed(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut calls = 0;
    loop {
        call();
        calls += 1;
        let spent = start.elapsed().as_secs_f64();
        if spent >= SECONDS {
            return spent / f64::from(calls);
        }
    }
}

/// Trains for a number of epochs from the start; seconds.
fn train<const P: usize>(flow: &mut Moons<f32>, points: &[[f32; 2]], epochs: u32) -> f64 {
    let mut rng = Pcg32::new(1, 1);
    flow.init(&mut rng);
    let mut trainer = Box::new(Training::<P>::ZEROS);
    let settings = Settings { epochs, batch: 512, ..Settings::default() };
    let start = Instant::now();
    flow.fit(points).settings(settings).run(&mut trainer, &mut rng).expect("the points have a density");
    start.elapsed().as_secs_f64()
}

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).expect("the folder of the data");
    let (points, batch, latents) =
        (read(folder.as_ref(), "train.f32")?, read(folder.as_ref(), "batch.f32")?, read(folder.as_ref(), "latents.f32")?);
    rayon::ThreadPoolBuilder::new().num_threads(2).build_global().map_err(io::Error::other)?;
    let mut flow = Box::new(Moons::<f32>::ZEROS);
    // A trained flow: the steps of the inverse depend on the weights.
    train::<2>(&mut flow, &points, 20);
    let mut other = Box::new(Moons::<f32>::ZEROS);
    let mut log_probs = vec![0.0; batch.len()];
    let (mut samples, mut log_dets) = (latents.clone(), vec![0.0; latents.len()]);
    let same_lengths = "buffers of one length";
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (row, epochs) = line.split_once(':').unwrap_or((&line, "0"));
        let epochs = epochs.parse().map_err(io::Error::other)?;
        let seconds = match row {
            "one_sample" => {
                let mut at = batch.iter().cycle();
                // Many calls between two looks at the clock.
                timed(|| (&mut at).take(1000).for_each(|x| _ = black_box(flow.log_prob(black_box(x))))) / 1000.0
            }
            "log_prob" => timed(|| flow.par_log_probs(black_box(&batch), &mut log_probs).expect(same_lengths)),
            "log_prob, one core" => timed(|| flow.log_probs(black_box(&batch), &mut log_probs).expect(same_lengths)),
            "inverse" => timed(|| {
                samples.copy_from_slice(&latents);
                flow.par_inverse_batch(black_box(&mut samples), &[], &mut log_dets).expect(same_lengths);
            }),
            "inverse, one core" => timed(|| {
                samples.copy_from_slice(&latents);
                flow.inverse_batch(black_box(&mut samples), &[], &mut log_dets).expect(same_lengths);
            }),
            "training" => train::<2>(&mut other, &points, epochs),
            "training, one core" => train::<1>(&mut other, &points, epochs),
            "peak" => common::peak::<f32>(),
            row => panic!("no such row: {row}"),
        };
        println!("{seconds:e}");
        io::stdout().flush()?;
    }
    Ok(())
}
