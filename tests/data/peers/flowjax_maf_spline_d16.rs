use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<16> for Order0 {
    const SOURCE: [usize; 16] = [6, 8, 9, 0, 10, 1, 11, 2, 14, 12, 3, 4, 15, 5, 7, 13];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<16> for Order1 {
    const SOURCE: [usize; 16] = [7, 3, 5, 11, 13, 1, 12, 14, 2, 6, 10, 8, 15, 0, 4, 9];
}

pub type Model<T> = Flow<T, (Autoregressive<RationalQuadraticSpline<T, 6, SoftplusKnots<T>>, (MaskedInput<T, 16, 24>, Relu, MaskedHead<T, RationalQuadraticSpline<T, 6, SoftplusKnots<T>>, 24, 16>), 16>, Permutation<Order0>, Autoregressive<RationalQuadraticSpline<T, 6, SoftplusKnots<T>>, (MaskedInput<T, 16, 24>, Relu, MaskedHead<T, RationalQuadraticSpline<T, 6, SoftplusKnots<T>>, 24, 16>), 16>, Permutation<Order1>), 16>;
