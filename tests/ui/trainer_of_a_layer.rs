//@ `gaussflow::Householder<f32, 2, 1>` is not a flow that can be trained
//@ name the type of the flow: `Trainer::<MyFlow>::ZEROS`
use gaussflow::train::Trainer;
use gaussflow::*;

fn main() {
    let trainer = Trainer::<Householder<f32, 2, 1>>::ZEROS;
    println!("{trainer:?}");
}
