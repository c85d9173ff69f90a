//! The main job: trains the coupling flow of the reference on two moons, shows that it works, and writes `metrics.json`.
//!
//! ```text
//! cargo run --release --example coupling_flow
//! ```

mod data;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use gaussflow::conditioner::{ConstantOutput, Relu, Tanh};
use gaussflow::init::WarmStart;
use gaussflow::train::{Adam, Copies, Fit, Progress, Trainer, fit, mean_nll};
use gaussflow::{
    Coupling, Dense, DifferentiableLayer, Each, FirstHalf, Flow, Head, Householder, Init, MixtureCdf, Parameters, Residual, SharedHead,
    Swap, TanhClamp, Wide, Width, Zeros,
};
use indicatif::{ProgressBar, ProgressStyle};
use rand_pcg::Pcg32;

use data::{Points, Standard};

/// Eight components a dimension, scales between e^-3 and e^3.
type Mixture = MixtureCdf<TanhClamp<f32>, 8>;
type Hidden = (Dense<f32, 1, 64>, Relu, Dense<f32, 64, 64>, Relu);
/// The reference's conditioner: hidden layers of 64 and 64, a mixture for each transformed dimension.
type PerDim = (Hidden, Head<f32, Mixture, 64, 1>);
/// As [`PerDim`], with one mixture for all transformed dimensions.
type Shared = (Hidden, SharedHead<f32, Mixture, 64, 1>);
/// Two tanh layers of 32, the second with a skip.
type Skip = (Dense<f32, 1, 32>, Tanh, Residual<(Dense<f32, 32, 32>, Tanh)>, Head<f32, Mixture, 32, 1>);

type Half<M, N> = Coupling<M, Mixture, N, 1, 1>;
type Block<N> = (Householder<f32, 2, 2>, Half<FirstHalf, N>, Half<Swap<FirstHalf>, N>);
type Blocks<N> = [Block<N>; 4];

#[derive(Parser)]
#[command(about = "Trains a coupling flow on two moons, or on two columns of a file")]
struct Arguments {
    /// The network from the identity half to the mixtures
    #[arg(long, value_enum, default_value = "per-dim")]
    conditioner: Conditioner,
    /// Passes over the data
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Seed of the data, the starting weights and the order of the samples
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Starts from iterative Gaussianization of the data instead of the identity
    #[arg(long)]
    warm_start: bool,
    /// Two columns of raw numbers to train on
    #[arg(long, value_name = "FILE.csv")]
    data: Option<PathBuf>,
    /// Two columns of raw numbers to test on
    #[arg(long, value_name = "FILE.csv")]
    test: Option<PathBuf>,
    /// Where to write
    #[arg(long, value_name = "DIR", default_value = "target/coupling_flow")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Conditioner {
    PerDim,
    Shared,
    Residual,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            let text = error.to_string();
            eprintln!("{}", text.lines().next().unwrap_or_default());
            return ExitCode::from(2);
        }
        Err(help) => help.exit(),
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let raw = match &arguments.data {
        Some(path) => data::read(path)?,
        None => data::moons(5000, arguments.seed),
    };
    let standard = Standard::of(&raw, &arguments.data.as_ref().map_or("two moons".into(), |path| path.display().to_string()))?;
    let train = standard.apply(&raw);
    let test = match (&arguments.test, &arguments.data) {
        (Some(path), _) => standard.apply(&data::read(path)?),
        (None, None) => standard.apply(&data::moons(20_000, !arguments.seed)),
        (None, Some(_)) => Points::new(),
    };
    std::fs::create_dir_all(&arguments.out).map_err(|e| format!("{}: {e}", arguments.out.display()))?;
    match arguments.conditioner {
        Conditioner::PerDim => job::<PerDim>(arguments, train, &test),
        Conditioner::Shared => job::<Shared>(arguments, train, &test),
        Conditioner::Residual => job::<Skip>(arguments, train, &test),
    }
}

/// Trains, measures, prints and writes.
fn job<N>(arguments: &Arguments, mut train: Points, test: &[[f32; 2]]) -> Result<(), String>
where
    N: DifferentiableLayer<f32, Width<1>, Out = Each<Mixture, 1>> + ConstantOutput<f32, Each<Mixture, 1>> + Init<f32> + Zeros,
{
    let mut rng = Pcg32::new(arguments.seed, 0x666c_6f77);
    let mut flow = Box::new(Flow::<f32, Blocks<N>, 2>::ZEROS);
    flow.init(&mut rng);
    let parameters = Flow::<f32, Blocks<N>, 2>::COUNT;
    println!("parameters          {parameters}");
    let points = train.clone();
    if arguments.warm_start {
        let start = Instant::now();
        let (mut latents, mut scratch) = (train.clone(), vec![0.0; train.len()]);
        let nll = flow.warm_start(&mut latents, &mut scratch, &WarmStart::default(), &rng).map_err(|e| e.to_string())?;
        println!("warm start          {:.2} s, NLL {nll:.4} nats on the training data", start.elapsed().as_secs_f64());
        if !test.is_empty() {
            let nll = mean_nll::<f32, Wide<f32>, Blocks<N>, 2, 0>(&flow.bijector, test, &[]);
            println!("                    NLL {nll:.4} nats held out");
        }
    }

    let mut trainer = Box::new(Trainer::<f32, Wide<f32>, Blocks<N>, 2>::ZEROS);
    let mut average = Box::new(Blocks::<N>::ZEROS);
    // A constant rate and a long average of the weights: on 5,000 points the average keeps the flow from fitting single samples.
    let settings = Fit {
        epochs: arguments.epochs,
        batch: 512,
        adam: Adam { learning_rate: 3e-3, weight_decay: 0.1, ..Adam::default() },
        average: 0.9995,
        ..Fit::default()
    };
    let bar = ProgressBar::new(u64::from(arguments.epochs));
    bar.set_style(ProgressStyle::with_template("{bar:40} epoch {pos}/{len}, loss {msg} nats, {eta} left").map_err(|e| e.to_string())?);
    let mut loss_curve = Vec::new();
    let start = Instant::now();
    fit(
        &mut flow.bijector,
        (&mut train, &mut []),
        (&[], &[]),
        &settings,
        &mut *trainer,
        Copies { average: Some(&mut *average), best: None },
        &mut rng,
        |progress: &Progress<f32>| {
            loss_curve.push(progress.loss);
            bar.set_message(format!("{:.4}", progress.loss));
            bar.inc(1);
            ControlFlow::Continue(())
        },
    )
    .map_err(|e| e.to_string())?;
    bar.finish_and_clear();
    let train_seconds = start.elapsed().as_secs_f64();

    let nll = |points: &[[f32; 2]]| mean_nll::<f32, Wide<f32>, Blocks<N>, 2, 0>(&flow.bijector, points, &[]);
    let nll_train = nll(&points);
    let nll_test = (!test.is_empty()).then(|| nll(test));
    let latents: Points = points.iter().map(|x| flow.forward(x)).collect();
    let mut errors: Vec<f64> = points.iter().zip(&latents).map(|(x, z)| distance(x, &flow.inverse(z))).collect();
    errors.sort_by(f64::total_cmp);
    // How far f(f^-1(z)) is from z, in units of eps max(1, |z|).
    let returned = latents.iter().flat_map(|z| std::iter::zip(*z, flow.forward(&flow.inverse(z))));
    let latent_error = returned.map(|(z, back)| (z - back).abs() / (f32::EPSILON * z.abs().max(1.0))).fold(0.0, f32::max);
    let samples: Points = (0..5000).map(|_| flow.sample(&mut rng)).collect();
    let (pushforward_mean, pushforward_cov) = moments(&latents);
    let (sample_mean, sample_cov) = moments(&samples);
    let quantile = |q: f64| errors[((errors.len() - 1) as f64 * q).round() as usize];
    let (median, p95, max) = (quantile(0.5), quantile(0.95), quantile(1.0));
    let best_loss = loss_curve.iter().copied().fold(f32::INFINITY, f32::min);

    println!("training            {train_seconds:.1} s, {} epochs", loss_curve.len());
    println!("loss                {:.4} nats at the end, {best_loss:.4} at best", loss_curve[loss_curve.len() - 1]);
    println!("NLL                 {nll_train:.4} nats on the training data");
    match nll_test {
        Some(nll) => println!("NLL                 {nll:.4} nats held out ({} points)", test.len()),
        None => println!("NLL                 no held-out points: give them with --test FILE.csv"),
    }
    println!("pushforward         mean {pushforward_mean:.3?}, covariance {pushforward_cov:.3?}");
    println!("round trip          L2 error {median:.1e} median, {p95:.1e} at 95 %, {max:.1e} max");
    println!("                    latents come back within {latent_error:.1} eps max(1, |z|)");
    println!("5000 samples        mean {sample_mean:.3?}, covariance {sample_cov:.3?}");

    let metrics = serde_json::json!({
        "parameters": parameters,
        "train_seconds": train_seconds,
        "loss_curve": loss_curve,
        "nll_train": nll_train,
        "nll_test": nll_test,
        "pushforward_mean": pushforward_mean,
        "pushforward_cov": pushforward_cov,
        "roundtrip_median": median,
        "roundtrip_p95": p95,
        "roundtrip_max": max,
        "sample_mean": sample_mean,
        "sample_cov": sample_cov,
    });
    let path = arguments.out.join("metrics.json");
    std::fs::write(&path, format!("{metrics:#}\n")).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("written             {}", path.display());
    Ok(())
}

fn distance(a: &[f32; 2], b: &[f32; 2]) -> f64 {
    f64::hypot(f64::from(a[0]) - f64::from(b[0]), f64::from(a[1]) - f64::from(b[1]))
}

/// Mean and covariance.
fn moments(points: &[[f32; 2]]) -> ([f64; 2], [[f64; 2]; 2]) {
    let n = points.len() as f64;
    let mean = [0, 1].map(|d| points.iter().map(|p| f64::from(p[d])).sum::<f64>() / n);
    let centred = |p: &[f32; 2], d: usize| f64::from(p[d]) - mean[d];
    let cov = [0, 1].map(|i| [0, 1].map(|j| points.iter().map(|p| centred(p, i) * centred(p, j)).sum::<f64>() / n));
    (mean, cov)
}
