"""One epoch of one trial against the loop that a user would write, and against its floor.

    python benchmarks/epoch.py [--images N] [--rounds R]

Model 784-500-500-20, batch 50, one thread.  Four programs take turns over as many images each, and
every ratio is of two turns of one round:

- ``bsvae``: `bsvae.training.train_epoch` on a pack of one.
- ``plain``: torchvision's MNIST, DataLoader, nn.Module and Adam, binarised for every batch.
- ``in memory``: the same module and optimiser on images that already are one tensor.
- ``products``: the eighteen matrix products of a step (less one: no gradient of the input) alone.
"""

import argparse
from collections.abc import Callable, Iterable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from turns import median, ratio, take_turns

from bsvae.datasets import data_root, load, torchvision_datasets
from bsvae.memory import keep_freed_memory
from bsvae.optimiser import Adam
from bsvae.pack import Pack
from bsvae.training import train_epoch
from bsvae.trial import Trial

HIDDEN, LATENT, BATCH, RATE = 500, 20, 50, 1e-3


class PlainVAE(nn.Module):
    """The same network, as a tutorial writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(784, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, HIDDEN), nn.Softplus()
        )
        self.heads = nn.Linear(HIDDEN, 2 * LATENT)
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, HIDDEN),
            nn.Tanh(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.Softplus(),
            nn.Linear(HIDDEN, 784),
        )

    def forward(self, x: Tensor) -> Tensor:
        mu, raw = self.heads(self.encoder(x)).chunk(2, dim=1)
        variance = F.softplus(raw) + 1e-8
        logits = self.decoder(mu + variance.sqrt() * torch.randn_like(mu))
        kl = 0.5 * (variance + mu**2 - 1 - variance.log()).sum()
        return (F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl) / len(x)


def our_epoch(images: int, folder: str | None) -> Callable[[], object]:
    """A pack of one."""
    torch.set_num_threads(1)
    keep_freed_memory()
    trial = Trial(
        family="gaussian",
        dataset="mnist",
        latent_dim=LATENT,
        hidden=HIDDEN,
        batch_size=BATCH,
        learning_rate=RATE,
    )
    pack = Pack.of([trial])
    optimiser = Adam(pack.parameters.values(), [RATE])
    stored = load("mnist", folder).train[:images]
    return lambda: train_epoch(pack, optimiser, stored, number=1)


def plain_epoch(images: int, folder: str | None) -> Callable[[], object]:
    """A tutorial's epoch over a DataLoader."""
    datasets = torchvision_datasets()
    from torchvision.transforms import ToTensor

    mnist = datasets.MNIST(data_root(folder)[0], train=True, transform=ToTensor())
    subset = torch.utils.data.Subset(mnist, range(images))
    loader = torch.utils.data.DataLoader(subset, batch_size=BATCH, shuffle=True)
    return tutorial(lambda: (x.flatten(1) for x, _ in loader))


def tensor_epoch(images: int, folder: str | None) -> Callable[[], object]:
    """The same over one tensor of bytes."""
    stored = load("mnist", folder).train[:images]
    order = partial(torch.randperm, images)
    return tutorial(lambda: (stored[rows].float() / 255 for rows in order().split(BATCH)))


def tutorial(batches: Callable[[], Iterable[Tensor]]) -> Callable[[], None]:
    torch.set_num_threads(1)
    model = PlainVAE()
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)

    def epoch() -> None:
        for x in batches():
            loss = model(torch.bernoulli(x))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    return epoch


def products_epoch(images: int) -> Callable[[], None]:
    """Forward product, weight gradient and, but for the first layer, input gradient."""
    torch.set_num_threads(1)
    keep_freed_memory()
    layers = [(784, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 2 * LATENT)]
    layers += [(LATENT, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 784)]
    tensors = [(torch.randn(BATCH, i), torch.randn(i, o), torch.randn(BATCH, o)) for i, o in layers]

    def epoch() -> None:
        for _ in range(images // BATCH):
            for number, (x, weight, gradient) in enumerate(tensors):
                torch.mm(x, weight)
                torch.mm(x.T, gradient)
                if number:
                    torch.mm(gradient, weight.T)

    return epoch


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", help="folder of MNIST; or set BSVAE_DATA")
    arguments = parser.parse_args()
    images, folder = arguments.images, arguments.data
    programs = {
        "bsvae": partial(our_epoch, images, folder),
        "plain": partial(plain_epoch, images, folder),
        "in memory": partial(tensor_epoch, images, folder),
        "products": partial(products_epoch, images),
    }
    rounds = take_turns(programs, arguments.rounds)
    print(f"one thread each, {images:,} images a round, {len(rounds)} rounds; medians")
    for name in programs:
        share = ratio(rounds, "bsvae", name)
        print(f"{name:10s} {median(rounds, name):7.2f} s   bsvae takes {share:.2f} of it")


if __name__ == "__main__":
    main()
