"""What each family name stands for: one plain table."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from bsvae.latents import BinaryConcrete, Concrete, Gaussian, Latent, LogitNormal
from bsvae.likelihoods import bernoulli
from bsvae.networks import MLP, Network
from bsvae.trial import DATASETS, Trial


@dataclass(frozen=True)
class Family:
    """The parts of a model: network bodies, latent distribution, likelihood ln p(x|z)."""

    network: Network
    latent: Latent
    likelihood: Callable[[Tensor, Tensor], Tensor]


def family(trial: Trial) -> Family:
    """The parts that a trial's family is made of.

    >>> parts = family(Trial(family="logit_normal", latent_dim=4))
    >>> type(parts.network).__name__, type(parts.latent).__name__
    ('MLP', 'LogitNormal')
    """
    mlp = MLP(DATASETS[trial.dataset].pixels, trial.hidden)
    match trial.family:
        case "gaussian":
            return Family(mlp, Gaussian(), bernoulli)
        case "logit_normal":
            return Family(mlp, LogitNormal(), bernoulli)
        case "concrete":
            concrete = Concrete(
                trial.categoricals or 1,
                trial.kl_estimator or "density",
                bool(trial.straight_through),
            )
            return Family(mlp, concrete, bernoulli)
        case "binary_concrete":
            binary = BinaryConcrete(trial.kl_estimator or "density", bool(trial.straight_through))
            return Family(mlp, binary, bernoulli)
    raise AssertionError(f"bsvae.trial.FAMILIES has {trial.family!r}, this table does not")
