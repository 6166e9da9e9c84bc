"""Definitions that were stored by earlier versions, in today's words."""

from collections.abc import Mapping
from typing import Any


def upgraded(document: Mapping[str, Any]) -> dict[str, Any]:
    """A stored definition as one that asks for the same trials today.

    Before there were validation images, searches selected on the test set without saying so, and
    seeds were values of a grid.

    >>> old = {"grid": [{"seed": [0, 1]}], "search": {"kl_weight": {}}, "optuna": {}}
    >>> new = upgraded(old)
    >>> new["grid"], new["select_on_test"], new["optuna"]["objectives"]
    ([{'seeds': [0, 1]}], True, ['test_neg_elbo'])
    """
    if "select_on_test" in document:
        return dict(document)
    new = dict(document)
    grids = document.get("grid")
    if isinstance(grids, list):
        new["grid"] = [_with_seeds(grid) if isinstance(grid, dict) else grid for grid in grids]
    optuna = document.get("optuna")
    if document.get("search") and isinstance(optuna, dict):
        new["optuna"] = {"objectives": ["test_neg_elbo"], **optuna}
    return new | {"select_on_test": bool(document.get("search"))}


def _with_seeds(grid: Mapping[str, Any]) -> dict[str, Any]:
    seeds = {"seeds": grid["seed"]} if "seed" in grid else {}
    return {name: values for name, values in grid.items() if name != "seed"} | seeds
