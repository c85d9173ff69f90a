use gaussflow::*;

pub type Model<T> = Flow<T, (Autoregressive<RationalQuadraticSpline<T, 10, SoftplusKnots<T>>, (MaskedInput<T, 2, 24>, Relu, MaskedHead<T, RationalQuadraticSpline<T, 10, SoftplusKnots<T>>, 24, 2>), 2>, Reverse, Autoregressive<RationalQuadraticSpline<T, 10, SoftplusKnots<T>>, (MaskedInput<T, 2, 24>, Relu, MaskedHead<T, RationalQuadraticSpline<T, 10, SoftplusKnots<T>>, 24, 2>), 2>, Reverse, Autoregressive<RationalQuadraticSpline<T, 10, SoftplusKnots<T>>, (MaskedInput<T, 2, 24>, Relu, MaskedHead<T, RationalQuadraticSpline<T, 10, SoftplusKnots<T>>, 24, 2>), 2>, Reverse), 2>;
