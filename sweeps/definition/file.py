"""Sweep files: TOML in, constants, grids and an Optuna search out.

A file names any fields of `bsvae.trial.Trial` as constants under ``[trial]``, lists of values under
``[[grid]]`` (each grid is a product that wins over the constants; the sweep is their union), and
ranges under ``[search.FIELD]``, which Optuna searches with the budget under ``[optuna]`` in every
grid cell that does not set the field itself; with ``[halving]``, the worse trials of every round of
a search stop early (see `bsvae.halving`).
"""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bsvae.halving import Halving
from bsvae.trial import FIELDS, BadInput, unknown
from sweeps.definition.cells import cells_of, check_size
from sweeps.definition.search import (
    Budget,
    Range,
    check_keys,
    read_budget,
    read_halving,
    read_range,
)

DEFINITIONS = Path(__file__).parent / "shipped"
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LARGEST_FILE = 1_000_000

#: What a sweep can ask to be stored of every trial: images and codes; the Gaussianity panel.
EXTRAS = ("arrays", "gaussianity")


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
        halving: which trials of a round stop early; None to train all to their end.
        extras: what is stored of each trial besides its row and curve; of `EXTRAS`.
        document: the file's content after overrides, to be stored beside the results.
        repeated: how many more cells the grids describe, equal to others of them.
    """

    name: str
    about: str
    cells: tuple[dict[str, Any], ...]
    search: dict[str, Range] = field(default_factory=dict)
    budget: Budget | None = None
    halving: Halving | None = None
    extras: tuple[str, ...] = ()
    document: dict[str, Any] = field(default_factory=dict)
    repeated: int = 0

    @property
    def objectives(self) -> tuple[str, ...]:
        """The metrics that trials are ranked by: those that are searched for, if any are."""
        return self.budget.objectives if self.budget else Budget.objectives

    @functools.cached_property
    def wanted(self) -> int:
        """Trials that a finished sweep has."""
        return sum(map(self.wanted_of, self.cells))

    def wanted_of(self, cell: Mapping[str, Any]) -> int:
        """Trials that a finished sweep has in a cell."""
        return self.budget.trials if self.budget and self.searched(cell) else 1

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


def is_file(name_or_file: str) -> bool:
    """Whether a sweep is given by its file: by a path that ends in ``.toml``, in any case.

    >>> is_file("my.TOML"), is_file("quickstart")
    (True, False)
    """
    return name_or_file.lower().endswith(".toml")


def sweep_name(name_or_file: str) -> str:
    """The name of a sweep that is given by its name or file.

    >>> sweep_name("of/mine/my.TOML"), sweep_name("quickstart")
    ('my', 'quickstart')
    """
    return check_name(Path(name_or_file).stem if is_file(name_or_file) else name_or_file)


def read_sweep(name_or_file: str, overrides: Mapping[str, Any] | None = None) -> Sweep:
    """Read a shipped sweep by its name, or any sweep from a ``.toml`` file.

    Args:
        name_or_file: a name of `shipped`, or a path that ends in ``.toml``.
        overrides: values that replace what the file says for those fields.

    Raises:
        BadInput: for anything that cannot become trials, in one line that names the file.
    """
    name = sweep_name(name_or_file)
    if is_file(name_or_file):
        path = Path(name_or_file)
    else:
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
    return path.read_text(encoding="utf-8-sig")


def parse(name: str, document: Mapping[str, Any], overrides: Mapping[str, Any]) -> Sweep:
    """Turn a sweep file's content into a `Sweep`; every cell is checked as a `Trial`.

    >>> sweep = parse("s", {"trial": {"family": "gaussian"}, "grid": [{"latent_dim": [2, 4]}]}, {})
    >>> [cell["latent_dim"] for cell in sweep.cells]
    [2, 4]
    """
    check_keys(document, ("about", "extras", "trial", "grid", "search", "optuna", "halving"), "key")
    document = _override(document, overrides)
    constants, grids = document["trial"], document["grid"]
    # In one order, which Optuna draws them in: a file's own says nothing.
    search = {key: read_range(key, value) for key, value in sorted(document["search"].items())}
    for key in ("optuna", "halving"):
        if document[key] not in ({}, None) and not search:
            raise BadInput(f"[{key}] without a [search.FIELD] table: add one, or drop it")
    described = list(cells_of(constants, grids, search))
    cells = {tuple(cell.items()): cell for cell in described}
    if search and all(set(search) <= set(cell) for cell in described):
        name = next(iter(search))
        raise BadInput(f"{name} is searched, and every [[grid]] lists it: keep one of the two")
    about = document["about"]
    if not isinstance(about, str):
        raise BadInput(f"about = {about!r}: must be a string")
    extras = document["extras"]
    if not isinstance(extras, list):
        raise BadInput(f"extras = {extras!r}: must be a list of {', '.join(EXTRAS)}")
    check_keys(dict.fromkeys(map(str, extras)), EXTRAS, "extra")
    budget = read_budget(document["optuna"]) if search else None
    halving = read_halving(document["halving"], search, budget) if budget else None
    if halving and not any(halving.min_epochs < (cell.get("epochs") or 0) for cell in described):
        raise BadInput(
            f"halving.min_epochs = {halving.min_epochs}: no trial has more epochs, so none would "
            "stop; lower it, or drop [halving]"
        )
    sweep = Sweep(
        check_name(name),
        about,
        tuple(cells.values()),
        search,
        budget,
        halving,
        tuple(extras),
        document,
        len(described) - len(cells),
    )
    check_size("trials", sweep.wanted)
    return sweep


def _load_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise BadInput("no such file") from None
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})") from None
    if len(content) > LARGEST_FILE:
        raise BadInput(f"larger than {LARGEST_FILE:,} bytes: not a sweep file")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadInput(f"not text in UTF-8 ({error.reason} at byte {error.start})") from None
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
        check_keys({key: None}, FIELDS, "field")
    replaced = set(overrides) - set(tables["trial"])
    keep = [{k: v for k, v in grid.items() if k not in replaced} for grid in grids]
    search = {k: v for k, v in tables["search"].items() if k not in overrides}
    searched = search or not tables["search"]
    return {
        "about": document.get("about", ""),
        "extras": document.get("extras", []),
        "trial": {**tables["trial"], **overrides},
        "grid": keep,
        "search": search,
        "optuna": tables["optuna"] if searched else {},
        "halving": document.get("halving") if searched else None,
    }
