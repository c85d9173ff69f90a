"""Fits flowjax's coupling flow by rational-quadratic splines, for `densities`."""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
import paramax
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import Normal
from flowjax.flows import coupling_flow

import recipe as recipes


def main():
    recipe, (train, validation, test) = recipes.arguments()
    schedule = recipes.rate(recipe, len(train))
    optimizer = optax.chain(
        optax.clip_by_global_norm(recipes.CLIP),
        optax.adamw(lambda step: schedule(step, jnp.cos), eps=1e-7, weight_decay=recipe.weight_decay),
    )
    train, validation, test = map(jnp.asarray, (train, validation, test))
    for seed in range(recipe.seeds):
        start = coupling_flow(
            jax.random.key(seed),
            base_dist=Normal(jnp.zeros(recipe.dimensions)),
            transformer=RationalQuadraticSpline(knots=recipes.PARTS - 1, interval=4),
            flow_layers=recipe.couplings,
            nn_width=recipe.hidden,
            nn_depth=2,
        )
        params, static = eqx.partition(start, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable))
        log_prob = jax.jit(lambda params, x: paramax.unwrap(eqx.combine(params, static)).log_prob(x))

        @jax.jit
        def step(params, state, x):
            gradient = jax.grad(lambda params: -log_prob(params, x).mean())(params)
            updates, state = optimizer.update(gradient, state, params)
            return optax.apply_updates(params, updates), state

        follow = jax.jit(lambda average, params, keep: jax.tree.map(lambda a, p: a + (1 - keep) * (p - a), average, params))
        now = {"params": params, "state": optimizer.init(params), "average": params, "best": params}

        def one_step(rows):
            now["params"], now["state"] = step(now["params"], now["state"], train[rows])

        kept, loss = recipes.train(
            recipe,
            len(train),
            seed,
            one_step,
            lambda keep: now.update(average=follow(now["average"], now["params"], keep)),
            lambda: -float(log_prob(now["average"], validation).mean()),
            lambda: now.update(best=now["average"]),
        )
        count = sum(leaf.size for leaf in jax.tree.leaves(params))
        recipes.answer(count, kept, loss, log_prob(now["best"], test))


if __name__ == "__main__":
    main()
