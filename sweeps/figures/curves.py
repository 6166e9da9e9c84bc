"""Learning curves: per value of what varies; of a search every proposal, stopped ones too."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bsvae.metrics import METRICS
from sweeps.figures.looks import looks_of
from sweeps.figures.style import Looks, framed, legend_below, plain_log, styled, wrapped
from sweeps.results.effects import KIND, with_kind
from sweeps.results.outcome import Outcome
from sweeps.results.words import axis_label, field_words

T = TypeVar("T")

MOST_PANELS = 9

#: What is drawn where the objective is not measured after every epoch, the first that is.
OTHERWISE = ("valid_neg_elbo", "test_neg_elbo", "test_distortion", "test_mse")


@dataclass(frozen=True)
class Curves:
    """Curves to draw.

    Attributes:
        metric: which.
        rows: one row per trial and epoch, with the trial's fields, ``label`` and ``status``.
    """

    metric: str
    rows: pd.DataFrame


def curves_of(outcome: Outcome) -> Curves | None:
    """The curves of done trials and of those stopped early, where they have more than one epoch."""
    trials = outcome.trials[outcome.trials["status"].isin(("done", "stopped"))]
    trials = with_kind(trials, outcome.sweep)
    kept = ["trial_id", "status", "family", "label", "cell", "latent_dim", "seed", *KIND]
    kept += [name for name in outcome.sweep.search if name not in kept]
    for metric in (outcome.objective, *OTHERWISE):
        if metric in outcome.epochs and outcome.epochs[metric].notna().any():
            curves = outcome.epochs[["trial_id", "epoch", metric]].dropna()
            rows = curves.merge(trials[kept], on="trial_id")
            several = rows["epoch"].max() > 1 if len(rows) else False
            return Curves(metric, rows.sort_values(["cell", "epoch"])) if several else None
    return None


@styled
def learning_curves(outcome: Outcome) -> Figure | None:
    """The objective by epoch: of a grid per model and latent dimension, of a search per value."""
    curves = curves_of(outcome)
    if curves is None:
        return None
    if outcome.sweep.search:
        return _of_search(outcome, curves)
    rows, looks = curves.rows, looks_of(outcome)
    groups = list(rows.groupby([*KIND, "latent_dim"], dropna=False))
    several = len({kind[:2] for kind, _ in groups}) > 1
    figure, axes = wrapped(min(len(groups), MOST_PANELS), height=2.6)
    for ((*kind, size), here), ax in zip(_spread(groups, MOST_PANELS), axes, strict=True):
        _lines(ax, here, curves.metric, looks)
        ax.set_title(f"{size:g} latent dimensions" + ("\n" + ", ".join(kind)) * several)
        _dress(ax, axes, curves.metric)
    legend_below(figure, order=looks)
    return figure


def _lines(ax: Axes, rows: pd.DataFrame, metric: str, looks: Looks) -> None:
    """Means over seeds, with their standard error as a band."""
    table = rows.groupby(["label", "epoch"], sort=False)[metric].agg(["mean", "sem"])
    for label, line in table.groupby("label", sort=False):
        line = line.droplevel("label").sort_index()
        look = looks[str(label)] | {"markevery": max(1, len(line) // 6), "markersize": 3.5}
        ax.plot(line.index, line["mean"], label=label, **look)
        low, high = line["mean"] - line["sem"], line["mean"] + line["sem"]
        ax.fill_between(line.index, low, high, color=look["color"], alpha=0.25, lw=0)
    _frame(ax, rows, metric)


def _of_search(outcome: Outcome, curves: Curves) -> Figure:
    """A panel per cell and searched field, each proposal in the colour of its value."""
    shown = panels_of_search(outcome, curves)
    figure, axes = wrapped(len(shown), height=2.9, columns=2 if len(shown) in (2, 4) else 3)
    for (title, name, rows), ax in zip(shown, axes, strict=True):
        span = outcome.sweep.search[name]
        norm = (LogNorm if span.log else Normalize)(span.low, span.high)
        best = _best_value(outcome, rows, name)
        for (value, status), one in rows.groupby([name, "status"]):
            line = one.groupby("epoch")[curves.metric].mean()
            color, chosen = colormaps["viridis"](norm(value)), value == best
            ax.plot(line.index, line, c=color, lw=2.6 if chosen else 0.9, zorder=2 + chosen)
            end = {"stopped": {"marker": "o", "mfc": "none"}, "done": {"marker": "."}}[str(status)]
            ax.plot(line.index[-1:], line.iloc[-1:], c=color, ms=4, **end)
        _frame(ax, rows, curves.metric)
        bar = figure.colorbar(ScalarMappable(norm, "viridis"), ax=ax, label=field_words(name))
        if span.log:
            plain_log(bar.ax.yaxis)
        ax.set_title(title)
        _dress(ax, axes, curves.metric)
    return figure


def panels_of_search(outcome: Outcome, curves: Curves) -> list[tuple[str, str, pd.DataFrame]]:
    """Title, searched field and curves of each panel, at most `MOST_PANELS`."""
    return _spread(list(_search_panels(outcome, curves)), MOST_PANELS)


def _search_panels(outcome: Outcome, curves: Curves) -> Iterator[tuple[str, str, pd.DataFrame]]:
    sizes = curves.rows["latent_dim"].nunique() > 1
    for number, rows in curves.rows.groupby("cell", sort=False):
        size = f", {rows['latent_dim'].iloc[0]:g} dim." if sizes else ""
        for name in outcome.sweep.searched(outcome.sweep.cells[int(str(number))]):
            if rows[name].nunique() > 1:
                yield f"{rows['label'].iloc[0]}{size}", name, rows


def _best_value(outcome: Outcome, rows: pd.DataFrame, name: str) -> float:
    done = outcome.done[outcome.done["trial_id"].isin(rows["trial_id"])]
    means = done.groupby(name)[outcome.objective].mean().dropna()
    if means.empty:
        return float("nan")
    return float(means.idxmin() if METRICS[outcome.objective].better == "lower" else means.idxmax())


def _frame(ax: Axes, rows: pd.DataFrame, metric: str) -> None:
    """Leave out what only the first epochs reach."""
    last = rows["epoch"].max()
    late = rows[rows["epoch"] > min(0.1 * last, last - 1)]
    framed(ax, late[metric].to_numpy(dtype=float), METRICS[metric].better == "lower")


def _dress(ax: Axes, axes: list[Axes], metric: str) -> None:
    ax.set(xlabel="epoch", ylabel=axis_label(metric) if ax is axes[0] else "")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))


@styled
def search_history(outcome: Outcome) -> Figure | None:
    """Every proposal in the order of finishing, and the best of each cell so far."""
    budget, objective = outcome.sweep.budget, outcome.objective
    asked = {n for n, cell in enumerate(outcome.sweep.cells) if outcome.sweep.searched(cell)}
    rows = outcome.trials[outcome.trials["status"].isin(("done", "stopped"))]
    rows = rows[rows["cell"].isin(asked)].dropna(subset=objective)
    if budget is None or len(rows) < 2:
        return None
    lower, looks = METRICS[objective].better == "lower", looks_of(outcome)
    figure, axes = wrapped(1, height=3.0)
    ax = axes[0]
    ax.figure.set_figwidth(6.0)
    for _, cell in _proposals(outcome, rows).groupby("cell"):
        label = cell["label"].iloc[0]
        order, look = np.arange(1, len(cell) + 1), looks[label] | {"markersize": 3.5}
        done = (cell["status"] == "done").to_numpy()
        values = cell["value"].where(done, np.inf if lower else -np.inf)
        so_far = values.cummin() if lower else values.cummax()
        so_far = so_far.where(np.isfinite(so_far))
        marks = look | {"linestyle": ""}
        ax.step(order, so_far, where="post", c=look["color"], ls=look["linestyle"], label=label)
        ax.errorbar(order[done], cell["value"][done], cell["se"][done], elinewidth=0.8, **marks)
        ax.plot(order[~done], cell["value"][~done], mfc="none", **marks)
    framed(ax, rows[objective].to_numpy(dtype=float), lower)
    ax.set(xlabel="proposal of a cell, in order of finishing", ylabel=axis_label(objective))
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    legend_below(figure, order=looks)
    return figure


def _proposals(outcome: Outcome, rows: pd.DataFrame) -> pd.DataFrame:
    """One row per proposal: its mean over seeds, in the order of finishing."""
    keys = ["cell", *outcome.sweep.search]
    table = rows.groupby(keys, dropna=False).agg(
        label=("label", "first"),
        status=("status", "max"),  # stopped, if any seed of it was
        value=(outcome.objective, "mean"),
        se=(outcome.objective, "sem"),
        ended=("finished_at", "max"),
        first=("trial_id", "min"),
    )
    return table.reset_index().sort_values(["cell", "ended", "first"], ignore_index=True)


def _spread(values: list[T], most: int) -> list[T]:
    """At most so many of some values, evenly spread."""
    if len(values) <= most:
        return values
    return [values[i * (len(values) - 1) // (most - 1)] for i in range(most)]
