"""A sweep as one Optuna study, for optuna-dashboard and Optuna's own tools.

A trial of Optuna's is a proposal of ours, trained once for each of its seeds: its values are means
over them, as a search is told.
"""

import contextlib
import datetime
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.pool import StaticPool

from bsvae.checks import BadInput
from bsvae.metrics import METRICS
from bsvae.trial import FIELDS
from sweeps.definition.sweep import Sweep
from sweeps.results.card import fields_of
from sweeps.results.cells import varying
from sweeps.results.formats import ERROR
from sweeps.results.outcome import Outcome
from sweeps.results.writing import new_file

#: Statuses of trials that a study is told the values of.
TOLD = ("done", "stopped")

SQLITE = (".db", ".sqlite", ".sqlite3")
JOURNAL = (".log", ".journal")

#: Epochs at most of which a proposal keeps its objective: SQLite takes a millisecond for each.
STEPS = 25

#: Numbers that span this factor are spread on a logarithmic scale.
WIDE = 10.0


def export(outcome: Outcome, path: Path) -> int:
    """Write the proposals of a sweep as one study to a new file, whole or not at all; how many.

    A name that ends in ``.db`` or ``.sqlite3`` makes an SQLite storage, ``.log`` or ``.journal`` a
    journal.  Parameters are the fields that vary, searched or not; a proposal has those that its
    family uses.  It keeps the mean of its objectives over its seeds, its times, and the mean of the
    first objective by epoch; its seeds, their trials' ids, every seed's values and the standard
    error are attributes.  One with a seed that failed or diverged is failed, one that was stopped
    pruned, and one that lacks a seed's row is running.

    Raises:
        BadInput: if the file exists, its folder does not, or its name ends otherwise.
    """
    if path.suffix not in (*SQLITE, *JOURNAL):
        raise BadInput(f"--optuna {str(path)!r}: must end in {', '.join((*SQLITE, *JOURNAL))}")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    new_file("--optuna", path, lambda place: _write(outcome, place))
    return sum(1 for _ in _proposals(outcome))


def distributions(sweep: Sweep) -> dict[str, BaseDistribution]:
    """The fields that vary, as parameters that hold every value of the sweep.

    >>> from sweeps.definition.parse import parse
    >>> grid = {"latent_dim": [2, 4], "kl_weight": [0.1, 1.0, 10.0]}
    >>> sweep = parse("s", {"trial": {"family": "gaussian"}, "grid": [grid]}, {})
    >>> found = distributions(sweep)
    >>> found["latent_dim"]
    IntDistribution(high=4, log=False, low=2, step=1)
    >>> found["kl_weight"].log, found["kl_weight"].low, found["kl_weight"].high
    (True, 0.1, 10.0)
    """
    names = varying(sweep) or ["family", "latent_dim"]
    return {name: _distribution(sweep, name) for name in names}


def _distribution(sweep: Sweep, name: str) -> BaseDistribution:
    values = list(dict.fromkeys(cell[name] for cell in sweep.cells if name in cell))
    if FIELDS[name].type in (str, str | None, bool, bool | None):
        return CategoricalDistribution(values)
    span = sweep.search.get(name)
    values += [span.low, span.high] if span else []
    low, high = min(values), max(values)
    log = low > 0 and (span.log if span else high >= WIDE * low)
    if FIELDS[name].type in (int, int | None):
        return IntDistribution(low, high, log=log)
    return FloatDistribution(low, high, log=log)


def _write(outcome: Outcome, path: Path) -> None:
    try:
        if path.suffix in JOURNAL:
            _write_study(outcome, JournalStorage(JournalFileBackend(str(path))))
        else:
            _write_sqlite(outcome, path)
    except (StorageInternalError, sqlite3.Error) as error:
        raise OSError(f"{error}") from None


def _write_sqlite(outcome: Outcome, path: Path) -> None:
    """Build the database in memory, where a trial waits for no disk, and copy it out."""
    options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    storage = RDBStorage("sqlite://", engine_kwargs=options)
    try:
        _write_study(outcome, storage)
        with contextlib.closing(sqlite3.connect(path)) as file:
            built = storage.engine.raw_connection().driver_connection
            assert isinstance(built, sqlite3.Connection)
            built.backup(file)
    finally:
        storage.engine.dispose()


def _write_study(outcome: Outcome, storage: BaseStorage) -> None:
    sweep = outcome.sweep
    ways = {1: StudyDirection.MINIMIZE, -1: StudyDirection.MAXIMIZE}
    study = optuna.create_study(
        storage=storage,
        study_name=sweep.name,
        directions=[ways[METRICS[name].sign] for name in sweep.objectives],
    )
    study.set_user_attr("about", " ".join(sweep.about.split()))
    study.set_user_attr("objectives", sweep.objectives)
    study.set_user_attr("select_on_test", sweep.select_on_test)
    known = distributions(sweep)
    curves = dict(list(outcome.epochs.groupby("trial_id")))
    for rows in _proposals(outcome):
        seeds = [curves[name] for name in rows["trial_id"] if name in curves]
        study.add_trial(_trial(outcome, rows, known, seeds))


def _proposals(outcome: Outcome) -> Iterator[pd.DataFrame]:
    """The rows of every proposal, by seed; in the order in which they ended."""
    keys = ["cell", *outcome.sweep.search]
    groups = outcome.trials.sort_values("seed").groupby(keys, dropna=False, sort=False)
    yield from sorted((rows for _, rows in groups), key=lambda rows: rows["finished_at"].max())


def _trial(
    outcome: Outcome,
    rows: pd.DataFrame,
    known: Mapping[str, BaseDistribution],
    curves: Sequence[pd.DataFrame],
) -> FrozenTrial:
    """One proposal as Optuna has it."""
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
