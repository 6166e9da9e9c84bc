"""The axes of the view of all trials: what varies, and the objectives."""

import math
from typing import Any

import pandas as pd

from sweeps.results.answers import words
from sweeps.results.cells import varying
from sweeps.results.outcome import Outcome
from sweeps.results.words import field_words

#: A positive column whose largest value is so many times its smallest has a logarithmic axis.
WIDE = 15.0

#: An axis of a metric ends where so large a share of the trials does, if the rest is far off.
MOST = 0.95
FAR = 4.0


def axes(outcome: Outcome) -> list[dict[str, Any]]:
    """One axis per field that varies, and one per objective: its column, words, scale and ends."""
    trials = outcome.trials
    fields = [name for name in varying(outcome.sweep) if trials[name].notna().any()]
    found = [_axis(outcome, name, field_words(name)) for name in fields]
    scores = [name for name in outcome.sweep.objectives if trials[name].notna().any()]
    return found + [_axis(outcome, name, words(name)) | _ends(trials[name]) for name in scores]


def _axis(outcome: Outcome, name: str, said: str) -> dict[str, Any]:
    column = outcome.trials[name].dropna()
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        values = list(dict.fromkeys(map(str, column)))
        return {"name": name, "words": said, "kind": "category", "values": values}
    span = outcome.sweep.search.get(name)
    wide = column.min() > 0 and column.max() > WIDE * column.min()
    kind = "log" if (span.log if span else wide) else "number"
    low, high = float(column.min()), float(column.max())
    if kind == "number" and span is None:
        room = 0.03 * (high - low) or 1.0
        low, high = low - room, high + room
    return {"name": name, "words": said, "kind": kind, "low": low, "high": high}


def _ends(column: pd.Series) -> dict[str, float]:
    """The ends of a metric's axis, without the few values far off."""
    values = column[column.map(math.isfinite)]
    low, high, most = values.min(), values.max(), values.quantile(MOST)
    middle = values.median()
    if high - middle > FAR * (most - low) > 0:
        high = most + 0.1 * (most - low)
    room = 0.02 * (high - low) or 1.0
    return {"low": float(low - room if low > room else low), "high": float(high + room)}
