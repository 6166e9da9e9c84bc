"""Grids as cells: products of lists, each spelled out as the fields of a trial, seed aside."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bsvae.checks import BadInput
from bsvae.trial import FIELDS, Trial
from sweeps.definition.search import Range, check_keys
from sweeps.definition.seeds import seeds_of_grid

#: One configuration: the fields of a trial that it uses, without seed and what is searched.
Cell = dict[str, Any]

#: Trials that a sweep can have.
LARGEST_SWEEP = 1_000_000


def cells_of(
    constants: Mapping[str, Any],
    grids: Sequence[Mapping[str, Any]],
    search: Mapping[str, Range],
    seeds: tuple[int, ...] = (0,),
) -> Iterator[tuple[Cell, tuple[int, ...]]]:
    """Every cell of every grid with its seeds, checked as a trial; those that are equal too.

    Raises:
        BadInput: for a grid that is none, more cells than anyone can train, or a bad trial.

    >>> grid = {"latent_dim": [2, 2], "seeds": 2}
    >>> [(cell["latent_dim"], seeds) for cell, seeds in cells_of({"family": "pca"}, [grid], {})]
    [(2, (0, 1)), (2, (0, 1))]
    """
    replicates = [seeds_of_grid(dict(grid), seeds) for grid in grids]
    products = [{k: _listed(k, v) for k, v in grid.items() if k != "seeds"} for grid in grids]
    check_size("cells", sum(math.prod(map(len, grid.values())) for grid in products))
    for key in search:
        if key in constants:
            raise BadInput(f"{key} is searched, and also set in [trial]: keep one")
    for grid, own in zip(products, replicates, strict=True):
        for values in itertools.product(*grid.values()):
            cell = {**constants, **dict(zip(grid.keys(), values, strict=True))}
            free = {name: span for name, span in search.items() if name not in cell}
            yield _spelled_out(cell, free), own


def _listed(key: str, values: Any) -> list[Any]:
    """What a grid says of a field; one value is a list of one."""
    check_keys({key: None}, FIELDS, "key")
    if isinstance(values, dict) or values == []:
        raise BadInput(f"{key} = {values!r} in [[grid]]: must be a list with a value")
    return values if isinstance(values, list) else [values]


def check_size(what: str, count: int) -> None:
    """Refuse what would take hours only to be listed."""
    if count > LARGEST_SWEEP:
        raise BadInput(
            f"{count:,} {what}: at most {LARGEST_SWEEP:,}; take values out of a [[grid]], or lower "
            "optuna.trials or seeds"
        )


def _spelled_out(cell: Mapping[str, Any], search: Mapping[str, Range]) -> Cell:
    """A cell by its content: every used field, defaults too, so that one cell has one spelling."""
    if search:
        Trial.of({**cell, **{name: span.high for name, span in search.items()}})
    trial = Trial.of({**cell, **{name: span.low for name, span in search.items()}})
    fields = trial.as_dict().items()
    left_out = {*search, "seed"}
    return {name: value for name, value in fields if value is not None and name not in left_out}
