"""What mattered in a sweep, in sentences: every objective by its name."""

from collections.abc import Iterator, Mapping

import pandas as pd

from bsvae.metrics import METRICS
from sweeps.results.effects import KIND, Effect, effects, points
from sweeps.results.outcome import Outcome
from sweeps.results.words import field_words, listed, metric_words, value_words
from sweeps.text import counted

#: Finished proposals of a search below which nothing is said of what it searched.
FEWEST = 3


def mattered(outcome: Outcome, shares: Mapping[str, pd.DataFrame]) -> list[str]:
    """What mattered most to each objective: importances of a search, effects of what grids vary.

    Args:
        outcome: a sweep and its results.
        shares: `sweeps.results.importance.importances` by each of its objectives.
    """
    sentences: list[str] = []
    for objective in outcome.sweep.objectives:
        if outcome.sweep.search and len(outcome.trials):
            sentences += _of_search(outcome, objective, shares[objective])
        found = effects(outcome, objective)
        for kind, each in found.items():
            if each:
                sentences.append(_effects(objective, each, _where(kind, len(found))))
    return sentences


def _of_search(outcome: Outcome, objective: str, shares: pd.DataFrame) -> Iterator[str]:
    """Of each kind of trials the importances, or where the best was found if there are none."""
    tried = points(outcome, objective)
    if len(tried) < FEWEST:
        yield _too_few(outcome, objective, len(tried))
        return
    studies = dict(iter(shares.groupby(KIND, sort=False)))
    kinds = tried.groupby(KIND, sort=False)
    for kind, rows in kinds:
        study = studies.get(kind, shares.head(0))
        study = study[study["family"] == study["family"].min()]  # all together, or the only one
        where = _where(kind, len(kinds))
        if len(study) > 1:
            yield _importance(objective, study, where)
        else:
            yield _best_of(outcome, objective, rows, where)


def _importance(objective: str, rows: pd.DataFrame, where: str) -> str:
    shares = zip(rows["field"], rows["importance"], strict=True)
    first, *others = (f"{field_words(name)} ({share:.0%})" for name, share in shares)
    return (
        f"What moved {metric_words(objective)} most: {first}{', then ' if others else ''}"
        f"{', '.join(others)}{where}; shares of its variance by fANOVA over "
        f"{rows['proposals'].iloc[0]} proposals."
    )


def _best_of(outcome: Outcome, objective: str, rows: pd.DataFrame, where: str) -> str:
    """Where among the finished proposals the best one lies, field by field of the search."""
    best = rows.loc[(METRICS[objective].sign * rows["mean"]).idxmin()]
    parts = [
        f"{field_words(name)} {value_words(name, best[name])} (tried: "
        f"{value_words(name, rows[name].min())} to {value_words(name, rows[name].max())})"
        for name in outcome.sweep.search
        if not pd.isna(best[name])
    ]
    count = counted(len(rows), "finished proposal")
    return f"The best {metric_words(objective)} of {count}{where} is at {listed(parts)}."


def _too_few(outcome: Outcome, objective: str, finished: int) -> str:
    stopped = int((outcome.trials["status"] == "stopped").sum())
    halved = f", {counted(stopped, 'trial')} stopped early" if stopped else ""
    fields = listed(map(field_words, outcome.sweep.search))
    return (
        f"Too few proposals finished ({finished}{halved}) to say what {fields} did to "
        f"{metric_words(objective)}."
    )


def _effects(objective: str, each: list[Effect], where: str) -> str:
    parts = []
    for one in each:
        error = f" ± {one.se:.2g}" if one.se == one.se else ""
        unsure = " (within two standard errors)" if one.moved < 2 * one.se else ""
        parts.append(
            f"{field_words(one.field)} by {one.moved:.3g}{error}{unsure} from "
            f"{value_words(one.field, one.best)} (best) to {value_words(one.field, one.worst)}"
        )
    return f"All else equal{where}, {metric_words(objective)} moves with {'; with '.join(parts)}."


def _where(kind: object, kinds: int) -> str:
    """Which trials a sentence is of, if there are several kinds."""
    return f" ({', '.join(map(str, kind))})" if kinds > 1 and isinstance(kind, tuple) else ""
