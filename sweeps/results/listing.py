"""Trials in a list: the best first, with what sets them apart."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from bsvae.catalogue import declared
from bsvae.metrics import METRICS
from bsvae.trial import BadInput, unknown
from sweeps.results.configuration import differing, folded
from sweeps.results.formats import Table
from sweeps.results.outcome import Outcome
from sweeps.results.pareto import front
from sweeps.results.summary import summaries

#: What is shown of every trial after what ranks it, where it is measured.
USUAL = ("test_neg_elbo", "test_distortion", "test_kl")


def lists(outcome: Outcome, rows: pd.DataFrame, sort: str, count: int) -> Iterator[Table]:
    """The best of some trials by a column; by a metric, those alone that can be compared in one
    list: of one data set and likelihood.  With several objectives their Pareto front comes first,
    whole, however few trials are asked for: of trials, or where proposals are trained with several
    seeds, of proposals by their means.

    Args:
        outcome: the sweep.
        rows: trials of it.
        sort: a column.
        count: trials of each list at most.

    Raises:
        BadInput: for an unknown column.
    """
    objectives = outcome.sweep.objectives
    replicated = outcome.sweep.replicated
    if len(objectives) > 1 and replicated:
        yield from summaries(replace(outcome, trials=rows))
    for kind, group in _kinds(rows, sort):
        of_kind = f" ({kind})" if kind else ""
        if len(objectives) > 1 and not replicated:
            optimal = front(group, objectives)
            head = f"Pareto front of {', '.join(objectives)}"
            title = f"{head}{of_kind}: {len(optimal)} of {len(group)} trials"
            yield _list(title, optimal, objectives[0], len(optimal), outcome)
        many = f"{min(count, len(group))} of {len(group)} trials"
        title = f"{many}{of_kind} by {sort}"
        if sort in METRICS and group[sort].isna().all():
            title = f"{many}{of_kind}, not ranked: none has a value of {sort}"
        yield _list(title, group, sort, count, outcome)


def check_column(rows: pd.DataFrame, sort: str) -> str:
    """A column to sort trials by, if one of them has a value of it.

    Raises:
        BadInput: naming what there is.
    """
    if sort not in rows.columns:
        raise BadInput(unknown("column", sort, rows.columns))
    if len(rows) and rows[sort].isna().all():
        known = [name for name in METRICS if name in rows and rows[name].notna().any()]
        choice = [name for name in known if not name.startswith("train_")]
        has = f"measured are {', '.join(choice)}" if choice else "none is measured yet"
        raise BadInput(f"--sort {sort}: no trial has a value of it; {has}")
    return sort


def best_trials(
    trials: pd.DataFrame, sort: str, count: int, objectives: Sequence[str] = ()
) -> pd.DataFrame:
    """The first ``count`` trials by a column, best first, with the columns that tell them apart.

    Args:
        trials: rows to choose from.
        sort: a column; rows without a value of it stand last.
        count: rows to give at most.
        objectives: metrics to show before the usual ones.

    Raises:
        BadInput: for an unknown column.
    """
    if sort not in trials.columns:
        raise BadInput(unknown("column", sort, trials.columns))
    ascending = sort not in METRICS or METRICS[sort].sign > 0
    chosen = trials.sort_values(sort, ascending=ascending, na_position="last", kind="stable")
    chosen = chosen.head(count)
    ended = ["status"] if (trials["status"] != "done").any() else []
    seeds = ["seed"] if trials["seed"].nunique() > 1 else []
    early = ["epochs_trained"] if _some_stopped(trials) else []
    ranking = [sort] if sort in METRICS else []
    on_test = [name.replace("valid_", "test_") for name in (*ranking, *objectives)]
    numbers = [*ranking, *objectives, *on_test, *USUAL, *early, sort, "device_seconds"]
    fields = differing(trials) or ["family"]
    columns = dict.fromkeys(["trial_id", *ended, *fields, *seeds, *numbers])
    return chosen[list(columns)].dropna(axis="columns", how="all")


def _list(title: str, rows: pd.DataFrame, sort: str, count: int, outcome: Outcome) -> Table:
    best = best_trials(rows, sort, count, outcome.sweep.objectives)
    fields = [name for name in differing(rows) if name in best]
    return Table(title, folded(best, fields, {*outcome.sweep.search, sort}).reset_index(drop=True))


def _kinds(rows: pd.DataFrame, sort: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """The trials that can stand in one list, and what they are in words if there are several."""
    kinds = (
        rows["dataset"]
        + ", "
        + rows["family"].map(lambda family: declared(str(family)).likelihood_words)
    )
    if sort not in METRICS or kinds.nunique() < 2:
        yield "", rows
        return
    yield from ((str(kind), group) for kind, group in rows.groupby(kinds, sort=False))


def _some_stopped(trials: pd.DataFrame) -> bool:
    """Whether a trial was trained for fewer epochs than it asked for."""
    return bool((trials["epochs_trained"] < trials["epochs"]).any())
