use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<16> for Order0 {
    const SOURCE: [usize; 16] = [6, 2, 9, 15, 8, 14, 4, 5, 0, 3, 10, 7, 11, 1, 13, 12];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<16> for Order1 {
    const SOURCE: [usize; 16] = [8, 2, 13, 11, 1, 10, 0, 12, 3, 6, 4, 14, 7, 15, 9, 5];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order2;
impl Order<16> for Order2 {
    const SOURCE: [usize; 16] = [0, 2, 4, 14, 9, 12, 6, 3, 10, 1, 5, 7, 13, 11, 15, 8];
}

pub type Model<T> = Flow<T, (Permutation<Order0>, Autoregressive<Affine<SoftClamp<T>>, (MaskedInput<T, 16, 24>, Relu, MaskedDense<T, 24, 24, 16>, Relu, MaskedHead<T, Affine<SoftClamp<T>>, 24, 16>), 16>, Permutation<Order1>, Autoregressive<Affine<SoftClamp<T>>, (MaskedInput<T, 16, 24>, Relu, MaskedDense<T, 24, 24, 16>, Relu, MaskedHead<T, Affine<SoftClamp<T>>, 24, 16>), 16>, Permutation<Order2>), 16>;
