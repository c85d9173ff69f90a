use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<16> for Order0 {
    const SOURCE: [usize; 16] = [11, 10, 1, 3, 6, 2, 5, 4, 15, 13, 9, 7, 0, 8, 14, 12];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<16> for Order1 {
    const SOURCE: [usize; 16] = [5, 10, 14, 7, 11, 13, 2, 8, 3, 1, 9, 12, 4, 0, 6, 15];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order2;
impl Order<16> for Order2 {
    const SOURCE: [usize; 16] = [14, 9, 8, 4, 2, 13, 11, 5, 3, 1, 7, 10, 15, 0, 12, 6];
}

pub type Model<T> = Flow<T, (Coupling<FirstHalf, Affine<SoftplusClamp<T>>, (Dense<T, 8, 24>, Relu, Dense<T, 24, 24>, Relu, Head<T, Affine<SoftplusClamp<T>>, 24, 8>), 8, 8>, Permutation<Order0>, Coupling<FirstHalf, Affine<SoftplusClamp<T>>, (Dense<T, 8, 24>, Relu, Dense<T, 24, 24>, Relu, Head<T, Affine<SoftplusClamp<T>>, 24, 8>), 8, 8>, Permutation<Order1>, Coupling<FirstHalf, Affine<SoftplusClamp<T>>, (Dense<T, 8, 24>, Relu, Dense<T, 24, 24>, Relu, Head<T, Affine<SoftplusClamp<T>>, 24, 8>), 8, 8>, Permutation<Order2>), 16>;
