"""The seeds of a pack's members: what members of one seed share is drawn once."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from bsvae.streams import stream
from bsvae.trial import Trial


@dataclass(frozen=True)
class Seeds:
    """The seeds of M trials, each once, and which of them is whose.

    Attributes:
        distinct: every seed once, in the order in which members first have it.
        places: for each member the place of its seed among them, (M,).
    """

    distinct: tuple[int, ...]
    places: Tensor

    @classmethod
    def of(cls, trials: Sequence[Trial], device: str | torch.device = "cpu") -> "Seeds":
        """The seeds of some trials.

        >>> trials = [Trial(family="gaussian", latent_dim=2, seed=seed) for seed in (3, 5, 3)]
        >>> seeds = Seeds.of(trials)
        >>> seeds.distinct, seeds.places.tolist()
        ((3, 5), [0, 1, 0])
        """
        distinct = tuple(dict.fromkeys(trial.seed for trial in trials))
        places = [distinct.index(trial.seed) for trial in trials]
        return cls(distinct, torch.tensor(places, device=device))

    def streams(self, *purpose: str | int, device: str | torch.device = "cpu") -> list[Generator]:
        """One stream for each seed; see `bsvae.streams`."""
        return [stream(seed, *purpose, device=device) for seed in self.distinct]

    def spread(self, drawn: Sequence[Tensor]) -> Tensor:
        """What each member sees of what was drawn once for each seed, (...) or (M, ...).

        With one seed it is what was drawn, without an axis for the members, who all share it.

        >>> trials = [Trial(family="gaussian", latent_dim=2, seed=seed) for seed in (3, 5, 3)]
        >>> Seeds.of(trials).spread([torch.tensor([1, 2]), torch.tensor([7, 8])]).tolist()
        [[1, 2], [7, 8], [1, 2]]
        >>> Seeds.of(trials[:1]).spread([torch.tensor([1, 2])]).tolist()
        [1, 2]
        """
        if len(drawn) == 1:
            return drawn[0]
        stacked = torch.stack(list(drawn))
        return stacked if len(stacked) == len(self.places) else stacked[self.places]
