"""How fields are searched: ``[search.FIELD]``, ``[optuna]`` and ``[halving]`` in a sweep file."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bsvae.halving import Halving
from bsvae.metrics import EPOCH_METRICS, METRICS
from bsvae.trial import FIELDS, MEMBER_FIELDS, BadInput, unknown

#: Fields that Optuna can search: the real-valued ones.
SEARCHABLE = tuple(name for name, spec in FIELDS.items() if spec.type in (float, float | None))


@dataclass(frozen=True)
class Range:
    """An interval that Optuna searches, evenly or on a logarithmic scale."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Budget:
    """How an Optuna search is run in every cell.

    Attributes:
        trials: trials per cell.
        round: trials asked for together; the next round waits for the whole of this one.
        objectives: metric columns; with several, their Pareto front is sought.
        seed: seed of the sampler.
    """

    trials: int = 24
    round: int = 8
    objectives: tuple[str, ...] = ("valid_neg_elbo",)
    seed: int = 0


def read_range(name: str, table: Any) -> Range:
    """One table ``[search.FIELD]``."""
    if name not in SEARCHABLE:
        raise BadInput(unknown("search field", name, SEARCHABLE))
    if not isinstance(table, dict):
        raise BadInput(f"search.{name} = {table!r}: must be a table with low and high")
    check_keys(table, ("low", "high", "log"), f"key of search.{name}")
    for bound in ("low", "high"):
        value = table.get(bound)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not abs(value) <= sys.float_info.max
        ):
            raise BadInput(f"search.{name}.{bound} = {value!r}: must be a finite number")
    low, high, log = float(table["low"]), float(table["high"]), table.get("log", False)
    if not isinstance(log, bool):
        raise BadInput(f"search.{name}.log = {log!r}: must be true or false")
    if low >= high:
        raise BadInput(f"search.{name}: low {low} must be below high {high}")
    if log and low <= 0:
        raise BadInput(f"search.{name}.low = {low}: a logarithmic scale needs low > 0")
    return Range(low, high, log)


def read_budget(table: Mapping[str, Any], select_on_test: bool = False) -> Budget:
    """The table ``[optuna]``, or defaults."""
    check_keys(table, ("trials", "round", "objectives", "seed"), "key of [optuna]")
    for key, low in (("trials", 1), ("round", 1), ("seed", 0)):
        value = table.get(key, getattr(Budget, key))
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise BadInput(f"optuna.{key} = {value!r}: must be an integer >= {low}")
    objectives = table.get(
        "objectives", ["test_neg_elbo"] if select_on_test else list(Budget.objectives)
    )
    if not isinstance(objectives, list) or not objectives:
        raise BadInput(f"optuna.objectives = {objectives!r}: must be a list with a metric's name")
    for objective in objectives:
        check_keys({objective: None}, METRICS, "objective")
    return Budget(**{**table, "objectives": tuple(objectives)})


def read_halving(table: Any, search: Mapping[str, Range], budget: Budget) -> Halving | None:
    """The table ``[halving]``, where there is one."""
    if table is None:
        return None
    if not isinstance(table, dict):
        raise BadInput(f"halving = {table!r}: must be a table, [halving]")
    check_keys(table, ("eta", "min_epochs"), "key of [halving]")
    for key, low in (("eta", 2), ("min_epochs", 1)):
        value = table.get(key, getattr(Halving, key))
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise BadInput(f"halving.{key} = {value!r}: must be an integer >= {low}")
    objective, *others = budget.objectives
    if others or objective not in EPOCH_METRICS:
        measured = ", ".join(name for name in EPOCH_METRICS if name.startswith("valid_"))
        raise BadInput(
            f"[halving] with optuna.objectives = {list(budget.objectives)}: needs one that is "
            f"measured after every epoch ({measured})"
        )
    if apart := sorted(set(search) - MEMBER_FIELDS):
        raise BadInput(
            f"[halving] with [search.{apart[0]}]: rivals train as one pack, and its members must "
            f"agree in {apart[0]}; drop one of the two"
        )
    return Halving(tuple(sorted(search)), objective, **table)


def check_keys(table: Mapping[Any, Any], known: Iterable[str], kind: str) -> None:
    """Refuse a table with a key that is none of the known ones."""
    known = list(known)
    for key in table:
        if key not in known:
            raise BadInput(unknown(kind, key, known))
