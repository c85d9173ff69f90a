use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<6> for Order0 {
    const SOURCE: [usize; 6] = [4, 0, 1, 5, 2, 3];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<6> for Order1 {
    const SOURCE: [usize; 6] = [0, 2, 4, 3, 5, 1];
}

pub type Model<T> = Flow<T, (Autoregressive<RationalQuadraticSpline<T, 8, SoftplusKnots<T>>, (MaskedInput<T, 6, 24>, Relu, MaskedHead<T, RationalQuadraticSpline<T, 8, SoftplusKnots<T>>, 24, 6>), 6>, Permutation<Order0>, Autoregressive<RationalQuadraticSpline<T, 8, SoftplusKnots<T>>, (MaskedInput<T, 6, 24>, Relu, MaskedHead<T, RationalQuadraticSpline<T, 8, SoftplusKnots<T>>, 24, 6>), 6>, Permutation<Order1>), 6>;
