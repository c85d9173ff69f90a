//! Trains, measures, prints and writes.

use std::time::Instant;

use gaussflow::start::WarmStart;
use gaussflow::train::{Settings, Trainer};
use gaussflow::{ConstantOutput, DifferentiableLayer, Each, Flow, Init, Parameters, Wide, Width, Zeros};
use indicatif::{ProgressBar, ProgressStyle};
use rand_pcg::Pcg32;

use crate::data::Points;
use crate::{Arguments, Blocks, Mixture, draw};

/// A conditioner that can be drawn, fixed and trained.
pub trait Conditioner:
    DifferentiableLayer<f32, Width<1>, Out = Each<Mixture, 1>> + ConstantOutput<f32, Each<Mixture, 1>> + Init<f32> + Zeros
{
}

impl<N> Conditioner for N where
    N: DifferentiableLayer<f32, Width<1>, Out = Each<Mixture, 1>> + ConstantOutput<f32, Each<Mixture, 1>> + Init<f32> + Zeros
{
}

pub type Moons<N> = Flow<f32, Blocks<N>, 2>;

/// Each step in two shares, on as many threads.
type TwoShares<N> = Trainer<Moons<N>, Wide<f32>, 2>;

/// A flow after training.
pub struct Trained<N> {
    pub flow: Box<Moons<N>>,
    pub loss_curve: Vec<f32>,
    pub seconds: f64,
}

pub fn bar(epochs: u32) -> Result<ProgressBar, String> {
    let bar = ProgressBar::new(u64::from(epochs));
    bar.set_style(ProgressStyle::with_template("{bar:40} epoch {pos}/{len}, loss {msg} nats, {eta} left").map_err(|e| e.to_string())?);
    Ok(bar)
}

/// Trains a flow from its starting values, or from the one given.
pub fn train<N: Conditioner>(
    mut flow: Box<Moons<N>>,
    epochs: u32,
    points: &[[f32; 2]],
    rng: &mut Pcg32,
    bar: &ProgressBar,
) -> Result<Trained<N>, String> {
    let mut trainer = Box::new(TwoShares::<N>::ZEROS);
    let mut average = Box::new(Moons::<N>::ZEROS);
    // A constant rate and a long average of the weights: on 5,000 points the average keeps the flow from fitting single samples.
    let settings = Settings { epochs, batch: 512, learning_rate: 3e-3, weight_decay: 0.1, average: 0.9995, ..Settings::default() };
    let mut loss_curve = Vec::new();
    let start = Instant::now();
    let fit = flow.fit(points).settings(settings).average(&mut average).each_epoch(|p| {
        loss_curve.push(p.loss);
        bar.set_message(format!("{:.4}", p.loss));
        bar.inc(1);
    });
    fit.run(&mut trainer, rng).map_err(|e| e.to_string())?;
    Ok(Trained { flow, loss_curve, seconds: start.elapsed().as_secs_f64() })
}

/// The whole job with the conditioner `N`.
pub fn run<N: Conditioner>(arguments: &Arguments, points: &[[f32; 2]], test: &[[f32; 2]]) -> Result<(), String> {
    let mut rng = Pcg32::new(arguments.seed, 0x666c_6f77);
    let mut flow = Box::new(Moons::<N>::ZEROS);
    flow.init(&mut rng);
    println!("parameters          {}", Moons::<N>::COUNT);
    if arguments.warm_start {
        warm_start(&mut flow, points, test, &rng)?;
    }
    let bar = bar(arguments.epochs)?;
    let trained = train(flow, arguments.epochs, points, &mut rng, &bar)?;
    bar.finish_and_clear();

    let Trained { flow, loss_curve, seconds } = &trained;
    let nll_train = flow.mean_nll(points);
    let nll_test = (!test.is_empty()).then(|| flow.mean_nll(test));
    let latents: Points = points.iter().map(|x| flow.forward(x)).collect();
    let mut errors: Vec<f64> = points.iter().zip(&latents).map(|(x, z)| distance(x, &flow.inverse(z))).collect();
    errors.sort_by(f64::total_cmp);
    // How far f(f^-1(z)) is from z, in units of eps max(1, |z|).
    let returned = latents.iter().flat_map(|z| std::iter::zip(*z, flow.forward(&flow.inverse(z))));
    let latent_error = returned.map(|(z, back)| (z - back).abs() / (f32::EPSILON * z.abs().max(1.0))).fold(0.0, f32::max);
    let mut samples = vec![[0.0; 2]; 5000];
    flow.fill(&mut rng, &mut samples);
    let (pushforward_mean, pushforward_cov) = moments(&latents);
    let (sample_mean, sample_cov) = moments(&samples);
    let quantile = |q: f64| errors[((errors.len() - 1) as f64 * q).round() as usize];
    let (median, p95, max) = (quantile(0.5), quantile(0.95), quantile(1.0));
    let best_loss = loss_curve.iter().copied().fold(f32::INFINITY, f32::min);

    println!("training            {seconds:.1} s, {} epochs", loss_curve.len());
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
        "parameters": Moons::<N>::COUNT,
        "train_seconds": seconds,
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
    if !arguments.no_figures {
        let path = draw::report(arguments, &trained, draw::Measured { points, test, latents, samples, errors })?;
        println!("figures             {}", path.display());
    }
    Ok(())
}

fn warm_start<N: Conditioner>(flow: &mut Moons<N>, points: &[[f32; 2]], test: &[[f32; 2]], rng: &Pcg32) -> Result<(), String> {
    let start = Instant::now();
    let (mut latents, mut scratch) = (points.to_vec(), vec![0.0; points.len()]);
    let nll = flow.warm_start(&mut latents, &mut scratch, &WarmStart::default(), rng).map_err(|e| e.to_string())?;
    println!("warm start          {:.2} s, NLL {nll:.4} nats on the training data", start.elapsed().as_secs_f64());
    if !test.is_empty() {
        println!("                    NLL {:.4} nats held out", flow.mean_nll(test));
    }
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
