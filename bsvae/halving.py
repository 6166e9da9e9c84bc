"""Successive halving: trials that compete are trained together, and the worse ones stop early."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bsvae.metrics import EPOCH_METRICS
from bsvae.trial import FIELDS, Trial


@dataclass(frozen=True)
class Halving:
    """At rungs of min_epochs * eta^k epochs, the best 1 / eta of every group of rivals goes on.

    Rivals are the trials of a pack that differ in nothing but the searched fields.  They advance in
    lock-step, so nobody waits for a straggler, and who goes on is decided by their results alone.

    Attributes:
        searched: the fields in which rivals differ.
        objective: the epoch metric that is compared, in its better direction.
        eta: of this many rivals one goes on, rounded up.
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
        values = dict(zip(trials, shown, strict=True))
        metric = EPOCH_METRICS[self.objective]

        def rank(trial: Trial) -> tuple[float, str]:
            return metric.cost(values[trial][self.objective]), trial.trial_id

        losers: set[Trial] = set()
        for group in self.groups(trials):
            losers.update(sorted(group, key=rank)[math.ceil(len(group) / self.eta) :])
        return {member for member, trial in enumerate(trials) if trial in losers}

    def groups(self, trials: Sequence[Trial]) -> list[list[Trial]]:
        """The trials by whom they compete with.

        >>> trials = [Trial(family="gaussian", latent_dim=d, kl_weight=w) for w in (1, 2)
        ...           for d in (2, 4)]
        >>> groups = Halving(("kl_weight",)).groups(trials)
        >>> [[trial.latent_dim for trial in group] for group in groups]
        [[2, 2], [4, 4]]
        """
        groups: dict[tuple, list[Trial]] = {}
        for trial in trials:
            cell = tuple(getattr(trial, name) for name in FIELDS if name not in self.searched)
            groups.setdefault(cell, []).append(trial)
        return list(groups.values())
