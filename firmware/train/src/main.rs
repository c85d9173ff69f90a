//! Trains the flows of the images on the host and writes their weights to `weights/`: all, or those that are named. Those of `moons` and `watch` that are kept there saw their rows in
//! another order: a new run gives others.
//!
//! ```text
//! cargo run --release -p train -- axes
//! ```

mod data;

use std::path::Path;
use std::{fs, io};

use gaussflow::start::WarmStart;
use gaussflow::toy::two_moons;
use gaussflow::train::{Settings, Trainer};
use gaussflow::{ActNorm, Bijector, DifferentiableBijector, Flow, Init, Parameters, Zeros, standard_normal};
use rand_pcg::Pcg32;
use shapes::{Axes, Moons, Watch};

fn main() -> io::Result<()> {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../weights");
    let named: Vec<String> = std::env::args().skip(1).collect();
    let asked = |name: &str| named.is_empty() || named.iter().any(|n| n == name);
    if asked("moons") {
        write(&weights.join("moons.f32"), &*moons())?;
    }
    let recording = Recording::read()?;
    if asked("watch") {
        let watch = watch(&recording);
        write(&weights.join("watch.f32"), &*watch)?;
        fs::write(weights.join("watch_threshold.rs"), format!("{:?}\n", recording.threshold(&watch)))?;
    }
    if asked("axes") {
        let axes = axes(&recording);
        write(&weights.join("axes.f32"), &axes)?;
        fs::write(weights.join("axes_threshold.rs"), format!("{:?}\n", recording.threshold(&axes)))?;
    }
    Ok(())
}

/// The flow of the README on two moons, with the settings of the example `coupling_flow`.
fn moons() -> Box<Moons> {
    let points = |count, seed| {
        let mut points = vec![[0.0; 2]; count];
        two_moons(&mut points, 0.05, &mut Pcg32::new(seed, 0x6d6f_6f6e));
        points
    };
    let (train, test) = data::standardized(&points(5000, 0), &points(20_000, !0));
    let settings = Settings { epochs: 200, batch: 512, learning_rate: 3e-3, weight_decay: 0.1, average: 0.9995, ..Settings::default() };
    let mut flow = Box::new(Moons::ZEROS);
    flow.init(&mut Pcg32::new(0, 0x666c_6f77));
    learn("two moons", &mut flow, &train, &test, settings);
    flow
}

/// Alarms on a hundredth of what is normal.
const FALSE_ALARMS: f64 = 0.01;

/// What the images `anomaly` and `axes` know.
struct Recording {
    /// Each sample four times with noise of a fifth of an axis' standard deviation.
    train: Vec<[f32; 6]>,
    /// The samples as they are.
    seen: Vec<[f32; 6]>,
    /// Every fifth half second.
    held_out: Vec<[f32; 6]>,
}

impl Recording {
    fn read() -> io::Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/row.csv");
        let rows: Vec<[f32; 6]> = data::read(&path)?;
        let (mut seen, mut held_out) = (Vec::new(), Vec::new());
        for (number, piece) in rows.chunks(25).enumerate() {
            if number % 5 == 4 { &mut held_out } else { &mut seen }.extend_from_slice(piece);
        }
        let mut scale = ActNorm::<f32, 6>::ZEROS;
        scale.fit(&seen).expect("finite rows that vary");
        let scales = scale.log_scale.map(|l| (-l).exp());
        let mut rng = Pcg32::new(0, 0x7761_7463);
        let noisy = |row: &[f32; 6]| std::array::from_fn(|d| row[d] + 0.2 * scales[d] * standard_normal::<f32, _>(&mut rng));
        let train = seen.iter().cycle().take(4 * seen.len()).map(noisy).collect();
        Ok(Recording { train, seen, held_out })
    }

    /// The log-density below which a flow gives alarm: a quantile of those held out.
    fn threshold<B: Bijector<f32, 6>>(&self, flow: &Flow<f32, B, 6>) -> f32 {
        let mut log_probs: Vec<f32> = self.held_out.iter().map(|x| flow.log_prob(x)).collect();
        log_probs.sort_by(f32::total_cmp);
        log_probs[(FALSE_ALARMS * log_probs.len() as f64) as usize]
    }
}

/// The flow of the image `anomaly`, trained for few epochs, so that it does not fit single samples (the noise and the epochs are those of the best held-out loss).
fn watch(recording: &Recording) -> Box<Watch> {
    let mut flow = Box::new(Watch::ZEROS);
    flow.init(&mut Pcg32::new(0, 0x7761_7463));
    flow.bijector.0.fit(&recording.seen).expect("finite rows that vary");
    let settings = Settings { epochs: 20, batch: 128, learning_rate: 3e-3, ..Settings::default() };
    learn("watch", &mut flow, &recording.train, &recording.held_out, settings);
    flow
}

/// The flow of the image `axes`: fitted layer by layer, in a moment.
fn axes(recording: &Recording) -> Axes {
    let mut rng = Pcg32::new(0, 0x6178_6573);
    let mut flow = Axes::ZEROS;
    flow.init(&mut rng);
    let (mut samples, mut scratch) = (recording.train.clone(), vec![0.0; recording.train.len()]);
    let loss = flow.warm_start(&mut samples, &mut scratch, &WarmStart::default(), &rng).expect("finite rows that vary");
    println!("axes: loss {loss:.4} nats, held out {:.4}", flow.mean_nll(&recording.held_out));
    flow
}

/// Fits by maximum likelihood and tells the loss on points it has not seen.
fn learn<B, const D: usize>(name: &str, flow: &mut Flow<f32, B, D>, train: &[[f32; D]], test: &[[f32; D]], settings: Settings<f32>)
where
    B: DifferentiableBijector<f32, D> + Zeros,
{
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    let mut average = Box::new(Flow::<f32, B, D>::ZEROS);
    let fit = flow.fit(train).settings(settings).average(&mut average);
    let done = fit.run(&mut trainer, &mut Pcg32::new(1, 0x666c_6f77));
    let loss = done.unwrap_or_else(|e| panic!("{name}: {e}")).loss;
    println!("{name}: {} parameters, loss {loss:.4} nats, held out {:.4}", B::COUNT, flow.mean_nll(test));
}

/// Every parameter in the order of [`Parameters::visit`], as little-endian `f32`.
fn write<F: Parameters<f32>>(path: &Path, flow: &F) -> io::Result<()> {
    let mut bytes = Vec::new();
    flow.visit(&mut |_, slice| bytes.extend(slice.iter().flat_map(|x| x.to_le_bytes())));
    fs::write(path, bytes)
}
