"""A sweep's searches as Optuna studies, for optuna-dashboard and Optuna's own tools."""

import contextlib
import datetime
import os
import uuid
from pathlib import Path

import optuna
import pandas as pd
from optuna.distributions import FloatDistribution
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from bsvae.checks import BadInput
from bsvae.metrics import METRICS
from sweeps.results.outcome import Outcome

STATES = {"done": TrialState.COMPLETE, "stopped": TrialState.PRUNED}
SQLITE = (".db", ".sqlite", ".sqlite3")
JOURNAL = (".log", ".journal")


def export(outcome: Outcome, path: Path) -> int:
    """Write one study per searched cell to a new file, whole or not at all; how many there are.

    A name that ends in ``.db`` or ``.sqlite3`` makes an SQLite storage, ``.log`` or ``.journal`` a
    journal.  Trials keep their parameters, objectives, times, and the first objective by epoch;
    failed and diverged ones are failed, stopped ones pruned.

    Raises:
        BadInput: if the sweep searches nothing, the file exists, or its name ends otherwise.
    """
    if outcome.sweep.budget is None:
        raise BadInput(
            f"sweep {outcome.sweep.name!r} searches nothing: there is no study to export"
        )
    if path.suffix not in (*SQLITE, *JOURNAL):
        raise BadInput(f"--optuna {str(path)!r}: must end in {', '.join((*SQLITE, *JOURNAL))}")
    if os.path.lexists(path):
        raise BadInput(f"--optuna {str(path)!r}: exists already")
    if not path.parent.is_dir():
        raise BadInput(f"--optuna {str(path)!r}: there is no folder {str(path.parent)!r}")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    temporary = path.parent / f".{path.name}.{uuid.uuid4().hex}{path.suffix}"
    try:
        temporary.touch(exist_ok=False)
        count = _write_studies(outcome, _storage(temporary))
        os.replace(temporary, path)
    except (OSError, StorageInternalError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"--optuna {str(path)!r}: cannot be written ({reason})") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return count


def _storage(path: Path) -> BaseStorage:
    if path.suffix in SQLITE:
        return RDBStorage(f"sqlite:///{path}")
    return JournalStorage(JournalFileBackend(str(path)))


def _write_studies(outcome: Outcome, storage: BaseStorage) -> int:
    budget = outcome.sweep.budget
    assert budget is not None
    ways = {"lower": StudyDirection.MINIMIZE, "higher": StudyDirection.MAXIMIZE}
    directions = [ways[METRICS[name].better] for name in budget.objectives]
    curves = dict(list(outcome.epochs.groupby("trial_id")))
    asked = [n for n, cell in enumerate(outcome.sweep.cells) if outcome.sweep.searched(cell)]
    for number in asked:
        rows = outcome.trials[outcome.trials["cell"] == number].sort_values("finished_at")
        study = optuna.create_study(
            storage=storage, study_name=_name(outcome, number), directions=directions
        )
        study.set_user_attr("objectives", budget.objectives)
        study.set_user_attr("cell", outcome.sweep.cells[number])
        for _, row in rows.iterrows():
            study.add_trial(_trial(outcome, row, curves.get(row["trial_id"])))
    if isinstance(storage, RDBStorage):
        storage.engine.dispose()
    return len(asked)


def _name(outcome: Outcome, number: int) -> str:
    """The cell in words, and its number, which makes it the only one."""
    cell = outcome.sweep.cells[number]
    return f"{outcome.sweep.name} {number}: {cell['family']}, {cell['latent_dim']} dimensions"


def _trial(outcome: Outcome, row: pd.Series, curve: pd.DataFrame | None) -> FrozenTrial:
    """One row as Optuna has it."""
    sweep, budget = outcome.sweep, outcome.sweep.budget
    assert budget is not None
    spans = sweep.searched(sweep.cells[row["cell"]])
    state = STATES.get(row["status"], TrialState.FAIL)
    objectives = [row[name] for name in budget.objectives]
    if state == TrialState.COMPLETE and any(pd.isna(value) for value in objectives):
        state = TrialState.FAIL
    steps = {}
    if curve is not None and budget.objectives[0] in curve and len(budget.objectives) == 1:
        values = curve[["epoch", budget.objectives[0]]].dropna().to_numpy()
        steps = {int(epoch): float(value) for epoch, value in values}
    trial = optuna.trial.create_trial(
        state=state,
        values=[float(value) for value in objectives] if state == TrialState.COMPLETE else None,
        params={name: float(row[name]) for name in spans},
        distributions={n: FloatDistribution(s.low, s.high, log=s.log) for n, s in spans.items()},
        intermediate_values=steps,
        user_attrs={"trial_id": row["trial_id"], "status": row["status"]},
    )
    if pd.notna(row["finished_at"]):
        ended = row["finished_at"].to_pydatetime().astimezone().replace(tzinfo=None)
        trial.datetime_complete = ended
        trial.datetime_start = ended - datetime.timedelta(seconds=float(row["seconds"] or 0))
    return trial
