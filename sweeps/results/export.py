"""A sweep as one Optuna study, for optuna-dashboard and Optuna's own tools.

A trial of Optuna's is a proposal of ours, trained once for each of its seeds: its values are means
over them, as a search is told.
"""

import contextlib
import sqlite3
from pathlib import Path

import optuna
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
from sqlalchemy.pool import StaticPool

from bsvae.checks import BadInput
from bsvae.metrics import METRICS
from bsvae.trial import FIELDS
from sweeps.definition.sweep import Sweep
from sweeps.results.cells import varying
from sweeps.results.outcome import Outcome
from sweeps.results.replicated import frozen, grouped
from sweeps.results.writing import new_file

SQLITE = (".db", ".sqlite", ".sqlite3")
JOURNAL = (".log", ".journal")

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
    return sum(1 for _ in grouped(outcome))


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
    for rows in grouped(outcome):
        seeds = [curves[name] for name in rows["trial_id"] if name in curves]
        study.add_trial(frozen(outcome, rows, known, seeds))
