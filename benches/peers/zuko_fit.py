"""Fits zuko's coupling flow by rational-quadratic splines, for `densities`."""

import copy

import torch
import zuko

import recipe as recipes


def main():
    recipe, points = recipes.arguments()
    train, validation, test = map(torch.from_numpy, points)
    rate = recipes.rate(recipe, len(train))
    for seed in range(recipe.seeds):
        torch.manual_seed(seed)
        # Two passes: couplings.
        flow = zuko.flows.NSF(
            recipe.dimensions, transforms=recipe.couplings, bins=recipes.PARTS, hidden_features=(recipe.hidden,) * 2, passes=2, randperm=recipe.dimensions > 2
        )
        average = copy.deepcopy(flow).requires_grad_(False)
        best = copy.deepcopy(average)
        optimizer = torch.optim.AdamW(flow.parameters(), 1.0, eps=1e-7, weight_decay=recipe.weight_decay)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)

        def step(rows):
            loss = -flow().log_prob(train[rows]).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(flow.parameters(), recipes.CLIP)
            optimizer.step()
            schedule.step()

        def follow(keep):
            torch._foreach_lerp_(list(average.parameters()), list(flow.parameters()), 1 - keep)

        @torch.no_grad()
        def log_prob(flow, x):
            return flow().log_prob(x)

        kept, loss = recipes.train(
            recipe,
            len(train),
            seed,
            step,
            torch.no_grad()(follow),
            lambda: -log_prob(average, validation).mean().item(),
            lambda: best.load_state_dict(average.state_dict()),
        )
        count = sum(p.numel() for p in flow.parameters())
        recipes.answer(count, kept, loss, log_prob(best, test))


if __name__ == "__main__":
    main()
