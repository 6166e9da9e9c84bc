"""The training loop: a generator of epochs that Ray Tune, a test and a notebook iterate alike."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bsvae.datasets import Data
from bsvae.evaluation import PURPOSES, add, elbo_terms, means
from bsvae.halving import Halving
from bsvae.images import as_numbers, batches, evaluated
from bsvae.optimiser import Adam
from bsvae.pack import Pack
from bsvae.schedules import at_epoch
from bsvae.trial import DATASETS, BadInput, Trial

#: Nats per pixel; a coin for every pixel costs ln 2. What has lost more at its end has not learned.
LARGEST_LOSS = 1000


@dataclass(frozen=True)
class Epoch:
    """What one epoch of a pack showed.

    Attributes:
        number: epochs trained so far, counted from 1; 0 if the weights are untrained.
        seconds: wall time of training and evaluating this epoch.
        pack: the models that were trained, as they are after this epoch.
        optimiser: what trained them, as it is after this epoch.
        metrics: per member of ``pack``, ``train_*`` and ``test_*``, and ``valid_*`` where images
            are held out, named as by `bsvae.evaluation.elbo_terms`.  ``train_*`` are
            means over the epoch's batches while weights moved, and in the last epoch a pass over
            the training set as it is evaluated, with the final weights (``curve`` keeps the former,
            where there were batches).
        curve: per member, the metrics as a learning curve shows them.
        ended: per member, None while it goes on, or why this epoch was its last: ``done``;
            ``diverged``, see `why_diverged`; ``stopped``, its rivals were better.
    """

    number: int
    seconds: float
    pack: Pack
    optimiser: Adam
    metrics: list[dict[str, float]]
    curve: list[dict[str, float]]
    ended: list[str | None]

    @property
    def last(self) -> bool:
        """Whether training has ended for every member."""
        return None not in self.ended

    @property
    def going_on(self) -> list[int]:
        """The members that are trained further."""
        return [member for member, status in enumerate(self.ended) if status is None]


def train(trials: Sequence[Trial], data: Data, halving: Halving | None = None) -> Iterator[Epoch]:
    """Train trials of one fusion key together, yielding after every epoch.

    The objective of a member is mean_B [ -ln p(x|z) + beta KL(q(z|x) || p(z)) ] in nats, with
    ``decoder_draws`` draws z per image; `bsvae.images` says what x is.  A member whose loss stops
    being finite leaves the pack, as do the losers at the rungs of ``halving``; the others do not
    notice.  With ``epochs = 0`` one epoch, number 0, shows the untrained weights.

    Raises:
        BadInput: if the trials cannot share a pack, or name another data set than ``data``.

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", sections 2.3 and 5.

    >>> from bsvae.datasets import load
    >>> trials = [Trial(family="gaussian", dataset="digits", latent_dim=d, epochs=2, hidden=32)
    ...           for d in (2, 4)]
    >>> for epoch in train(trials, load("digits")):
    ...     print(epoch.number, epoch.ended)
    1 [None, None]
    2 ['done', 'done']
    """
    pack = Pack.of(trials, data.device)
    if trials[0].dataset != data.name:
        raise BadInput(f"dataset = {trials[0].dataset!r}: the data given are {data.name!r}")
    rates = [trial.learning_rate or 0.0 for trial in trials]
    optimiser = Adam(pack.parameters.values(), rates, pack.parts.adam_eps)
    yield from train_on(pack, optimiser, data, min(1, trials[0].epochs), halving)


def train_on(
    pack: Pack, optimiser: Adam, data: Data, first: int, halving: Halving | None = None
) -> Iterator[Epoch]:
    """Train a pack, as it is, from one epoch to its last; see `train`.

    Every random number is a function of seed, purpose and epoch (see `bsvae.streams`), so with the
    weights and the optimiser of a `bsvae.checkpoint.Checkpoint` the rest is bit for bit what it
    would have been.
    """
    epochs = pack.trials[0].epochs
    data = data.split(pack.trials[0].validation)
    training, test, valid = (evaluated(pack.parts, data, p) for p in ("train", "test", "valid"))
    for number in range(first, epochs + 1):
        started = time.perf_counter()
        moving = _named("train", train_epoch(at_epoch(pack, number), optimiser, data.train, number))
        curve = moving | _named("test", elbo_terms(pack, test, PURPOSES["test"]))
        if len(valid):
            curve |= _named("valid", elbo_terms(pack, valid, PURPOSES["valid"]))
        final = (
            _named("train", elbo_terms(pack, training, PURPOSES["train"]))
            if number == epochs
            else {}
        )
        shown = _by_member(curve if moving else curve | final)
        epoch = Epoch(
            number,
            time.perf_counter() - started,
            pack,
            optimiser,
            _by_member(curve | final),
            shown,
            _ended(pack.trials, shown, number, halving),
        )
        yield epoch
        if epoch.last:
            return
        if len(epoch.going_on) < len(pack.trials):
            pack = pack.keep(epoch.going_on)
            optimiser = optimiser.keep(pack.parameters.values(), epoch.going_on)


def train_epoch(pack: Pack, optimiser: Adam, images: Tensor, number: int) -> dict[str, Tensor]:
    """One pass over the images; returns means over the pass, (M,) each, if it had batches.

    Epoch 0 trains nothing, and a closed form needs no batches.
    """
    if number == 0:
        return {}
    if pack.parts.solve is not None:
        pack.solve(as_numbers(pack.parts, images))
        return {}
    noise, draws = pack.noise("training", number), pack.trials[0].decoder_draws or 1
    weights = list(pack.parameters.values())
    sums: dict[str, Tensor] = {}
    for x, target in batches(pack, images, number):
        measured = pack.measure(x, target, noise.draw(draws * x.shape[-2]))  # (M, B)
        objective = measured["distortion"] + pack.members.kl_weight[:, None] * measured["kl"]
        loss = pack.parts.loss_scale * objective.mean(-1).sum()  # a sum: gradients stay apart
        optimiser.step(torch.autograd.grad(loss, weights))
        with torch.no_grad():
            pack.parts.network.project(pack.parameters)
        sums = add(sums, measured)
    return means(pack, sums, len(images))


def why_diverged(trial: Trial, shown: Mapping[str, float], number: int) -> str:
    """What is wrong with a trial's losses after an epoch, in a line; empty if nothing is.

    A loss that is not finite ends training; one that is finite may fall again, but not after the
    last epoch.

    >>> trial = Trial(family="gaussian", latent_dim=2, epochs=3)
    >>> why_diverged(trial, {"test_objective": 5.9e8}, number=2)
    ''
    >>> why_diverged(trial, {"test_objective": 5.9e8}, number=3)
    'test_objective = 5.9e+08 nats after epoch 3: more than 1000 a pixel'
    """
    if not all(map(math.isfinite, shown.values())):
        return f"loss not finite in epoch {number}"
    largest = LARGEST_LOSS * DATASETS[trial.dataset].pixels
    if number == trial.epochs and shown["test_objective"] > largest:
        return (
            f"test_objective = {shown['test_objective']:.3g} nats after epoch {number}: more than "
            f"{LARGEST_LOSS} a pixel"
        )
    return ""


def _named(part: str, terms: dict[str, Tensor]) -> dict[str, list[float]]:
    return {f"{part}_{name}": values.tolist() for name, values in terms.items()}


def _by_member(columns: dict[str, list[float]]) -> list[dict[str, float]]:
    names = columns.keys()
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _ended(
    trials: Sequence[Trial],
    shown: Sequence[dict[str, float]],
    number: int,
    halving: Halving | None,
) -> list[str | None]:
    losers = halving.losers(trials, shown, number) if halving else set()

    def status(member: int) -> str | None:
        if why_diverged(trials[member], shown[member], number):
            return "diverged"
        if number == trials[member].epochs:
            return "done"
        return "stopped" if member in losers else None

    return [status(member) for member in range(len(trials))]
