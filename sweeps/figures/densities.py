"""Densities of priors: logit-normal, Gaussian, relaxed discrete ones."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sweeps.figures.style import DASHES, legend_below, panels, styled
from sweeps.results.outcome import Outcome

Array = np.ndarray

#: The variances of the source, where a sweep does not name others.
DRAWS = 20_000


def normal(z: Array, mean: float = 0.0, variance: float = 1.0) -> Array:
    """The density of N(mean, variance) at z."""
    return np.exp(-((z - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def logit_normal(z: Array, mean: float, variance: float) -> Array:
    """The density at z in (0, 1) of the sigmoid of N(mean, variance):

        N(logit z; mean, variance) / (z (1 - z)).

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", section 2.2.

    >>> z = np.linspace(0.0005, 0.9995, 1000)
    >>> round(float(logit_normal(z, 0.3, 1.78).mean()), 3)
    1.0
    """
    return normal(np.log(z / (1 - z)), mean, variance) / (z * (1 - z))


def binary_concrete(z: Array, temperature: float) -> Array:
    """The density at z in (0, 1) of a binary Concrete variable with logit 0:

        lambda (z (1 - z))^(-lambda - 1) / (z^-lambda + (1 - z)^-lambda)^2.

    >>> bool(np.allclose(binary_concrete(np.array([0.1, 0.5]), 1.0), 1.0))  # uniform at lambda = 1
    True
    """
    powers = z**-temperature + (1 - z) ** -temperature
    return temperature * (z * (1 - z)) ** (-temperature - 1) / powers**2


def concrete_draws(classes: int, temperature: float) -> Array:
    """Coordinates of Concrete variables with equal probabilities, (draws,): they have no simple
    marginal density."""
    gumbel = np.random.default_rng(0).gumbel(size=(DRAWS // classes + 1, classes)) / temperature
    weights = np.exp(gumbel - gumbel.max(axis=1, keepdims=True))
    return (weights / weights.sum(axis=1, keepdims=True)).ravel()


@styled
def logit_normal_priors(outcome: Outcome) -> Figure | None:
    """The logit-normal density for every prior variance of the sweep, around logits 0 and 1.

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", figure 6.
    """
    rows = outcome.trials[outcome.trials["family"] == "logit_normal"]
    scales = sorted(pd.unique(rows["prior_scale"].dropna()))
    if len(scales) < 2:
        return None
    z = np.linspace(0.001, 0.999, 999)
    figure, axes = panels(1, 2, height=2.8, sharey=True)
    for mean, ax in zip((0.0, 1.0), axes[0], strict=True):
        for number, scale in enumerate(scales):
            color = (*np.array((0.84, 0.37, 0.0)) * (number + 1) / len(scales),)
            dashes = DASHES[number % len(DASHES)]
            density = logit_normal(z, mean, scale)
            ax.plot(z, density, c=color, ls=dashes, label=f"α = {scale:g}")
        ax.set(title=f"mean of the logit μ = {mean:g}", xlabel="z", xlim=(0, 1))
    axes[0, 0].set_ylabel("density p(z)")
    legend_below(figure, columns=6)
    return figure
