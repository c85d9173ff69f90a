use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<6> for Order0 {
    const SOURCE: [usize; 6] = [3, 4, 5, 0, 1, 2];
}

pub type Model<T> = Flow<T, ((Permutation<Order0>, Coupling<Swap<FirstHalf>, RationalQuadraticSpline<T, 8, SoftClamp<T>>, (Dense<T, 3, 24>, Relu, Dense<T, 24, 24>, Relu, Head<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 24, 3>), 3, 3>, Coupling<FirstHalf, RationalQuadraticSpline<T, 8, SoftClamp<T>>, Head<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 3, 3>, 3, 3>, Permutation<Order0>, Coupling<Swap<FirstHalf>, RationalQuadraticSpline<T, 8, SoftClamp<T>>, (Dense<T, 3, 24>, Relu, Dense<T, 24, 24>, Relu, Head<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 24, 3>), 3, 3>, Coupling<FirstHalf, RationalQuadraticSpline<T, 8, SoftClamp<T>>, Head<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 3, 3>, 3, 3>, Permutation<Order0>, Coupling<Swap<FirstHalf>, RationalQuadraticSpline<T, 8, SoftClamp<T>>, (Dense<T, 3, 24>, Relu, Dense<T, 24, 24>, Relu, Head<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 24, 3>), 3, 3>), (Coupling<FirstHalf, RationalQuadraticSpline<T, 8, SoftClamp<T>>, Head<T, RationalQuadraticSpline<T, 8, SoftClamp<T>>, 3, 3>, 3, 3>, Permutation<Order0>)), 6>;
