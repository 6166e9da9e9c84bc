"""Cells: the configurations of a sweep, with seeds as replicates.

A *proposal* is a configuration whose every field is known, seed aside: a grid cell, or the values
that a search tried in one.  Of a proposal's done trials, one per seed, stand the mean and its
standard error, s / sqrt(n) with s^2 = sum (x - mean)^2 / (n - 1); with one seed there is no error.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from bsvae.metrics import METRICS
from bsvae.trial import FIELDS
from sweeps.definition.sweep import Sweep
from sweeps.results.configuration import differing
from sweeps.results.formats import ERROR
from sweeps.results.outcome import Outcome
from sweeps.results.words import label_cells


class Difference(NamedTuple):
    """A mean difference, its paired standard error (NaN below two pairs), and how many pairs."""

    difference: float
    error: float
    n: int


def cells(outcome: Outcome) -> pd.DataFrame:
    """One row per cell, in the order of the sweep's file; of a search its chosen proposal.

    A search chooses by the mean over seeds of the sweep's first objective, among its proposals with
    the most seeds done; where none has a finite objective it chooses nothing.

    Returns:
        ``cell`` and ``label``; every field that varies; ``n``, the seeds done; and for every metric
        its mean under its own name and its standard error under ``NAME_se`` (NaN if n = 1).  A cell
        without a result has n = 0 and NaN.
    """
    found = _chosen(proposals(outcome), outcome).set_index("cell", drop=False)
    frame = found.drop(columns="proposal").reindex(range(len(outcome.sweep.cells)))
    frame["n"] = frame["n"].fillna(0).astype(int)
    return described(frame.assign(cell=frame.index), outcome.sweep).reset_index(drop=True)


def proposals(outcome: Outcome) -> pd.DataFrame:
    """One row per proposal with a done trial: ``cell``, ``proposal``, searched fields, ``n``, how
    many of them ``collapsed``, and means and standard errors as in `cells`."""
    done = _numbered(outcome)
    groups = done.groupby("proposal", sort=True)
    metrics = [name for name in METRICS if name in done]
    with np.errstate(invalid="ignore"):  # infinite metrics have no error
        means, errors = groups[metrics].mean(), groups[metrics].sem()
    first = groups[["cell", *outcome.sweep.search]].first()
    ignored = done["collapsed"].astype("boolean").fillna(False).groupby(done["proposal"]).sum()
    counts = pd.DataFrame({"n": groups["seed"].nunique(), "collapsed": ignored.astype(int)})
    sides = [means, errors.add_suffix(ERROR)]
    order = [name for metric in metrics for name in (metric, metric + ERROR)]
    return pd.concat([first, counts, pd.concat(sides, axis="columns")[order]], axis=1).reset_index()


def complete(found: pd.DataFrame) -> pd.DataFrame:
    """Of `proposals`, those that have as many seeds done as any of their cell: with fewer, one may
    be the best by the luck of its seeds."""
    return found[found["n"] == found.groupby("cell")["n"].transform("max")]


def whole(rows: pd.DataFrame, sweep: Sweep) -> pd.DataFrame:
    """Of `cells`, those with all of their seeds done; all of them where none has."""
    wanted = [len(sweep.seeds_of(sweep.cells[number])) for number in rows["cell"]]
    found = rows[rows["n"] >= wanted]
    return rows if found.empty else found


def described(rows: pd.DataFrame, sweep: Sweep) -> pd.DataFrame:
    """Rows with a ``cell`` preceded by its label and every field that varies."""
    numbers = rows["cell"].astype(int)
    labels = label_cells(sweep)
    front = {"cell": numbers, "label": [labels[number] for number in numbers]}
    for name in varying(sweep):
        known = [sweep.cells[number].get(name) for number in numbers]
        values = pd.Series(known, rows.index).infer_objects()
        front[name] = values.where(values.notna(), rows[name]) if name in sweep.search else values
    rest = rows.drop(columns=[name for name in front if name in rows])
    return pd.concat([pd.DataFrame(front, rows.index), rest], axis="columns")


def paired(outcome: Outcome, metric: str, a: int, b: int) -> Difference:
    """How much more a cell has of a metric than another, by the seeds that both have done.

    Trials of equal seeds share batches and noise, so that the differences seed by seed vary less
    than the cells do.
    """
    difference, error, pairs = differences(outcome, metric, b).loc[a].to_numpy(dtype=float)
    return Difference(float(difference), float(error), int(pairs))


def differences(outcome: Outcome, metric: str, base: int) -> pd.DataFrame:
    """Every cell's `Difference` from one cell, as columns; the index numbers the cells."""
    rows = replicates(outcome)
    wide = rows.pivot_table(metric, "cell", "seed", aggfunc="mean")
    wide = wide.reindex(range(len(outcome.sweep.cells)))
    with np.errstate(invalid="ignore"):
        gaps = wide.sub(wide.loc[base], axis="columns")
        table = {"difference": gaps.mean(axis=1), "error": gaps.sem(axis=1)}
    return pd.DataFrame({**table, "n": gaps.count(axis=1)})


def replicates(outcome: Outcome) -> pd.DataFrame:
    """The done trials behind `cells`: of a search those of its chosen proposals."""
    done = _numbered(outcome)
    return done[done["proposal"].isin(_chosen(proposals(outcome), outcome)["proposal"])]


def varying(sweep: Sweep) -> list[str]:
    """The fields in which a sweep's trials differ, searched ones too, in a trial's order.

    >>> from sweeps.definition.parse import parse
    >>> trial = {"family": "gaussian", "dataset": "digits"}
    >>> varying(parse("s", {"trial": trial, "grid": [{"latent_dim": [2, 4]}]}, {}))
    ['latent_dim']
    """
    found = {*differing(pd.DataFrame(sweep.cells)), *sweep.search}
    return [name for name in FIELDS if name in found]


def _numbered(outcome: Outcome) -> pd.DataFrame:
    """The done trials, each with the number of its ``proposal``."""
    done = outcome.done.sort_values(["cell", "seed"], kind="stable")
    keys = ["cell", *outcome.sweep.search]
    return done.assign(proposal=done.groupby(keys, dropna=False, sort=False).ngroup())


def _chosen(found: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Of every cell its one proposal, or the best of its search's."""
    sweep, objective = outcome.sweep, outcome.objective
    searches = [bool(sweep.searched(sweep.cells[number])) for number in found["cell"]]
    searched = pd.Series(searches, found.index, dtype=bool)
    able = found[searched & np.isfinite(found[objective])]
    ascending = METRICS[objective].sign > 0
    ranked = complete(able).sort_values(objective, ascending=ascending, kind="stable")
    best = ranked.groupby("cell", sort=False).head(1)
    return pd.concat([found[~searched], best]).sort_values("cell", kind="stable")
