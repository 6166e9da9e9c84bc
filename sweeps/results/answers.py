"""The answer of a sweep in a few lines: what was asked, what was best."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from bsvae.metrics import METRICS
from sweeps.definition.sweep import Sweep
from sweeps.results.baselines import measured
from sweeps.results.cells import ERROR, cells, paired, varying, whole
from sweeps.results.effects import KIND, with_kind
from sweeps.results.outcome import Outcome
from sweeps.results.words import (
    field_words,
    listed,
    metric_words,
    replicated,
    value_words,
)
from sweeps.text import counted

#: Values of a field that a sentence names before it only counts them.
MOST_NAMED = 8


@dataclass(frozen=True)
class Best:
    """The best configuration of those that can be compared.

    Attributes:
        kind: data set and what the distortion is measured by.
        configuration: its fields in words.
        scores: each objective, and its counterpart on test images, in words with its error.
        next: how far the next one is, in words; empty where there is none.
        decided: whether the next one is further than two standard errors.
    """

    kind: str
    configuration: str
    scores: tuple[tuple[str, str], ...]
    next: str
    decided: bool


def asked(sweep: Sweep) -> list[str]:
    """What a sweep varies, searches and holds fixed, in sentences."""
    fields = [name for name in varying(sweep) if name not in sweep.search]
    sentences = []
    if fields:
        sentences.append(f"Varied: {'; '.join(_values(sweep, name) for name in fields)}.")
    if sweep.search and sweep.budget:
        ranges = [
            f"{field_words(name)} {span.low:g} to {span.high:g}" + " (log)" * span.log
            for name, span in sweep.search.items()
        ]
        each = f"{sweep.budget.trials} proposals in each of {len(sweep.cells)} cells"
        each = each if len(sweep.cells) > 1 else f"{sweep.budget.trials} proposals"
        halved = ", the worse of each round stopped early" if sweep.halving else ""
        sentences.append(f"Searched: {listed(ranges)}; {each}{halved}.")
    seeds = sorted({seed for cell in sweep.cells for seed in sweep.seeds_of(cell)})
    each = f"{counted(len(seeds), 'seed')} each" if len(seeds) > 1 else "one seed"
    objectives = listed(metric_words(name) for name in sweep.objectives)
    sentences.append(f"{counted(len(sweep.cells), 'cell')}, {each}; ranked by {objectives}.")
    return sentences


def best(outcome: Outcome) -> list[Best]:
    """The best cell of each kind, of those with all seeds done if there are any; a search's cells
    stand for their chosen proposals."""
    objective = outcome.objective
    frame = with_kind(cells(outcome), outcome.sweep).dropna(subset=objective)
    ascending = METRICS[objective].sign > 0
    found = []
    for kind, rows in frame.groupby(KIND):
        rows = whole(rows, outcome.sweep)
        ranked = rows.sort_values(objective, ascending=ascending, kind="stable")
        several = len(outcome.sweep.objectives) > 1  # there is a front, and no single best
        near, decided = ("", True) if several else _next(outcome, ranked)
        first = ranked.iloc[0]
        scores = tuple(_scores(outcome, first))
        found.append(
            Best(" · ".join(map(str, kind)), _configuration(outcome, first), scores, near, decided)
        )
    return found


def _next(outcome: Outcome, ranked: pd.DataFrame) -> tuple[str, bool]:
    """How much worse the second cell is than the first."""
    if len(ranked) < 2:
        return "", True
    first, second = ranked.iloc[0], ranked.iloc[1]
    sign = METRICS[outcome.objective].sign
    gap = paired(outcome, outcome.objective, int(second["cell"]), int(first["cell"]))
    label = _configuration(outcome, second)
    if gap.n < 2:
        distance = sign * (second[outcome.objective] - first[outcome.objective])
        return f"{label}: {distance:.3g} worse", False
    distance = sign * gap.difference
    text = f"{label}: {distance:.3g} ± {gap.error:.2g} worse, paired by seed (n = {gap.n})"
    return text, bool(distance > 2 * gap.error)


def _configuration(outcome: Outcome, row: pd.Series) -> str:
    names = [name for name in varying(outcome.sweep) if name in row and not pd.isna(row[name])]
    if not names:
        return str(row["label"])
    return ", ".join(
        value_words(name, row[name])
        if name in ("family", "dataset")
        else f"{field_words(name)} {value_words(name, row[name])}"
        for name in names
    )


def _scores(outcome: Outcome, row: pd.Series) -> Iterator[tuple[str, str]]:
    """The objectives of a cell, and beside one on validation images that on test images."""
    names = list(outcome.sweep.objectives)
    names += [name.replace("valid_", "test_", 1) for name in names]
    for name in dict.fromkeys(names):
        if name in row and not pd.isna(row[name]):
            yield metric_words(name), replicated(row[name], row[name + ERROR], int(row["n"]))
    baseline = measured(outcome.done[outcome.done["cell"] == row["cell"]])
    if outcome.objective.endswith("_neg_elbo") and not math.isnan(baseline):
        yield "independent pixels, which need no code (nats/image)", f"{baseline:.4g}"


def _values(sweep: Sweep, name: str) -> str:
    values = list(dict.fromkeys(c[name] for c in sweep.cells if c.get(name) is not None))
    numbers = sorted(values) if all(isinstance(v, int | float) for v in values) else values
    said = [value_words(name, value) for value in numbers]
    if len(said) > MOST_NAMED:
        return f"{field_words(name)}, {len(said)} values from {said[0]} to {said[-1]}"
    return f"{field_words(name)} {', '.join(said)}"
