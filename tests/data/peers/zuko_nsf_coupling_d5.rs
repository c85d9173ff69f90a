use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<5> for Order0 {
    const SOURCE: [usize; 5] = [2, 4, 0, 1, 3];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order1;
impl Order<5> for Order1 {
    const SOURCE: [usize; 5] = [3, 1, 2, 0, 4];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order2;
impl Order<5> for Order2 {
    const SOURCE: [usize; 5] = [2, 1, 0, 3, 4];
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order3;
impl Order<5> for Order3 {
    const SOURCE: [usize; 5] = [0, 2, 3, 4, 1];
}

pub type Model<T> = Flow<T, ((Permutation<Order0>, Coupling<Swap<FirstHalf>, RationalQuadraticSpline<T, 8, SoftClamp<T>>, (Dense<T, 3, 24>, Relu, Dense<T, 24, 24>, Relu, Head<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 24, 2>), 3, 2>, Coupling<FirstHalf, RationalQuadraticSpline<T, 8, SoftClamp<T>>, Head<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 2, 3>, 2, 3>, Permutation<Order1>, Coupling<Swap<FirstHalf>, RationalQuadraticSpline<T, 8, SoftClamp<T>>, (Dense<T, 3, 24>, Relu, Dense<T, 24, 24>, Relu, Head<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 24, 2>), 3, 2>, Coupling<FirstHalf, RationalQuadraticSpline<T, 8, SoftClamp<T>>, Head<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 2, 3>, 2, 3>, Permutation<Order2>, Coupling<Swap<FirstHalf>, RationalQuadraticSpline<T, 8, SoftClamp<T>>, (Dense<T, 3, 24>, Relu, Dense<T, 24, 24>, Relu, Head<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 24, 2>), 3, 2>), (Coupling<FirstHalf, RationalQuadraticSpline<T, 8, SoftClamp<T>>, Head<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 2, 3>, 2, 3>, Permutation<Order3>)), 5>;
