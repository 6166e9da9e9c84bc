"""The calibrated panel: how far codes are from Gaussian, once whitened."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bsvae.gaussianity.atoms import atoms
from bsvae.gaussianity.measures import CHEAP, COSTLY, measure_cheap, measure_costly
from bsvae.gaussianity.null import Draws, null_draws
from bsvae.gaussianity.whitening import Array, Whitening, as_codes
from bsvae.panel_codes import fewest_codes

LARGEST_Z = 1e4  # z-scores are clipped here; where Gaussian codes do not spread, this is "differs"

EXACT = {
    "atom_share": "largest share of exact zeros in one raw code unit that varies",
    "zero_share": "share of exact zeros among all raw code values",
    "dead_units": "raw code units that are constant on the held-out codes",
    "rank": "directions in which the training codes vary, r",
}
METRICS = CHEAP | COSTLY | EXACT  # name -> what it sees, in the order of the panel


class Score(NamedTuple):
    """One metric of some codes, beside what exactly Gaussian codes of the same size score.

    Attributes:
        metric: Name, a key of `METRICS`.
        value: What the codes score.
        null_mean: Mean score of Gaussian codes.
        null_sd: Its standard deviation over null draws; 0 where Gaussian codes leave no choice.
        z: (value - null_mean) / null_sd, clipped to +-10,000.
        doc: What the metric sees, in a line.
    """

    metric: str
    value: float
    null_mean: float
    null_sd: float
    z: float
    doc: str


def gaussianity(
    codes_train: ArrayLike,
    codes_test: ArrayLike,
    *,
    seed: int = 0,
    draws: int = 20,
    cache: Path | str | None = None,
) -> list[Score]:
    """Scores held-out codes on every metric of the panel, in the order of `METRICS`.

    The whitening is fitted on `codes_train` and applied to `codes_test`: whitening the scored codes
    themselves would make their mean and covariance perfect for nothing. With many codes every real
    network is rejected, so read the size of `value` beside `null_mean`, and compare models, before
    the z-score. The null keeps its noise: with 20 draws (10 of the costly metrics) exact Gaussians
    reach |z| of 3 to 5 on some metric, so read only larger ones as departures.

    For a variational model pass samples from q(z|x), not its means. Codes without any variance
    score nan on all metrics but `EXACT`. The first call at a new size calibrates, for some minutes
    at 10,000 x 100; see `null_draws`, which also explains `draws` and `cache`.

    Tests the claim of "Variational Autoencoder without Kullback-Leibler divergence
    (BSvarautonet)" that whitened codes of its network are unit Gaussian.

    Args:
        codes_train: Codes that fit the whitening and the search for directions, (m, d).
        codes_test: Held-out codes to score, (n, d).
        seed: Seed of the random lines, searches, folds and draws.
        draws: Null draws, >= 4.
        cache: Folder of the calibrations.

    Raises:
        ValueError: If a code is not finite, the widths differ, or there are too few rows: fewer
            than d + 2 or than 20; see `bsvae.panel_codes.why_no_panel`.

    >>> import tempfile
    >>> rng = np.random.default_rng(0)
    >>> train, test = rng.standard_t(3, size=(2, 300, 2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scores = gaussianity(train, test, draws=4, cache=folder)
    >>> scores[0].metric, scores[0].z > 6
    ('mardia_kurtosis', True)
    """
    train, test = as_codes(codes_train), as_codes(codes_test)
    _check_sizes(train, test)
    rank = Whitening.fit(train).rank
    values, null = _exact(test, rank), dict[str, tuple[float, ...]]()
    if rank > 0:
        values |= measure_cheap(train, test, seed) | measure_costly(train, test, seed)
        null = null_draws(len(train), len(test), rank, draws=draws, cache=cache)
    return [_score(metric, values, null, units=test.shape[1]) for metric in METRICS]


def _check_sizes(train: Array, test: Array) -> None:
    """Refuses codes that are too few for their width, or whose widths differ."""
    if train.shape[1] != test.shape[1]:
        raise ValueError(f"training codes have {train.shape[1]} units, test {test.shape[1]}")
    fewest = fewest_codes(train.shape[1])
    for name, codes in (("training", train), ("test", test)):
        if len(codes) < fewest:
            raise ValueError(
                f"{len(codes)} {name} codes of {codes.shape[1]} units: must be >= {fewest} codes"
            )


def _exact(test: Array, rank: int) -> dict[str, float]:
    """The metrics whose value on Gaussian codes is certain."""
    found = atoms(test)
    return {
        "atom_share": found.largest,
        "zero_share": found.zeros,
        "dead_units": float(found.dead_units),
        "rank": float(rank),
    }


def _score(metric: str, values: dict[str, float], null: Draws, units: int) -> Score:
    """One row of the panel; values and nulls that were not measured are nan."""
    value = values.get(metric, np.nan)
    if metric in EXACT:
        mean, sd = (float(units) if metric == "rank" else 0.0), 0.0
    else:
        drawn = null.get(metric, (np.nan, np.nan))
        mean, sd = float(np.mean(drawn)), float(np.std(drawn, ddof=1))
    return Score(metric, value, mean, sd, _z(value - mean, sd), METRICS[metric])


def _z(difference: float, sd: float) -> float:
    """Difference in standard deviations, clipped; without spread, any difference is the limit."""
    if sd == 0:
        return float(np.sign(difference)) * LARGEST_Z
    return float(np.clip(difference / sd, -LARGEST_Z, LARGEST_Z))
