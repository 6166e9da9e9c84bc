"""A proposal as Optuna has it: one trial, its values the means over the proposal's seeds."""

import datetime
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from sweeps.definition.sweep import Sweep
from sweeps.results.card import fields_of
from sweeps.results.formats import ERROR
from sweeps.results.outcome import Outcome

#: Statuses of trials that a study is told the values of.
TOLD = ("done", "stopped")

#: Epochs at most of which a proposal keeps its objective: SQLite takes a millisecond for each.
STEPS = 25


def grouped(outcome: Outcome) -> Iterator[pd.DataFrame]:
    """The rows of every proposal, by seed; in the order in which they ended."""
    keys = ["cell", *outcome.sweep.search]
    groups = outcome.trials.sort_values("seed").groupby(keys, dropna=False, sort=False)
    yield from sorted((rows for _, rows in groups), key=lambda rows: rows["finished_at"].max())


def frozen(
    outcome: Outcome,
    rows: pd.DataFrame,
    known: Mapping[str, BaseDistribution],
    curves: Sequence[pd.DataFrame],
) -> FrozenTrial:
    """One proposal as Optuna has it.

    Args:
        outcome: the sweep.
        rows: those of the proposal, by seed.
        known: the study's parameters.
        curves: learning curves of those trials.
    """
    objectives = list(outcome.sweep.objectives)
    state = _state(outcome.sweep, rows)
    used = fields_of(rows.iloc[0].to_dict())
    trial = optuna.trial.create_trial(
        state=state,
        values=rows[objectives].mean().tolist() if state == TrialState.COMPLETE else None,
        params={name: used[name] for name in known if name in used},
        distributions={name: known[name] for name in known if name in used},
        intermediate_values=_steps(curves, *objectives),
        user_attrs=_attributes(rows, objectives),
    )
    ended, seconds = rows["finished_at"], rows["seconds"].astype(float).fillna(0.0)
    if ended.notna().any():
        trial.datetime_start = _local((ended - pd.to_timedelta(seconds, unit="s")).min())
        trial.datetime_complete = _local(ended.max()) if state.is_finished() else None
    return trial


def _state(sweep: Sweep, rows: pd.DataFrame) -> TrialState:
    """How a proposal stands, given the rows that its seeds have."""
    cell = sweep.cells[rows["cell"].iloc[0]]
    if set(sweep.seeds_of(cell)) - set(rows["seed"]):
        return TrialState.RUNNING
    values = rows[list(sweep.objectives)].to_numpy(dtype=float)
    if not (rows["status"].isin(TOLD).all() and np.isfinite(values).all()):
        return TrialState.FAIL
    return TrialState.COMPLETE if (rows["status"] == "done").all() else TrialState.PRUNED


def _attributes(rows: pd.DataFrame, objectives: Sequence[str]) -> dict[str, Any]:
    """What is kept of a proposal beside its means: what each of its seeds reached."""
    first = rows.iloc[0]
    found: dict[str, Any] = {"cell": int(first["cell"]), "label": first["label"]}
    found |= {"seeds": rows["seed"].astype(int).tolist(), "trial_ids": rows["trial_id"].tolist()}
    found["statuses"] = rows["status"].tolist()
    for name in objectives:
        found[f"{name} by seed"] = [_number(value) for value in rows[name].astype(float)]
        errors = rows[[name]].astype(float).sem(skipna=False).tolist()
        found[f"{name}{ERROR}"] = _number(errors[0])
    return found


def _number(value: float) -> float | None:
    """A number that JSON has; None for others."""
    return value if math.isfinite(value) else None


def _local(time: pd.Timestamp) -> datetime.datetime:
    """A time as Optuna keeps it: this machine's, without a zone."""
    return time.floor("us").to_pydatetime().astimezone().replace(tzinfo=None)


def _steps(curves: Sequence[pd.DataFrame], objective: str, *others: str) -> dict[int, float]:
    """The objective's mean over seeds by epoch, where all have it, at most `STEPS` of them; Optuna
    keeps none of trials with several objectives."""
    told = [curve for curve in curves if objective in curve and curve[objective].notna().any()]
    if others or not told:
        return {}
    by_epoch = pd.concat(told).dropna(subset=[objective]).groupby("epoch")[objective]
    means = by_epoch.mean()[by_epoch.count() == len(told)].reset_index().to_numpy()
    kept = np.unique(np.linspace(0, len(means) - 1, min(len(means), STEPS)).round().astype(int))
    return {int(epoch): float(value) for epoch, value in means[kept]}
