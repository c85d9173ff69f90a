use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<3> for Order0 {
    const SOURCE: [usize; 3] = [1, 0, 2];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<3> for Order1 {
    const SOURCE: [usize; 3] = [2, 0, 1];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order2;
impl Order<3> for Order2 {
    const SOURCE: [usize; 3] = [0, 2, 1];
}

pub type Model<T> = Flow<T, (Autoregressive<Affine<SoftplusClamp<T>>, (MaskedInput<T, 3, 25, 2>, Relu, MaskedHead<T, Affine<SoftplusClamp<T>>, 25, 3, 2>), 3>, Permutation<Order0>, Autoregressive<Affine<SoftplusClamp<T>>, (MaskedInput<T, 3, 25, 2>, Relu, MaskedHead<T, Affine<SoftplusClamp<T>>, 25, 3, 2>), 3>, Permutation<Order1>, Autoregressive<Affine<SoftplusClamp<T>>, (MaskedInput<T, 3, 25, 2>, Relu, MaskedHead<T, Affine<SoftplusClamp<T>>, 25, 3, 2>), 3>, Permutation<Order2>), 3, 2>;
