"""The names that a trial may use: data sets with their sizes, families with fields and defaults.

Plain tables, known without loading anything; `bsvae.families` says what a family is made of.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Dataset:
    """Sizes of a data set, known without loading it: image shape (C, H, W) and number of images."""

    shape: tuple[int, int, int]
    train: int
    test: int

    @property
    def pixels(self) -> int:
        """Numbers per image, C * H * W."""
        return math.prod(self.shape)


DATASETS = {
    "digits": Dataset((1, 8, 8), train=1500, test=297),
    "mnist": Dataset((1, 28, 28), train=60_000, test=10_000),
    "fashion_mnist": Dataset((1, 28, 28), train=60_000, test=10_000),
    "four_images": Dataset((1, 3, 3), train=44, test=20),
}

#: Estimators of a relaxed latent's KL; see `bsvae.latents.concrete.Concrete`.
KL_ESTIMATORS = ("density", "categorical")

#: The optional fields of the families whose latent relaxes a discrete one.
RELAXED: dict[str, Any] = {
    "posterior_temperature": 0.67,
    "prior_temperature": 0.5,
    "initial_temperature": None,
    "anneal_epochs": 0,
    "kl_estimator": "density",
    "straight_through": False,
    "kl_warmup": 0,
}

#: How often the mask noise on training images is drawn; see `bsvae.images`.
MASKS = ("fixed", "fresh", "none")
MASK_PROBABILITY = 0.7

#: What a family trained by gradient steps uses, with the value taken when a trial leaves it out.
_TRAINED: dict[str, Any] = {
    "dataset": "mnist",
    "latent_dim": None,
    "learning_rate": 1e-3,
    "batch_size": 50,
    "epochs": 200,
    "validation": None,
}
_STOCHASTIC = _TRAINED | {"kl_weight": 1.0, "kl_warmup": 0, "decoder_draws": 1}
_BOOLEAN = _TRAINED | {
    "latent_dim": 100,
    "hidden": 100,
    "mask": "fixed",
    "mask_probability": None,
    "learning_rate": 1e-4,
    "batch_size": 100,
    "epochs": 150,
}

#: The fields that each family uses beside its name and seed, with their defaults.
FAMILIES: dict[str, dict[str, Any]] = {
    "gaussian": _STOCHASTIC | {"hidden": 500},
    "logit_normal": _STOCHASTIC | {"hidden": 500, "prior_scale": 1.0},
    "concrete": _STOCHASTIC | {"hidden": 500, "categoricals": 1, "classes": None} | RELAXED,
    "binary_concrete": _STOCHASTIC | {"hidden": 500} | RELAXED,
    "bs_autoencoder": _BOOLEAN,
    "bs_twin": _BOOLEAN,
    "autoencoder": _TRAINED | {"hidden": 500},
    "linear_autoencoder": _TRAINED | {"bias": True},
    "pca": {"dataset": "mnist", "latent_dim": None, "bias": True, "epochs": 1, "validation": None},
    "vae_mse": _STOCHASTIC | {"hidden": 500, "kl_weight": 5e-5},
    "tiny_vae": _STOCHASTIC
    | {
        "dataset": "four_images",
        "latent_dim": 2,
        "decoder_draws": 25,
        "as_published": False,
        "learning_rate": 5e-3,
        "batch_size": 22,
        "epochs": 1000,
    },
    "conv_vae": _STOCHASTIC | {"bottleneck": 16, "batch_size": 128, "epochs": 30},
    "conv_autoencoder": _TRAINED | {"bottleneck": 16, "batch_size": 32, "epochs": 5},
}


@dataclass(frozen=True)
class Declared:
    """What reading results needs to know of a family, without loading it.

    Attributes:
        words: its name as text; its key with spaces where it says nothing.
        pixels: what it sees and predicts: ``binary``, ``grey`` or ``real``.
        likelihood: the function of `bsvae.likelihoods` that its distortion is measured by.
        random: whether its code is drawn from a posterior.
        symbols: what its source writes for fields of which it has a convention of its own.
    """

    words: str = ""
    pixels: str = "binary"
    likelihood: str = "bernoulli"
    random: bool = True
    symbols: Mapping[str, str] = field(default_factory=dict)

    @property
    def likelihood_words(self) -> str:
        """What its distortion is measured by, in words; numbers of one can be compared."""
        if (self.pixels, self.likelihood) == ("binary", "bernoulli"):
            return "binary pixels"
        return f"{self.pixels} pixels, {self.likelihood.capitalize()}"


#: Families that differ from what `Declared` takes for granted; `bsvae.families` checks that what
#: is declared here is what it builds.
DECLARED: dict[str, Declared] = {
    "gaussian": Declared("Gaussian"),
    "logit_normal": Declared("logit-normal"),
    "concrete": Declared("Concrete"),
    "binary_concrete": Declared("binary Concrete"),
    "bs_autoencoder": Declared("BS autoencoder", "grey", "laplace", random=False),
    "bs_twin": Declared("BS twin", "grey", "laplace", random=False),
    "autoencoder": Declared("", "grey", "gaussian", random=False),
    "linear_autoencoder": Declared("", "grey", "gaussian", random=False),
    "pca": Declared("PCA", "grey", "gaussian", random=False),
    "vae_mse": Declared("VAE (MSE)", "grey", "gaussian", symbols={"kl_weight": "w"}),
    "tiny_vae": Declared("tiny VAE", "real", "gaussian"),
    "conv_vae": Declared("conv. VAE", "grey"),
    "conv_autoencoder": Declared("conv. autoencoder", "grey", random=False),
}


def declared(family: str) -> Declared:
    """What is declared of a family; one that declares nothing sees binary pixels.

    >>> declared("pca").likelihood_words, declared("my_own").likelihood_words
    ('grey pixels, Gaussian', 'binary pixels')
    """
    return DECLARED.get(family, Declared())


#: The families whose pixels are grey or real, so that errors per pixel are measured; those of all
#: others are binary.  And of them those whose p(x|z) is Gaussian.  See `bsvae.reported`.
GREY_PIXELS = frozenset(name for name, said in DECLARED.items() if said.pixels != "binary")
GAUSSIAN_PIXELS = frozenset(n for n, said in DECLARED.items() if said.likelihood == "gaussian")
