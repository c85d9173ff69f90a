//! The mixture's map is its distribution function and not just some bijection.

use gaussflow::{Mixture, Real, standard_normal};
use properties::distribution::{SAMPLES, critical, distance_from_normal};
use rand_pcg::Pcg64;

/// Draws of a mixture, by component, become normal.
#[test]
fn draws_of_a_mixture_become_normal() {
    const K: usize = 3;
    let (logits, means, log_scales) = ([0.0, 1.0, -0.5], [-4.0, 0.5, 3.0], [-1.0, 0.4, -2.0]);
    let map = Mixture::<f64, K>::new(&logits, &means, &log_scales).expect("finite");
    let total: f64 = logits.iter().map(|l: &f64| l.exp()).sum();
    let mut rng = Pcg64::new(4, 5);
    let mut latents: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let (mut u, mut k) = (f64::uniform(&mut rng) * total, 0);
            while k < K - 1 && u > logits[k].exp() {
                u -= logits[k].exp();
                k += 1;
            }
            map.forward_and_log_det(log_scales[k].exp().mul_add(standard_normal(&mut rng), means[k])).0
        })
        .collect();
    let distance = distance_from_normal(&mut latents);
    assert!(distance <= critical(), "{distance}");
    // The test can fail: moved by 1, they are 0.38 from normal.
    let mut shifted: Vec<f64> = latents.iter().map(|z| z + 1.0).collect();
    assert!(distance_from_normal(&mut shifted) > critical());
}
