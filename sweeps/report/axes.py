"""The axes of the view of all trials: what varies, and the objectives."""

import math
from typing import Any

import numpy as np
import pandas as pd

from bsvae.trial import FIELDS
from sweeps.report.values import as_json
from sweeps.results.effects import free_fields
from sweeps.results.outcome import Outcome
from sweeps.results.words import field_words, metric_words

#: A field with so few values that are not searched has one place for each.
FEW = 12

#: A positive column whose largest value is so many times its smallest has a logarithmic axis.
WIDE = 15.0

#: An axis of a metric ends where so large a share of the trials does, if the rest is far off.
MOST = 0.95
FAR = 4.0


def axes(outcome: Outcome) -> list[dict[str, Any]]:
    """One axis per field that varies, and one per objective: its column, words, scale and ends."""
    trials = outcome.trials
    fields = [name for name in free_fields(outcome.sweep) if trials[name].notna().any()]
    found = [_axis(outcome, name, field_words(name)) for name in fields]
    scores = [name for name in outcome.sweep.objectives if np.isfinite(trials[name]).any()]
    return found + [
        _axis(outcome, name, metric_words(name)) | _ends(trials[name]) for name in scores
    ]


def _axis(outcome: Outcome, name: str, said: str) -> dict[str, Any]:
    column = outcome.trials[name].dropna()
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    span = outcome.sweep.search.get(name)
    if not numeric or (name in FIELDS and span is None and column.nunique() <= FEW):
        values = [as_json(name, value) for value in dict.fromkeys(column)]
        values = sorted(values) if numeric else values
        return {"name": name, "words": said, "kind": "category", "values": values}
    if span is not None:
        low, high = min(span.low, column.min()), max(span.high, column.max())
        return _scaled(name, said, "log" if span.log else "number", low, high)
    wide = column.min() > 0 and column.max() > WIDE * column.min()
    return _scaled(name, said, "log" if wide else "number", column.min(), column.max())


def _scaled(name: str, said: str, kind: str, low: float, high: float) -> dict[str, Any]:
    return {"name": name, "words": said, "kind": kind, "low": float(low), "high": float(high)}


def _ends(column: pd.Series) -> dict[str, float]:
    """The ends of a metric's axis, without the few values far off."""
    values = column[column.map(math.isfinite)]
    low, high, most = values.min(), values.max(), values.quantile(MOST)
    middle = values.median()
    if high - middle > FAR * (most - low) > 0:
        high = most + 0.1 * (most - low)
    room = 0.02 * (high - low) or 1.0
    return {"low": float(low - room if low > room else low), "high": float(high + room)}
