"""Grids as cells: products of lists, each spelled out as the fields of a trial."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bsvae.checks import BadInput
from bsvae.trial import FIELDS, Trial
from sweeps.definition.search import Range, check_keys

#: Trials that a sweep can have.
LARGEST_SWEEP = 1_000_000


def cells_of(
    constants: Mapping[str, Any], grids: Sequence[Mapping[str, Any]], search: Mapping[str, Range]
) -> Iterator[dict[str, Any]]:
    """Every cell of every grid, checked as a trial; those that are equal too.

    Raises:
        BadInput: for a grid that is none, more cells than anyone can train, or a bad trial.

    >>> cells = cells_of({"family": "pca", "latent_dim": 2}, [{"seed": [1, 1]}], {})
    >>> [cell["seed"] for cell in cells]
    [1, 1]
    """
    grids = [{key: _listed(key, values) for key, values in grid.items()} for grid in grids]
    check_size("cells", sum(math.prod(map(len, grid.values())) for grid in grids))
    for key in search:
        if key in constants:
            raise BadInput(f"{key} is searched, and also set in [trial]: keep one")
    for grid in grids:
        for values in itertools.product(*grid.values()):
            cell = {**constants, **dict(zip(grid.keys(), values, strict=True))}
            yield _spelled_out(cell, {k: span for k, span in search.items() if k not in cell})


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
            "optuna.trials"
        )


def _spelled_out(cell: Mapping[str, Any], search: Mapping[str, Range]) -> dict[str, Any]:
    """A cell by its content: every used field, defaults too, so that one cell has one spelling."""
    if search:
        Trial.of({**cell, **{name: span.high for name, span in search.items()}})
    trial = Trial.of({**cell, **{name: span.low for name, span in search.items()}})
    fields = trial.as_dict().items()
    return {k: value for k, value in fields if value is not None and k not in search}
