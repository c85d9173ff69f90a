//! The figures of the job and their page.

use std::path::PathBuf;
use std::thread;

use gaussflow::{Init, Parameters, Zeros};
use indicatif::ProgressBar;
use rand_pcg::Pcg32;

use crate::data::Points;
use crate::figures::{self, Grid, Report};
use crate::job::{self, Moons, Trained, train};
use crate::{Arguments, Conditioner, PerDim, Shared, Skip};

/// What the job has measured.
pub struct Measured<'a> {
    pub points: &'a [[f32; 2]],
    pub test: &'a [[f32; 2]],
    pub latents: Points,
    pub samples: Points,
    /// L2 errors of the round trip.
    pub errors: Vec<f64>,
}

/// One conditioner's flow, as far as figures show it.
struct Shown {
    name: &'static str,
    parameters: usize,
    loss_curve: Vec<f32>,
    nll_test: Option<f32>,
    grid: Grid,
    samples: Points,
}

const DATA: [&str; 2] = ["x₁ (standard deviations)", "x₂ (standard deviations)"];
const LATENT: [&str; 2] = ["z₁", "z₂"];
const SIDE: figures::Span = -2.5..2.5;
/// Log-densities further than this below the greatest have one colour.
const DEPTH: f64 = 20.0;

fn wide(points: &[[f32; 2]]) -> Vec<[f64; 2]> {
    points.iter().map(|p| p.map(f64::from)).collect()
}

impl Shown {
    fn of<N: job::Conditioner>(conditioner: Conditioner, trained: &Trained<N>, test: &[[f32; 2]], samples: Points) -> Self {
        Shown {
            name: conditioner.name(),
            parameters: Moons::<N>::COUNT,
            loss_curve: trained.loss_curve.clone(),
            nll_test: (!test.is_empty()).then(|| trained.flow.mean_nll(test)),
            grid: Grid::of(SIDE, |x| f64::from(trained.flow.log_prob(&x.map(|x| x as f32)))),
            samples,
        }
    }

    /// Trains the flow of another conditioner.
    fn trained<N: job::Conditioner>(
        conditioner: Conditioner,
        arguments: &Arguments,
        measured: &Measured,
        bar: &ProgressBar,
    ) -> Result<Self, String> {
        // Its own stream: the shared mixture's flow would otherwise be the same, as a coupling of two dimensions transforms one.
        let mut rng = Pcg32::new(arguments.seed, 0x636f_6d70 + conditioner as u64);
        let mut flow = Box::new(Moons::<N>::ZEROS);
        flow.init(&mut rng);
        let trained = train(flow, arguments.epochs, measured.points, &mut rng, bar)?;
        let mut samples = vec![[0.0; 2]; 5000];
        trained.flow.fill(&mut rng, &mut samples);
        Ok(Shown::of(conditioner, &trained, measured.test, samples))
    }
}

/// Draws everything, training the other conditioners too; returns the page's path.
pub fn report<N: job::Conditioner>(arguments: &Arguments, trained: &Trained<N>, measured: Measured) -> Result<PathBuf, String> {
    let own = Shown::of(arguments.conditioner, trained, measured.test, measured.samples.clone());
    let mut report = Report::new("A coupling flow on two columns of numbers");
    facts(&mut report, &own, trained.seconds, measured.points.len(), measured.test.len());
    one_flow(&mut report, trained, &measured, &own)?;
    let shown = all_conditioners(arguments, &measured, own)?;
    comparison(&mut report, &shown)?;
    report.write(&arguments.out)
}

fn facts(report: &mut Report, own: &Shown, seconds: f64, points: usize, test: usize) {
    report.fact("Conditioner", own.name);
    report.fact("Parameters", own.parameters.to_string());
    report.fact("Training", format!("{points} points, {} epochs, {seconds:.1} s", own.loss_curve.len()));
    if let Some(nll) = own.nll_test {
        report.fact("Held-out NLL", format!("{nll:.4} nats ({test} points)"));
    }
}

fn one_flow<N: job::Conditioner>(report: &mut Report, trained: &Trained<N>, measured: &Measured, own: &Shown) -> Result<(), String> {
    let points = wide(measured.points);
    report.figure(
        "data",
        "The data, each column standardised, with the histograms of both columns.",
        figures::joint("Data", DATA, &points, false),
    )?;
    let curve = [("", &own.loss_curve[..])];
    let caption = "The mean loss of each epoch: the negative log-likelihood of a batch before its step.";
    report.figure("training", caption, figures::loss_curves("Training", &curve, 1))?;
    if own.loss_curve.len() > 20 {
        report.figure("training_from_20", "The same from epoch 20 on.", figures::loss_curves("Training from epoch 20", &curve, 20))?;
    }
    let caption = "The data as the flow maps it, z = f(x), with the density of N(0, 1) over the histograms (orange).";
    report.figure("pushforward", caption, figures::joint("Pushforward of the data", LATENT, &wide(&measured.latents), true))?;

    let density = own.grid.map(f64::exp);
    let caption = format!(
        "The density on a {0} x {0} grid, and 500 points of the data. Its integral over the square is {1:.4}.",
        Grid::SIZE,
        density.integral()
    );
    report.figure("density", caption, figures::density("Density", DATA, "p(x)", 0.0..density.highest(), &density, &points))?;
    let highest = own.grid.highest();
    let caption = format!("Its logarithm, in nats; all below {:.0} has one colour.", highest - DEPTH);
    report.figure(
        "log_density",
        caption,
        figures::density("Log-density", DATA, "log p(x) (nats)", highest - DEPTH..highest, &own.grid, &points),
    )?;
    let samples = wide(&measured.samples);
    let panels = [("Data", &points[..]), ("5,000 samples", &samples[..])];
    report.figure("samples", "The data beside samples: x = f⁻¹(z) of standard-normal z.", figures::side_by_side(DATA, &panels))?;

    let logs: Vec<f64> = measured.errors.iter().filter(|e| **e > 0.0).map(|e| e.log10()).collect();
    let exact = measured.errors.len() - logs.len();
    let caption =
        format!("How far f⁻¹(f(x)) is from x, for each point of the data, in f32. {exact} points come back exactly and are not shown.");
    report.figure("round_trip", caption, figures::histogram("Round trip", "log₁₀ of the L2 error", &logs, &[]))?;
    let caption = "1,000 points after each layer, from the data to the latents. A point keeps the colour of its x₁ in the data; each panel has its own scale.";
    report.figure("layers", caption, figures::states(["x₁", "x₂"], &states(trained, measured.points)))
}

/// The points after each layer, with its name.
fn states<N: job::Conditioner>(trained: &Trained<N>, points: &[[f32; 2]]) -> Vec<(String, Vec<[f64; 2]>)> {
    let layers = ["rotation", "coupling", "coupling, swapped"];
    let mut panels: Vec<(String, Vec<[f64; 2]>)> = vec![("data".into(), vec![])];
    panels.extend((0..12).map(|i| (format!("{}: {}", i + 1, layers[i % 3]), vec![])));
    for x in points.iter().step_by(points.len().div_ceil(1000)) {
        let mut panel = panels.iter_mut();
        trained.flow.forward_states(x, |state| {
            if let Some((_, points)) = panel.next() {
                points.push(state.map(f64::from));
            }
        });
    }
    panels
}

/// The flows of all conditioners, in order: `own` and the others, which are trained at the same time.
fn all_conditioners(arguments: &Arguments, measured: &Measured, own: Shown) -> Result<Vec<Shown>, String> {
    let bar = job::bar(2 * arguments.epochs)?;
    let mut own = Some(own);
    let shown = thread::scope(|scope| {
        let fits = Conditioner::ALL.map(|conditioner| {
            (conditioner != arguments.conditioner).then(|| {
                let bar = &bar;
                scope.spawn(move || match conditioner {
                    Conditioner::PerDim => Shown::trained::<PerDim>(conditioner, arguments, measured, bar),
                    Conditioner::Shared => Shown::trained::<Shared>(conditioner, arguments, measured, bar),
                    Conditioner::Residual => Shown::trained::<Skip>(conditioner, arguments, measured, bar),
                })
            })
        });
        let join = |fit: Option<thread::ScopedJoinHandle<Result<Shown, String>>>| match fit {
            Some(fit) => fit.join().map_err(|_| "a comparison ended early".to_string())?,
            None => own.take().ok_or("a flow is missing".into()),
        };
        fits.into_iter().map(join).collect()
    });
    bar.finish_and_clear();
    shown
}

fn comparison(report: &mut Report, shown: &[Shown]) -> Result<(), String> {
    for flow in shown {
        let nll = flow.nll_test.map_or(String::new(), |nll| format!(", held-out NLL {nll:.4} nats"));
        report.fact(&format!("Compared: {}", flow.name), format!("{} parameters{nll}", flow.parameters));
    }
    let [per_dim, shared, residual] = shown else { return Ok(()) };
    let curves = [per_dim, shared].map(|flow| (flow.name, &flow.loss_curve[..]));
    let caption = "Training with a mixture for each dimension and with one for all. In two dimensions a coupling transforms one, so both are the same kind of \
                   function; they start from different draws, and what parts them is the spread from draw to draw.";
    report.figure("per_dimension_and_shared_training", caption, figures::loss_curves("Training of two conditioners", &curves, 1))?;
    let grids = [per_dim, shared].map(|flow| (flow.name, flow.grid.map(f64::exp)));
    let panels = grids.each_ref().map(|(name, grid)| (*name, grid));
    let highest = panels[0].1.highest().max(panels[1].1.highest());
    let svg = figures::densities(DATA, "p(x)", 0.0..highest, &panels, &[]);
    report.figure("per_dimension_and_shared_density", "Their densities.", svg)?;
    let samples = [per_dim, shared].map(|flow| (flow.name, wide(&flow.samples)));
    let panels = samples.each_ref().map(|(name, points)| (*name, &points[..]));
    report.figure("per_dimension_and_shared_samples", "5,000 samples of each.", figures::side_by_side(DATA, &panels))?;
    let density = residual.grid.map(f64::exp);
    let svg = figures::density("Residual conditioner", DATA, "p(x)", 0.0..density.highest(), &density, &[]);
    report.figure(
        "residual_density",
        "The density of a flow whose conditioners are residual: two tanh layers of 32, the second with a skip.",
        svg,
    )
}
