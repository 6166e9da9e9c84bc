"""What a sweep found, in plain sentences that are computed from its table."""

from collections.abc import Iterator

import pandas as pd

from bsvae.metrics import CHECKS, METRICS
from sweeps.results.cells import cells, complete
from sweeps.results.claims import claims
from sweeps.results.effects import KIND, points, with_kind
from sweeps.results.outcome import Outcome
from sweeps.results.pareto import undominated
from sweeps.results.words import (
    field_words,
    in_words,
    listed,
    metric_words,
    replicated,
    value_words,
)
from sweeps.text import counted

#: Models that a sentence names before it only counts them.
MOST_NAMED = 6


def findings(outcome: Outcome) -> list[str]:
    """Sentences: how many trials ended how, what was best, what the search found, what failed."""
    if outcome.done.empty:
        return []
    found = [*_models(outcome), *_front(outcome), *_searched(outcome)]
    return [*found, *_checks(outcome.done)]


def verdicts(outcome: Outcome) -> list[dict[str, str]]:
    """The sources' claims with what was measured and the verdict; see `sweeps.results.claims`."""
    panel = outcome.panel[["trial_id", "metric", "value", "null_mean", "null_sd", "z"]]
    done = outcome.done.drop(columns=["label", "cell"])
    held = claims(outcome.sweep.name, done, panel)
    return [dict(zip(held.columns, row, strict=True)) for row in held.itertuples(index=False)]


def ended(outcome: Outcome) -> dict[str, int]:
    """How many trials ended how, and how many have no result yet."""
    found = outcome.trials["status"].value_counts()
    order = [name for name in ("done", "stopped", "diverged", "failed") if name in found]
    order += [name for name in found.index if name not in order]
    counts = {name: int(found[name]) for name in order}
    missing = outcome.sweep.wanted - len(outcome.trials)
    return counts | ({"no result yet": missing} if missing > 0 else {})


def _models(outcome: Outcome) -> Iterator[str]:
    """The best configuration of each model by each objective; of one kind alone are compared."""
    for objective in outcome.sweep.objectives:
        rows, ascending = complete(points(outcome, objective)), METRICS[objective].sign > 0
        word = "Lowest" if ascending else "Highest"
        for (dataset, likelihood), group in rows.groupby(KIND):
            ranked = group.sort_values("mean", ascending=ascending, kind="stable")
            best = ranked.groupby("label", sort=False).head(1)
            named = [_named(outcome, row) for _, row in best.head(MOST_NAMED).iterrows()]
            more = f"; and {len(best) - len(named)} more" if len(best) > len(named) else ""
            text = f"{word} {metric_words(objective)} of each model, {dataset}, {likelihood}: "
            yield f"{text}{'; '.join(named)}{more}."


def _named(outcome: Outcome, row: pd.Series) -> str:
    size = outcome.sweep.cells[int(row["cell"])]["latent_dim"]
    return f"{row['label']} ({size} dim.) {replicated(row['mean'], row['se'], int(row['n']))}"


def _front(outcome: Outcome) -> Iterator[str]:
    """How many proposals no comparable one beats in all of several objectives."""
    objectives = outcome.sweep.objectives
    if len(objectives) > 1:
        names = listed(metric_words(name) for name in objectives)
        for (dataset, likelihood), rows in complete(points(outcome, objectives[0])).groupby(KIND):
            best, tried = undominated(rows, objectives), counted(len(rows), "proposal")
            where = f"on the Pareto front of {names}, {dataset}, {likelihood}"
            yield f"{len(best)} of {tried} {'is' if len(best) == 1 else 'are'} {where}."


def _searched(outcome: Outcome) -> Iterator[str]:
    """Where the search ended, for every field."""
    chosen = with_kind(cells(outcome), outcome.sweep).dropna(subset=outcome.objective)
    for name in outcome.sweep.search:
        asked = [name in outcome.sweep.searched(outcome.sweep.cells[n]) for n in chosen["cell"]]
        mine = chosen[pd.Series(asked, chosen.index, dtype=bool)]
        for family, group in mine.groupby("family", sort=False):
            low, high = (value_words(name, end) for end in (group[name].min(), group[name].max()))
            where = low if low == high else f"{low} to {high}"
            count = counted(len(group), "cell")
            yield f"Chosen {field_words(name)} of {in_words(str(family))}: {where} ({count})."


def _checks(done: pd.DataFrame) -> Iterator[str]:
    """How many trials pass the reliability checks, what these ask for, and which fail most."""
    checked = done[list(CHECKS)].dropna(how="all")
    if checked.empty:
        return
    passed = int(checked.fillna(True).astype(bool).all(axis=1).sum())
    text = f"{passed} of {counted(len(checked), 'trial')} pass all four reliability checks"
    parts = []
    for name, doc in CHECKS.items():
        failed = int((checked[name] == False).sum())  # noqa: E712
        asks = doc.partition(": ")[2] or doc
        parts.append(f"{name.replace('_', ' ')} ({asks}) {failed or 'none'}")
    yield f"{text}. Failed: {', '.join(parts)}."
