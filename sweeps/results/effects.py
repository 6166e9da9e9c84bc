"""What each varied field does to a metric: differences between cells, paired by seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bsvae.catalogue import declared
from bsvae.metrics import METRICS
from sweeps.definition.sweep import Sweep
from sweeps.results.cells import ERROR, described, proposals, replicates, varying
from sweeps.results.outcome import Outcome

#: Columns that say with which other trials one can be compared.
KIND = ["dataset", "likelihood"]


@dataclass(frozen=True)
class Effect:
    """What one field does to a metric, where everything else is equal.

    Attributes:
        field: its name.
        moved: how much worse its worst value is than its best, on average over all else.
        se: the standard error of that over seeds; NaN of one seed.
        seeds: how many seeds both were trained with.
        best: the best value.
        worst: the worst one.
    """

    field: str
    moved: float
    se: float
    seeds: int
    best: object
    worst: object


def free_fields(sweep: Sweep) -> list[str]:
    """The fields that vary on their own: not those that another one tells within every family.

    >>> from sweeps.definition.parse import parse
    >>> grid = [{"family": ["pca", "concrete"], "dataset": ["digits"], "latent_dim": [2, 4]}]
    >>> free_fields(parse("s", {"grid": grid}, {}))
    ['family', 'latent_dim']
    """
    free: list[str] = []
    for name in varying(sweep):
        if name in sweep.search or not any(_tells(sweep, other, name) for other in free):
            free.append(name)
    return free


def points(outcome: Outcome, metric: str) -> pd.DataFrame:
    """Every proposal with a finite mean of a metric: `sweeps.results.cells.proposals` with the
    fields that vary, ``family``, ``dataset`` and ``likelihood``, and that metric as ``mean``,
    ``se`` and ``n``."""
    found = with_kind(described(proposals(outcome), outcome.sweep), outcome.sweep)
    found["mean"], found["se"] = found[metric], found[metric + ERROR]
    return found[np.isfinite(found["mean"])].reset_index(drop=True)


def with_kind(rows: pd.DataFrame, sweep: Sweep) -> pd.DataFrame:
    """Rows with a ``cell``, and its family, data set and ``likelihood``."""
    cells = [sweep.cells[number] for number in rows["cell"]]
    families = [cell["family"] for cell in cells]
    likelihoods = [declared(family).likelihood_words for family in families]
    datasets = [cell["dataset"] for cell in cells]
    return rows.assign(family=families, dataset=datasets, likelihood=likelihoods)


def effects(outcome: Outcome, metric: str) -> dict[tuple[str, str], list[Effect]]:
    """For every kind of trials (data set, likelihood), what each field of the grids does, most
    first; of a search its chosen proposals are compared."""
    found = {}
    names = [name for name in free_fields(outcome.sweep) if name != "dataset"]
    rows = with_kind(replicates(outcome), outcome.sweep)
    rows = rows[np.isfinite(rows[metric].astype(float))]
    for kind, group in rows.groupby(KIND):
        here = [name for name in names if _gridded(outcome.sweep, name)]
        here = [name for name in here if group[name].nunique(dropna=False) > 1]
        each = [effect(group, metric, name, here) for name in here]
        known = [one for one in each if one is not None]
        found[kind] = sorted(known, key=lambda one: -one.moved)
    return found


def effect(rows: pd.DataFrame, metric: str, name: str, names: Sequence[str]) -> Effect | None:
    """What a field does to a metric, from trials of one kind that differ in it alone.

    Args:
        rows: comparable trials.
        metric: what it does something to.
        name: the field.
        names: all fields that vary.
    """
    others = [other for other in names if other != name]
    if name == "family":
        others = [other for other in others if rows[other].notna().all()]
    keys, sign = [*others, "seed"], METRICS[metric].sign
    table = rows.groupby([*keys, name], dropna=False)[metric].mean().unstack(name)
    table = table[table.notna().sum(axis=1) > 1]
    if table.empty:
        return None
    centred = table.sub(table.mean(axis=1), axis=0).mean() * sign
    best, worst = centred.idxmin(), centred.idxmax()
    differences = ((table[worst] - table[best]) * sign).dropna()
    if differences.empty or best == worst:
        return None
    seeds = differences.groupby("seed").mean()
    return Effect(name, float(seeds.mean()), float(seeds.sem()), len(seeds), best, worst)


def _gridded(sweep: Sweep, name: str) -> bool:
    return all(name not in sweep.searched(cell) for cell in sweep.cells)


def _tells(sweep: Sweep, other: str, name: str) -> bool:
    """Whether within every family a field has one value for each of another's, and varies with it;
    or, where the other is the family, one value."""
    found: dict[tuple[str, object], set[object]] = {}
    for cell in sweep.cells:
        key = None if other == "family" else cell.get(other)
        found.setdefault((cell["family"], key), set()).add(cell.get(name))
    several = len({cell["family"] for cell in sweep.cells}) > 1 or other != "family"
    return several and name != "dataset" and all(len(values) == 1 for values in found.values())
