"""One-dimensional tests of normality, one value per column. Only the shape counts.

Every column is first centred and scaled by its own mean and standard deviation, so nothing here
answers to where a column sits or how wide it is. Columns that do not vary are left out.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr, ndtr

from bsvae.gaussianity.whitening import Array

SMALLEST_SPREAD = 1e-3  # standard deviation, as a share of the widest column's; below it: constant


class WorstColumn(NamedTuple):
    """The largest departure from a normal shape over the columns, each without unit."""

    ks: float
    skew: float
    kurtosis: float
    anderson_darling: float


def worst_column(columns: Array) -> WorstColumn:
    """Scores the least normal column, by four statistics. Exactly normal columns give about 0.

    The maxima over columns of: the Kolmogorov-Smirnov distance, |skewness|, |excess kurtosis|, and
    the Anderson-Darling A^2. Which column is the worst may differ between the four.

    Args:
        columns: Values, (n, k).

    Raises:
        ValueError: If no column varies.

    >>> rng = np.random.default_rng(0)
    >>> normal, relu = rng.normal(size=(1000, 1)), np.maximum(0, rng.normal(size=(1000, 1)))
    >>> worst_column(normal).ks < 0.03 < 0.2 < worst_column(np.hstack([normal, relu])).ks
    True
    """
    standard = standardise(columns)
    ordered = np.sort(standard, axis=0)
    skew, kurtosis = shape_moments(standard)
    return WorstColumn(
        ks=float(ks_distance(ordered).max()),
        skew=float(np.abs(skew).max()),
        kurtosis=float(np.abs(kurtosis).max()),
        anderson_darling=float(anderson_darling(ordered).max()),
    )


def standardise(columns: Array) -> Array:
    """Columns that vary, at mean 0 and variance 1 (divisor n - 1), (n, k) -> (n, k' <= k).

    Raises:
        ValueError: If no column varies.

    >>> standardise(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]))
    array([[-1.],
           [ 0.],
           [ 1.]])
    """
    columns = columns - columns[0]  # a constant column is now exactly 0, whatever its rounding
    spread = columns.std(axis=0, ddof=1)
    varies = spread > SMALLEST_SPREAD * spread.max()
    if not varies.any():
        raise ValueError(f"none of {columns.shape[1]} columns varies: no shape to score")
    columns = columns[:, varies]
    return (columns - columns.mean(axis=0)) / spread[varies]


def ks_distance(ordered: Array) -> Array:
    """Kolmogorov-Smirnov distance of sorted columns to N(0, 1), (n, k) -> (k,), in [0, 1].

        D = max_i max(i/n - Phi(x_(i)), Phi(x_(i)) - (i - 1)/n)

    >>> ks_distance(np.zeros((4, 1)))
    array([0.5])
    """
    n = len(ordered)
    below = np.arange(n)[:, None] / n
    probability = ndtr(ordered)
    return np.maximum(below + 1 / n - probability, probability - below).max(axis=0)


def shape_moments(columns: Array) -> tuple[Array, Array]:
    """Skewness and excess kurtosis of each column, (n, k) -> (k,) and (k,); both 0 for a normal.

        skew = m_3 / m_2^1.5        kurtosis = m_4 / m_2^2 - 3

    with central moments m_p over n values.

    >>> skew, kurtosis = shape_moments(np.array([[-1.0], [1.0]]))
    >>> float(skew[0]), float(kurtosis[0])
    (0.0, -2.0)
    """
    centred = columns - columns.mean(axis=0)
    square = centred * centred
    variance = square.mean(axis=0)
    skew = (square * centred).mean(axis=0) / variance**1.5
    return skew, (square * square).mean(axis=0) / variance**2 - 3


def anderson_darling(ordered: Array) -> Array:
    """Anderson-Darling A^2 of sorted standardised columns, (n, k) -> (k,); normal: about 0.4.

        A^2 = -n - (1/n) sum_i (2i - 1) (log Phi(x_(i)) + log Phi(-x_(n+1-i)))

    It weighs the tails more than the Kolmogorov-Smirnov distance, and grows with n under any fixed
    departure.

    >>> normal = np.random.default_rng(0).normal(size=(1000, 1))
    >>> bool(anderson_darling(np.sort(standardise(normal), axis=0))[0] < 1.0)
    True
    """
    n = len(ordered)
    odd = 2 * np.arange(1, n + 1)[:, None] - 1
    return -n - (odd * (log_ndtr(ordered) + log_ndtr(-ordered[::-1]))).mean(axis=0)
