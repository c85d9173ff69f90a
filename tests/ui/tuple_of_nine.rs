//@ a tuple has one to eight parts
//@ a longer one is a tuple of tuples
use gaussflow::*;

type N = ActNorm<f32, 2>;

fn main() {
    let flow = Flow::<f32, (N, N, N, N, N, N, N, N, N), 2>::ZEROS;
    println!("{}", flow.log_prob(&[0.0, 1.0]));
}
