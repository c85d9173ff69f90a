//! Flows of 1 to 8 dimensions and up to 8 context variables, made when the program is compiled and chosen when it runs.

use std::any::type_name;
use std::fmt::Debug;

use gaussflow::store::RustSource;
use gaussflow::train::{Outcome, Progress, Settings, Trainer};
use gaussflow::{
    ActNorm, Bijector, ClampedMixture, Conditional, ContextDense, ContextNorm, Coupling, Dense, DifferentiableBijector, FirstHalf, Flow,
    Head, Householder, Init, Parameters, Relu, Wide, Zeros,
};
use rand_pcg::Pcg64;

type Mixture<const K: usize> = ClampedMixture<f32, K>;
/// Sees `I` dimensions and `C` context variables.
type Net<const I: usize, const C: usize, const K: usize, const B: usize> =
    (ContextDense<f32, I, C, 64>, Relu, Dense<f32, 64, 64>, Relu, Head<f32, Mixture<K>, 64, B>);

/// The most context variables: flows are trained and used with this many, the spare ones 0, and saved with as many as there are.
const WIDEST: usize = 8;

/// A kind of flow, with any number of context variables.
trait Family<const D: usize> {
    type With<const C: usize>: Bijector<f32, D, C> + Parameters<f32> + Zeros + Debug;
}

/// Two dimensions and more: eight rotations, each with a coupling that maps the last `B` dimensions given the first `A`.
struct Couplings<const A: usize, const B: usize>;

impl<const D: usize, const A: usize, const B: usize> Family<D> for Couplings<A, B> {
    type With<const C: usize> = [(Householder<f32, D, D>, Coupling<FirstHalf, Mixture<8>, Net<A, C, 8, B>, A, B>); 8];
}

/// One dimension: a mixture that the context sets.
struct One;

impl Family<1> for One {
    type With<const C: usize> = Conditional<Mixture<16>, Net<0, C, 16, 1>, 1>;
}

/// Rows and their contexts, standardised.
pub struct Rows<'a> {
    pub x: &'a [Vec<f64>],
    pub context: &'a [Vec<f64>],
}

/// Mean and standard deviation of a column.
#[derive(Clone, Copy)]
pub struct Standard {
    pub mean: f64,
    pub deviation: f64,
}

impl Standard {
    pub fn apply(&self, x: f64) -> f64 {
        (x - self.mean) / self.deviation
    }
}

/// A flow whose dimensions are known only when the program runs. Everything but [`Model::fit`] takes and gives numbers of the file.
pub trait Model {
    fn parameters(&self) -> usize;
    /// Trains on standardised rows.
    fn fit(
        &mut self,
        train: &Rows,
        validation: &Rows,
        settings: Settings<f32>,
        seed: u64,
        told: &mut dyn FnMut(&Progress<f32>),
    ) -> Result<Outcome<f32>, String>;
    /// Puts the standardisation in front: the flow then takes the numbers of the file.
    fn take_raw(&mut self, x: &[Standard], context: &[Standard]);
    fn log_prob(&self, x: &[f64], context: &[f64]) -> f64;
    fn forward(&self, x: &[f64], context: &[f64]) -> Vec<f64>;
    fn sample(&self, context: &[f64], rng: &mut Pcg64) -> Vec<f64>;
    /// The flow of just so many context variables, as [`Flow::encode`] writes it.
    fn encode(&self) -> Result<Vec<u8>, String>;
    fn decode(&mut self, bytes: &[u8]) -> Result<(), String>;
    /// The same flow as Rust: its type, and the expression that makes it.
    fn source(&self) -> [String; 2];
}

/// The flow of these dimensions; none where there is no such instance.
pub fn model(dimensions: usize, contexts: usize) -> Option<Box<dyn Model>> {
    macro_rules! instances {
        ($($d:literal = $a:literal + $b:literal),+) => {
            match dimensions {
                1 => Some(Box::new(Instance::<One, 1>::new(contexts))),
                $($d => Some(Box::new(Instance::<Couplings<$a, $b>, $d>::new(contexts))),)+
                _ => None,
            }
        };
    }
    if contexts > WIDEST {
        return None;
    }
    instances!(2 = 1 + 1, 3 = 1 + 2, 4 = 2 + 2, 5 = 2 + 3, 6 = 3 + 3, 7 = 3 + 4, 8 = 4 + 4)
}

/// A flow with its standardisation in front.
type Standardised<F, const D: usize, const C: usize> = Flow<f32, (ActNorm<f32, D>, ContextNorm<f32, <F as Family<D>>::With<C>, C>), D, C>;

/// The flow that is trained, on standardised rows.
type Plain<F, const D: usize> = Flow<f32, <F as Family<D>>::With<WIDEST>, D, WIDEST>;
/// Each step in two shares, on as many threads.
type TwoShares<F, const D: usize> = Trainer<Plain<F, D>, Wide<f32>, 2>;

struct Instance<F: Family<D>, const D: usize> {
    flow: Box<Standardised<F, D, WIDEST>>,
    contexts: usize,
}

impl<F: Family<D>, const D: usize> Instance<F, D> {
    fn new(contexts: usize) -> Self {
        Instance { flow: Box::new(Zeros::ZEROS), contexts }
    }

    fn count_with<const C: usize>(&self) -> usize {
        Standardised::<F, D, C>::COUNT
    }

    /// The flow of just so many context variables.
    fn exact<const C: usize>(&self) -> Box<Standardised<F, D, C>> {
        let mut exact = Box::new(Standardised::<F, D, C>::ZEROS);
        copy_common(&mut *exact, &*self.flow);
        exact
    }

    fn encode_with<const C: usize>(&self) -> Result<Vec<u8>, String> {
        let exact = self.exact::<C>();
        let mut bytes = vec![0; Standardised::<F, D, C>::ENCODED_LEN];
        exact.encode(&mut bytes).map_err(|e| e.to_string())?;
        Ok(bytes)
    }

    fn source_with<const C: usize>(&self) -> [String; 2] {
        [without_paths(type_name::<Standardised<F, D, C>>()), RustSource(&*self.exact::<C>()).to_string()]
    }

    fn decode_with<const C: usize>(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut exact = Box::new(Standardised::<F, D, C>::ZEROS);
        exact.decode(bytes).map_err(|e| e.to_string())?;
        copy_common(&mut *self.flow, &*exact);
        Ok(())
    }
}

/// `method` of just so many context variables.
macro_rules! with_contexts {
    ($self:ident.$method:ident($($argument:expr)?)) => {
        match $self.contexts {
            0 => $self.$method::<0>($($argument)?),
            _ => $self.$method::<WIDEST>($($argument)?),
        }
    };
}

/// Copies all parameters that both have: their slices are the same, but for context weights, of which the first are common. The others become 0.
fn copy_common(to: &mut impl Parameters<f32>, from: &impl Parameters<f32>) {
    let mut slices = Vec::new();
    from.visit(&mut |_, slice| slices.push(slice.to_vec()));
    let mut slices = slices.into_iter();
    to.visit_mut(&mut |_, slice| {
        let from = slices.next().unwrap_or_default();
        for (i, to) in slice.iter_mut().enumerate() {
            *to = from.get(i).copied().unwrap_or(0.0);
        }
    });
}

/// The name of a type whose parts are in scope: `a::b::C<d::E>` without its modules, `C<E>`.
fn without_paths(name: &str) -> String {
    name.split_inclusive(|c: char| !c.is_alphanumeric() && !"_:".contains(c)).map(|part| part.rsplit("::").next().unwrap_or(part)).collect()
}

/// The first `N` numbers, and zeros where there are fewer.
fn array<const N: usize>(values: &[f64]) -> [f32; N] {
    std::array::from_fn(|i| values.get(i).map_or(0.0, |x| *x as f32))
}

fn arrays<const N: usize>(rows: &[Vec<f64>]) -> Vec<[f32; N]> {
    rows.iter().map(|row| array(row)).collect()
}

impl<F: Family<D>, const D: usize> Model for Instance<F, D>
where
    F::With<WIDEST>: DifferentiableBijector<f32, D, WIDEST> + Init<f32>,
{
    fn parameters(&self) -> usize {
        with_contexts!(self.count_with())
    }

    fn fit(
        &mut self,
        train: &Rows,
        validation: &Rows,
        settings: Settings<f32>,
        seed: u64,
        told: &mut dyn FnMut(&Progress<f32>),
    ) -> Result<Outcome<f32>, String> {
        let mut rng = Pcg64::new(u128::from(seed), 0x666c_6f77);
        let [mut flow, mut average, mut best] = [(); 3].map(|()| Box::new(Plain::<F, D>::ZEROS));
        flow.init(&mut rng);
        let mut trainer = Box::new(TwoShares::<F, D>::ZEROS);
        let [(train_x, train_c), (validation_x, validation_c)] = [train, validation].map(|rows| (arrays(rows.x), arrays(rows.context)));
        let fit = flow.fit((&train_x, &train_c)).settings(settings).validate((&validation_x, &validation_c));
        let fit = fit.average(&mut average).best(&mut best).each_epoch(told);
        let outcome = fit.run(&mut trainer, &mut rng).map_err(|e| e.to_string())?;
        self.flow.bijector.1.bijector.copy_from(&flow.bijector);
        Ok(outcome)
    }

    fn take_raw(&mut self, x: &[Standard], context: &[Standard]) {
        let (first, given) = &mut self.flow.bijector;
        for (d, standard) in x.iter().enumerate().take(D) {
            first.log_scale[d] = -standard.deviation.ln() as f32;
            // Of the scale as it is rounded, so that the mean goes to 0.
            first.shift[d] = (-standard.mean * f64::from(first.log_scale[d]).exp()) as f32;
        }
        // A spare variable is 0, whatever it is given.
        (given.mean, given.scale) = ([0.0; WIDEST], [0.0; WIDEST]);
        for (c, standard) in context.iter().enumerate().take(WIDEST) {
            (given.mean[c], given.scale[c]) = (standard.mean as f32, (1.0 / standard.deviation) as f32);
        }
    }

    fn log_prob(&self, x: &[f64], context: &[f64]) -> f64 {
        self.flow.given(array(context)).log_prob(&array(x)).into()
    }

    fn forward(&self, x: &[f64], context: &[f64]) -> Vec<f64> {
        self.flow.given(array(context)).forward(&array(x)).map(f64::from).to_vec()
    }

    fn sample(&self, context: &[f64], rng: &mut Pcg64) -> Vec<f64> {
        self.flow.given(array(context)).sample(rng).map(f64::from).to_vec()
    }

    fn encode(&self) -> Result<Vec<u8>, String> {
        with_contexts!(self.encode_with())
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<(), String> {
        with_contexts!(self.decode_with(bytes))
    }

    fn source(&self) -> [String; 2] {
        with_contexts!(self.source_with())
    }
}
