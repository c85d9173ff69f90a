//! How cost grows with the sizes of a flow and of the data: prints the tables of `benches/README.md`. One core, `f32`, the factory's flow of four blocks.
//! Many flows: it compiles for minutes.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use common::{flops, normals, stirred, training_flops};
use gaussflow::factory::CouplingFlow;
use gaussflow::train::{Settings, Trainer};
use gaussflow::{Parameters, Zeros};

/// The heap in use, and the most that it was.
static USED: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[allow(unsafe_code)]
// SAFETY: every call goes to `System` as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let used = USED.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(used, Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Seconds a call: the least of many short runs, which other work on the machine disturbs little.
fn seconds(mut call: impl FnMut()) -> f64 {
    let (start, mut least) = (Instant::now(), f64::INFINITY);
    while start.elapsed().as_secs_f64() < 0.5 {
        let (run, mut calls) = (Instant::now(), 0);
        let spent = loop {
            call();
            calls += 1;
            let spent = run.elapsed().as_secs_f64();
            if spent > 5e-4 {
                break spent;
            }
        };
        least = least.min(spent / f64::from(calls));
    }
    least
}

/// What one size of flow costs.
struct Cost {
    name: String,
    parameters: usize,
    /// Operations of the conditioners, forward.
    flops: f64,
    /// Seconds a sample.
    one: f64,
    batch: f64,
    train: f64,
    /// Bytes of the heap at the most, of a flow in training; and what the model says.
    memory: usize,
    model: usize,
}

const BATCH: usize = 512;

fn cost<const D: usize, const A: usize, const B: usize, const K: usize, const H: usize>() -> Cost {
    let before = USED.load(Relaxed);
    MOST.store(before, Relaxed);
    let mut flow = stirred::<f32, D, A, B, K, H>();
    let points = normals::<f32, D>(BATCH);
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    let mut out = vec![0.0; BATCH];
    let settings = Settings { learning_rate: 1e-6, ..Settings::default() };
    let one = seconds(|| _ = black_box(flow.log_prob(black_box(&points[0]))));
    let batch = seconds(|| flow.log_probs(black_box(&points), &mut out).expect("buffers of one length")) / BATCH as f64;
    let step = || _ = trainer.step(&mut flow, &points, &settings).expect("the points have a density");
    let train = seconds(step) / BATCH as f64;
    let parameters = CouplingFlow::<f32, D, A, B, 4, K, H>::COUNT;
    // A tape keeps, of a pack of 16 samples, what each layer was given: two hidden layers twice (before and after ReLU), the parameters of the mixtures and
    // each mixture at its point, the state.
    let tape = 4 * 16 * 4 * (2 * 4 * H + (3 * K + 6 * K + 5) * D + 4 * D);
    // The parameters, their gradient and two moments; the points and their results.
    let model = 4 * 4 * parameters + tape + 4 * BATCH * (D + 1);
    Cost {
        name: format!("D = {D}, K = {K}, H = {H}"),
        parameters,
        flops: flops(D, K, H),
        one,
        batch,
        train,
        memory: MOST.load(Relaxed) - before,
        model,
    }
}

/// A bar of `x` where `most` is the longest, in steps of a doubling.
fn bar(x: f64, least: f64) -> String {
    "#".repeat(1 + (2.0 * (x / least).log2().max(0.0)).round() as usize)
}

fn table(title: &str, costs: &[&Cost], peak: f64) {
    println!("\n{title}\n");
    println!(
        "| flow | parameters | flops | one sample | batch | of peak | training | of peak | training, two marks a doubling | memory | model |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let least = costs.iter().map(|c| c.train).fold(f64::INFINITY, f64::min);
    for c in costs {
        println!(
            "| {} | {} | {:.0} k | {:.2} us | {:.2} us | {:.0} % | {:.2} us | {:.0} % | `{}` | {:.0} kB | {:.0} kB |",
            c.name,
            c.parameters,
            c.flops / 1e3,
            c.one * 1e6,
            c.batch * 1e6,
            100.0 * c.flops / c.batch / peak,
            c.train * 1e6,
            300.0 * c.flops / c.train / peak,
            bar(c.train, least),
            c.memory as f64 / 1e3,
            c.model as f64 / 1e3,
        );
    }
}

/// Time a sample against the number of samples, for the reference's flow.
fn counts(peak: f64) {
    println!(
        "\n| samples | log_probs, a sample | of peak | one training step, a sample | of peak | training, two marks a doubling |\n|---|---|---|---|---|---|"
    );
    let mut flow = stirred::<f32, 2, 1, 1, 8, 64>();
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    let settings = Settings { learning_rate: 1e-7, ..Settings::default() };
    let mut rows = Vec::new();
    for count in [1, 16, 64, 512, 4096, 65_536] {
        let (points, mut out) = (normals::<f32, 2>(count), vec![0.0; count]);
        let batch = seconds(|| flow.log_probs(black_box(&points), &mut out).expect("buffers of one length")) / count as f64;
        let step = || _ = trainer.step(&mut flow, &points, &settings).expect("the points have a density");
        rows.push((count, batch, seconds(step) / count as f64));
    }
    let least = rows.iter().map(|row| row.2).fold(f64::INFINITY, f64::min);
    for (count, batch, train) in rows {
        let share = |flops: f64, seconds: f64| 100.0 * flops / seconds / peak;
        println!(
            "| {count} | {:.2} us | {:.0} % | {:.2} us | {:.0} % | `{}` |",
            batch * 1e6,
            share(flops(2, 8, 64), batch),
            train * 1e6,
            share(training_flops(2, 8, 64), train),
            bar(train, least)
        );
    }
}

fn main() {
    let peak = common::peak::<f32>();
    println!("FMA peak of one core: {:.1} GFLOP/s", peak / 1e9);
    let two = cost::<2, 1, 1, 8, 64>();
    table("Dimensions:", &[&two, &cost::<8, 4, 4, 8, 64>(), &cost::<32, 16, 16, 8, 64>(), &cost::<64, 32, 32, 8, 64>()], peak);
    table("Components of a mixture:", &[&cost::<2, 1, 1, 4, 64>(), &two, &cost::<2, 1, 1, 16, 64>()], peak);
    table("Hidden width:", &[&cost::<2, 1, 1, 8, 32>(), &two, &cost::<2, 1, 1, 8, 128>()], peak);
    counts(peak);
}
