//! Iterative Gaussianization of two moons: before any training, and as the start of it.

#[path = "common/stack.rs"]
mod stack;

#[path = "common/moons.rs"]
mod moons;

use gaussflow::factory::MaskedAutoregressiveFlow;
use gaussflow::start::{Rotation, WarmStart};
use gaussflow::train::{Settings, Trainer};
use gaussflow::{
    ActNorm, Coupling, Dense, FirstHalf, Flow, Head, Householder, Init, Marginal, MixtureCdf, NoClamp, Relu, Swap, TanhClamp, Zeros,
};
use rand_pcg::Pcg64;

type Mixture = MixtureCdf<TanhClamp<f32>, 8>;
type Net = (Dense<f32, 1, 16>, Relu, Dense<f32, 16, 16>, Relu, Head<f32, Mixture, 16, 1>);
type Half<M> = Coupling<M, Mixture, Net, 1, 1>;
type Moons = Flow<f32, [(Householder<f32, 2, 2>, Half<FirstHalf>, Half<Swap<FirstHalf>>); 4], 2>;

/// The moons, standardised.
fn moons(count: usize, seed: u64) -> Vec<[f32; 2]> {
    let points = moons::moons(count, &mut Pcg64::new(seed.into(), 4));
    let mut scale = ActNorm::<f32, 2>::ZEROS;
    scale.fit(&points).unwrap();
    points.iter().map(|x| Flow::<f32, _, 2>::new(scale.clone()).forward(x)).collect()
}

/// A flow at its plain start, or started from `data`.
fn start(data: Option<&[[f32; 2]]>, settings: &WarmStart) -> Box<Moons> {
    let mut rng = Pcg64::new(3, 3);
    let mut flow = Box::new(Flow::ZEROS);
    flow.init(&mut rng);
    if let Some(data) = data {
        flow.warm_start(&mut data.to_vec(), &mut vec![0.0; data.len()], settings, &rng).unwrap();
    }
    flow
}

fn held_out(flow: &Moons) -> f32 {
    flow.mean_nll(&moons(2000, 2))
}

/// Epochs until the held-out NLL is at `goal`, at most `most`.
fn epochs(flow: &mut Moons, goal: f32, most: u32) -> u32 {
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    let settings = Settings { epochs: most, batch: 128, learning_rate: 5e-3, ..Settings::default() };
    let (data, test) = (moons(1000, 1), moons(500, 2));
    let fit = flow.fit(&data).settings(settings).validate(&test).stop_if(|told| told.validation <= goal);
    fit.run(&mut *trainer, &mut Pcg64::new(5, 5)).unwrap().epochs
}

/// Standardised moons are at 2.84 nats under the standard normal and 1.13 under their own density; four blocks of marginal maps take more than half of the way.
#[test]
fn goes_half_the_way_before_training() {
    stack::on_large_stack(|| {
        let data = moons(1000, 1);
        let plain = held_out(&start(None, &WarmStart::default()));
        let principal = held_out(&start(Some(&data), &WarmStart::default()));
        let kept = held_out(&start(Some(&data), &WarmStart { rotation: Rotation::Kept, ..WarmStart::default() }));
        println!("held-out NLL: plain {plain}, principal axes {principal}, rotations kept {kept}");
        assert!(principal < plain - 1.0, "{principal}, plain {plain}");
        assert!(kept < plain - 0.85, "{kept}, plain {plain}");
    });
}

#[test]
fn training_needs_half_the_epochs() {
    stack::on_large_stack(|| {
        let plain = epochs(&mut start(None, &WarmStart::default()), 1.5, 30);
        let warm = epochs(&mut start(Some(&moons(1000, 1)), &WarmStart::default()), 1.5, 30);
        println!("epochs to 1.5 nats: plain {plain}, warm {warm}");
        assert!(2 * warm <= plain && plain < 30, "warm {warm}, plain {plain}");
    });
}

/// A Gaussianization flow of many blocks: its latents are nearly independent, not just of unit variance.
#[test]
fn gaussianization_flow_converges() {
    type Deep = [(Householder<f32, 2, 2>, Marginal<f32, MixtureCdf<NoClamp, 8>, 2>); 16];
    stack::on_large_stack(|| {
        let data = moons(1000, 1);
        let mut flow = Box::new(Flow::<f32, Deep, 2>::ZEROS);
        let rng = Pcg64::new(3, 3);
        flow.init(&mut rng.clone());
        let mut z = data.clone();
        let nll = flow.warm_start(&mut z, &mut vec![0.0; data.len()], &WarmStart::default(), &rng).unwrap();
        println!("16 blocks: {nll} nats on the data");
        assert!(nll < 1.6, "{nll}");
        // Of the squared radius of a normal point, exponential with mean 2: median 2 ln 2 with a standard error of 2 / sqrt(n).
        let mut squares: Vec<f32> = z.iter().map(|z| z[0] * z[0] + z[1] * z[1]).collect();
        squares.sort_by(f32::total_cmp);
        let median = f64::from(squares[500]);
        assert!((median - 2.0 * 2f64.ln()).abs() < 5.0 * 2.0 / 1000f64.sqrt(), "{median}");
    });
}

/// One autoregressive map starts as the marginal maps of both dimensions, and learns what is between them.
#[test]
fn autoregressive_flow_starts_from_data_and_learns() {
    stack::on_large_stack(|| {
        let (data, test) = (moons(1000, 1), moons(500, 2));
        let mut rng = Pcg64::new(3, 3);
        let mut flow = Box::new(MaskedAutoregressiveFlow::<f32, 2, 2, 8, 16>::ZEROS);
        flow.init(&mut rng);
        let plain = flow.mean_nll(&test);
        flow.warm_start(&mut data.to_vec(), &mut vec![0.0; data.len()], &WarmStart::default(), &rng).unwrap();
        let warm = flow.mean_nll(&test);
        let mut trainer = Box::new(Trainer::<_>::ZEROS);
        let settings = Settings { epochs: 30, batch: 128, learning_rate: 5e-3, ..Settings::default() };
        flow.fit(&data).settings(settings).run(&mut *trainer, &mut rng).unwrap();
        let trained = flow.mean_nll(&test);
        println!("held-out NLL: plain {plain}, warm {warm}, trained {trained}");
        assert!(warm < plain - 0.2 && trained < warm - 0.5, "{plain}, {warm}, {trained}");
    });
}
