//! A flow whose type is the project's, behind a trait that all of the tool can use.

use std::fmt::Debug;

use gaussflow::start::{Gaussianize, WarmStart};
use gaussflow::store::RustSource;
use gaussflow::train::{Outcome, Progress, Settings, Trainer};
use gaussflow::{ActNorm, Bijector, DifferentiableBijector, Flow, Init, Parameters, Part, Wide, Zeros};
use rand_pcg::Pcg64;

use crate::data::{Data, Standard};
use crate::{Error, Result};

/// A flow of rows as they are in the table: numbers of the file in, numbers of the file out.
pub trait Model: Send {
    /// How many numbers training may change.
    fn parameters(&self) -> usize;
    /// `log p(x | c)` in nats; minus infinity where the density is too small for `f32`.
    fn log_prob(&self, x: &[f64], context: &[f64]) -> f64;
    /// The latents.
    fn forward(&self, x: &[f64], context: &[f64]) -> Vec<f64>;
    /// A draw.
    fn sample(&self, context: &[f64], rng: &mut Pcg64) -> Vec<f64>;
    /// As `Flow::encode` writes it.
    ///
    /// # Errors
    /// A parameter that is not finite.
    fn encode(&self) -> Result<Vec<u8>>;
    /// As `Flow::decode` reads it.
    ///
    /// # Errors
    /// Bytes that are not of this flow.
    fn decode(&mut self, bytes: &[u8]) -> Result<()>;
    /// The Rust expression that makes it.
    fn source(&self) -> String;
}

/// A body behind the layer that takes rows as they are.
type Raw<B, const D: usize, const C: usize> = Flow<f32, (ActNorm<f32, D>, B), D, C>;
/// Each step in two shares, on as many threads.
type TwoShares<B, const D: usize, const C: usize> = Trainer<Flow<f32, B, D, C>, Wide<f32>, 2>;

struct Instance<B, const D: usize, const C: usize>(Box<Raw<B, D, C>>);

/// How a fit went.
pub struct Fitted {
    /// The flow.
    pub model: Box<dyn Model>,
    /// Its epochs and losses, on standardised columns.
    pub outcome: Outcome<f32>,
}

/// What bodies of flows have to be.
pub trait Body<const D: usize, const C: usize>:
    DifferentiableBijector<f32, D, C> + Gaussianize<f32, D, C> + Parameters<f32> + Init<f32> + Zeros + Debug + Send + Sync + 'static
{
}

impl<B, const D: usize, const C: usize> Body<D, C> for B where
    B: DifferentiableBijector<f32, D, C> + Gaussianize<f32, D, C> + Parameters<f32> + Init<f32> + Zeros + Debug + Send + Sync + 'static
{
}

/// Rows that a flow is started from: more make it little better, and slow.
const STARTED: usize = 2000;

/// A flow that knows nothing yet, to be decoded into.
pub fn empty<B: Body<D, C>, const D: usize, const C: usize>() -> Box<dyn Model> {
    Box::new(Instance::<B, D, C>(Box::new(Zeros::ZEROS)))
}

/// Starts a flow from the training rows, trains it with early stopping, and puts the standardisation in front. Rows are those of `data`, spread out and standardised.
///
/// # Errors
/// Of the start, and of training.
pub fn fit<B: Body<D, C>, const D: usize, const C: usize>(
    data: &Data,
    [train, validation]: [&[Vec<f64>]; 2],
    settings: Settings<f32>,
    seed: u64,
    told: &mut dyn FnMut(&Progress<f32>),
    stop: &dyn Fn() -> bool,
) -> Result<Fitted> {
    let mut rng = Pcg64::new(u128::from(seed), 0x666c_6f77);
    let [mut flow, mut average, mut best] = [(); 3].map(|()| Box::new(Flow::<f32, B, D, C>::ZEROS));
    flow.init(&mut rng);
    let mut started: Vec<[f32; D]> = train.iter().take(STARTED).map(|row| array(&row[C..])).collect();
    let mut scratch = vec![0.0; started.len()];
    flow.warm_start(&mut started, &mut scratch, &WarmStart::default(), &rng).map_err(|e| Error::new(e.to_string()))?;
    let samples = |rows: &[Vec<f64>]| -> Vec<[f32; D]> { rows.iter().map(|row| array(&row[C..])).collect() };
    let contexts = |rows: &[Vec<f64>]| -> Vec<[f32; C]> { rows.iter().map(|row| array(row)).collect() };
    let (train, validation) = ((samples(train), contexts(train)), (samples(validation), contexts(validation)));
    let mut trainer = Box::new(TwoShares::<B, D, C>::ZEROS);
    let run = flow.fit((&train.0, &train.1)).settings(settings).validate((&validation.0, &validation.1));
    let run = run.average(&mut average).best(&mut best).each_epoch(told).stop_if(|_| stop());
    let outcome = run.run(&mut trainer, &mut rng).map_err(|e| Error::new(e.to_string()))?;
    let mut raw = Box::new(Raw::<B, D, C>::ZEROS);
    let (first, body) = &mut raw.bijector;
    body.copy_from(&flow.bijector);
    for (d, standard) in data.standards[C..].iter().enumerate().take(D) {
        first.log_scale[d] = -standard.scale.ln() as f32;
        // Of the scale as it is rounded, so that the centre goes to 0.
        first.shift[d] = (-standard.centre * f64::from(first.log_scale[d]).exp()) as f32;
    }
    take_raw_context(body, &data.standards[..C])?;
    Ok(Fitted { model: Box::new(Instance(raw)), outcome })
}

/// Makes layers that were trained on standardised contexts take those of the file: `w (c - m) / s + b` is `(w / s) c + (b - w m / s)`.
fn take_raw_context<B: Body<D, C>, const D: usize, const C: usize>(body: &mut B, standards: &[Standard]) -> Result<()> {
    // What each slice is: the description tells them in the order of the parameters.
    let mut names = vec![];
    <B as Bijector<f32, D, C>>::describe(&mut |part| match part {
        Part::Tensor(name, shape) => names.push((name, shape.iter().product::<usize>())),
        Part::Setting(name) => names.push((name, 1)),
        _ => {}
    });
    let mut slices = vec![];
    body.visit(&mut |_, slice| slices.push(slice.to_vec()));
    if !names.iter().map(|(_, len)| *len).eq(slices.iter().map(Vec::len)) {
        return Err(Error::new("a part of the flow does not describe its parameters: its context cannot be standardised"));
    }
    for place in (1..names.len()).filter(|place| names[*place].0 == "context_kernel") {
        let (bias, weights) = slices.split_at_mut(place);
        let (Some(bias), Some(weights)) = (bias.last_mut(), weights.first_mut()) else { continue };
        let outputs = bias.len();
        for (o, bias) in bias.iter_mut().enumerate() {
            let mut sum = f64::from(*bias);
            for (c, standard) in standards.iter().enumerate() {
                let weight = &mut weights[c * outputs + o];
                let raw = f64::from(*weight) / standard.scale;
                sum -= raw * standard.centre;
                *weight = raw as f32;
            }
            *bias = sum as f32;
        }
    }
    let mut slices = slices.into_iter();
    body.visit_mut(&mut |_, slice| slice.copy_from_slice(&slices.next().unwrap_or_default()));
    Ok(())
}

/// The first `N` numbers, and zeros where there are fewer.
fn array<const N: usize>(values: &[f64]) -> [f32; N] {
    std::array::from_fn(|i| values.get(i).map_or(0.0, |x| *x as f32))
}

impl<B: Body<D, C>, const D: usize, const C: usize> Model for Instance<B, D, C> {
    fn parameters(&self) -> usize {
        Raw::<B, D, C>::COUNT
    }

    fn log_prob(&self, x: &[f64], context: &[f64]) -> f64 {
        self.0.given(array(context)).log_prob(&array(x)).into()
    }

    fn forward(&self, x: &[f64], context: &[f64]) -> Vec<f64> {
        self.0.given(array(context)).forward(&array(x)).map(f64::from).to_vec()
    }

    fn sample(&self, context: &[f64], rng: &mut Pcg64) -> Vec<f64> {
        self.0.given(array(context)).sample(rng).map(f64::from).to_vec()
    }

    fn encode(&self) -> Result<Vec<u8>> {
        let mut bytes = vec![0; Raw::<B, D, C>::ENCODED_LEN];
        self.0.encode(&mut bytes).map_err(|e| Error::new(e.to_string()))?;
        Ok(bytes)
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.decode(bytes).map_err(|e| Error::new(e.to_string()))
    }

    fn source(&self) -> String {
        RustSource(&*self.0).to_string()
    }
}
