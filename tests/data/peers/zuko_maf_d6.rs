use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<6> for Order0 {
    const SOURCE: [usize; 6] = [3, 0, 2, 4, 5, 1];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<6> for Order1 {
    const SOURCE: [usize; 6] = [0, 2, 4, 5, 1, 3];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order2;
impl Order<6> for Order2 {
    const SOURCE: [usize; 6] = [4, 2, 5, 1, 0, 3];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order3;
impl Order<6> for Order3 {
    const SOURCE: [usize; 6] = [0, 5, 3, 4, 2, 1];
}

pub type Model<T> = Flow<T, (Permutation<Order0>, Autoregressive<Affine<SoftClamp<T>>, (MaskedInput<T, 6, 24>, Tanh, MaskedDense<T, 24, 32, 6>, Tanh, MaskedHead<T, Affine<SoftClamp<T>>, 32, 6>), 6>, Permutation<Order1>, Autoregressive<Affine<SoftClamp<T>>, (MaskedInput<T, 6, 24>, Tanh, MaskedDense<T, 24, 32, 6>, Tanh, MaskedHead<T, Affine<SoftClamp<T>>, 32, 6>), 6>, Permutation<Order2>, Autoregressive<Affine<SoftClamp<T>>, (MaskedInput<T, 6, 24>, Tanh, MaskedDense<T, 24, 32, 6>, Tanh, MaskedHead<T, Affine<SoftClamp<T>>, 32, 6>), 6>, Permutation<Order3>), 6>;
