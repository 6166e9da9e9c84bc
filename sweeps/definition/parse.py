"""From a sweep file's content to a `Sweep`, every part of it checked."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bsvae.halving import Halving
from bsvae.metrics import METRICS
from bsvae.trial import FIELDS, BadInput
from sweeps.definition.cells import Cell, cells_of, check_size
from sweeps.definition.feasible import check_measured, check_panel, check_selection
from sweeps.definition.search import (
    Budget,
    Range,
    check_keys,
    read_budget,
    read_halving,
    read_range,
)
from sweeps.definition.seeds import read_seeds
from sweeps.definition.sweep import EXTRAS, Proposal, Sweep, check_name

#: The keys of a sweep file.
KEYS = (
    *("about", "extras", "seeds", "rank_by", "select_on_test"),
    *("trial", "grid", "search", "optuna", "halving", "carried", "overrides"),
)

#: Characters of ``about`` that are shown; those that would steer a terminal never are.
LONGEST_ABOUT = 1_000


def parse(name: str, document: Mapping[str, Any], overrides: Mapping[str, Any]) -> Sweep:
    """Turn a sweep file's content into a `Sweep`; every cell is checked as a `Trial`.

    >>> sweep = parse("s", {"trial": {"family": "gaussian"}, "grid": [{"latent_dim": [2, 4]}]}, {})
    >>> [cell["latent_dim"] for cell in sweep.cells]
    [2, 4]
    """
    check_keys(document, KEYS, "key")
    document = _override(document, overrides)
    # In one order, which Optuna draws them in: a file's own says nothing.
    search = {key: read_range(key, value) for key, value in sorted(document["search"].items())}
    for key in ("optuna", "halving"):
        if document[key] not in ({}, None) and not search:
            raise BadInput(f"[{key}] without a [search.FIELD] table: add one, or drop it")
    constants, seeds = _constants(document)
    described = list(cells_of(constants, document["grid"], search, seeds))
    cells, replicates = _merged(described)
    if search and all(set(search) <= set(cell) for cell in cells):
        name = next(iter(search))
        raise BadInput(f"{name} is searched, and every [[grid]] lists it: keep one of the two")
    select_on_test = _select_on_test(document)
    budget = read_budget(document["optuna"], select_on_test) if search else None
    sweep = Sweep(
        name=check_name(name),
        about=_about(document),
        cells=cells,
        replicates=replicates,
        search=search,
        budget=budget,
        rank_by=_rank_by(document, budget),
        select_on_test=select_on_test,
        halving=_halving(document["halving"], search, budget, cells) if budget else None,
        extras=_extras(document, cells),
        document=document,
        repeated=sum(len(own) for _, own in described) - sum(map(len, replicates)),
        carried=_carried(document.get("carried", []), cells, search),
        overrides=document.get("overrides", {}),
    )
    check_selection(sweep)
    check_measured(sweep)
    check_size("trials", sweep.wanted)
    return sweep


def _merged(
    described: Iterable[tuple[Cell, tuple[int, ...]]],
) -> tuple[tuple[Cell, ...], tuple[tuple[int, ...], ...]]:
    """Every cell once, and all its seeds, each once."""
    merged: dict[tuple[tuple[str, Any], ...], tuple[Cell, list[int]]] = {}
    for cell, own in described:
        merged.setdefault(tuple(cell.items()), (cell, []))[1].extend(own)
    cells = tuple(cell for cell, _ in merged.values())
    return cells, tuple(tuple(dict.fromkeys(own)) for _, own in merged.values())


def _constants(document: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[int, ...]]:
    """The constants of every trial, and the seeds of those whose grid has none of its own."""
    constants = dict(document["trial"])
    if "seed" not in constants:
        return constants, read_seeds(document["seeds"])
    seed = constants.pop("seed")
    if document["seeds"] != 1:
        raise BadInput(f"seed = {seed!r} in [trial], and seeds = {document['seeds']!r}: keep one")
    return constants, read_seeds([seed])


def _carried(
    stored: Any, cells: tuple[Cell, ...], search: Mapping[str, Range]
) -> tuple[tuple[Cell, tuple[Proposal, ...]], ...]:
    """What a run stored of earlier definitions: of the cells that there still are."""
    try:
        carried = [(entry["cell"], tuple(map(dict, entry["proposals"]))) for entry in stored]
        names = [set(search) - set(cell) for cell, _ in carried]
        good = all(
            own == set(proposal) and all(isinstance(value, float) for value in proposal.values())
            for own, (_, proposals) in zip(names, carried, strict=True)
            for proposal in proposals
        )
    except (KeyError, TypeError, ValueError):
        good = False
    if not good:
        raise BadInput("carried: not what a run stores of earlier definitions")
    stored_cells = {json.dumps(cell, sort_keys=True): proposals for cell, proposals in carried}
    found = ((cell, stored_cells.get(json.dumps(cell, sort_keys=True))) for cell in cells)
    return tuple((cell, proposals) for cell, proposals in found if proposals)


def _about(document: Mapping[str, Any]) -> str:
    if not isinstance(about := document["about"], str):
        raise BadInput(f"about = {about!r}: must be a string")
    short = about if len(about) <= LONGEST_ABOUT else f"{about[:LONGEST_ABOUT]} …"
    return "".join(one if one.isprintable() or one.isspace() else "\ufffd" for one in short)


def _extras(document: Mapping[str, Any], cells: tuple[Cell, ...]) -> tuple[str, ...]:
    extras = document["extras"]
    if not isinstance(extras, list):
        raise BadInput(f"extras = {extras!r}: must be a list of {', '.join(EXTRAS)}")
    check_keys(dict.fromkeys(map(str, extras)), EXTRAS, "extra")
    check_panel(extras, cells)
    return tuple(extras)


def _select_on_test(document: Mapping[str, Any]) -> bool:
    if not isinstance(value := document["select_on_test"], bool):
        raise BadInput(f"select_on_test = {value!r}: must be true or false")
    return value


def _rank_by(document: Mapping[str, Any], budget: Budget | None) -> str | None:
    metric = document["rank_by"]
    if metric is None:
        return None
    if budget:
        raise BadInput(f"rank_by = {metric!r}: a search ranks by its optuna.objectives; drop it")
    check_keys({metric: None}, METRICS, "metric")
    return str(metric)


def _halving(
    table: Any, search: Mapping[str, Range], budget: Budget, cells: tuple[Cell, ...]
) -> Halving | None:
    halving = read_halving(table, search, budget)
    if halving and not any(halving.min_epochs < (cell.get("epochs") or 0) for cell in cells):
        raise BadInput(
            f"halving.min_epochs = {halving.min_epochs}: no trial has more epochs, so none would "
            "stop; lower it, or drop [halving]"
        )
    groups = {tuple(item for item in cell.items() if item[0] not in search) for cell in cells}
    if halving and len(groups) < len(cells):
        raise BadInput(
            f"[halving], and a [[grid]] that lists {' or '.join(search)}: those trials would "
            "compete with the search's; keep one of the two"
        )
    return halving


def _override(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in the missing tables and apply overrides.

    An override replaces a constant, and what grids say of a field that is no constant; so a grid
    that deviates from a constant keeps its own value.  What was overridden stays known as such, for
    whoever reads what is stored.
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
    replaced |= {"seeds"} & {f"{key}s" for key in overrides}
    keep = [{k: v for k, v in grid.items() if k not in replaced} for grid in grids]
    search = {k: v for k, v in tables["search"].items() if k not in overrides}
    searched = search or not tables["search"]
    noted = {**document.get("overrides", {}), **overrides}
    return {
        "about": document.get("about", ""),
        "extras": document.get("extras", []),
        "seeds": 1 if "seed" in overrides else document.get("seeds", 1),
        "rank_by": document.get("rank_by"),
        "select_on_test": document.get("select_on_test", False),
        "trial": {**tables["trial"], **overrides},
        "grid": keep,
        "search": search,
        "optuna": tables["optuna"] if searched else {},
        "halving": document.get("halving") if searched else None,
        **({"carried": document["carried"]} if document.get("carried") and searched else {}),
        **({"overrides": noted} if noted else {}),
    }
