//! Nothing allocates: single samples, batches, a training step.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use gaussflow::factory::CouplingFlow;
use gaussflow::train::{Adam, Trainer, mean_nll};
use gaussflow::{Init, Wide, Zeros};
use rand_pcg::Pcg32;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[allow(unsafe_code)]
// SAFETY: every call goes to `System` as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of this thread while `f` runs.
fn allocations(f: impl FnOnce()) -> usize {
    let before = COUNT.with(Cell::get);
    f();
    COUNT.with(Cell::get) - before
}

type Moons = CouplingFlow<f32, 2, 1, 1>;
type Blocks = [gaussflow::factory::CouplingBlock<f32, 2, 1, 1>; 4];

#[test]
fn nothing_allocates() {
    let mut rng = Pcg32::new(1, 1);
    let mut flow = Box::new(Moons::ZEROS);
    flow.init(&mut rng);
    let mut trainer = Box::new(Trainer::<f32, Wide<f32>, Blocks, 2>::ZEROS);
    let (mut rows, mut out) = (vec![[0.5f32, -0.25]; 100], vec![0.0f32; 100]);
    assert_eq!(allocations(|| drop(Box::new(1))), 1, "the count works");
    let counted = allocations(|| {
        flow.log_prob(&rows[0]);
        flow.sample(&mut rng);
        flow.log_prob_batch(&rows, &[], &mut out).expect("agreeing lengths");
        flow.sample_batch(&mut rng, &[], &mut rows, &mut out).expect("agreeing lengths");
        flow.forward_batch(&mut rows, &[], &mut out).expect("agreeing lengths");
        flow.inverse_batch(&mut rows, &[], &mut out).expect("agreeing lengths");
        mean_nll::<f32, Wide<f32>, _, 2, 0>(&flow.bijector, &rows, &[]);
        trainer.step(&mut flow.bijector, &rows, &[], &Adam::default(), 10.0, 1.0).expect("a step");
    });
    assert_eq!(counted, 0);
}
