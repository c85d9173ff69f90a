"""A flow of like size in flowjax: 8 couplings by rational-quadratic splines of 8 bins, conditioners of 64 and 64."""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
import paramax
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import Normal
from flowjax.flows import coupling_flow
from flowjax.train.losses import MaximumLikelihoodLoss
from flowjax.train.train_utils import step

import work


def main():
    train, batch, latents = work.arguments()
    start = coupling_flow(
        jax.random.key(1),
        base_dist=Normal(jnp.zeros(2)),
        transformer=RationalQuadraticSpline(knots=7, interval=4),
        flow_layers=8,
        nn_width=64,
        nn_depth=2,
    )
    params, static = eqx.partition(start, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable))
    # Functions of their own: jax knows compiled functions by identity.
    optimizer, loss = optax.adam(work.LEARNING_RATE), MaximumLikelihoodLoss()
    points = jnp.asarray(train)

    def training(epochs):
        """flowjax's own loop, without validation and with the last, smaller batch."""
        key, now = jax.random.key(2), params
        state = optimizer.init(now)
        for _ in range(epochs):
            key, shuffle = jax.random.split(key)
            shuffled, losses = jax.random.permutation(shuffle, points), []
            for first in range(0, len(points), work.BATCH):
                key, own = jax.random.split(key)
                now, state, value = step(
                    now, static, shuffled[first : first + work.BATCH], optimizer=optimizer, opt_state=state, loss_fn=loss, key=own
                )
                losses.append(value)
            (sum(losses) / len(losses)).item()

    flow = paramax.unwrap(start)
    log_prob, inverse = jax.jit(lambda x: flow.log_prob(x)), jax.jit(jax.vmap(lambda z: flow.bijection.transform(z)))
    one, batch, latents = jnp.asarray(batch[0]), jnp.asarray(batch), jnp.asarray(latents)
    work.serve(
        lambda: log_prob(one).block_until_ready(),
        lambda: log_prob(batch).block_until_ready(),
        lambda: inverse(latents).block_until_ready(),
        training,
    )


if __name__ == "__main__":
    main()
