use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<16> for Order0 {
    const SOURCE: [usize; 16] = [9, 5, 0, 3, 12, 15, 8, 1, 11, 7, 2, 13, 10, 14, 6, 4];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<16> for Order1 {
    const SOURCE: [usize; 16] = [9, 3, 5, 0, 10, 14, 11, 8, 1, 12, 13, 7, 15, 6, 4, 2];
}

pub type Model<T> = Flow<T, (Coupling<FirstHalf, RationalQuadraticSpline<T, 6, SoftplusKnots<T>>, (Dense<T, 8, 24>, Relu, Head<T, RationalQuadraticSpline<T, 6, SoftplusKnots<T>>, 24, 8>), 8, 8>, Permutation<Order0>, Coupling<FirstHalf, RationalQuadraticSpline<T, 6, SoftplusKnots<T>>, (Dense<T, 8, 24>, Relu, Head<T, RationalQuadraticSpline<T, 6, SoftplusKnots<T>>, 24, 8>), 8, 8>, Permutation<Order1>), 16>;
