"""A pack in the middle of its training, as bytes that can be stored and checked."""

import io
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from bsvae.families import family
from bsvae.latents.members import Members
from bsvae.optimiser import Adam
from bsvae.pack import Pack
from bsvae.seal import Damaged, seal, unseal
from bsvae.training import Epoch
from bsvae.trial import Trial


@dataclass(frozen=True)
class Checkpoint:
    """What training needs to go on: the members still in it, their weights, their optimiser.

    There are no generator states: random numbers depend on seed, purpose and epoch alone.

    Attributes:
        number: epochs trained.
        trials: the members that are trained further.
        width: the latent dimension that they are padded to.
        weights: their parameters by name, (M, ...).
        first: Adam's first moments, in the order of the weights.
        second: its second moments.
        steps: its steps.
        notes: what the caller keeps beside; plain numbers, strings, lists and dictionaries.

    >>> from bsvae.datasets import load
    >>> from bsvae.training import train, train_on
    >>> trial = Trial(family="gaussian", dataset="digits", latent_dim=2, hidden=8, epochs=3)
    >>> first, second, third = train([trial], load("digits"))
    >>> stored = Checkpoint.of(next(train([trial], load("digits")))).to_bytes()
    >>> checkpoint = Checkpoint.from_bytes(stored)
    >>> again, last = train_on(*checkpoint.restore(), load("digits"), checkpoint.number + 1)
    >>> last.metrics == third.metrics
    True
    """

    number: int
    trials: tuple[Trial, ...]
    width: int
    weights: dict[str, Tensor]
    first: list[Tensor]
    second: list[Tensor]
    steps: int
    notes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, epoch: Epoch, notes: dict[str, Any] | None = None) -> "Checkpoint":
        """The state after an epoch that was not everyone's last."""
        pack = epoch.pack.keep(epoch.going_on)
        optimiser = epoch.optimiser.keep(pack.parameters.values(), epoch.going_on)
        weights = {name: weight.detach().cpu() for name, weight in pack.parameters.items()}
        first, second = ([m.cpu() for m in ms] for ms in (optimiser.first, optimiser.second))
        steps = optimiser.steps
        return cls(
            epoch.number, pack.trials, pack.width, weights, first, second, steps, notes or {}
        )

    def restore(self, device: str | torch.device = "cpu") -> tuple[Pack, Adam]:
        """The pack and the optimiser, for `bsvae.training.train_on`."""
        weights = {k: weight.to(device).requires_grad_() for k, weight in self.weights.items()}
        members = Members.of(self.trials, device, self.width)
        pack = Pack(self.trials, family(self.trials[0]), members, weights)
        rates = [trial.learning_rate or 0.0 for trial in self.trials]
        first, second = ([m.to(device) for m in ms] for ms in (self.first, self.second))
        optimiser = Adam(weights.values(), rates, pack.parts.adam_eps)
        return pack, optimiser.after(self.steps, first, second)

    def to_bytes(self) -> bytes:
        """All of it as torch stores it, behind its checksum."""
        content = io.BytesIO()
        values = vars(self) | {"trials": [trial.as_dict() for trial in self.trials]}
        torch.save(values, content)
        return seal(content.getvalue())

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Checkpoint":
        """The opposite of `to_bytes`; runs no code that may be in the bytes.

        Raises:
            Damaged: if the bytes are not what was stored.
        """
        content = io.BytesIO(unseal(stored))
        try:
            values = torch.load(content, weights_only=True)
            return cls(**values | {"trials": tuple(map(Trial.of, values["trials"]))})
        except Exception as error:  # whatever else these bytes are
            raise Damaged(f"{type(error).__name__}: not a checkpoint of this version") from None
