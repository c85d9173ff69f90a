use gaussflow::*;

pub type Model<T> = Flow<T, (Coupling<FirstHalf, Affine<SoftplusClamp<T>>, (Dense<T, 1, 24>, Relu, Head<T, Affine<SoftplusClamp<T>>, 24, 1>), 1, 1>, Reverse, Coupling<FirstHalf, Affine<SoftplusClamp<T>>, (Dense<T, 1, 24>, Relu, Head<T, Affine<SoftplusClamp<T>>, 24, 1>), 1, 1>, Reverse, Coupling<FirstHalf, Affine<SoftplusClamp<T>>, (Dense<T, 1, 24>, Relu, Head<T, Affine<SoftplusClamp<T>>, 24, 1>), 1, 1>, Reverse, Coupling<FirstHalf, Affine<SoftplusClamp<T>>, (Dense<T, 1, 24>, Relu, Head<T, Affine<SoftplusClamp<T>>, 24, 1>), 1, 1>, Reverse), 2>;
