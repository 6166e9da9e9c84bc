"""Sweep files: TOML in, constants, grids and an Optuna search out.

A file names any fields of `bsvae.trial.Trial` as constants under ``[trial]``, lists of values under
``[[grid]]`` (each grid is a product that wins over the constants; the sweep is their union), and
ranges under ``[search.FIELD]``, which Optuna searches with the budget under ``[optuna]`` in every
grid cell that does not set the field itself.
"""

import itertools
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bsvae.metrics import METRICS
from bsvae.trial import FIELDS, BadInput, Trial, unknown

DEFINITIONS = Path(__file__).parent / "definitions"
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LARGEST_FILE = 1_000_000

#: What a sweep can ask to be stored of every trial: images and codes; the Gaussianity panel.
EXTRAS = ("arrays", "gaussianity")

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
    objectives: tuple[str, ...] = ("test_neg_elbo",)
    seed: int = 0


@dataclass(frozen=True)
class Sweep:
    """What a sweep wants, as its file says it.

    Attributes:
        name: names the folder under ``results/``; letters, digits and ``. _ -``.
        about: what is asked, and its source.
        cells: field values of every grid cell, spelled out; searched fields are left out; no cell
            twice.
        search: the fields that are searched in the cells that do not have them.
        budget: the search's budget; None for a plain grid.
        extras: what is stored of each trial besides its row and curve; of `EXTRAS`.
        document: the file's content after overrides, to be stored beside the results.
    """

    name: str
    about: str
    cells: tuple[dict[str, Any], ...]
    search: dict[str, Range] = field(default_factory=dict)
    budget: Budget | None = None
    extras: tuple[str, ...] = ()
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def wanted(self) -> int:
        """Trials that a finished sweep has."""
        return sum(self.budget.trials if self.searched(cell) else 1 for cell in self.cells)

    def searched(self, cell: Mapping[str, Any]) -> dict[str, Range]:
        """The fields that are searched in a cell."""
        return {name: span for name, span in self.search.items() if name not in cell}


def shipped() -> dict[str, Path]:
    """The sweeps that come with the package, by name.

    >>> "quickstart" in shipped()
    True
    """
    return {path.stem: path for path in sorted(DEFINITIONS.glob("*.toml"))}


def check_name(name: str) -> str:
    """Return a sweep's name if it can be a folder's.

    >>> check_name("../evil")
    Traceback (most recent call last):
        ...
    bsvae.checks.BadInput: sweep name '../evil': letters, digits, . _ - only, at most 64, no path
    """
    if not SLUG.fullmatch(name):
        raise BadInput(f"sweep name {name!r}: letters, digits, . _ - only, at most 64, no path")
    return name


def read_sweep(name_or_file: str, overrides: Mapping[str, Any] | None = None) -> Sweep:
    """Read a shipped sweep by its name, or any sweep from a ``.toml`` file.

    Args:
        name_or_file: a name of `shipped`, or a path that ends in ``.toml``.
        overrides: values that replace what the file says for those fields.

    Raises:
        BadInput: for anything that cannot become trials, in one line that names the file.
    """
    if name_or_file.endswith(".toml"):
        path = Path(name_or_file)
        name = check_name(path.stem)
    else:
        name = check_name(name_or_file)
        if name not in shipped():
            hint = unknown("sweep", name, shipped())
            raise BadInput(f"{hint}; or give the path of a .toml file")
        path = shipped()[name]
    try:
        return parse(name, _load_toml(path), overrides or {})
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


def sweep_text(name_or_file: str) -> str:
    """The file of a sweep that `read_sweep` can read, as it stands."""
    path = shipped().get(name_or_file, Path(name_or_file))
    return path.read_text(encoding="utf-8")


def parse(name: str, document: Mapping[str, Any], overrides: Mapping[str, Any]) -> Sweep:
    """Turn a sweep file's content into a `Sweep`; every cell is checked as a `Trial`.

    >>> sweep = parse("s", {"trial": {"family": "gaussian"}, "grid": [{"latent_dim": [2, 4]}]}, {})
    >>> [cell["latent_dim"] for cell in sweep.cells]
    [2, 4]
    """
    _check_keys(document, ("about", "extras", "trial", "grid", "search", "optuna"), "key")
    document = _override(document, overrides)
    constants, grids = document["trial"], document["grid"]
    search = {key: _range(key, value) for key, value in document["search"].items()}
    if document["optuna"] and not search:
        raise BadInput("[optuna] without a [search.FIELD] table: name what to search, or drop it")
    cells = {json.dumps(cell): cell for cell in _cells(constants, grids, search)}
    about = document["about"]
    if not isinstance(about, str):
        raise BadInput(f"about = {about!r}: must be a string")
    extras = document["extras"]
    if not isinstance(extras, list):
        raise BadInput(f"extras = {extras!r}: must be a list of {', '.join(EXTRAS)}")
    _check_keys(dict.fromkeys(map(str, extras)), EXTRAS, "extra")
    budget = _budget(document["optuna"]) if search else None
    return Sweep(
        check_name(name), about, tuple(cells.values()), search, budget, tuple(extras), document
    )


def _load_toml(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BadInput(f"larger than {LARGEST_FILE} bytes: not a sweep file")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput("no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read ({error})") from None
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not valid TOML: {error}") from None


def _override(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in the missing tables and apply overrides.

    An override replaces a constant, and what grids say of a field that is no constant; so a grid
    that deviates from a constant keeps its own value.
    """
    tables = {key: document.get(key, {}) for key in ("trial", "search", "optuna")}
    grids = document.get("grid", [{}])
    for key, table in tables.items():
        if not isinstance(table, dict):
            raise BadInput(f"{key} = {table!r}: must be a table, [{key}]")
    if not isinstance(grids, list) or not grids or not all(isinstance(g, dict) for g in grids):
        raise BadInput(f"grid = {grids!r}: must be one or more tables, [[grid]]")
    for key in overrides:
        _check_keys({key: None}, FIELDS, "field")
    replaced = set(overrides) - set(tables["trial"])
    keep = [{k: v for k, v in grid.items() if k not in replaced} for grid in grids]
    search = {k: v for k, v in tables["search"].items() if k not in overrides}
    return {
        "about": document.get("about", ""),
        "extras": document.get("extras", []),
        "trial": {**tables["trial"], **overrides},
        "grid": keep,
        "search": search,
        "optuna": tables["optuna"] if search or not tables["search"] else {},
    }


def _cells(
    constants: Mapping[str, Any], grids: Iterable[Mapping[str, Any]], search: Mapping[str, Range]
) -> Iterable[dict[str, Any]]:
    for grid in grids:
        for key, values in grid.items():
            _check_keys({key: None}, FIELDS, "key")
            if not isinstance(values, list) or not values:
                raise BadInput(f"{key} = {values!r} in [[grid]]: must be a list with a value")
        for key in search:
            if key in constants:
                raise BadInput(f"{key} is searched, and also set in [trial]: keep one")
        for values in itertools.product(*grid.values()):
            cell = {**constants, **dict(zip(grid.keys(), values, strict=True))}
            yield _spelled_out(cell, {k: span for k, span in search.items() if k not in cell})


def _spelled_out(cell: Mapping[str, Any], search: Mapping[str, Range]) -> dict[str, Any]:
    """A cell by its content: every used field, defaults too, so that one cell has one spelling."""
    Trial.of({**cell, **{name: span.high for name, span in search.items()}})
    trial = Trial.of({**cell, **{name: span.low for name, span in search.items()}})
    fields = trial.as_dict().items()
    return {k: value for k, value in fields if value is not None and k not in search}


def _range(name: str, table: Any) -> Range:
    if name not in SEARCHABLE:
        raise BadInput(unknown("search field", name, SEARCHABLE))
    if not isinstance(table, dict):
        raise BadInput(f"search.{name} = {table!r}: must be a table with low and high")
    _check_keys(table, ("low", "high", "log"), f"key of search.{name}")
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


def _budget(table: Mapping[str, Any]) -> Budget:
    _check_keys(table, ("trials", "round", "objectives", "seed"), "key of [optuna]")
    for key, low in (("trials", 1), ("round", 1), ("seed", 0)):
        value = table.get(key, getattr(Budget, key))
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise BadInput(f"optuna.{key} = {value!r}: must be an integer >= {low}")
    objectives = table.get("objectives", list(Budget.objectives))
    if not isinstance(objectives, list) or not objectives:
        raise BadInput(f"optuna.objectives = {objectives!r}: must be a list with a metric's name")
    for objective in objectives:
        _check_keys({objective: None}, METRICS, "objective")
    return Budget(**{**table, "objectives": tuple(objectives)})


def _check_keys(table: Mapping[Any, Any], known: Iterable[str], kind: str) -> None:
    known = list(known)
    for key in table:
        if key not in known:
            raise BadInput(unknown(kind, key, known))
