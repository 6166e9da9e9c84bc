"""Which trials no other trial beats in everything."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bsvae.metrics import METRICS


def front(trials: pd.DataFrame, objectives: Sequence[str]) -> pd.DataFrame:
    """The Pareto front of some trials: those done that no other done trial dominates.

    One dominates another if it is at least as good in every objective and better in one; which way
    is better says `bsvae.metrics.METRICS`.  Equal trials do not dominate each other.  A trial that
    lacks an objective, or whose value is not finite, is not on the front.

    Args:
        trials: rows with a ``status`` and the objectives.
        objectives: metric columns.

    Returns:
        The trials on the front, best in the first objective first.

    >>> points = {"status": "done", "test_distortion": [1.0, 2.0, 3.0], "test_kl": [5.0, 4.0, 6.0]}
    >>> front(pd.DataFrame(points), ["test_distortion", "test_kl"]).index.tolist()
    [0, 1]
    """
    return undominated(trials[trials["status"] == "done"], objectives)


def undominated(points: pd.DataFrame, objectives: Sequence[str]) -> pd.DataFrame:
    """The rows that no other dominates, as `front` says of trials."""
    signs = [METRICS[name].sign for name in objectives]
    values = points[list(objectives)].to_numpy(dtype=float) * signs  # (N, K), lower is better
    finite = np.flatnonzero(np.isfinite(values).all(axis=1))
    points, values = points.iloc[finite], values[finite]
    kept: list[int] = []
    for row in np.lexsort(values.T[::-1]):  # nothing dominates what stands before it
        rivals = values[kept]
        if not ((rivals <= values[row]).all(axis=1) & (rivals < values[row]).any(axis=1)).any():
            kept.append(row)
    return points.iloc[kept]
