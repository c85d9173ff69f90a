use gaussflow::{math, Fused, Pack, Value, Real};
fn run<V: Value<Scalar = f32>>(name: &str, f: impl Fn(V, u32) -> V) {
    for which in 0..7 {
        let mut hist = std::collections::BTreeMap::new();
        let mut last = f32::INFINITY;
        let (from, to) = if which == 6 { (1e-8f32, 1.0f32) } else { (0.25f32, 14.0) };
        let mut r = from.to_order();
        let mut worst = 0.0f64;
        let end = to.to_order();
        while r < end {
            let y = f(V::from_lanes(|i| f32::from_order(r + i as i64)), which);
            for i in 0..16 {
                let y = y.lane(i);
                let x = f32::from_order(r + i as i64);
                if y > last { *hist.entry((x.log2() * 8.0).floor() as i32).or_insert(0u32) += 1; }
                if r % 4096 < 16 && x < 13.0 { let xx = x as f64; let t = math::sf(xx) * 2.5066282746310002; let u = 2f64.powi((t.log2().floor()) as i32 - 23); worst = worst.max((y as f64 - t).abs() / u); }
                last = y;
            }
            r += 16;
        }
        println!("{name} {which} worst {worst:.3} ulp: {:?}", hist.iter().map(|(k, v)| (2f32.powf(*k as f32 / 8.0), *v)).collect::<Vec<_>>());
    }
}
type L = Pack<Fused<f32>, 16>;
type P = Pack<f32, 16>;
fn main() {
    run::<P>("plain", |x, w| P::outline(#[inline(always)] || math::experiment(x, w)));
    run::<L>("fused", |x, w| L::outline(#[inline(always)] || math::experiment(x, w)));
}
