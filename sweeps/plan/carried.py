"""A search whose range or round changes starts from the results that still fit.

Which those are is decided once, when the new definition is first run, and stored with it: a replay
never chooses again.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from sweeps.definition.cells import Cell
from sweeps.definition.search import Budget
from sweeps.definition.sweep import Proposal, Sweep
from sweeps.plan.studies import Row

#: The rows of a ledger, read only when they are needed.
Rows = Callable[[], Iterable[Row]]


def with_carried(sweep: Sweep, before: Sweep, rows: Rows) -> Sweep:
    """A sweep as it is run after another definition of its name.

    A cell that both search by the same objectives and sampler seed, but over another range or in
    other rounds, carries every result that fits it: its search is told them first, and they count
    towards its trials.  With the same range and rounds it goes on as before, whatever the budget.

    Args:
        sweep: what is asked for now.
        before: what was asked for last, with what it carried.
        rows: the ledger's, with every field, ``finished_at`` and the objectives.
    """
    budget, earlier = sweep.budget, before.budget
    if budget is None or earlier is None or _aim(budget) != _aim(earlier):
        return sweep
    carried: list[tuple[Cell, tuple[Proposal, ...]]] = []
    done: list[Row] | None = None
    for cell in filter(sweep.searched, sweep.cells):
        if cell not in before.cells:
            continue
        if sweep.searched(cell) == before.searched(cell) and budget.round == earlier.round:
            carried.append((cell, before.carried_of(cell)))
        else:
            done = _finished(sweep, rows()) if done is None else done
            carried.append((cell, fitting(sweep, cell, done)))
    chosen = [(cell, proposals) for cell, proposals in carried if proposals]
    stored = [{"cell": cell, "proposals": list(proposals)} for cell, proposals in chosen]
    document = {key: value for key, value in sweep.document.items() if key != "carried"}
    document |= {"carried": stored} if stored else {}
    return replace(sweep, carried=tuple(chosen), document=document)


def fitting(sweep: Sweep, cell: Cell, done: Iterable[Row]) -> tuple[Proposal, ...]:
    """The proposals that a cell could have made and of which every seed is done, oldest first.

    Args:
        sweep: what is asked for.
        cell: one of its cells that is searched.
        done: rows of trials that are done, in the order in which they ended.
    """
    ids = {row["trial_id"] for row in done}
    spans = sweep.searched(cell)
    found: dict[tuple[float, ...], Proposal] = {}
    for row in done:
        values = {name: row[name] for name in spans}
        inside = (v is not None and spans[k].low <= v <= spans[k].high for k, v in values.items())
        if all(row[name] == value for name, value in cell.items()) and all(inside):
            found.setdefault(tuple(values.values()), values)
    return tuple(
        values
        for values in found.values()
        if all(trial.trial_id in ids for trial in sweep.trials_of(cell, values))
    )


def carried_trials(sweep: Sweep) -> int:
    """How many trials of earlier definitions count as a sweep's own."""
    most = sweep.budget.trials if sweep.budget else 0
    counted = ((cell, min(most, len(proposals))) for cell, proposals in sweep.carried)
    return sum(count * len(sweep.seeds_of(cell)) for cell, count in counted)


def _aim(budget: Budget) -> tuple[object, ...]:
    """What two searches must share for results of one to be told to the other."""
    return budget.objectives, budget.seed


def _finished(sweep: Sweep, rows: Iterable[Row]) -> list[Row]:
    """The rows that say how good a trial is, in the order in which they were written."""

    def is_told(row: Row) -> bool:
        values = [row[name] for name in sweep.objectives]
        known = all(value is not None and math.isfinite(value) for value in values)
        return row["status"] == "done" and known

    return sorted(filter(is_told, rows), key=lambda row: (row["finished_at"], row["trial_id"]))
