"""A sweep: what is wanted, as its file says it."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bsvae.halving import Halving
from bsvae.trial import BadInput, Trial
from sweeps.definition.cells import Cell
from sweeps.definition.search import Budget, Range

SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

#: Values of the searched fields.
Proposal = dict[str, float]

#: What a sweep can ask to be stored of every trial: images and codes; the Gaussianity panel.
EXTRAS = ("arrays", "gaussianity")


@dataclass(frozen=True)
class Sweep:
    """What a sweep wants, as its file says it.

    Attributes:
        name: names the folder under ``results/``; letters, digits and ``. _ -``.
        about: what is asked, and its source.
        cells: the configurations: field values of every grid cell, spelled out; seed and searched
            fields are left out; no cell twice.
        replicates: the seeds of every cell, in the order of `cells`.
        search: the fields that are searched in the cells that do not have them.
        budget: the search's budget; None for a plain grid.
        rank_by: the metric that ranks a plain grid's cells; None for the usual one.
        select_on_test: whether a search may choose by the images that it is judged on.
        halving: which trials of a round stop early; None to train all to their end.
        extras: what is stored of each trial besides its row and curve; of `EXTRAS`.
        document: the file's content after overrides, to be stored beside the results.
        repeated: how many more trials the grids describe, equal to others of them.
        carried: cells that are searched, with proposals of earlier definitions that their searches
            start from; never of a file, see `sweeps.plan.carried`.
        overrides: fields that were set when the sweep was asked for, instead of what its file says.
    """

    name: str
    about: str
    cells: tuple[Cell, ...]
    replicates: tuple[tuple[int, ...], ...]
    search: dict[str, Range] = field(default_factory=dict)
    budget: Budget | None = None
    rank_by: str | None = None
    select_on_test: bool = False
    halving: Halving | None = None
    extras: tuple[str, ...] = ()
    document: dict[str, Any] = field(default_factory=dict)
    repeated: int = 0
    carried: tuple[tuple[Cell, tuple[Proposal, ...]], ...] = ()
    overrides: dict[str, Any] = field(default_factory=dict)

    @property
    def objectives(self) -> tuple[str, ...]:
        """The metrics that cells are ranked by: those that are searched for, if any are; else the
        one that is named; else the negative ELBO on validation images where every cell has some."""
        if self.budget:
            return self.budget.objectives
        if self.rank_by:
            return (self.rank_by,)
        held_out = all(cell.get("validation") for cell in self.cells)
        return ("valid_neg_elbo" if held_out else "test_neg_elbo",)

    @property
    def selects(self) -> bool:
        """Whether results decide what is trained further: it searches, or stops trials early."""
        return self.budget is not None

    @property
    def selects_on_test(self) -> bool:
        """Whether what it selects is chosen by images that it is then judged on."""
        judged_apart = all(name.startswith(("valid_", "train_")) for name in self.objectives)
        return self.selects and not judged_apart

    @functools.cached_property
    def wanted(self) -> int:
        """Trials that a finished sweep has."""
        return sum(map(self.wanted_of, self.cells))

    def wanted_of(self, cell: Mapping[str, Any]) -> int:
        """Trials that a finished sweep has of a cell: one per seed, for every proposal."""
        proposals = self.budget.trials if self.budget and self.searched(cell) else 1
        return proposals * len(self.seeds_of(cell))

    @property
    def replicated(self) -> bool:
        """Whether a configuration is trained with several seeds, so that its numbers are means."""
        return any(len(self.seeds_of(cell)) > 1 for cell in self.cells)

    def seeds_of(self, cell: Mapping[str, Any]) -> tuple[int, ...]:
        """The seeds with which every proposal of a cell is trained."""
        return self._seeds[tuple(cell.items())]

    def trials_of(
        self, cell: Mapping[str, Any], values: Mapping[str, float] | None = None
    ) -> list[Trial]:
        """The trials of one proposal of a cell, one per seed; of a point, without values."""
        seeds = self.seeds_of(cell)
        if not values:
            return [Trial.resolved({**cell, "seed": seed}) for seed in seeds]
        return [Trial.of({**cell, **values, "seed": seed}) for seed in seeds]

    def carried_of(self, cell: Mapping[str, Any]) -> tuple[Proposal, ...]:
        """The proposals of earlier definitions that a cell's search starts from."""
        return self._carried.get(tuple(cell.items()), ())

    @functools.cached_property
    def _carried(self) -> dict[tuple[tuple[str, Any], ...], tuple[Proposal, ...]]:
        return {tuple(cell.items()): proposals for cell, proposals in self.carried}

    @functools.cached_property
    def _seeds(self) -> dict[tuple[tuple[str, Any], ...], tuple[int, ...]]:
        items = (tuple(cell.items()) for cell in self.cells)
        return dict(zip(items, self.replicates, strict=True))

    def searched(self, cell: Mapping[str, Any]) -> dict[str, Range]:
        """The fields that are searched in a cell."""
        return {name: span for name, span in self.search.items() if name not in cell}


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
