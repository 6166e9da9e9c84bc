"""What each varied field does to a metric: configurations, their means over seeds, differences.

Trials that differ in their seed alone are one configuration, and have a mean and its standard error;
since equal seeds share batches and noise, differences are paired by seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bsvae.metrics import METRICS
from bsvae.trial import FIELDS
from sweeps.definition.file import Sweep
from sweeps.results.outcome import Outcome
from sweeps.results.words import likelihood_of

#: All that tells configurations apart.
CONFIGURATION = [name for name in FIELDS if name != "seed"]

#: Columns that say with which other configurations one can be compared.
KIND = ["dataset", "measure"]


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


def varied(sweep: Sweep) -> list[str]:
    """The fields in which a sweep's cells differ, or that are searched, in a trial's order; seed
    aside.

    >>> from sweeps.definition.file import parse
    >>> varied(parse("s", {"grid": [{"family": ["gaussian"], "latent_dim": [2, 4]}]}, {}))
    ['latent_dim']
    """
    names = [name for name in CONFIGURATION if name in sweep.search or _differ(sweep, name)]
    return [name for name in names if not _told_by_family(sweep, name)]


def sign(metric: str) -> float:
    """1 where a lower value of a metric is better, else -1."""
    return 1.0 if METRICS[metric].better == "lower" else -1.0


def comparable(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Rows that have a metric, with ``measure``: what their distortion is measured by."""
    found = rows.dropna(subset=metric)
    return found.assign(measure=found["family"].map(likelihood_of))


def configurations(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """One row per configuration: its fields, cell, label, and of a metric mean, error and count.

    Args:
        rows: trials, with ``cell`` and ``label``.
        metric: a column; rows without it are left out.

    Returns:
        Their fields, ``cell``, ``label``, ``measure``, ``mean``, ``se`` (NaN of one seed), ``n``.
    """
    rows = comparable(rows, metric)
    groups = rows.groupby(CONFIGURATION, dropna=False, sort=False)
    found = groups.agg(
        cell=("cell", "min"),
        label=("label", "first"),
        measure=("measure", "first"),
        mean=(metric, "mean"),
        sd=(metric, "std"),
        n=(metric, "size"),
    )
    found["se"] = found.pop("sd") / np.sqrt(found["n"])
    return found.reset_index().sort_values("cell", kind="stable", ignore_index=True)


def paired(rows: pd.DataFrame, metric: str, a: pd.Series, b: pd.Series) -> tuple[float, float, int]:
    """How much higher configuration ``b`` lies than ``a``: mean over their common seeds, its
    standard error (NaN of one), and how many those are; without common seeds, of their means."""
    ours, theirs = (_by_seed(rows, metric, one) for one in (a, b))
    differences = (theirs - ours).dropna()
    if differences.empty:
        return float(theirs.mean() - ours.mean()), float("nan"), 0
    count = len(differences)
    return float(differences.mean()), float(differences.std() / np.sqrt(count)), count


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
    keys = [*others, "seed"]
    table = rows.groupby([*keys, name], dropna=False)[metric].mean().unstack(name)
    table = table[table.notna().sum(axis=1) > 1]
    if table.empty:
        return None
    centred = table.sub(table.mean(axis=1), axis=0).mean() * sign(metric)
    best, worst = centred.idxmin(), centred.idxmax()
    differences = ((table[worst] - table[best]) * sign(metric)).dropna()
    if differences.empty or best == worst:
        return None
    seeds = differences.groupby("seed").mean()
    error = float(seeds.std() / np.sqrt(len(seeds)))
    return Effect(name, float(seeds.mean()), error, len(seeds), best, worst)


def effects(outcome: Outcome, metric: str) -> dict[tuple[str, str], list[Effect]]:
    """For every kind of trials (data set, measure), what each field of the grids does, most first."""
    found = {}
    names = [name for name in varied(outcome.sweep) if name != "dataset"]
    for kind, rows in comparable(outcome.done, metric).groupby(KIND):
        here = [name for name in names if rows[name].nunique(dropna=False) > 1]
        gridded = [name for name in here if name not in outcome.sweep.search]
        if len(gridded) < len(here):  # proposals differ in all that is searched at once
            rows = _best_proposals(rows, metric, [*gridded, "seed"])
        each = [effect(rows, metric, name, gridded) for name in gridded]
        known = [one for one in each if one is not None]
        found[kind] = sorted(known, key=lambda one: -one.moved)
    return found


def _best_proposals(rows: pd.DataFrame, metric: str, keys: list[str]) -> pd.DataFrame:
    ranked = rows.sort_values(metric, ascending=sign(metric) > 0, kind="stable")
    return ranked.groupby(keys, dropna=False).head(1)


def _by_seed(rows: pd.DataFrame, metric: str, one: pd.Series) -> pd.Series:
    mask = np.ones(len(rows), dtype=bool)
    for name in CONFIGURATION:
        same = rows[name].isna() if pd.isna(one[name]) else rows[name] == one[name]
        mask &= same.to_numpy(dtype=bool)
    return rows[mask].groupby("seed")[metric].mean()


def _differ(sweep: Sweep, name: str) -> bool:
    values = [cell.get(name) for cell in sweep.cells]
    return any(value != values[0] for value in values)


def _told_by_family(sweep: Sweep, name: str) -> bool:
    """Whether a field differs between families alone, each of which has one value of it."""
    if name in ("family", "dataset") or name in sweep.search:
        return False
    values: dict[str, set[object]] = {}
    for cell in sweep.cells:
        values.setdefault(cell["family"], set()).add(cell.get(name))
    return len(values) > 1 and all(len(found) == 1 for found in values.values())
