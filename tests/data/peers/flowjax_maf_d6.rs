use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<6> for Order0 {
    const SOURCE: [usize; 6] = [4, 5, 1, 2, 0, 3];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<6> for Order1 {
    const SOURCE: [usize; 6] = [3, 2, 4, 0, 5, 1];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order2;
impl Order<6> for Order2 {
    const SOURCE: [usize; 6] = [1, 3, 0, 2, 4, 5];
}

pub type Model<T> = Flow<T, (Autoregressive<Affine<SoftplusClamp<T>>, (MaskedInput<T, 6, 24>, Tanh, MaskedDense<T, 24, 24, 6>, Tanh, MaskedHead<T, Affine<SoftplusClamp<T>>, 24, 6>), 6>, Permutation<Order0>, Autoregressive<Affine<SoftplusClamp<T>>, (MaskedInput<T, 6, 24>, Tanh, MaskedDense<T, 24, 24, 6>, Tanh, MaskedHead<T, Affine<SoftplusClamp<T>>, 24, 6>), 6>, Permutation<Order1>, Autoregressive<Affine<SoftplusClamp<T>>, (MaskedInput<T, 6, 24>, Tanh, MaskedDense<T, 24, 24, 6>, Tanh, MaskedHead<T, Affine<SoftplusClamp<T>>, 24, 6>), 6>, Permutation<Order2>), 6>;
