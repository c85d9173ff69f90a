use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<6> for Order0 {
    const SOURCE: [usize; 6] = [4, 5, 1, 2, 3, 0];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<6> for Order1 {
    const SOURCE: [usize; 6] = [0, 5, 4, 3, 2, 1];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order2;
impl Order<6> for Order2 {
    const SOURCE: [usize; 6] = [2, 1, 3, 5, 0, 4];
}

pub type Model<T> = Flow<T, (Coupling<FirstHalf, RationalQuadraticSpline<T, 8, SoftplusKnots<T>>, (Dense<T, 3, 24>, Relu, Head<T, RationalQuadraticSpline<T, 8, SoftplusKnots<T>>, 24, 3>), 3, 3>, Permutation<Order0>, Coupling<FirstHalf, RationalQuadraticSpline<T, 8, SoftplusKnots<T>>, (Dense<T, 3, 24>, Relu, Head<T, RationalQuadraticSpline<T, 8, SoftplusKnots<T>>, 24, 3>), 3, 3>, Permutation<Order1>, Coupling<FirstHalf, RationalQuadraticSpline<T, 8, SoftplusKnots<T>>, (Dense<T, 3, 24>, Relu, Head<T, RationalQuadraticSpline<T, 8, SoftplusKnots<T>>, 24, 3>), 3, 3>, Permutation<Order2>), 6>;
