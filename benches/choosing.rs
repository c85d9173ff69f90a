//! Which flow fits best: the held-out NLL above the entropy, for flows that differ from the usual one in one thing.
//!
//! ```text
//! cargo bench -p benches --bench choosing
//! ```

use gaussflow::factory::{CouplingBlock, GaussianizationBlock};
use gaussflow::start::{Gaussianize, WarmStart};
use gaussflow::toy::{eight_gaussians, two_moons, two_spirals};
use gaussflow::train::{Schedule, Settings, Trainer};
use gaussflow::{
    Affine, ClampedMixture, Coupling, DifferentiableBijector, FirstHalf, Flow, Head, Householder, Init, MixtureCdf,
    RationalQuadraticSpline, SigmoidClamp, Swap, TanhClamp, Zeros, factory::Mlp,
};
use rand_pcg::Pcg64;

type Draw = fn(&mut [[f32; 2]], &mut Pcg64);

/// What the flows are fitted to, with its entropy.
const DENSITIES: [(&str, Draw, f32); 3] = [
    ("two moons", |points, rng| two_moons(points, 0.05, rng), 0.2892),
    ("eight Gaussians", eight_gaussians, 2.8316),
    ("two spirals", two_spirals, 2.6451),
];
const SEEDS: u128 = 3;
const TRAIN: usize = 5000;
const TEST: usize = 20_000;
const EPOCHS: u32 = 100;
const BATCH: usize = 256;

type Half<M, U, const H: usize> = Coupling<M, U, Mlp<f32, Head<f32, U, H, 1>, 1, H>, 1, 1>;
type Pair<U> = (Half<FirstHalf, U, 64>, Half<Swap<FirstHalf>, U, 64>);
type Turned<U> = (Householder<f32, 2, 2>, Half<FirstHalf, U, 64>, Half<Swap<FirstHalf>, U, 64>);

/// A row of the table: the mean over the seeds, the least and the largest. `warm` starts from the data.
fn row<B>(name: &str, warm: impl Fn(&mut Flow<f32, B, 2>, &[[f32; 2]], &Pcg64))
where
    B: DifferentiableBijector<f32, 2> + Init<f32> + Zeros,
{
    print!("| {name} | {} |", B::COUNT);
    for (_, draw, entropy) in DENSITIES {
        let mut gaps = Vec::new();
        for seed in 0..SEEDS {
            let mut rng = Pcg64::new(seed, 1);
            let (mut train, mut test) = (vec![[0.0; 2]; TRAIN], vec![[0.0; 2]; TEST]);
            draw(&mut train, &mut rng);
            draw(&mut test, &mut rng);
            let mut flow = Box::new(Flow::<f32, B, 2>::random(&mut rng));
            warm(&mut flow, &train, &rng);
            let mut trainer = Box::new(Trainer::<_>::ZEROS);
            let schedule = Schedule::Cosine { warmup: 0, steps: EPOCHS * TRAIN.div_ceil(BATCH) as u32, last: 0.01 };
            let settings = Settings { epochs: EPOCHS, batch: BATCH, learning_rate: 3e-3, schedule, ..Settings::default() };
            flow.fit(&train).settings(settings).run(&mut trainer, &mut rng).expect("finite data");
            gaps.push(flow.mean_nll(&test) - entropy);
        }
        gaps.sort_by(f32::total_cmp);
        print!(" {:.3} ({:.3} to {:.3}) |", gaps.iter().sum::<f32>() / gaps.len() as f32, gaps[0], gaps[gaps.len() - 1]);
    }
    println!();
}

fn cold<B: DifferentiableBijector<f32, 2> + Init<f32> + Zeros>(name: &str) {
    row::<B>(name, |_, _, _| ());
}

fn warm<B: DifferentiableBijector<f32, 2> + Init<f32> + Zeros + Gaussianize<f32, 2>>(name: &str) {
    row::<B>(name, |flow, points, rng| {
        let mut scratch = vec![0.0; points.len()];
        flow.warm_start(&mut points.to_vec(), &mut scratch, &WarmStart::default(), rng).expect("finite data");
    });
}

fn main() {
    println!("| flow | parameters | {} |", DENSITIES.map(|density| density.0).join(" | "));
    println!("|---|---|---|---|---|");
    cold::<[CouplingBlock<f32, 2, 1, 1>; 4]>("4 blocks, K = 8, H = 64, tanh clamp");
    cold::<[CouplingBlock<f32, 2, 1, 1>; 2]>("2 blocks");
    cold::<[CouplingBlock<f32, 2, 1, 1>; 8]>("8 blocks");
    cold::<[CouplingBlock<f32, 2, 1, 1, 2>; 4]>("K = 2");
    cold::<[CouplingBlock<f32, 2, 1, 1, 4>; 4]>("K = 4");
    cold::<[CouplingBlock<f32, 2, 1, 1, 16>; 4]>("K = 16");
    cold::<[CouplingBlock<f32, 2, 1, 1, 8, 16>; 4]>("H = 16");
    cold::<[CouplingBlock<f32, 2, 1, 1, 8, 32>; 4]>("H = 32");
    cold::<[CouplingBlock<f32, 2, 1, 1, 8, 128>; 4]>("H = 128");
    cold::<[Pair<ClampedMixture<f32, 8>>; 4]>("no rotations");
    cold::<[Turned<MixtureCdf<SigmoidClamp<f32>, 8>>; 4]>("sigmoid clamp");
    cold::<[Turned<RationalQuadraticSpline<f32, 8>>; 4]>("splines of 8 bins");
    cold::<[Turned<Affine<TanhClamp<f32>>>; 4]>("affine (Real NVP)");
    cold::<[GaussianizationBlock<f32, 2>; 6]>("Gaussianization flow, 6 blocks");
    warm::<[CouplingBlock<f32, 2, 1, 1>; 4]>("4 blocks, warm start");
    warm::<[GaussianizationBlock<f32, 2>; 6]>("Gaussianization flow, warm start");
}
