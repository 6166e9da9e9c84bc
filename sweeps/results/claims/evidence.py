"""Means with their errors, and differences between models, paired by seed."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sweeps.results.claims.noise import seed_noise


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds.

    Attributes:
        value: the mean.
        error: its standard error; NaN for one seed.
        n: seeds behind it.
    """

    value: float
    error: float
    n: int

    def text(self, digits: int = 2) -> str:
        """The mean and its error, if there is one.

        >>> Estimate(3.14159, 0.02, 3).text(), Estimate(3.14159, math.nan, 1).text()
        ('3.14 ± 0.02', '3.14')
        """
        error = "" if math.isnan(self.error) else f" ± {self.error:.{digits}f}"
        return f"{self.value:.{digits}f}{error}"


@dataclass(frozen=True)
class Difference:
    """How far a number lies on the side that a criterion asks for.

    Attributes:
        value: above zero where the criterion holds.
        error: its standard error; NaN for one seed without a measured seed noise.
        n: seeds behind it.
        noise: whether the error is that of a seed noise measured elsewhere.
    """

    value: float
    error: float
    n: int
    noise: bool = False


def mean_of(rows: pd.DataFrame, metric: str) -> Estimate:
    """The mean of a metric over rows that differ in their seed alone."""
    values = rows[metric].dropna().to_numpy(dtype=float)
    return Estimate(values.mean().item() if len(values) else math.nan, _error(values), len(values))


def _error(values: np.ndarray) -> float:
    """The standard error of a mean; NaN for a single value."""
    if len(values) < 2:
        return math.nan
    return float(values.std(ddof=1)) / math.sqrt(len(values))


def below(rows: pd.DataFrame, others: pd.DataFrame, metric: str) -> Difference:
    """How far a metric of some rows lies below that of others; paired by their common seeds.

    With one common seed the error is that of two independent trials with the measured seed noise,
    where there is one for both; see `seed_noise`.
    """
    pairs = pd.concat(
        [rows.groupby("seed")[metric].mean(), others.groupby("seed")[metric].mean()],
        axis="columns",
        join="inner",
    ).dropna()
    gaps = pairs.iloc[:, 1].to_numpy(dtype=float) - pairs.iloc[:, 0].to_numpy(dtype=float)
    if len(gaps) == 0:
        return Difference(math.nan, math.nan, 0)
    if len(gaps) > 1:
        return Difference(gaps.mean().item(), _error(gaps), len(gaps))
    error = math.hypot(seed_noise(rows, metric), seed_noise(others, metric))
    return Difference(gaps[0].item(), error, 1, noise=not math.isnan(error))


def above(rows: pd.DataFrame, others: pd.DataFrame, metric: str) -> Difference:
    """How far a metric of some rows lies above that of others; see `below`."""
    return below(others, rows, metric)


def within(rows: pd.DataFrame, metric: str, target: float, margin: float) -> Difference:
    """How much nearer than a margin a mean lies to a number."""
    found = mean_of(rows, metric)
    error = found.error
    noise = found.n == 1 and not math.isnan(seed_noise(rows, metric))
    if noise:
        error = seed_noise(rows, metric)
    return Difference(margin - abs(found.value - target), error, found.n, noise)


def chosen(done: pd.DataFrame, **fields: object) -> pd.DataFrame:
    """The rows with these values; None asks for a missing one."""
    for name, value in fields.items():
        done = done[done[name].isna() if value is None else done[name] == value]
    return done


def against(rows: pd.DataFrame, others: pd.DataFrame, metric: str, digits: int = 2) -> str:
    """Two means in words."""
    return f"{mean_of(rows, metric).text(digits)} against {mean_of(others, metric).text(digits)}"
