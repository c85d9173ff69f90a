"""A flow of like size in zuko, not compiled: 8 transforms by rational-quadratic splines of 8 bins, networks of 64 and 64; one coupling each in two dimensions."""

import torch
import zuko

import work


def main():
    train, batch, latents = work.arguments()
    torch.manual_seed(1)
    flow = zuko.flows.NSF(2, transforms=8, bins=8, hidden_features=(64, 64), passes=2)
    points, one, batch, latents = (torch.from_numpy(x) for x in (train, batch[:1], batch, latents))

    def training(epochs):
        trained = zuko.flows.NSF(2, transforms=8, bins=8, hidden_features=(64, 64), passes=2)
        optimizer = torch.optim.Adam(trained.parameters(), work.LEARNING_RATE)
        for _ in range(epochs):
            for rows in torch.randperm(len(points)).split(work.BATCH):
                loss = -trained().log_prob(points[rows]).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    def without_gradient(call):
        with torch.inference_mode():
            call()

    work.serve(
        lambda: without_gradient(lambda: flow().log_prob(one)),
        lambda: without_gradient(lambda: flow().log_prob(batch)),
        lambda: without_gradient(lambda: flow().transform.inv(latents)),
        training,
    )


if __name__ == "__main__":
    main()
