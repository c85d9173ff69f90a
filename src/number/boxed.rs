//! Large values in place on the heap.

extern crate alloc;

use alloc::boxed::Box;

use super::Zeros;

/// All zero, in a box: a flow or a trainer that never passes over the stack, in debug builds too.
///
/// ```
/// use gaussflow::factory::CouplingFlow;
/// use gaussflow::train::{Settings, Trainer};
/// use gaussflow::{Init, boxed};
/// use rand_pcg::Pcg32;
///
/// let mut rng = Pcg32::new(1, 1);
/// let mut flow = boxed::<CouplingFlow<f32, 2, 1, 1, 1, 4, 16>>();
/// flow.init(&mut rng);
/// let mut trainer = boxed::<Trainer<_>>();
/// flow.fit(&[[0.5, -1.0], [2.0, 0.0]]).settings(Settings { epochs: 1, ..Settings::default() }).run(&mut trainer, &mut rng)?;
/// # Ok::<(), gaussflow::train::TrainError>(())
/// ```
pub fn boxed<Z: Zeros + bytemuck::Zeroable>() -> Box<Z> {
    bytemuck::zeroed_box()
}
