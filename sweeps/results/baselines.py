"""What a model that has learned nothing reaches, for every data set: computed from its images."""

import functools
from pathlib import Path

import pandas as pd

#: Written by `docs/baselines.py` from the images.
BASELINES = Path(__file__).parent / "measured" / "baselines.csv"


#: What independent pixels reach, in the rows of trials, each on its own images.
MEASURED = "test_independent_pixels"


def measured(rows: pd.DataFrame) -> float:
    """What independent pixels reach on the test images of some trials, as these measured it, nats;
    NaN where none did.

    >>> measured(pd.DataFrame({"test_independent_pixels": [27.5, None, 27.5]}))
    27.5
    """
    return float(rows[MEASURED].mean()) if MEASURED in rows else float("nan")


@functools.cache
def baselines() -> pd.DataFrame:
    """One row per data set and quantity: ``dataset``, ``quantity``, ``value``, ``doc``."""
    return pd.read_csv(BASELINES)


def baseline(dataset: str, quantity: str) -> float:
    """One number; NaN for a data set without it.

    >>> round(baseline("mnist", "independent_pixels"), 2)
    205.78
    """
    table = baselines()
    found = table[(table["dataset"] == dataset) & (table["quantity"] == quantity)]["value"]
    return float(found.iloc[0]) if len(found) else float("nan")


def baseline_note(dataset: str) -> str:
    """The baselines of a data set in one sentence; empty for one without any."""
    mine = baselines()[baselines()["dataset"] == dataset]
    mine = mine[~mine["quantity"].str.startswith("plane_angle")]
    if mine.empty:
        return ""
    parts = [f"{doc} {value:.5g}" for doc, value in mine[["doc", "value"]].to_numpy()]
    return f"What knows nothing reaches on {dataset}: {'; '.join(parts)}."
