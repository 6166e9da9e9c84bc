"""One trial whole: what it was, what it reached, how it came there, and how to repeat it."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bsvae.metrics import METRICS
from bsvae.trial import FIELDS, BadInput
from sweeps.results.outcome import Outcome
from sweeps.text import as_text, setting

_BARS = "▁▂▃▄▅▆▇█"
PARTS = ("train", "valid", "test")


def find(trials: pd.DataFrame, start: str) -> dict[Any, Any]:
    """The row of the trial whose id starts so.

    Raises:
        BadInput: if there is none, or several.
    """
    found = trials[trials["trial_id"].str.startswith(start)]
    if len(found) == 1:
        return found.iloc[0].to_dict()
    if found.empty:
        raise BadInput(f"no trial's id starts with {start!r}: see bsvae show, column trial_id")
    some = ", ".join(found["trial_id"].head(3))
    raise BadInput(f"{len(found)} trials' ids start with {start!r} ({some}, ...): give more of it")


def fields_of(row: Mapping[Any, Any]) -> dict[str, Any]:
    """The fields that a trial used, as it had them.

    >>> fields_of({"family": "pca", "latent_dim": 2.0, "bias": True, "hidden": float("nan")})
    {'family': 'pca', 'latent_dim': 2, 'bias': True}
    """
    used = {}
    for name, field in FIELDS.items():
        value = row.get(name)
        if value is None or value != value:
            continue
        kind = next(kind for kind in (bool, int, float, str) if field.type in (kind, kind | None))
        used[name] = kind(value)
    return used


def configuration(row: Mapping[Any, Any]) -> list[list[str]]:
    """Its fields, each with its value and meaning."""
    used = fields_of(row)
    values = {n: repr(v) if isinstance(v, float) else setting(v) for n, v in used.items()}
    return [[name, text, FIELDS[name].metadata["doc"]] for name, text in values.items()]


def metrics(row: Mapping[Any, Any]) -> tuple[list[str], list[list[str]]]:
    """Its metrics: one line per quantity, its parts of the data side by side; columns, rows."""
    measured = {name: row[name] for name in METRICS if name in row and row[name] == row[name]}
    terms: dict[str, dict[str, str]] = {}
    for name, value in measured.items():
        part, _, term = name.partition("_")
        column, key = (part, term) if part in PARTS else ("test", name)
        terms.setdefault(key, {"unit": METRICS[name].unit})[column] = as_text(float(value))
    shown = [part for part in PARTS if any(part in line for line in terms.values())]
    rows = [[term, *(line.get(c, "-") for c in (*shown, "unit"))] for term, line in terms.items()]
    return ["metric", *shown, "unit"], rows


def curves(outcome: Outcome, trial_id: str) -> list[str]:
    """The objective by epoch as small bars, and the same of the training set."""
    epochs = outcome.epochs[outcome.epochs["trial_id"] == trial_id].sort_values("epoch")
    names = [*outcome.sweep.objectives, "test_neg_elbo"]
    names = [name for name in names if name in epochs and epochs[name].notna().any()][:1]
    names += [name for name in ("train_objective",) if epochs[name].notna().any()]
    lines = []
    for name in dict.fromkeys(names):
        values = epochs[["epoch", name]].dropna()
        (first, start), (last, end) = values.iloc[0], values.iloc[-1]
        ends = f"{as_text(start)} after epoch {first:.0f}, {as_text(end)} after {last:.0f}"
        lines.append(f"{name} by epoch: {sparkline(values[name].tolist())}  {ends}")
    return lines


def sparkline(values: Sequence[float], width: int = 40) -> str:
    """Numbers as bars between their lowest and highest; of many as many as there is room for.

    >>> sparkline([3.0, 2.0, 1.0, float("inf"), 1.0])
    '█▅▁ ▁'
    """
    step = max(1, math.ceil(len(values) / width))
    shown = list(values)[::-1][::step][::-1]
    finite = [value for value in shown if math.isfinite(value)]
    if not finite:
        return ""
    low, span = min(finite), max(finite) - min(finite) or 1.0
    top = len(_BARS) - 1
    return "".join(
        _BARS[round((value - low) / span * top)] if math.isfinite(value) else " " for value in shown
    )


def command(outcome: Outcome, row: Mapping[Any, Any]) -> str:
    """Lines for a shell that train the trial again, as a sweep of its own."""
    used = fields_of(row)
    name = f"trial-{row['trial_id']}.toml"
    lines = [f"cat > {name} <<'END'", f"seeds = [{used.pop('seed')}]"]
    if plugins := outcome.sweep.document.get("plugins"):
        lines.append(f"plugins = {json.dumps(plugins)}")
    lines += ["[trial]", *(f"{key} = {json.dumps(value)}" for key, value in used.items())]
    return "\n".join([*lines, "END", f"bsvae run {name}"])


def in_python(row: Mapping[Any, Any]) -> str:
    """Lines of Python that train it in this process.

    >>> print(in_python({"family": "pca", "dataset": "digits", "latent_dim": 2.0}))
    import bsvae
    trial = bsvae.Trial(family='pca', dataset='digits', latent_dim=2)
    *_, last = bsvae.train([trial], bsvae.load(trial.dataset))
    print(trial.trial_id, last.metrics[0])
    """
    fields = ", ".join(f"{name}={value!r}" for name, value in fields_of(row).items())
    return (
        "import bsvae\n"
        f"trial = bsvae.Trial({fields})\n"
        "*_, last = bsvae.train([trial], bsvae.load(trial.dataset))\n"
        "print(trial.trial_id, last.metrics[0])"
    )
