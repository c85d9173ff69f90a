use gaussflow::*;

pub type Model<T> = Flow<T, (Autoregressive<RationalQuadraticSpline<T, 5, SoftClamp<T>>, (MaskedInput<T, 16, 24>, Relu, MaskedHead<T, RationalQuadraticSpline<T, 5, SoftClamp<T>>, 24, 16>), 16>, Reverse, Autoregressive<RationalQuadraticSpline<T, 5, SoftClamp<T>>, (MaskedInput<T, 16, 24>, Relu, MaskedHead<T, RationalQuadraticSpline<T, 5, SoftClamp<T>>, 24, 16>), 16>, Reverse), 16>;
