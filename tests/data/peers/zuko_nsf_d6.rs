use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<6> for Order0 {
    const SOURCE: [usize; 6] = [1, 2, 5, 3, 4, 0];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<6> for Order1 {
    const SOURCE: [usize; 6] = [1, 4, 3, 2, 5, 0];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order2;
impl Order<6> for Order2 {
    const SOURCE: [usize; 6] = [4, 5, 0, 2, 1, 3];
}

pub type Model<T> = Flow<T, (Permutation<Order0>, Autoregressive<RationalQuadraticSpline<T, 8, SoftClamp<T>>, (MaskedInput<T, 6, 24>, Relu, MaskedDense<T, 24, 24, 6>, Relu, MaskedHead<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 24, 6>), 6>, Permutation<Order1>, Autoregressive<RationalQuadraticSpline<T, 8, SoftClamp<T>>, (MaskedInput<T, 6, 24>, Relu, MaskedDense<T, 24, 24, 6>, Relu, MaskedHead<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 24, 6>), 6>, Permutation<Order2>), 6>;
