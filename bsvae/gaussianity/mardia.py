"""Multivariate shape: Mardia's kurtosis and skewness, and the law of the squared radius.

All three are affine invariant: they whiten the scored codes by their own mean and covariance, so
they answer to the shape of the cloud alone, and dead or collinear units do not matter. r below is
the rank of the codes. Source: Mardia, "Measures of multivariate skewness and kurtosis with
applications" (1970).
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import kstest

from bsvae.gaussianity.whitening import Array, Whitening, as_codes


def mardia_kurtosis(codes: ArrayLike) -> float:
    """Mardia's kurtosis, relative: b2 / (r (r + 2)) - 1. Zero for a Gaussian.

        b2 = (1/n) sum_i |z_i|^4,    z = codes whitened by their own covariance (divisor n)

    Positive for heavy radial tails, negative for a shell. For n Gaussian codes the mean is
    exactly -2 / (n + 1) and the standard deviation about sqrt(8 / (r (r + 2) n)).

    Args:
        codes: Codes in any affine frame, (n, d).

    Raises:
        ValueError: If no code unit varies.

    >>> corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    >>> round(mardia_kurtosis(corners), 12)
    -0.5
    """
    white = _sphered(codes)
    d = white.shape[1]
    radius = (white * white).sum(axis=1)
    return float((radius * radius).mean() / (d * (d + 2)) - 1)


def mardia_skewness(codes: ArrayLike) -> float:
    """Mardia's skewness, relative: n b1 / (r (r + 1) (r + 2)). One for a Gaussian.

        b1 = (1/n^2) sum_ij (z_i . z_j)^3 = sum_klm (mean_i z_ik z_il z_im)^2

    The second form is used: it costs n r^3 and O(n r) memory, where the first costs n^2 r.
    Asymmetry and clusters raise it.

    Args:
        codes: Codes in any affine frame, (n, d).

    Raises:
        ValueError: If no code unit varies.

    >>> corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    >>> round(mardia_skewness(corners), 12)
    0.0
    """
    white = _sphered(codes)
    n, d = white.shape
    b1 = 0.0
    for k in range(d):
        third_moment = (white * white[:, k : k + 1]).T @ white / n  # (r, r), the slice klm of k
        b1 += float((third_moment * third_moment).sum())
    return n * b1 / (d * (d + 1) * (d + 2))


def radius_ks(codes: ArrayLike) -> float:
    """Kolmogorov-Smirnov distance between |z|^2 and its Gaussian law, chi^2 with r degrees.

    In many dimensions a Gaussian lives in a thin shell; codes that do not, or in a thinner one,
    are far off. About 0.65 / sqrt(n) for n Gaussian codes.

    Args:
        codes: Codes in any affine frame, (n, d).

    Raises:
        ValueError: If no code unit varies.

    >>> normal = np.random.default_rng(0).normal(size=(1000, 10))
    >>> radius_ks(normal) < 0.05 < 0.3 < radius_ks(normal * np.linspace(0.1, 2, 1000)[:, None])
    True
    """
    white = _sphered(codes)
    return float(kstest((white * white).sum(axis=1), "chi2", args=(white.shape[1],)).statistic)


def _sphered(codes: ArrayLike) -> Array:
    """Codes with mean 0 and covariance I (divisor n) in their own r principal axes, (n, r)."""
    codes = as_codes(codes)
    whitening = Whitening.fit(codes, "pca")
    if whitening.rank == 0:
        raise ValueError(f"none of {codes.shape[1]} code units varies: no shape to score")
    return whitening.transform(codes) * np.sqrt(len(codes) / (len(codes) - 1))
