//! A coupling pair whose heads have zero weights is the marginal layer of their biases, to the last bits; one training step parts them.

#[path = "common/stack.rs"]
mod stack;

#[path = "common/moons.rs"]
mod moons;

use gaussflow::start::WarmStart;
use gaussflow::train::{Settings, Trainer};
use gaussflow::{
    Bijector, ClampedMixture, ConstantOutput, Each, FirstHalf, Flow, Householder, Init, Marginal, Pack, Real, Value, Wide, Zeros, factory,
    standard_normal,
};
use moons::moons;
use rand_pcg::Pcg64;

const K: usize = 4;

type Mixture<T> = ClampedMixture<T, K>;
type CouplingBlock<T, const D: usize, const A: usize, const B: usize> = factory::CouplingBlock<T, D, A, B, K, 8>;
type MarginalBlock<T, const D: usize> = (Householder<T, D, D>, Marginal<T, Mixture<T>, D>);

/// Both with the same rotation and the same random mixtures; the couplings' hidden layers are drawn and do not matter.
fn pair<T: Real, const D: usize, const A: usize, const B: usize>(rng: &mut Pcg64) -> (CouplingBlock<T, D, A, B>, MarginalBlock<T, D>) {
    let (mut coupling, mut marginal) = (CouplingBlock::<T, D, A, B>::ZEROS, MarginalBlock::<T, D>::ZEROS);
    coupling.init(rng);
    marginal.init(rng);
    marginal.0 = coupling.0.clone();
    marginal.1.params = std::array::from_fn(|_| std::array::from_fn(|_| std::array::from_fn(|_| standard_normal(rng))));
    // The first coupling transforms the dimensions from A on, the second those below.
    let first: [_; B] = std::array::from_fn(|b| marginal.1.params[A + b]);
    let second: [_; A] = std::array::from_fn(|a| marginal.1.params[a]);
    ConstantOutput::<T, Each<Mixture<T>, B>>::set_constant(&mut coupling.1.conditioner, &first);
    ConstantOutput::<T, Each<Mixture<T>, A>>::set_constant(&mut coupling.2.conditioner, &second);
    (coupling, marginal)
}

/// Forward and inverse on the lanes `V`, bulk and tails: the same bits, but for the order in which more than two log-dets are summed.
fn same<T: Real, V: Value<Scalar = T>, const D: usize, const A: usize, const B: usize>() {
    let mut rng = Pcg64::new(1, 2);
    for n in 0..200 {
        let (coupling, marginal) = pair::<T, D, A, B>(&mut rng);
        let reach = if n % 4 == 0 { 40.0 } else { 1.5 };
        let x: [V; D] = std::array::from_fn(|_| V::from_lanes(|_| T::from_f64(reach) * standard_normal(&mut rng)));
        for inverse in [false, true] {
            let (mut ours, mut theirs) = (x, x);
            let (by_coupling, by_marginal) = if inverse {
                (coupling.inverse_and_log_det(&mut ours, &[]), marginal.inverse_and_log_det(&mut theirs, &[]))
            } else {
                (coupling.forward_and_log_det(&mut ours, &[]), marginal.forward_and_log_det(&mut theirs, &[]))
            };
            assert_eq!(ours, theirs, "row {n}");
            for lane in 0..V::LANES {
                let (a, b): (f64, f64) = (by_coupling.lane(lane).as_(), by_marginal.lane(lane).as_());
                // Each of D additions may be off by half a unit of the largest partial sum, on either side; 50 is more than any log-det here.
                let rounding = if D == 2 { 0.0 } else { D as f64 * 50.0 * T::EPSILON.as_() };
                assert!((a - b).abs() <= rounding, "row {n}: {a} {b}");
            }
        }
    }
}

#[test]
fn zero_weights_are_the_marginal_layer() {
    same::<f32, f32, 2, 1, 1>();
    same::<f64, f64, 2, 1, 1>();
    same::<f32, Wide<f32>, 2, 1, 1>();
    same::<f64, Pack<f64, 4>, 2, 1, 1>();
    same::<f64, f64, 5, 2, 3>();
    same::<f32, f32, 5, 2, 3>();
}

type CouplingFlow = Flow<f32, [CouplingBlock<f32, 2, 1, 1>; 3], 2>;
type MarginalFlow = Flow<f32, [MarginalBlock<f32, 2>; 3], 2>;

/// Both flows from the same data.
fn started(points: &[[f32; 2]]) -> (Box<CouplingFlow>, Box<MarginalFlow>) {
    let (mut coupling, mut marginal) = (Box::new(CouplingFlow::ZEROS), Box::new(MarginalFlow::ZEROS));
    let mut rng = Pcg64::new(7, 7);
    coupling.init(&mut rng);
    marginal.init(&mut rng);
    let (mut z, mut column) = (points.to_vec(), vec![0.0; points.len()]);
    let settings = WarmStart::default();
    let by_coupling = coupling.warm_start(&mut z, &mut column, &settings, &rng).unwrap();
    let latents = z;
    let mut z = points.to_vec();
    let by_marginal = marginal.warm_start(&mut z, &mut column, &settings, &rng).unwrap();
    assert_eq!(latents, z);
    // The marginal layer rounds the sum of two log-dets, at most 10, to f32.
    assert!((by_coupling - by_marginal).abs() < 10.0 * f64::from(f32::EPSILON), "{by_coupling} {by_marginal}");
    (coupling, marginal)
}

#[test]
fn both_start_alike_and_one_training_step_parts_them() {
    stack::on_large_stack(|| {
        let points = moons(400, &mut Pcg64::new(4, 4));
        let (mut coupling, mut marginal) = started(&points);
        let same = |c: &CouplingFlow, m: &MarginalFlow| {
            points.iter().filter(|x| c.forward(x) == m.forward(x) && c.log_prob(x) == m.log_prob(x)).count()
        };
        assert_eq!(same(&coupling, &marginal), points.len());
        // What dimension 1 becomes does not depend on dimension 0, which its network sees.
        let image = |half: &factory::MixtureCoupling<f32, FirstHalf, 1, 1, K, 8>, x: [f32; 2]| {
            let mut state = x;
            Bijector::<f32, 2>::forward_and_log_det(half, &mut state, &[]);
            state[1]
        };
        let others = [-2.0, -0.3, 0.0, 1.5];
        let first = image(&coupling.bijector[0].1, [1.0, 0.4]);
        assert!(others.iter().all(|x| image(&coupling.bijector[0].1, [*x, 0.4]) == first));

        let settings = Settings { learning_rate: 1e-3, clip: 10.0, ..Settings::default() };
        let mut trainer = Box::new(Trainer::<CouplingFlow, Pack<f32, 4>>::ZEROS);
        let mut other = Box::new(Trainer::<MarginalFlow, Pack<f32, 4>>::ZEROS);
        let by_coupling = trainer.step(&mut coupling, &points, &settings).unwrap();
        let by_marginal = other.step(&mut marginal, &points, &settings).unwrap();
        // The same loss before the step, and a gradient that also has weights to move.
        assert_eq!(by_coupling.loss, by_marginal.loss);
        assert!(by_marginal.gradient_norm < by_coupling.gradient_norm);
        assert_eq!(same(&coupling, &marginal), 0);
        let first = image(&coupling.bijector[0].1, [1.0, 0.4]);
        assert!(others.iter().all(|x| image(&coupling.bijector[0].1, [*x, 0.4]) != first));
    });
}
