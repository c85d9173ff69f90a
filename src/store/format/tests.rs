extern crate std;

use std::vec;
use std::vec::Vec;

use rand_pcg::Pcg32;

use super::{CHECKSUM, DecodeError, EncodeError, HEADER, crc32};
use crate::conditioner::{Relu, Tanh};
use crate::univariate::LogScaleClamp;
use crate::{
    ActNorm, Affine, Alternating, Bijector, ContextDense, ContextNorm, Coupling, Dense, FirstHalf, Flow, Head, Householder, Init, Inverse,
    Linear, Marginal, MixtureCdf, NoClamp, Orthogonal, Parameters, Permutation, RationalQuadraticSpline, Real, Residual, Reverse, Reversed,
    SharedHead, SigmoidClamp, Swap, TanhClamp, Zeros,
};

type Mixture<T> = MixtureCdf<TanhClamp<T>, 2>;
type Net<T, const A: usize, const B: usize> = (Dense<T, A, 3>, Tanh, Head<T, Mixture<T>, 3, B>);
type Half<T, M> = Coupling<M, Mixture<T>, Net<T, 1, 1>, 1, 1>;
type Bijectors<T> = (Householder<T, 2, 2>, Half<T, FirstHalf>, Half<T, Swap<FirstHalf>>, Orthogonal<T, 2>);
type Small<T> = Flow<T, Bijectors<T>, 2>;

fn drawn<F: Init<T> + Zeros, T>(seed: u64) -> F {
    let mut flow = F::ZEROS;
    flow.init(&mut Pcg32::new(seed, 0));
    flow
}

fn encoded<T: Real, B: Bijector<T, D, C> + Parameters<T>, const D: usize, const C: usize>(flow: &Flow<T, B, D, C>) -> Vec<u8> {
    let mut bytes = vec![0; Flow::<T, B, D, C>::ENCODED_LEN];
    assert_eq!(flow.encode(&mut bytes), Ok(bytes.len()));
    bytes
}

fn bits<T: Real>(flow: &impl Parameters<T>) -> Vec<i64> {
    let mut bits = Vec::new();
    flow.visit(&mut |_, slice| bits.extend(slice.iter().map(|x| x.to_order())));
    bits
}

/// `decode` refuses the bytes and leaves no trace.
fn refused<T: Real>(flow: &mut Small<T>, bytes: &[u8]) -> DecodeError {
    let before = bits(flow);
    let error = flow.decode(bytes).expect_err("bytes that are not the flow's");
    assert_eq!(bits(flow), before, "{error}");
    error
}

/// With the checksum of the rest.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len() - CHECKSUM;
    let checksum = crc32(&bytes[..body]).to_le_bytes();
    bytes[body..].copy_from_slice(&checksum);
    bytes
}

fn check<T: Real>() {
    let mut trained = drawn::<Small<T>, T>(1);
    // What a copy through another number could lose: a negative zero, the least subnormal, the ends.
    trained.bijector.0.reflectors = [[-T::ZEROS, T::from_order(1)], [T::MAX, -T::MIN_POSITIVE]];
    let bytes = encoded(&trained);
    let mut flow = drawn::<Small<T>, T>(2);
    flow.decode(&bytes).unwrap();
    assert_eq!(bits(&flow), bits(&trained));
    assert_eq!(encoded(&flow), bytes);

    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let error = refused(&mut flow, &flipped);
        let expected = match bit / 8 {
            0..8 => matches!(error, DecodeError::NotAFlow),
            8..12 => matches!(error, DecodeError::Version(_)),
            12..16 => matches!(error, DecodeError::Scalar { .. }),
            24..32 => matches!(error, DecodeError::Truncated { .. } | DecodeError::TrailingBytes { .. }),
            _ => matches!(error, DecodeError::Corrupted),
        };
        assert!(expected, "bit {bit}: {error}");
    }
    for len in 0..bytes.len() {
        let needed = if len < HEADER { HEADER } else { bytes.len() };
        assert_eq!(refused(&mut flow, &bytes[..len]), DecodeError::Truncated { needed, found: len });
    }
    for more in [1, 2, 1000] {
        let longer = [bytes.clone(), vec![0; more]].concat();
        assert_eq!(refused(&mut flow, &longer), DecodeError::TrailingBytes { needed: bytes.len(), found: longer.len() });
    }

    // Intact files that are not this flow's: right checksums.
    let patched = |at: usize, patch: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + patch.len()].copy_from_slice(patch);
        sealed(bytes)
    };
    assert_eq!(refused(&mut flow, &patched(8, &[2])), DecodeError::Version(2));
    assert_eq!(refused(&mut flow, &patched(12, &[96 - T::BITS as u8])), DecodeError::Scalar { expected: T::BITS, found: 96 - T::BITS });
    assert_eq!(refused(&mut flow, &patched(16, &[0; 8])), DecodeError::AnotherFlow);
    assert_eq!(refused(&mut flow, &patched(24, &[255; 8])), DecodeError::Truncated { needed: usize::MAX, found: bytes.len() });
    for (index, value) in [(0, T::NAN), (7, T::INFINITY), (8, -T::INFINITY)] {
        let mut scalar = [0; 8];
        super::write(value, &mut scalar[..size_of::<T>()]);
        let bytes = patched(HEADER + index * size_of::<T>(), &scalar[..size_of::<T>()]);
        assert_eq!(refused(&mut flow, &bytes), DecodeError::NotFinite(index));
    }
}

#[test]
fn round_trips_and_refusals_f32() {
    check::<f32>();
}

#[test]
fn round_trips_and_refusals_f64() {
    check::<f64>();
}

#[test]
fn encode_refuses_before_it_writes() {
    let mut flow = drawn::<Small<f32>, f32>(1);
    let needed = Small::<f32>::ENCODED_LEN;
    let mut bytes = vec![7; needed + 3];
    assert_eq!(flow.encode(&mut bytes[..needed - 1]), Err(EncodeError::BufferTooShort { needed, found: needed - 1 }));
    flow.bijector.1.conditioner.0.bias[2] = f32::NAN;
    let index = 4 + 1 + 3 + 2;
    assert_eq!(flow.encode(&mut bytes), Err(EncodeError::NotFinite(index)));
    assert!(bytes.iter().all(|byte| *byte == 7));
    flow.bijector.1.conditioner.0.bias[2] = 0.0;
    assert_eq!(flow.encode(&mut bytes), Ok(needed));
    assert_eq!(bytes[needed..], [7; 3]);
}

/// The counts that the length is made of are those of the scalars that are visited.
#[test]
fn counts() {
    fn counted<T: Real, P: Parameters<T> + Zeros>() {
        let (mut trainable, mut fixed) = (0, 0);
        P::ZEROS.visit(&mut |role, slice| *if role == crate::Role::Trainable { &mut trainable } else { &mut fixed } += slice.len());
        assert_eq!((trainable, fixed), (P::COUNT, P::FIXED), "{}", std::any::type_name::<P>());
    }
    type Spline = RationalQuadraticSpline<f64, 4>;
    type Sigmoid = MixtureCdf<SigmoidClamp<f64>, 3>;
    counted::<f32, Small<f32>>();
    counted::<f64, [Bijectors<f64>; 3]>();
    counted::<f64, (ActNorm<f64, 3>, Linear<f64, 3>, Orthogonal<f64, 3>, Reverse, Inverse<Marginal<f64, Spline, 3>>)>();
    counted::<f64, Marginal<f64, Affine<TanhClamp<f64>>, 3>>();
    counted::<f64, Coupling<FirstHalf, Sigmoid, Residual<SharedHead<f64, Sigmoid, 3, 2>>, 1, 2>>();
    counted::<f64, ContextDense<f64, 2, 3, 4>>();
    counted::<f64, ContextNorm<f64, ActNorm<f64, 3>, 2>>();
}

/// Flows with the same number of parameters, each with its own structure, refuse each other's files.
#[test]
fn structures() {
    fn header<B: Bijector<f32, D, C> + Parameters<f32> + Zeros, const D: usize, const C: usize>() -> [u8; HEADER] {
        let mut header = Flow::<f32, B, D, C>::header(0);
        header[24..].fill(0);
        header
    }
    fn coupling<S: LogScaleClamp<f32> + Zeros>() -> [u8; HEADER] {
        header::<Coupling<FirstHalf, MixtureCdf<S, 2>, Head<f32, MixtureCdf<S, 2>, 2, 2>, 2, 2>, 4, 0>()
    }
    type Of<M, N> = Coupling<M, Mixture<f32>, N, 2, 2>;
    type H<const I: usize> = Head<f32, Mixture<f32>, I, 2>;
    type Two<L> = (Dense<f32, 2, 3>, L, Dense<f32, 3, 2>, L, H<2>);
    struct Rolled;
    impl crate::Order<4> for Rolled {
        const SOURCE: [usize; 4] = [1, 2, 3, 0];
    }
    type R<const D: usize, const N: usize> = Householder<f32, D, N>;
    let all = [
        header::<Of<FirstHalf, Two<Relu>>, 4, 0>(),
        header::<Of<FirstHalf, Two<Relu>>, 4, 1>(),
        header::<Of<FirstHalf, Two<Tanh>>, 4, 0>(),
        header::<Of<Swap<FirstHalf>, Two<Relu>>, 4, 0>(),
        header::<Of<Alternating, Two<Relu>>, 4, 0>(),
        header::<Of<FirstHalf, (Dense<f32, 2, 3>, Dense<f32, 3, 2>, Relu, Relu, H<2>)>, 4, 0>(),
        header::<Of<FirstHalf, (Dense<f32, 2, 2>, Residual<(Dense<f32, 2, 2>, Relu)>, H<2>)>, 4, 0>(),
        header::<Of<FirstHalf, (Dense<f32, 2, 2>, Residual<Dense<f32, 2, 2>>, Relu, H<2>)>, 4, 0>(),
        header::<Of<FirstHalf, (Dense<f32, 2, 2>, Dense<f32, 2, 2>, Relu, H<2>)>, 4, 0>(),
        header::<Of<FirstHalf, (Dense<f32, 2, 3>, H<3>)>, 4, 0>(),
        header::<Of<FirstHalf, (Dense<f32, 2, 3>, SharedHead<f32, Mixture<f32>, 3, 2>)>, 4, 0>(),
        coupling::<TanhClamp<f32>>(),
        coupling::<SigmoidClamp<f32>>(),
        coupling::<NoClamp>(),
        header::<Marginal<f32, MixtureCdf<NoClamp, 3>, 2>, 2, 0>(),
        header::<Marginal<f32, MixtureCdf<NoClamp, 2>, 3>, 3, 0>(),
        header::<Marginal<f32, MixtureCdf<TanhClamp<f32>, 3>, 2>, 2, 0>(),
        header::<Marginal<f32, RationalQuadraticSpline<f32, 3>, 2>, 2, 0>(),
        header::<R<2, 3>, 2, 0>(),
        header::<R<3, 2>, 3, 0>(),
        header::<(R<2, 1>, R<2, 2>), 2, 0>(),
        header::<(R<2, 2>, R<2, 1>), 2, 0>(),
        header::<(ActNorm<f32, 2>, R<2, 2>), 2, 0>(),
        header::<(R<2, 2>, ActNorm<f32, 2>), 2, 0>(),
        header::<Inverse<(R<2, 2>, ActNorm<f32, 2>)>, 2, 0>(),
        header::<(Inverse<R<2, 2>>, ActNorm<f32, 2>), 2, 0>(),
        header::<Orthogonal<f32, 2>, 2, 0>(),
        header::<Permutation<Reversed>, 4, 0>(),
        header::<Permutation<Rolled>, 4, 0>(),
        header::<Permutation<Reversed>, 3, 0>(),
    ];
    for i in 0..all.len() {
        for j in 0..i {
            assert_ne!(all[i], all[j], "{i} and {j}");
        }
    }
    // How a flow is written down changes nothing.
    let nested = header::<((R<2, 2>,), [ActNorm<f32, 2>; 2]), 2, 0>();
    assert_eq!(nested, header::<(R<2, 2>, ActNorm<f32, 2>, ActNorm<f32, 2>), 2, 0>());
}

/// Files outlive releases: these bytes of version 1, which another program wrote from the layout, are read for ever.
#[test]
fn kept_bytes() {
    type Kept = Flow<f32, (Householder<f32, 2, 1>, Half<f32, FirstHalf>), 2>;
    let mut flow = Kept::ZEROS;
    let mut next = 0.0;
    flow.visit_mut(&mut |_, slice| {
        for x in slice {
            next += 0.25;
            *x = next;
        }
    });
    let kept: &[u8] = include_bytes!("kept-v1.bin");
    assert_eq!(encoded(&flow), kept);
    let mut read = Kept::ZEROS;
    read.decode(kept).unwrap();
    assert_eq!(read, flow);
}

/// The check value of the catalogue of CRCs.
#[test]
fn checksum() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    assert_eq!(crc32(b""), 0);
}
