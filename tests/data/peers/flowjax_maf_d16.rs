use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<16> for Order0 {
    const SOURCE: [usize; 16] = [3, 9, 0, 13, 7, 10, 12, 6, 14, 15, 1, 11, 2, 5, 4, 8];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<16> for Order1 {
    const SOURCE: [usize; 16] = [4, 0, 1, 13, 14, 15, 6, 12, 11, 2, 8, 10, 9, 5, 3, 7];
}

pub type Model<T> = Flow<T, (Autoregressive<Affine<SoftplusClamp<T>>, (MaskedInput<T, 16, 24>, Relu, MaskedHead<T, Affine<SoftplusClamp<T>>, 24, 16>), 16>, Permutation<Order0>, Autoregressive<Affine<SoftplusClamp<T>>, (MaskedInput<T, 16, 24>, Relu, MaskedHead<T, Affine<SoftplusClamp<T>>, 24, 16>), 16>, Permutation<Order1>), 16>;
