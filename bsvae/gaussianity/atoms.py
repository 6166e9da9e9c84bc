"""Point masses of raw codes: any one proves that no affine map makes them Gaussian."""

from typing import NamedTuple

from numpy.typing import ArrayLike

from bsvae.gaussianity.whitening import as_codes


class Atoms(NamedTuple):
    """Exact zeros in raw codes. All three are 0 for a Gaussian."""

    largest: float  # largest share of exact zeros in one unit that varies; nan if none varies
    zeros: float  # share of exact zeros among all code values
    dead_units: int  # units that are constant over the scored codes


def atoms(codes: ArrayLike) -> Atoms:
    """Counts exact zeros and constant units, before whitening.

    A ReLU sends a half space to exactly 0. A Gaussian takes no value twice.

    Args:
        codes: Raw codes, (n, d).

    Raises:
        ValueError: If the codes are no finite (n >= 2, d) matrix.

    >>> atoms([[0.0, 1.5, 0.0], [0.0, 2.5, 3.5], [0.0, 3.5, 4.5], [0.0, 4.5, 0.0]])
    Atoms(largest=0.5, zeros=0.5, dead_units=1)
    """
    codes = as_codes(codes)
    zeros = (codes == 0).mean(axis=0)
    varies = codes.min(axis=0) < codes.max(axis=0)
    return Atoms(
        largest=float(zeros[varies].max()) if varies.any() else float("nan"),
        zeros=float(zeros.mean()),
        dead_units=int((~varies).sum()),
    )
