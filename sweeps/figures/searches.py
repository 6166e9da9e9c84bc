"""Figures of a search: its learning curves by what was searched, and its history."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bsvae.metrics import METRICS
from sweeps.figures.curves import (
    MOST_PANELS,
    Curves,
    curves_of,
    dress,
    frame_late,
    grid_curves,
    spread,
)
from sweeps.figures.looks import looks_of
from sweeps.figures.style import Look, framed, legend_below, panels, plain_log, styled, wrapped
from sweeps.results.cells import cells
from sweeps.results.outcome import Outcome
from sweeps.results.words import axis_label, field_words


@styled
def learning_curves(outcome: Outcome) -> Figure | None:
    """The objective by epoch: of a grid per model and latent dimension; of a search a panel per
    cell and searched field, each proposal in the colour of its value."""
    curves = curves_of(outcome)
    if curves is None or not outcome.sweep.search:
        return grid_curves(outcome)
    shown, chosen = panels_of_search(outcome, curves), cells(outcome)
    figure, axes = wrapped(len(shown), height=2.9, columns=2 if len(shown) in (2, 4) else 3)
    for (title, name, rows), ax in zip(shown, axes, strict=True):
        span = outcome.sweep.search[name]
        norm = (LogNorm if span.log else Normalize)(span.low, span.high)
        best = chosen.at[rows["cell"].iloc[0], name]
        for (value, status), one in rows.groupby([name, "status"]):
            line = one.groupby("epoch")[curves.metric].mean()
            color, thick = colormaps["viridis"](norm(_number(value))), value == best
            ax.plot(line.index, line, c=color, lw=2.6 if thick else 0.9, zorder=2 + thick)
            marker, face = ("o", "none") if status == "stopped" else (".", color)
            ax.plot(line.index[-1:], line.iloc[-1:], c=color, ms=4, marker=marker, mfc=face)
        frame_late(ax, rows, curves.metric)
        bar = figure.colorbar(ScalarMappable(norm, "viridis"), ax=ax, label=field_words(name))
        if span.log:
            plain_log(bar.ax.yaxis)
        ax.set_title(title)
        dress(ax, axes, curves.metric)
    return figure


def panels_of_search(outcome: Outcome, curves: Curves) -> list[tuple[str, str, pd.DataFrame]]:
    """Title, searched field and curves of each panel, at most `MOST_PANELS`."""
    return spread(list(_search_panels(outcome, curves)), MOST_PANELS)


def _search_panels(outcome: Outcome, curves: Curves) -> Iterator[tuple[str, str, pd.DataFrame]]:
    sizes = curves.rows["latent_dim"].nunique() > 1
    for number, rows in curves.rows.groupby("cell", sort=False):
        size = f", {rows['latent_dim'].iloc[0]:g} dim." if sizes else ""
        for name in outcome.sweep.searched(outcome.sweep.cells[int(str(number))]):
            if rows[name].nunique() > 1:
                yield f"{rows['label'].iloc[0]}{size}", name, rows


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
    figure, grid = panels(1, 1, height=3.0, width=6.0)
    ax = grid[0, 0]
    for _, cell in _proposals(outcome, rows).groupby("cell"):
        label = cell["label"].iloc[0]
        order, look = np.arange(1, len(cell) + 1), looks[label]
        done = (cell["status"] == "done").to_numpy()
        whole = done & (cell["n"] == cell["n"].max()).to_numpy()  # not best by a lucky seed
        values = cell["value"].where(whole, np.inf if lower else -np.inf)
        so_far = values.cummin() if lower else values.cummax()
        so_far = so_far.where(np.isfinite(so_far))
        marks: Look = look | {"linestyle": "", "markersize": 3.5}
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
        n=("seed", "nunique"),
        value=(outcome.objective, "mean"),
        se=(outcome.objective, "sem"),
        ended=("finished_at", "max"),
        first=("trial_id", "min"),
    )
    return table.reset_index().sort_values(["cell", "ended", "first"], ignore_index=True)


def _number(value: object) -> float:
    return float(str(value))
