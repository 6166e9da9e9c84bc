"""Tables of the report: frames as text, and a sweep's trials as data for a script."""

import json
import math
from typing import Any

import pandas as pd
from markupsafe import Markup

from bsvae.metrics import METRICS
from bsvae.trial import FIELDS
from sweeps.ledger.schema import TRIALS
from sweeps.results.outcome import Outcome
from sweeps.text import as_text

#: Columns that come first and last, whatever the sweep.
FIRST = ("trial_id", "status", "family")
LAST = ("device_seconds", "pack_size", "error")

DIGITS = 6


def trials_table(outcome: Outcome) -> Markup:
    """Columns and rows as JSON for a script element: only columns with something to say."""
    trials = outcome.trials
    varying = [name for name in FIELDS if trials[name].nunique(dropna=False) > 1]
    metrics = [name for name in METRICS if name.startswith(("test_", "sample_"))]
    names = dict.fromkeys((*FIRST, outcome.objective, *varying, *metrics, *LAST))
    shown = [name for name in names if name in FIRST or trials[name].notna().any()]
    data = {
        "columns": [_column(name) for name in shown],
        "sort": outcome.objective,
        "rows": [[_value(value) for value in row] for row in trials[shown].itertuples(index=False)],
    }
    return as_script(data)


def as_script(data: object) -> Markup:
    """JSON that can stand in an HTML script element, whatever strings it holds.

    >>> as_script("</script>")
    Markup('"\\\\u003c/script>"')
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in ("<", "\u2028", "\u2029"):
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _column(name: str) -> dict[str, Any]:
    """Its name, unit, meaning, and which end is better where it is a metric."""
    metadata = TRIALS.field(name).metadata
    better = METRICS[name].better if name in METRICS else ""
    unit, doc = (metadata[key].decode() for key in (b"unit", b"doc"))
    return {"name": name, "unit": unit, "doc": doc, "better": better}


def _value(value: Any) -> Any:
    """A value as JSON has it; floats to six digits, nothing and infinities as null."""
    if pd.isna(value):
        return None
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value.item() if hasattr(value, "item") else value


def html_table(frame: pd.DataFrame) -> dict[str, Any]:
    """A frame as text: header rows of (text, columns spanned), body rows of cells."""
    named = any(name is not None for name in frame.index.names)
    flat = frame.reset_index() if named else frame
    names = [column if isinstance(column, tuple) else (column,) for column in flat.columns]
    levels = [[_word(column[level]) for column in names] for level in range(len(names[0]))]
    heads = [_spans(level) for level in levels[:-1]] + [[(text, 1) for text in levels[-1]]]
    rows = [[as_text(value, missing="–") for value in row] for row in flat.itertuples(index=False)]
    return {"heads": heads, "rows": rows}


def _spans(level: list[str]) -> list[tuple[str, int]]:
    """Equal neighbours of a header row as one cell."""
    spans: list[tuple[str, int]] = []
    for text in level:
        if spans and spans[-1][0] == text:
            spans[-1] = text, spans[-1][1] + 1
        else:
            spans.append((text, 1))
    return spans


def _word(name: object) -> str:
    return str(name).replace("_", " ")
