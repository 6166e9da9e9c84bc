"""The cells of a sweep: points of a grid, and Optuna studies.

A study is rebuilt by replaying its seeded asks against the rows that the ledger has, so there is no
second source of truth.
"""

import functools
import hashlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bsvae.metrics import METRICS
from bsvae.trial import BadInput, Trial
from sweeps.definition.sweep import Sweep

if TYPE_CHECKING:
    import optuna

Row = Mapping[str, Any]


class Point:
    """A grid cell without a search: one trial per seed."""

    #: Whether who is trained to the end depends on all trials that are asked together.
    rivals = False

    #: Whether its trials must not share a pack.
    apart = False

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

    A proposal is trained once for each of the cell's seeds, and Optuna is told the mean over them.
    Asks are seeded, and the next round is asked only when the last is told whole, in the order it
    was asked: so the proposals depend on the results alone, never on scheduling.

    A proposal of which a seed failed is told as failed, and one of which a seed diverged with a
    score worse than any seen; that some of its seeds did well is no reason to try more like it.
    One that lost to its rivals is told as pruned, with its mean at that rung.
    """

    def __init__(self, sweep: Sweep, cell: Mapping[str, Any]) -> None:
        assert sweep.budget is not None
        self.sweep, self.cell = sweep, cell
        self.search = sweep.searched(cell)
        self.budget = sweep.budget
        self.asked = 0
        self._carried = sweep.carried_of(cell)
        self._round: list[Asked] = []
        self._told: dict[str, Row] = {}
        self._worst = [-math.inf] * len(self.budget.objectives)

    @functools.cached_property
    def _study(self) -> "optuna.Study":
        first = self.sweep.seeds_of(self.cell)[0]
        name = json.dumps({**self.cell, "seed": first}, sort_keys=True)
        if self._carried:  # other draws than those that may be among them
            name += json.dumps(self._carried)
        return _new_study(f"{self.budget.seed}/{name}", self.budget.objectives)

    @property
    def rivals(self) -> bool:
        """Whether who is trained to the end depends on all trials of the open round."""
        proposed = [one for one in self._round if one.asked is not None]
        return self.sweep.halving is not None and len(proposed) > 1

    @property
    def apart(self) -> bool:
        """Whether trials of the open round would be taken for rivals, and are none: whoever trains
        compares those that share a pack, and what is carried was trained to its end before."""
        return self.sweep.halving is not None and all(one.asked is None for one in self._round)

    def ask(self) -> list[Trial]:
        """The next round, every proposal once per seed; nothing while one is open or the budget is
        spent.  The first is what is carried of earlier definitions, if anything is."""
        left = self.budget.trials - self.asked
        if self._round or left <= 0:
            return []
        if self._carried and not self.asked:
            self._round = [self._asked(values) for values in self._carried[:left]]
        else:
            self._round = [self._propose() for _ in range(min(self.budget.round, left))]
        self.asked += len(self._round)
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
        return [trial for proposal in self._round for trial in proposal.trials]

    def _propose(self) -> "Asked":
        asked = self._study.ask()
        values = {
            name: asked.suggest_float(name, span.low, span.high, log=span.log)
            for name, span in self.search.items()
        }
        return self._asked(values, asked)

    def _asked(self, values: dict[str, float], asked: "optuna.Trial | None" = None) -> "Asked":
        return Asked(values, self.sweep.trials_of(self.cell, values), asked)

    def _close_round(self) -> None:
        told = [[self._told[trial.trial_id] for trial in one.trials] for one in self._round]
        scores = [self._scores(rows) for rows in told]
        for values in filter(None, scores):
            self._worst = [max(pair) for pair in zip(self._worst, values, strict=True)]
        for proposal, rows, values in zip(self._round, told, scores, strict=True):
            self._learn(proposal, rows, values)
        self._round, self._told = [], {}

    def _learn(self, proposal: "Asked", rows: list[Row], values: list[float] | None) -> None:
        """Tell Optuna of one proposal: its mean scores, or how it ended without them."""
        study = self._study
        from optuna.trial import TrialState

        statuses = {row["status"] for row in rows}
        if values is None and "diverged" in statuses and "failed" not in statuses:
            values = [_penalty(worst) for worst in self._worst]
        if proposal.asked is None:
            self._add(proposal.values, values)
        elif values is None:
            study.tell(proposal.asked, state=TrialState.FAIL)
        elif "stopped" in statuses:
            proposal.asked.report(values[0], max(row["epochs_trained"] for row in rows))
            study.tell(proposal.asked, state=TrialState.PRUNED)
        else:
            study.tell(proposal.asked, values)

    def _add(self, values: dict[str, float], scores: list[float] | None) -> None:
        """Have Optuna know a proposal that it did not make, if there is something to know."""
        import optuna

        if scores is not None:
            spans: dict[str, optuna.distributions.BaseDistribution] = {
                name: optuna.distributions.FloatDistribution(span.low, span.high, log=span.log)
                for name, span in self.search.items()
            }
            self._study.add_trial(
                optuna.create_trial(params=values, distributions=spans, values=scores)
            )

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
        signs = [METRICS[name].sign for name in self.budget.objectives]
        values = [row[name] for name in self.budget.objectives]
        if any(value is None or not math.isfinite(value) for value in values):
            return None
        return [sign * value for sign, value in zip(signs, values, strict=True)]


@dataclass(frozen=True)
class Asked:
    """A proposal of the open round.

    Attributes:
        values: of the searched fields.
        trials: one for each seed.
        asked: what Optuna is told of; None if it is carried of an earlier definition.
    """

    values: dict[str, float]
    trials: list[Trial]
    asked: "optuna.Trial | None" = None


def ended_as_now(sweep: Sweep, epochs: int, row: Row) -> bool:
    """Whether a trial of so many epochs ended as it would end now: a rung may have moved since it
    was stopped."""
    rungs = sweep.halving.rungs(epochs) if sweep.halving else ()
    return row["status"] != "stopped" or row["epochs_trained"] in rungs


def _new_study(name: str, objectives: Sequence[str]) -> "optuna.Study":
    try:
        import optuna
    except ImportError:
        raise BadInput(
            "this sweep has a [search], which needs Optuna: install optuna, or give the values as "
            "[[grid]] lists"
        ) from None

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    directions = [optuna.study.StudyDirection.MINIMIZE] * len(objectives)
    sampler = optuna.samplers.TPESampler(seed=number)
    return optuna.create_study(directions=directions, sampler=sampler)


def _penalty(worst: float) -> float:
    """A finite score worse than any seen: what a diverged trial is told as."""
    return worst + abs(worst) + 1.0 if math.isfinite(worst) else 1e9
