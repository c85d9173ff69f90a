//@ a tuple has one to eight parts
//@ a longer one is a tuple of tuples
use gaussflow::*;

type N = ActNorm<f32, 2>;

static FLOW: Flow<f32, (N, N, N, N, N, N, N, N, N), 2> = Zeros::ZEROS;

fn main() {
    println!("{}", size_of_val(&FLOW));
}
