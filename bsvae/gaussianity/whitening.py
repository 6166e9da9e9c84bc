"""Whitening: the affine map that gives codes mean zero and identity covariance."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

SMALLEST_EIGENVALUE = 1e-6  # as a share of the largest one; below it a direction counts as dead


@final
@dataclass(frozen=True, eq=False)
class Whitening:
    """A whitening map fitted on training codes, to be applied to codes it has not seen.

    With mean m and covariance C = V diag(lambda) V^T of the training codes, and only the r
    eigenvalues above 1e-6 * max(lambda) kept,

        pca:  y = diag(lambda)^(-1/2) V^T (x - m)      r columns, covariance I
        zca:  y = V diag(lambda)^(-1/2) V^T (x - m)    d columns, covariance V V^T

    PCA axes are principal directions in falling order of variance (each signed so that its
    largest entry is positive). ZCA axes stay as close as possible to the code units, so the shape
    of one unit shows in one axis. At full rank V V^T = I. Below it, ZCA codes keep their d columns
    and live in the r-dimensional span of V: a dead unit becomes a column of zeros, and collinear
    units share their one unit of variance.

    "Variational Autoencoder without Kullback-Leibler divergence (BSvarautonet)" whitens
    differently: it takes U V^T of the *uncentred* codes U S V^T, fitted on the very codes it then
    plots. That makes the second moment I/n (not the covariance I), leaves the mean in, inflates
    dead directions into spikes, and gives no map for new codes. Here the codes are centred, scaled
    to unit variance, cut at the rank, and the map and its inverse are kept.

    Attributes:
        kind: "pca" or "zca".
        mean: Mean training code, (d,), in code units.
        eigenvalues: Kept covariance eigenvalues, falling, (r,), in squared code units.
        forward: Whitening matrix, (d, r) for PCA and (d, d) for ZCA.
        backward: Its pseudo-inverse, (r, d) for PCA and (d, d) for ZCA.
    """

    kind: Literal["pca", "zca"]
    mean: Array
    eigenvalues: Array
    forward: Array
    backward: Array

    @classmethod
    def fit(cls, codes: ArrayLike, kind: Literal["zca", "pca"] = "zca") -> "Whitening":
        """Fits the map on training codes.

        Args:
            codes: Training codes, (n, d), n >= 2. Everything is computed in float64.
            kind: "zca" (keeps d axes near the units) or "pca" (r uncorrelated axes).

        Raises:
            ValueError: On another shape, fewer than two rows, a non-finite code or another kind.

        >>> codes = np.random.default_rng(0).gamma(2.0, size=(500, 3)) @ np.diag([1, 5, 0])
        >>> whitening = Whitening.fit(codes, "pca")
        >>> whitening.rank, np.allclose(np.cov(whitening.transform(codes).T), np.eye(2))
        (2, True)
        """
        if kind not in ("zca", "pca"):
            raise ValueError(f"kind = {kind!r}: must be 'zca' or 'pca'")
        codes = as_codes(codes)
        shifted = codes - codes[0]  # a constant unit is now exactly 0, whatever its rounding
        offset = shifted.mean(axis=0)
        eigenvalues, axes = _principal_axes(shifted - offset)
        scale = np.sqrt(eigenvalues)
        rotate_back = axes.T if kind == "zca" else np.eye(len(eigenvalues))
        return cls(
            kind=kind,
            mean=codes[0] + offset,
            eigenvalues=eigenvalues,
            forward=(axes / scale) @ rotate_back,
            backward=rotate_back.T @ (axes * scale).T,
        )

    @property
    def rank(self) -> int:
        """Number of directions in which the training codes vary.

        >>> Whitening.fit([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]]).rank
        1
        """
        return len(self.eigenvalues)

    def transform(self, codes: ArrayLike) -> Array:
        """Whitens codes, (n, d) -> (n, r) for PCA or (n, d) for ZCA.

        >>> Whitening.fit([[1.0], [2.0], [3.0]]).transform([[4.0]])
        array([[2.]])
        """
        return (np.asarray(codes, dtype=np.float64) - self.mean) @ self.forward

    def inverse(self, whitened: ArrayLike) -> Array:
        """Maps whitened codes, or draws from N(0, I), back to code space, (n, r or d) -> (n, d).

        Directions without variance return to the training mean, so a code whose dead directions
        sit at that mean survives the round trip.

        >>> Whitening.fit([[1.0], [2.0], [3.0]]).inverse([[2.0]])
        array([[4.]])
        """
        return np.asarray(whitened, dtype=np.float64) @ self.backward + self.mean


def as_codes(codes: ArrayLike) -> Array:
    """Returns codes as a finite float64 matrix, (n, d) with n >= 2 and d >= 1.

    Raises:
        ValueError: If they are not such a matrix.

    >>> as_codes([[1, 2], [3, 4]]).dtype
    dtype('float64')
    """
    matrix = np.asarray(codes, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] < 2 or matrix.shape[1] < 1:
        raise ValueError(f"codes have shape {matrix.shape}: must be (n >= 2, d >= 1)")
    if bad := int(matrix.size - np.isfinite(matrix).sum()):
        raise ValueError(f"codes hold {bad} non-finite values of {matrix.size}: nothing to whiten")
    return matrix


def _principal_axes(centred: Array) -> tuple[Array, Array]:
    """Kept eigenvalues, falling, (r,), and eigenvectors, (d, r), of the covariance."""
    covariance = centred.T @ centred / (len(centred) - 1)
    eigenvalues, axes = np.linalg.eigh(covariance)
    eigenvalues, axes = eigenvalues[::-1], axes[:, ::-1]
    kept = eigenvalues > SMALLEST_EIGENVALUE * eigenvalues[0]
    axes = axes[:, kept]
    largest_entry = np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0)
    return eigenvalues[kept], axes * np.sign(largest_entry)
