//! A flow that learns from a stream on the board.

use gaussflow::toy::two_moons;
use gaussflow::train::{Settings, TrainError, Trainer};
use gaussflow::{Init, Zeros};
use heapless::HistoryBuf;
use rand_pcg::Pcg32;
use shapes::Small;

use crate::Hash;

/// Samples that are kept, and seen by every step.
const RECENT: usize = 64;
/// New samples before each step.
const NEW: usize = 16;
/// Steps, a fixed number.
pub const STEPS: u32 = 300;

/// All that learning takes: 47 kB of plain data that starts as zeros, for a `static`.
pub struct Learner {
    flow: Small,
    trainer: Trainer<Small, f32>,
    recent: HistoryBuf<[f32; 2], RECENT>,
}

/// How learning went.
pub struct Learned {
    /// Of the losses of all steps.
    pub hash: Hash,
    /// The mean loss of the first and of the last ten steps, in nats.
    pub first: f32,
    pub last: f32,
}

impl Learner {
    /// Nothing learned.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Learner { flow: Small::ZEROS, trainer: Trainer::ZEROS, recent: HistoryBuf::new() }
    }

    /// Learns from a stream of two moons: after every 16 samples one step of Adam on the last 64.
    pub fn learn(&mut self) -> Result<Learned, TrainError> {
        let mut rng = Pcg32::new(3, 0x6c65_6172);
        self.flow.init(&mut rng);
        let settings = Settings { learning_rate: 3e-3, ..Settings::default() };
        let mut learned = Learned { hash: Hash::default(), first: 0.0, last: 0.0 };
        for step in 0..STEPS {
            let mut new = [[0.0; 2]; NEW];
            two_moons(&mut new, 0.05, &mut rng);
            for x in new {
                // About the mean and standard deviation of the moons.
                self.recent.write([(x[0] - 0.5) / 0.87, (x[1] - 0.25) / 0.5]);
            }
            let loss = self.trainer.step(&mut self.flow, self.recent.as_slice(), &settings)?.loss;
            learned.hash.add(loss);
            if step < 10 {
                learned.first += 0.1 * loss;
            } else if step >= STEPS - 10 {
                learned.last += 0.1 * loss;
            }
        }
        Ok(learned)
    }
}
