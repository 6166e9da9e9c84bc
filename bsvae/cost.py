"""What training would take, found by timing a few real steps on random images."""

import math
import time
from collections.abc import Callable, Sequence

import torch

from bsvae.optimiser import Adam
from bsvae.pack import Pack, count_parameters
from bsvae.training import train_epoch
from bsvae.trial import DATASETS, Trial

STEPS = 5


def seconds_per_epoch(trials: Sequence[Trial], device: str | torch.device = "cpu") -> float:
    """Wall time of one training epoch of a pack on an idle core or GPU, in seconds.

    >>> seconds_per_epoch([Trial(family="gaussian", dataset="digits", latent_dim=2, hidden=8)]) > 0
    True
    """
    dataset = DATASETS[trials[0].dataset]
    count = dataset.train - (trials[0].validation or 0)
    pack = Pack.of(trials, device)
    if pack.parts.solve:
        return _timed(lambda: pack.solve(torch.rand(count, dataset.pixels, device=device)))
    optimiser = Adam(pack.parameters.values(), [trial.learning_rate or 0.0 for trial in trials])
    batch = trials[0].batch_size or count
    shape = (STEPS * batch, dataset.pixels)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, device=device)
    train_epoch(pack, optimiser, images, number=1)
    seconds = _timed(lambda: train_epoch(pack, optimiser, images, number=2))
    return seconds / STEPS * math.ceil(count / batch)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


def pack_bytes(trials: Sequence[Trial]) -> int:
    """Memory of a pack's weights, gradients and two Adam moments, and of its images, in bytes.

    The data set is held once; members of several seeds each see a batch of their own.

    >>> pack_bytes([Trial(family="gaussian", dataset="digits", latent_dim=2, hidden=10)])
    256384
    """
    dataset = DATASETS[trials[0].dataset]
    copies = 2 if trials[0].validation else 1  # of the training set: whole, and split
    images = copies * dataset.train + dataset.test
    images *= 2 * dataset.pixels  # grey and binary, one byte each
    if len({trial.seed for trial in trials}) > 1:
        images += 4 * len(trials) * (trials[0].batch_size or 0) * dataset.pixels
    return 16 * sum(map(count_parameters, trials)) + images
