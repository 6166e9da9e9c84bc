"""Tables of the report: frames as text, and a sweep's trials as data for a script."""

from typing import Any

import pandas as pd
from markupsafe import Markup

from bsvae.metrics import METRICS
from sweeps.ledger.schema import TRIALS
from sweeps.report.axes import axes
from sweeps.report.values import as_json, as_script
from sweeps.results.cells import varying
from sweeps.results.outcome import Outcome
from sweeps.text import as_text

#: Columns that are shown after those that vary and the objectives, where trials differ in them.
SHOWN = ("seed", "status", "trial_id", "epochs_trained", "collapsed")
LAST = ("device_seconds", "error")


def trials_table(outcome: Outcome) -> Markup:
    """Columns and rows as JSON for a script element: what varies and the objectives first.

    What all trials have in common stands once, under ``constants``, so that a filter can name it;
    ``shown`` marks the columns that a reader sees before asking for all.
    """
    trials = outcome.trials.drop(columns=["cell", "label"])
    trials["finished_at"] = trials["finished_at"].astype(str)
    many = {name for name in trials if trials[name].nunique(dropna=False) > 1}
    order = [*varying(outcome.sweep), *outcome.sweep.objectives, *SHOWN, *_scores(outcome), *LAST]
    names = dict.fromkeys((*(name for name in order if name in trials), *trials.columns))
    shown = {name for name in order if name in many} | {"trial_id", outcome.objective}
    kept = [name for name in names if name in many or name in shown]
    columns = [[as_json(name, value) for value in trials[name]] for name in kept]
    constants = {n: as_json(n, trials[n].iloc[0]) if len(trials) else None for n in names}
    data = {
        "columns": [_column(name, name in shown) for name in kept],
        "constants": {n: value for n, value in constants.items() if n not in set(kept)},
        "sort": outcome.objective,
        "axes": axes(outcome),
        "rows": [list(row) for row in zip(*columns, strict=True)],
    }
    return as_script(data)


def _scores(outcome: Outcome) -> list[str]:
    """Metrics of images that were not trained on, those of the objective's kind first."""
    parts = ("valid_", "test_", "sample_")
    return [name for part in parts for name in METRICS if name.startswith(part)]


def _column(name: str, shown: bool) -> dict[str, Any]:
    """Its name, unit, meaning, and which end is better where it is a metric."""
    metadata = TRIALS.field(name).metadata
    better = METRICS[name].better if name in METRICS else ""
    unit, doc = (metadata[key].decode() for key in (b"unit", b"doc"))
    return {"name": name, "unit": unit, "doc": doc, "better": better, "shown": shown}


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
