//! Nothing allocates: single samples, batches, training.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use gaussflow::factory::CouplingFlow;
use gaussflow::train::{Settings, Trainer};
use gaussflow::{Init, IntoRows, Zeros};
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

#[test]
fn nothing_allocates() {
    let mut rng = Pcg32::new(1, 1);
    let mut flow = Box::new(Moons::ZEROS);
    flow.init(&mut rng);
    let (mut average, mut best) = (Box::new(Moons::ZEROS), Box::new(Moons::ZEROS));
    let mut trainer = Box::new(Trainer::<Moons>::ZEROS);
    let (mut rows, mut out, weights) = (vec![[0.5f32, -0.25]; 100], vec![0.0f32; 100], vec![1.5f32; 100]);
    assert_eq!(allocations(|| drop(Box::new(1))), 1, "the count works");
    let counted = allocations(|| {
        let _ = flow.log_prob(&rows[0]);
        let _ = flow.score(&rows[0]);
        flow.sample(&mut rng);
        flow.log_probs(&rows, &mut out).expect("agreeing lengths");
        flow.fill(&mut rng, &mut rows);
        flow.forward_batch(&mut rows, &[], &mut out).expect("agreeing lengths");
        flow.inverse_batch(&mut rows, &[], &mut out).expect("agreeing lengths");
        flow.mean_nll(&rows);
        trainer.step(&mut flow, &rows, &Settings::default()).expect("a step");
        trainer.step_reverse_kl(&mut flow, &rows, |x, _| (0.0, *x), &Settings::default()).expect("a step");
        let fit = flow.fit(rows.into_rows().weighted(&weights)).settings(Settings { epochs: 2, batch: 30, ..Settings::default() });
        fit.validate(&rows).average(&mut average).best(&mut best).run(&mut trainer, &mut rng).expect("a fit");
    });
    assert_eq!(counted, 0);
}
