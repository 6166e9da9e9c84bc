"""How much seeds alone move a metric: read from the rows of the sweep ``seed_noise``."""

import functools
import math
from pathlib import Path

import pandas as pd

#: One row per cell of the sweep ``seed_noise`` and metric; `docs/claims.py` writes it from the
#: committed rows. Without rows it has none, and one seed decides nothing.
NOISE = Path(__file__).parents[1] / "measured" / "seed_noise.csv"

#: Metrics whose noise is measured.
METRICS = ("test_neg_elbo", "test_distortion", "test_kl", "test_nll")

#: Seeds below which a standard deviation is not worth its name.
FEWEST = 5

CELL = ["dataset", "family", "latent_dim", "prior_scale", "hidden", "batch_size", "epochs"]
COLUMNS = [*CELL, "metric", "sd", "n"]


def measure(done: pd.DataFrame) -> pd.DataFrame:
    """The standard deviation over seeds of each metric in each cell that has enough of them.

    Args:
        done: rows of the sweep ``seed_noise`` that are done.
    """
    found = []
    for cell, rows in done.groupby(CELL, dropna=False):
        if rows["seed"].nunique() >= FEWEST:
            found += [(*cell, name, float(rows[name].std()), len(rows)) for name in METRICS]
    return pd.DataFrame(found, columns=COLUMNS)


@functools.cache
def measured() -> pd.DataFrame:
    """What `measure` found in the committed rows."""
    return pd.read_csv(NOISE)


def seed_noise(rows: pd.DataFrame, metric: str) -> float:
    """The largest standard deviation over seeds that was measured of a metric, of any cell of the
    same family and data set, trained no longer than these rows; NaN where none was.

    Early epochs are the noisier ones, so that a noise measured at 30 epochs says nothing of rows
    that trained for 10.
    """
    table, first = measured(), rows.iloc[0]
    mine = table[
        (table["metric"] == metric)
        & (table["family"] == first["family"])
        & (table["dataset"] == first["dataset"])
        & (table["epochs"] <= first["epochs"])
    ]
    return float(mine["sd"].max()) if len(mine) else math.nan
