"""The cells of a sweep: points of a grid, and Optuna studies.

A study is rebuilt by replaying its seeded asks against the rows that the ledger has, so there is no
second source of truth.
"""

import functools
import hashlib
import json
import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from bsvae.metrics import METRICS
from bsvae.trial import BadInput, Trial
from sweeps.definition.sweep import Sweep

if TYPE_CHECKING:
    import optuna

Row = Mapping[str, Any]


class Point:
    """A grid cell without a search: one trial per seed."""

    def __init__(self, sweep: Sweep, cell: Mapping[str, Any]) -> None:
        self._unasked = sweep.trials_of(cell)

    def ask(self) -> list[Trial]:
        """The trials, once."""
        trials, self._unasked = self._unasked, []
        return trials

    def tell(self, row: Row) -> None:
        """Nothing depends on the result."""

    def grows_without(self, waiting: Collection[str]) -> bool:
        """Never: there is nothing more to ask."""
        return False


class Study:
    """A grid cell with an Optuna search, asked and told round by round.

    Asks are seeded, and the next round is asked only when the last is told whole, in the order it
    was asked: so the proposals depend on the results alone, never on scheduling.
    """

    def __init__(self, sweep: Sweep, cell: Mapping[str, Any]) -> None:
        assert sweep.budget is not None
        self.sweep, self.cell = sweep, cell
        self.search = sweep.searched(cell)
        self.budget = sweep.budget
        self.asked = 0
        self._round: list[tuple[optuna.Trial, list[Trial]]] = []
        self._told: dict[str, Row] = {}
        self._worst = [-math.inf] * len(self.budget.objectives)

    @functools.cached_property
    def _study(self) -> "optuna.Study":
        first = self.sweep.seeds_of(self.cell)[0]
        return _new_study({**self.cell, "seed": first}, self.budget.objectives, self.budget.seed)

    def ask(self) -> list[Trial]:
        """The next round, every proposal once per seed; nothing while one is open or the budget is
        spent."""
        if self._round or self.asked >= self.budget.trials:
            return []
        size = min(self.budget.round, self.budget.trials - self.asked)
        for _ in range(size):
            proposal = self._study.ask()
            values = {
                name: proposal.suggest_float(name, span.low, span.high, log=span.log)
                for name, span in self.search.items()
            }
            self._round.append((proposal, self.sweep.trials_of(self.cell, values)))
        self.asked += size
        return self._trials()

    def tell(self, row: Row) -> None:
        """Take one result of the open round; the study learns when the round is complete."""
        self._told[row["trial_id"]] = row
        if all(trial.trial_id in self._told for trial in self._trials()):
            self._close_round()

    def grows_without(self, waiting: Collection[str]) -> bool:
        """Whether the cell will ask for more before any of these trials has run."""
        in_round = {trial.trial_id for trial in self._trials()}
        return self.asked < self.budget.trials and in_round.isdisjoint(waiting)

    def _trials(self) -> list[Trial]:
        return [trial for _, trials in self._round for trial in trials]

    def _close_round(self) -> None:
        import optuna

        told = [[self._told[trial.trial_id] for trial in trials] for _, trials in self._round]
        scores = [self._scores(rows) for rows in told]
        for values in filter(None, scores):
            self._worst = [max(pair) for pair in zip(self._worst, values, strict=True)]
        for (proposal, _), rows, values in zip(self._round, told, scores, strict=True):
            statuses = {row["status"] for row in rows}
            if values is None and "diverged" in statuses and "failed" not in statuses:
                values = [_penalty(worst) for worst in self._worst]
            if values is None:
                self._study.tell(proposal, state=optuna.trial.TrialState.FAIL)
            elif "stopped" in statuses:
                proposal.report(values[0], max(row["epochs_trained"] for row in rows))
                self._study.tell(proposal, state=optuna.trial.TrialState.PRUNED)
            else:
                self._study.tell(proposal, values)
        self._round, self._told = [], {}

    def _scores(self, rows: list[Row]) -> list[float] | None:
        """Means over the seeds of a proposal, lower better; None where a seed has none."""
        scores = [self._score(row) for row in rows]
        known = [values for values in scores if values is not None]
        if len(known) < len(rows):
            return None
        return [math.fsum(column) / len(rows) for column in zip(*known, strict=True)]

    def _score(self, row: Row) -> list[float] | None:
        """Objective values, lower better, or None where one is missing or not finite."""
        if row["status"] not in ("done", "stopped"):
            return None
        signs = [1 if METRICS[name].better == "lower" else -1 for name in self.budget.objectives]
        values = [row[name] for name in self.budget.objectives]
        if any(value is None or not math.isfinite(value) for value in values):
            return None
        return [sign * value for sign, value in zip(signs, values, strict=True)]


def _new_study(cell: Mapping[str, Any], objectives: tuple[str, ...], seed: int) -> "optuna.Study":
    try:
        import optuna
    except ImportError:
        raise BadInput(
            "this sweep has a [search], which needs Optuna: install optuna, or give the values as "
            "[[grid]] lists"
        ) from None

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    name = f"{seed}/{json.dumps(cell, sort_keys=True)}"
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    directions = [optuna.study.StudyDirection.MINIMIZE] * len(objectives)
    sampler = optuna.samplers.TPESampler(seed=number)
    return optuna.create_study(directions=directions, sampler=sampler)


def _penalty(worst: float) -> float:
    """A finite score worse than any seen: what a diverged trial is told as."""
    return worst + abs(worst) + 1.0 if math.isfinite(worst) else 1e9
