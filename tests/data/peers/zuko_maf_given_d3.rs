use gaussflow::*;

pub type Model<T> = Flow<T, (Autoregressive<Affine<SoftClamp<T>>, (MaskedInput<T, 3, 25, 2>, Silu, MaskedDense<T, 25, 24, 3, 2>, Silu, MaskedHead<T, Affine<SoftClamp<T>>, 24, 3, 2>), 3>, Reverse, Autoregressive<Affine<SoftClamp<T>>, (MaskedInput<T, 3, 25, 2>, Silu, MaskedDense<T, 25, 24, 3, 2>, Silu, MaskedHead<T, Affine<SoftClamp<T>>, 24, 3, 2>), 3>, Reverse, Autoregressive<Affine<SoftClamp<T>>, (MaskedInput<T, 3, 25, 2>, Silu, MaskedDense<T, 25, 24, 3, 2>, Silu, MaskedHead<T, Affine<SoftClamp<T>>, 24, 3, 2>), 3>), 3, 2>;
