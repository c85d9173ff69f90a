use gaussflow::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order0;
impl Order<16> for Order0 {
    const SOURCE: [usize; 16] = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
}

pub type Model<T> = Flow<T, (Permutation<Order0>, Coupling<Swap<FirstHalf>, RationalQuadraticSpline<T, 5, SoftClamp<T>>, (Dense<T, 8, 24>, Relu, Head<T, RationalQuadraticSpline<T, 5, SoftClamp<T>>, 24, 8>), 8, 8>, Coupling<FirstHalf, RationalQuadraticSpline<T, 5, SoftClamp<T>>, Head<T, RationalQuadraticSpline<T, 5, SoftClamp<T>>, 8, 8>, 8, 8>, Permutation<Order0>, Coupling<Swap<FirstHalf>, RationalQuadraticSpline<T, 5, SoftClamp<T>>, (Dense<T, 8, 24>, Relu, Head<T, RationalQuadraticSpline<T, 5, SoftClamp<T>>, 24, 8>), 8, 8>, Coupling<FirstHalf, RationalQuadraticSpline<T, 5, SoftClamp<T>>, Head<T, RationalQuadraticSpline<T, 5, SoftClamp<T>>, 8, 8>, 8, 8>), 16>;
