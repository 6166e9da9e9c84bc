"""The planner: which trials to train next, in which packs.

Plan = wanted - done.  Every grid cell is a point or an Optuna study; a study is rebuilt by
replaying its seeded asks against the rows that the ledger has, so there is no second source of
truth.  The planner imports neither Ray nor torch and does not care who trains a pack.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bsvae.metrics import METRICS
from bsvae.trial import Trial
from sweeps.definition import Sweep

if TYPE_CHECKING:
    import optuna

Row = Mapping[str, Any]


class Point:
    """A grid cell without a search: one trial."""

    searches = False

    def __init__(self, sweep: Sweep, cell: Mapping[str, Any]) -> None:
        self._unasked = [Trial.of(cell)]

    def ask(self) -> list[Trial]:
        """The trial, once."""
        trials, self._unasked = self._unasked, []
        return trials

    def tell(self, row: Row) -> None:
        """Nothing depends on the result."""


class Study:
    """A grid cell with an Optuna search, asked and told round by round.

    Asks are seeded, and the next round is asked only when the last is told whole, in the order it
    was asked: so the proposals depend on the results alone, never on scheduling.
    """

    searches = True

    def __init__(self, sweep: Sweep, cell: Mapping[str, Any]) -> None:
        assert sweep.budget is not None
        self.cell = dict(cell)
        self.search = sweep.searched(cell)
        self.budget = sweep.budget
        self.asked = 0
        self._round: list[tuple[optuna.Trial, Trial]] = []
        self._told: dict[str, Row] = {}
        self._worst = [-math.inf] * len(self.budget.objectives)
        self._study: optuna.Study | None = None

    def ask(self) -> list[Trial]:
        """The next round, or nothing while one is open or the budget is spent."""
        if self._round or self.asked >= self.budget.trials:
            return []
        self._study = self._study or _new_study(self.cell, self.budget.objectives, self.budget.seed)
        size = min(self.budget.round, self.budget.trials - self.asked)
        for _ in range(size):
            proposal = self._study.ask()
            values = {
                name: proposal.suggest_float(name, span.low, span.high, log=span.log)
                for name, span in self.search.items()
            }
            self._round.append((proposal, Trial.of(self.cell | values)))
        self.asked += size
        return [trial for _, trial in self._round]

    def tell(self, row: Row) -> None:
        """Take one result of the open round; the study learns when the round is complete."""
        self._told[row["trial_id"]] = row
        if all(trial.trial_id in self._told for _, trial in self._round):
            self._close_round()

    def _close_round(self) -> None:
        import optuna

        scores = [self._scores(self._told[trial.trial_id]) for _, trial in self._round]
        for values in filter(None, scores):
            self._worst = [max(pair) for pair in zip(self._worst, values, strict=True)]
        for (proposal, trial), values in zip(self._round, scores, strict=True):
            if values is None and self._told[trial.trial_id]["status"] == "diverged":
                values = [_penalty(worst) for worst in self._worst]
            if values is None:
                self._study.tell(proposal, state=optuna.trial.TrialState.FAIL)
            else:
                self._study.tell(proposal, values)
        self._round, self._told = [], {}

    def _scores(self, row: Row) -> list[float] | None:
        """Objective values, lower better, or None where one is missing or not finite."""
        if row["status"] != "done":
            return None
        signs = [1 if METRICS[name].better == "lower" else -1 for name in self.budget.objectives]
        values = [row[name] for name in self.budget.objectives]
        if any(value is None or not math.isfinite(value) for value in values):
            return None
        return [sign * value for sign, value in zip(signs, values, strict=True)]


@dataclass
class Planner:
    """Hands out packs and takes results until every wanted trial has one.

    Attributes:
        sweep: what is wanted.
        rows: terminal rows by trial id, as the ledger has them, of this sweep or not.
        pack_size: how many trials like a given one to train together.
        slots: packs that can run at once; work is shared out among them before packs are filled.
        results: the rows of wanted trials, known and told.
        done: wanted trials that have a row.
        running: trials handed out and not yet told.
    """

    sweep: Sweep
    rows: Mapping[str, Row]
    pack_size: Callable[[Trial], int]
    slots: int = 1
    results: dict[str, Row] = field(default_factory=dict)
    done: int = 0
    running: dict[str, Trial] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ready: dict[tuple, list[Trial]] = {}
        self._owners: dict[str, list[Point | Study]] = {}
        for cell in self.sweep.cells:
            self._advance((Study if self.sweep.searched(cell) else Point)(self.sweep, cell))

    @property
    def finished(self) -> bool:
        """Whether every wanted trial has a terminal row."""
        return self.done >= self.sweep.wanted

    @property
    def ready(self) -> int:
        """Trials that could start now."""
        return sum(map(len, self.groups()))

    def groups(self) -> list[list[Trial]]:
        """Trials that could start now, by fusion key."""
        return list(self._ready.values())

    def next_pack(self) -> list[Trial]:
        """Trials of one fusion key to train together now; empty if there is nothing to start.

        A pack that is not full waits while trials of its key are running whose studies will ask for
        more; with nothing running there is always a pack until the sweep is finished.
        """
        share = math.ceil((self.ready + len(self.running)) / self.slots)
        growing = {
            trial.fusion_key
            for trial in self.running.values()
            if any(owner.searches for owner in self._owners[trial.trial_id])
        }
        for key, waiting in self._ready.items():
            size = max(1, min(self.pack_size(waiting[0]), share))
            if len(waiting) >= size or key not in growing:
                pack, rest = waiting[:size], waiting[size:]
                if rest:
                    self._ready[key] = rest
                else:
                    del self._ready[key]
                self.running |= {trial.trial_id: trial for trial in pack}
                return pack
        return []

    def tell(self, rows: Iterable[Row]) -> None:
        """Take terminal rows of running trials; their cells may have more to ask."""
        for row in rows:
            self.running.pop(row["trial_id"], None)
            for owner in self._owners.pop(row["trial_id"], []):
                self._take(owner, row)
                self._advance(owner)

    def _take(self, cell: Point | Study, row: Row) -> None:
        self.done += 1
        self.results[row["trial_id"]] = row
        cell.tell(row)

    def _advance(self, cell: Point | Study) -> None:
        """Ask a cell until it waits for a trial that has no row yet."""
        while trials := cell.ask():
            for trial in trials:
                if row := self.results.get(trial.trial_id) or self.rows.get(trial.trial_id):
                    self._take(cell, row)
                elif trial.trial_id in self._owners:
                    self._owners[trial.trial_id].append(cell)
                else:
                    self._owners[trial.trial_id] = [cell]
                    self._ready.setdefault(trial.fusion_key, []).append(trial)


def _new_study(cell: Mapping[str, Any], objectives: tuple[str, ...], seed: int) -> "optuna.Study":
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    name = f"{seed}/{json.dumps(cell, sort_keys=True)}"
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return optuna.create_study(
        directions=["minimize"] * len(objectives), sampler=optuna.samplers.TPESampler(seed=number)
    )


def _penalty(worst: float) -> float:
    """A finite score worse than any seen: what a diverged trial is told as."""
    return worst + abs(worst) + 1.0 if math.isfinite(worst) else 1e9
