"""Successive halving: trials that compete are trained together, and the worse ones stop early."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bsvae.metrics import EPOCH_METRICS
from bsvae.trial import FIELDS, Trial


@dataclass(frozen=True)
class Halving:
    """At rungs of min_epochs * eta^k epochs, the best 1 / eta of every group of proposals goes on.

    Rivals are the trials of a pack that differ in nothing but the searched fields and seed; those
    that differ in seed alone are one proposal, ranked by the mean over its seeds, which go on or
    stop together.  A proposal of which a seed has diverged ranks last.  All advance in lock-step,
    so nobody waits for a straggler, and who goes on is decided by their results alone.

    Attributes:
        searched: the fields in which proposals differ.
        objective: the epoch metric that is compared, in its better direction.
        eta: of this many proposals one goes on, rounded up.
        min_epochs: epochs before the first rung.

    Source: Jamieson & Talwalkar (2016), "Non-stochastic best arm identification and hyperparameter
    optimization", algorithm 1, with the rungs of Li et al. (2018), "Hyperband".
    """

    searched: tuple[str, ...]
    objective: str = "test_neg_elbo"
    eta: int = 3
    min_epochs: int = 1

    def rungs(self, epochs: int) -> Iterator[int]:
        """The epochs after which trials of a given length are compared.

        >>> list(Halving(("kl_weight",), eta=3, min_epochs=2).rungs(20))
        [2, 6, 18]
        """
        rung = self.min_epochs
        while rung < epochs:
            yield rung
            rung *= self.eta

    def losers(
        self, trials: Sequence[Trial], shown: Sequence[Mapping[str, float]], number: int
    ) -> set[int]:
        """Which of the trials still in training stop after this epoch.

        Args:
            trials: those in training.
            shown: for each, the metrics of the epoch.
            number: the epoch.

        >>> trials = [Trial(family="gaussian", latent_dim=2, kl_weight=w) for w in (1, 2, 3)]
        >>> shown = [{"test_neg_elbo": value} for value in (140.0, 130.0, 150.0)]
        >>> Halving(("kl_weight",), eta=2).losers(trials, shown, number=1)
        {2}
        """
        if number not in self.rungs(trials[0].epochs):
            return set()
        metric = EPOCH_METRICS[self.objective]
        costs = {
            trial: metric.cost(values[self.objective])
            for trial, values in zip(trials, shown, strict=True)
        }
        losers: set[Trial] = set()
        for group in self.groups(trials):
            proposals = self._ranked(group, costs)
            for proposal in proposals[math.ceil(len(proposals) / self.eta) :]:
                losers.update(proposal)
        return {member for member, trial in enumerate(trials) if trial in losers}

    def _ranked(self, rivals: list[Trial], costs: Mapping[Trial, float]) -> list[list[Trial]]:
        """The proposals among some rivals, each with its seeds' trials, best mean first."""
        proposals = _by(rivals, lambda trial: [getattr(trial, name) for name in self.searched])
        seeds = {trial.seed for trial in rivals}

        def rank(proposal: list[Trial]) -> tuple[float, str]:
            whole = len(proposal) == len(seeds)  # else a seed has diverged
            mean = math.fsum(costs[trial] for trial in proposal) / len(proposal)
            return mean if whole else math.inf, min(trial.trial_id for trial in proposal)

        return sorted(proposals, key=rank)

    def groups(self, trials: Sequence[Trial]) -> list[list[Trial]]:
        """The trials by whom they compete with.

        >>> trials = [Trial(family="gaussian", latent_dim=d, kl_weight=w) for w in (1, 2)
        ...           for d in (2, 4)]
        >>> groups = Halving(("kl_weight",)).groups(trials)
        >>> [[trial.latent_dim for trial in group] for group in groups]
        [[2, 2], [4, 4]]
        """
        shared = [name for name in FIELDS if name not in (*self.searched, "seed")]
        return _by(trials, lambda trial: [getattr(trial, name) for name in shared])


def _by(trials: Sequence[Trial], values: Callable[[Trial], list[Any]]) -> list[list[Trial]]:
    """Trials in groups of equal values, in the order of each group's first."""
    groups: dict[tuple[Any, ...], list[Trial]] = {}
    for trial in trials:
        groups.setdefault(tuple(values(trial)), []).append(trial)
    return list(groups.values())
