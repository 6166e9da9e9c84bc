"""The training loop: a generator of epochs that Ray Tune, a test and a notebook iterate alike."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bsvae.data import Data, binarise
from bsvae.evaluation import combine, elbo_terms
from bsvae.optimiser import Adam
from bsvae.pack import Pack
from bsvae.schedules import at_epoch
from bsvae.streams import stream
from bsvae.trial import BadInput, Trial


@dataclass(frozen=True)
class Epoch:
    """What one epoch of a pack showed.

    Attributes:
        number: epochs trained so far, counted from 1.
        last: whether training has ended.
        seconds: wall time of training and evaluating this epoch.
        metrics: per member, ``train_*`` and ``test_*`` in nats per image.  ``train_*`` are means
            over the epoch's batches while weights moved, and in the last epoch a pass over the
            binarised training set with the final weights (``curve`` keeps the former).
        curve: per member, the metrics as a learning curve shows them.
        diverged_at: per member, the epoch in which its loss was first not finite, or None.
    """

    number: int
    last: bool
    seconds: float
    metrics: list[dict[str, float]]
    curve: list[dict[str, float]]
    diverged_at: list[int | None]


def train(trials: Sequence[Trial], data: Data) -> Iterator[Epoch]:
    """Train trials of one fusion key together, yielding after every epoch.

    The objective of a member is mean_B [ -ln p(x|z) + beta KL(q(z|x) || p(z)) ] in nats, with one
    draw z per image; training images are binarised anew in every epoch.  A member whose loss stops
    being finite is frozen and reported as diverged; the others do not notice.

    Raises:
        BadInput: if the trials cannot share a pack, or name another data set than ``data``.

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", sections 2.3 and 5.

    >>> from bsvae.data import load
    >>> trials = [Trial(family="gaussian", dataset="digits", latent_dim=d, epochs=2, hidden=32)
    ...           for d in (2, 4)]
    >>> for epoch in train(trials, load("digits")):
    ...     print(epoch.number, epoch.last, len(epoch.metrics))
    1 False 2
    2 True 2
    """
    pack = Pack.of(trials, data.device)
    if trials[0].dataset != data.name:
        raise BadInput(f"dataset = {trials[0].dataset!r}: the data given are {data.name!r}")
    optimiser = Adam(pack.parameters.values(), [trial.learning_rate for trial in trials])
    diverged_at: list[int | None] = [None] * len(trials)
    for number in range(1, trials[0].epochs + 1):
        started = time.perf_counter()
        curve = _named("train", train_epoch(at_epoch(pack, number), optimiser, data.train, number))
        curve |= _named("test", elbo_terms(pack, data.test_binary, "test set"))
        for member in _not_finite(curve):
            if diverged_at[member] is None:
                diverged_at[member] = number
                optimiser.freeze(member)
        last = number == trials[0].epochs or None not in diverged_at
        final = _named("train", elbo_terms(pack, data.train_binary, "train set")) if last else {}
        yield Epoch(
            number,
            last,
            time.perf_counter() - started,
            _by_member(curve | final),
            _by_member(curve),
            list(diverged_at),
        )
        if last:
            return


def train_epoch(pack: Pack, optimiser: Adam, images: Tensor, number: int) -> dict[str, Tensor]:
    """One pass over the images in random order; returns means over the pass, (M,) each."""
    trial, device = pack.trials[0], images.device
    order = torch.randperm(len(images), generator=stream(trial.seed, "batches", number)).to(device)
    pixels = stream(trial.seed, "binarisation", number, device=device)
    noise = pack.noise("training", number)
    weights = list(pack.parameters.values())
    sums = torch.zeros(2, len(pack.trials), device=device)
    for batch in order.split(trial.batch_size):
        x = binarise(images[batch], pixels).float()
        distortion, kl = pack.terms(x, x, noise.draw(len(x)))  # (M, B)
        objective = distortion + pack.members.kl_weight[:, None] * kl
        loss = objective.mean(-1).sum()  # a sum over members keeps their gradients apart
        optimiser.step(torch.autograd.grad(loss, weights))
        sums += torch.stack([distortion.detach().sum(-1), kl.detach().sum(-1)])
    return combine(*(sums / len(images)), pack.members.kl_weight)


def _named(part: str, terms: dict[str, Tensor]) -> dict[str, list[float]]:
    return {f"{part}_{name}": values.tolist() for name, values in terms.items()}


def _by_member(columns: dict[str, list[float]]) -> list[dict[str, float]]:
    names = columns.keys()
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _not_finite(columns: dict[str, list[float]]) -> list[int]:
    finite = torch.tensor(list(columns.values())).isfinite().all(0).tolist()
    return [member for member, ok in enumerate(finite) if not ok]
