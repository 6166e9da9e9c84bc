"""What each family name stands for: one plain table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from bsvae.catalogue import declared
from bsvae.latents import (
    BinaryConcrete,
    Concrete,
    Deterministic,
    Gaussian,
    Latent,
    LogitNormal,
)
from bsvae.likelihoods import bernoulli, gaussian, laplace
from bsvae.networks import MLP, Boolean, Conv, Linear, Network, Parameters, Tiny
from bsvae.networks.linear import principal_components
from bsvae.trial import DATASETS, Trial


@dataclass(frozen=True)
class Family:
    """The parts of a model, and how its source trains it.

    Attributes:
        network: encoder and decoder bodies.
        latent: the latent distribution.
        likelihood: ln p(x|z) from what the decoder emits.
        pixels: what the model sees and predicts: ``binary`` images, ``grey`` ones in [0, 1], or
            ``real`` ones as they are stored; see `bsvae.images`.
        loss_scale: what the descended loss is of the objective in nats.  Adam does not mind, but
            for its eps: with 1 / D the source's loss is a mean over pixels.
        adam_eps: the eps of Adam in the source's library.
        replacement: whether the images of a batch are drawn with replacement.
        solve: the weights of each member in closed form, from the training inputs (N, D) and the
            members' latent dimensions; instead of gradient steps.
    """

    network: Network
    latent: Latent
    likelihood: Callable[[Tensor, Tensor], Tensor]
    pixels: str = "binary"
    loss_scale: float = 1.0
    adam_eps: float = 1e-8
    replacement: bool = False
    solve: Callable[[Tensor, Sequence[int]], list[Parameters]] | None = None

    def mean(self, decoded: Tensor) -> Tensor:
        """E[x|z], from what the decoder emits: (M, B, D) alike."""
        return torch.sigmoid(decoded) if self.likelihood is bernoulli else decoded


def family(trial: Trial) -> Family:
    """The parts that a trial's family is made of.

    >>> parts = family(Trial(family="logit_normal", latent_dim=4))
    >>> type(parts.network).__name__, type(parts.latent).__name__
    ('MLP', 'LogitNormal')
    """
    parts = _parts(trial)
    said = declared(trial.family)
    found = parts.pixels, parts.likelihood.__name__
    if found != (said.pixels, said.likelihood):
        raise AssertionError(
            f"family {trial.family!r} sees {found[0]} pixels through {found[1]}: "
            "bsvae.catalogue.DECLARED must say so"
        )
    return parts


def _parts(trial: Trial) -> Family:
    dataset, hidden = DATASETS[trial.dataset], trial.hidden or 0
    size = dataset.pixels
    logits, means = MLP(size, hidden), MLP(size, hidden, means=True)
    match trial.family:
        case "gaussian":
            return Family(logits, Gaussian(), bernoulli)
        case "logit_normal":
            return Family(logits, LogitNormal(), bernoulli)
        case "concrete":
            concrete = Concrete(
                trial.categoricals or 1,
                trial.kl_estimator or "density",
                bool(trial.straight_through),
            )
            return Family(logits, concrete, bernoulli)
        case "binary_concrete":
            binary = BinaryConcrete(trial.kl_estimator or "density", bool(trial.straight_through))
            return Family(logits, binary, bernoulli)
        case "bs_autoencoder" | "bs_twin":
            boolean = Boolean(size, hidden, constrained=trial.family == "bs_autoencoder")
            return Family(boolean, Deterministic(), laplace, "grey", 1 / size, 1e-7)
        case "autoencoder":
            return Family(means, Deterministic(), gaussian, "grey", 2 / size)
        case "linear_autoencoder":
            linear = Linear(size, bool(trial.bias))
            return Family(linear, Deterministic(), gaussian, "grey", 2 / size)
        case "pca":
            solve = partial(principal_components, centred=bool(trial.bias))
            linear = Linear(size, bool(trial.bias))
            return Family(linear, Deterministic(), gaussian, "grey", solve=solve)
        case "vae_mse":
            return Family(means, Gaussian(), gaussian, "grey", 2 / size)
        case "tiny_vae":
            published = bool(trial.as_published)
            latent = Gaussian(as_published=published)
            scale = 0.5 if published else 1.0
            return Family(Tiny(), latent, gaussian, "real", scale, 1e-9, replacement=True)
        case "conv_vae":
            conv = Conv(dataset.shape, trial.bottleneck or 0, channels=64)
            return Family(conv, Gaussian(log_variance=True), bernoulli, "grey", 1.0, 1e-7)
        case "conv_autoencoder":
            conv = Conv(dataset.shape, trial.bottleneck or 0, channels=32)
            return Family(conv, Deterministic(), bernoulli, "grey", 1 / size, 1e-7)
    raise AssertionError(f"bsvae.catalogue.FAMILIES has {trial.family!r}, this table does not")
