"""The reference's flow in Keras 3, on the backend that KERAS_BACKEND names, compiled by XLA.

The layers are those of `tools/test_export_keras.py`, which compute what those of the reference do; the inverse is the reference's 40 bisections.
"""

import os
import pathlib
import sys

os.environ["JAX_ENABLE_X64"] = "0"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import keras
from keras import ops

import work
from test_export_keras import SQRT_2, Householder, coupling_flow

STEPS, BRACKET = 40, 50.0


def cdf(x, weights, means, scales):
    return ops.sum(weights * 0.5 * (1.0 + ops.erf((x[..., None] - means) / (scales * SQRT_2))), axis=-1)


def inverse_householder(layer, z):
    for j in reversed(range(layer.num_reflectors)):
        v = layer.v[j]
        z = z - 2.0 * ops.sum(z * v, axis=-1, keepdims=True) / (ops.sum(v * v) + 1e-12) * v
    return z


def inverse_coupling(layer, z):
    """Of two dimensions."""
    kept = 0 if layer._mask_np[0] else 1
    identity, moved = z[:, kept : kept + 1], z[:, 1 - kept : 2 - kept]
    params = ops.reshape(layer.conditioner(identity), (-1, 3, 1, layer.num_components))
    weights, means, scales = ops.softmax(params[:, 0], axis=-1), params[:, 1], ops.exp(layer.log_scale_clamp(params[:, 2]))
    u = ops.clip(0.5 * (1.0 + ops.erf(moved / SQRT_2)), layer.eps, 1.0 - layer.eps)

    def halve(_, bracket):
        low, high = bracket
        middle = 0.5 * (low + high)
        below = cdf(middle, weights, means, scales) < u
        return ops.where(below, middle, low), ops.where(below, high, middle)

    start = (ops.full_like(moved, -BRACKET), ops.full_like(moved, BRACKET))
    low, high = ops.fori_loop(0, STEPS, halve, start)
    x = 0.5 * (low + high)
    return ops.concatenate([identity, x] if kept == 0 else [x, identity], axis=1)


def inverse(flow, z):
    for layer in reversed(flow.bijector_layers):
        z = inverse_householder(layer, z) if isinstance(layer, Householder) else inverse_coupling(layer, z)
    return z


def main():
    train, batch, latents = work.arguments()
    keras.utils.set_random_seed(1)
    flow = coupling_flow()
    assert flow.count_params() == 46_800
    trained = coupling_flow()
    trained.compile(
        optimizer=keras.optimizers.Adam(work.LEARNING_RATE), loss=lambda _, log_prob: -ops.mean(log_prob), jit_compile=True
    )
    unused = train[:, 0]
    # Weights are constants of the compiled functions, which is fastest.
    if keras.backend.backend() == "jax":
        import jax

        compiled = lambda f: lambda x, f=jax.jit(f): f(x).block_until_ready()
        put = jax.device_put
    else:
        import tensorflow as tf

        compiled = lambda f: lambda x, f=tf.function(f, jit_compile=True): f(x).numpy()
        put = tf.constant
    log_prob, back = compiled(flow), compiled(lambda z: inverse(flow, z))
    one, batch, latents = put(batch[:1]), put(batch), put(latents)
    work.serve(
        lambda: log_prob(one),
        lambda: log_prob(batch),
        lambda: back(latents),
        lambda epochs: trained.fit(train, unused, batch_size=work.BATCH, epochs=epochs, verbose=0),
    )


if __name__ == "__main__":
    main()
