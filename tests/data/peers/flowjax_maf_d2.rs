use gaussflow::*;

pub type Model<T> = Flow<T, (Autoregressive<Affine<SoftplusClamp<T>>, (MaskedInput<T, 2, 25>, Relu, MaskedHead<T, Affine<SoftplusClamp<T>>, 25, 2>), 2>, Reverse, Autoregressive<Affine<SoftplusClamp<T>>, (MaskedInput<T, 2, 25>, Relu, MaskedHead<T, Affine<SoftplusClamp<T>>, 25, 2>), 2>, Reverse, Autoregressive<Affine<SoftplusClamp<T>>, (MaskedInput<T, 2, 25>, Relu, MaskedHead<T, Affine<SoftplusClamp<T>>, 25, 2>), 2>, Reverse, Autoregressive<Affine<SoftplusClamp<T>>, (MaskedInput<T, 2, 25>, Relu, MaskedHead<T, Affine<SoftplusClamp<T>>, 25, 2>), 2>, Reverse), 2>;
