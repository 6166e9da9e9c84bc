"""Projections of whitened codes on lines: random ones, and the least Gaussian ones."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning

from bsvae.gaussianity.columns import ks_distance, standardise, worst_column
from bsvae.gaussianity.whitening import Array

DIRECTIONS = 200  # random lines
FITTED_ROWS = 20_000  # training codes that the search for directions reads at most
MOST_ITERATIONS = 200  # of one search; Gaussian codes mostly use them up


class WorstProjection(NamedTuple):
    """The least normal of the directions that independent component analysis found."""

    ks: float
    kurtosis: float


def random_projections(white: Array, seed: int) -> Array:
    """Projects whitened codes on 200 uniformly random unit vectors, (n, r) -> (n, 200).

    >>> random_projections(np.ones((5, 3)), seed=0).shape
    (5, 200)
    """
    directions = np.random.default_rng(seed).standard_normal((white.shape[1], DIRECTIONS))
    return white @ (directions / np.linalg.norm(directions, axis=0))


def sliced_w2(projections: Array) -> float:
    """Sliced 2-Wasserstein distance to N(0, I), in standard deviations.

        SW2^2 = mean over lines and i of (x_(i) - Phi^-1((i - 1/2) / n))^2

    The Gaussian side is exact, not sampled. This is what a scatter plot of two axes can show; in
    many dimensions it is blind, since most projections of most clouds look Gaussian.

    Args:
        projections: Held-out whitened codes on random lines, (n, k); from `random_projections`.

    >>> lines = random_projections(np.random.default_rng(0).normal(size=(1000, 10)), seed=0)
    >>> sliced_w2(lines) < 0.08 < 0.9 < sliced_w2(lines + 1)
    True
    """
    n = len(projections)
    quantiles = ndtri((np.arange(n) + 0.5) / n)
    return float(np.sqrt(((np.sort(projections, axis=0) - quantiles[:, None]) ** 2).mean()))


def projection_ks(projections: Array) -> float:
    """Largest Kolmogorov-Smirnov distance of the projections, each standardised, to N(0, 1).

    Args:
        projections: Whitened codes on random lines, (n, k); from `random_projections`.

    >>> normal = np.random.default_rng(0).normal(size=(1000, 10))
    >>> projection_ks(random_projections(normal, seed=0)) < 0.05
    True
    """
    return float(ks_distance(np.sort(standardise(projections), axis=0)).max())


def worst_projection(white_train: Array, white_test: Array, seed: int) -> WorstProjection:
    """Searches training codes for their least Gaussian directions and scores held-out codes there.

    FastICA (Hyvarinen, "Fast and robust fixed-point algorithms for independent component
    analysis", 1999) looks for r directions at once, from two random starts with the contrast
    log cosh and one with the fourth moment. The score is the largest |excess kurtosis| and
    Kolmogorov-Smirnov distance over all 3 r directions, on codes that the search did not see.
    It keeps all r dimensions (asked for fewer components, FastICA first drops to as many principal
    axes, which are arbitrary in whitened codes), and it fits on up to 20,000 training codes: with
    5,000 of a 100-dimensional uniform cube it finds no axis, with 10,000 it does.

    Args:
        white_train: Whitened training codes, (m, r).
        white_test: Held-out codes whitened by the same map, (n, r).
        seed: Seed of the starts.

    >>> rng = np.random.default_rng(0)
    >>> rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    >>> train, test = (rng.uniform(-1, 1, size=(2000, 3)) @ rotation for _ in range(2))
    >>> worst_projection(train, test, seed=0).kurtosis > 1
    True
    """
    starts = [("logcosh", seed), ("logcosh", seed + 1), (_fourth_moment, seed)]
    fitted = white_train[:: -(-len(white_train) // FITTED_ROWS)]
    searches = [_independent_directions(fitted, *start) for start in starts]
    worst = worst_column(np.hstack([search.transform(white_test) for search in searches]))
    return WorstProjection(ks=worst.ks, kurtosis=worst.kurtosis)


def _independent_directions(white: Array, contrast: Any, seed: int) -> FastICA:
    """FastICA in all r dimensions. It need not converge: Gaussian codes have nothing to find."""
    search = FastICA(
        whiten="unit-variance", fun=contrast, max_iter=MOST_ITERATIONS, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return search.fit(white)


def _fourth_moment(x: Array) -> tuple[Array, Array]:
    """Contrast x^4 / 4: its derivative x^3, and the mean of the derivative of that."""
    square = x * x
    return square * x, 3 * square.mean(axis=-1)
