use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<6> for Order0 {
    const SOURCE: [usize; 6] = [3, 0, 1, 4, 5, 2];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<6> for Order1 {
    const SOURCE: [usize; 6] = [4, 1, 0, 5, 2, 3];
}

pub type Model<T> = Flow<T, Inverse<(Coupling<FirstHalf, Affine<SoftplusClamp<T>>, (Dense<T, 3, 24>, Tanh, Head<T, Affine<SoftplusClamp<T>>, 24, 3>), 3, 3>, Permutation<Order0>, Coupling<FirstHalf, Affine<SoftplusClamp<T>>, (Dense<T, 3, 24>, Tanh, Head<T, Affine<SoftplusClamp<T>>, 24, 3>), 3, 3>, Permutation<Order1>)>, 6>;
