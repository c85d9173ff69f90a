//! A fit that goes on as long as the page lets it, while its points change.

use gaussflow::start::DataError;
use gaussflow::train::{Copies, FitState, Order, Settings, TrainError, Trainer};
use gaussflow::{Init, boxed};
use rand_pcg::Pcg64;

use crate::model::{Lanes, Model, Scaled, of_size};

/// Points of a step.
pub const BATCH: usize = 256;

/// A fit of a flow whose size is known only when the program runs.
pub trait Training {
    /// Takes other points to train on; the flow stays.
    fn set_points(&mut self, points: Vec<[f32; 2]>);
    /// One step on the next batch; its mean loss before, in nats.
    fn step(&mut self, learning_rate: f32) -> Result<f32, TrainError>;
    /// The flow of the averaged weights.
    fn model(&self) -> &dyn Model;
}

struct Fitted<const BLOCKS: usize, const K: usize> {
    flow: Box<Scaled<BLOCKS, K>>,
    average: Box<Scaled<BLOCKS, K>>,
    trainer: Box<Trainer<Scaled<BLOCKS, K>, Lanes>>,
    state: FitState<f32>,
    settings: Settings<f32>,
    points: Vec<[f32; 2]>,
    order: Order,
    place: usize,
    rng: Pcg64,
}

/// A fit from the identity, but for rotations by the seed and the scale and shift of these points.
///
/// # Errors
/// [`DataError`] of the scale and shift.
pub fn start(blocks: usize, components: usize, points: Vec<[f32; 2]>, seed: u64) -> Result<Option<Box<dyn Training>>, DataError> {
    of_size!(blocks, components, start_of(points, seed)).transpose()
}

fn start_of<const BLOCKS: usize, const K: usize>(points: Vec<[f32; 2]>, seed: u64) -> Result<Box<dyn Training>, DataError> {
    let mut rng = Pcg64::new(seed.into(), 0x7061_6765);
    let [mut flow, mut average] = [(); 2].map(|()| boxed::<Scaled<BLOCKS, K>>());
    flow.init(&mut rng);
    flow.bijector.0.part.fit(&points)?;
    let settings = Settings { batch: BATCH, ..Settings::default() };
    let mut copies = Copies { average: Some(&mut *average), best: None };
    // The defaults are in their domains.
    let state = FitState::start(&*flow, None, &settings, &mut copies).map_err(|_| DataError::Empty)?;
    let order = Order::given(0);
    Ok(Box::new(Fitted { flow, average, trainer: boxed(), state, settings, points, order, place: 0, rng }))
}

impl<const BLOCKS: usize, const K: usize> Training for Fitted<BLOCKS, K> {
    fn set_points(&mut self, points: Vec<[f32; 2]>) {
        self.points = points;
        self.order = Order::given(0);
        self.place = 0;
    }

    fn step(&mut self, learning_rate: f32) -> Result<f32, TrainError> {
        if self.place >= self.order.len() {
            self.order = Order::random(self.points.len(), &mut self.rng);
            self.place = 0;
        }
        let mut batch = [[0.0; 2]; BATCH];
        let count = BATCH.min(self.order.len() - self.place);
        for (n, to) in batch.iter_mut().enumerate().take(count) {
            *to = self.points[self.order.row(self.place + n)];
        }
        self.settings.learning_rate = learning_rate;
        let mut copies = Copies { average: Some(&mut *self.average), best: None };
        let total = self.trainer.nll_gradient(&self.flow, &batch[..count])?;
        let step = self.state.step(&mut self.flow, &mut self.trainer, total, &self.settings, &mut copies)?;
        self.place += count;
        Ok(step.loss)
    }

    fn model(&self) -> &dyn Model {
        &*self.average
    }
}
