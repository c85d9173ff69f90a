use gaussflow::train::{Settings, Trainer};
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Net = (Dense<f32, 1, 8>, Relu, Head<f32, Mixture, 8, 2>);
/// Without an identity half, the context alone sets the map.
type Given = Conditional<Mixture, (ContextDense<f32, 0, 2, 8>, Tanh, Head<f32, Mixture, 8, 1>), 1>;

fn main() {
    let flow = Flow::<f32, Coupling<FirstHalf, Mixture, Net, 1, 2>, 3>::ZEROS;
    println!("{} {}", flow.log_prob(&[0.0, 1.0, 2.0]), flow.mean_nll(&[[0.0, 1.0, 2.0]]));

    let mut flow = Flow::<f32, Given, 1, 2>::ZEROS;
    let (samples, contexts) = ([[0.5]; 3], vec![[1.0, 2.0]; 3]);
    let mut trainer = Trainer::<_>::ZEROS;
    let _ = trainer.step(&mut flow, (&samples, &contexts), &Settings::default());
    let _ = trainer.step(&mut flow, (&samples[1..], &contexts[1..]).into_rows().weighted(&[1.0, 0.5]), &Settings::default());
    println!("{}", flow.given([1.0, 2.0]).log_prob(&[0.5]));
}
