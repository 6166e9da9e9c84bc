"""Learning curves, and the history of a search."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bsvae.metrics import METRICS
from sweeps.figures.style import Looks, legend_below, line_looks, styled, wrapped
from sweeps.results.outcome import Outcome
from sweeps.results.words import SYMBOLS, axis_label, likelihood_of

MOST_PANELS = 9


@styled
def learning_curves(outcome: Outcome) -> Figure | None:
    """Test distortion by epoch: one panel per latent dimension, one line per model.

    A model that was searched shows its best trial; several seeds their mean, between the lowest and
    the highest.
    """
    best = outcome.best("label", "latent_dim", "seed")
    best = best[["trial_id", "family", "label", "latent_dim", "seed", "cell"]]
    curves = outcome.epochs.merge(best, on="trial_id").dropna(subset="test_distortion")
    curves = curves.groupby("trial_id").filter(lambda one: len(one) > 1)
    if curves.empty:
        return None
    curves["pixels"] = curves["family"].map(likelihood_of)
    kinds = sorted(set(zip(curves["pixels"], curves["latent_dim"], strict=True)))
    kinds = _spread(kinds, MOST_PANELS)
    looks = line_looks(best[["family", "label"]].itertuples(index=False))
    figure, axes = wrapped(len(kinds), height=2.5)
    for (pixels, size), ax in zip(kinds, axes, strict=True):
        chosen = (curves["latent_dim"] == size) & (curves["pixels"] == pixels)
        _curves(ax, curves[chosen], looks)
        several = curves["pixels"].nunique() > 1
        ax.set_title(f"{size} latent dimensions" + (f"\n{pixels}" if several else ""))
        ax.set(xlabel="epoch", ylabel="distortion (nats/image)" if ax is axes[0] else "")
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    legend_below(figure)
    return figure


def _curves(ax: Axes, curves: pd.DataFrame, looks: Looks) -> None:
    grouped = curves.groupby(["label", "epoch"], sort=False)["test_distortion"]
    spread = grouped.agg(["mean", "min", "max", "count"]).reset_index()
    for label, line in spread.groupby("label", sort=False):
        line = line.sort_values("epoch")
        look = looks[str(label)] | {"markevery": max(1, len(line) // 6), "markersize": 3.5}
        ax.plot(line["epoch"], line["mean"], label=label, **look)
        if (line["count"] > 1).any():
            ax.fill_between(line["epoch"], line["min"], line["max"], color=look["color"], alpha=0.2)
    settled = curves[curves["epoch"] > curves["epoch"].max() * 0.02]["test_distortion"]
    low, high = settled.min(), settled.quantile(0.995)
    ax.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))


@styled
def search_history(outcome: Outcome) -> Figure | None:
    """The searched objective against each searched field, and the best value so far."""
    searched = [name for name in outcome.sweep.search if outcome.done[name].nunique() > 1]
    budget = outcome.sweep.budget
    if not searched or budget is None or outcome.done[outcome.objective].isna().all():
        return None
    asked = {n for n, cell in enumerate(outcome.sweep.cells) if outcome.sweep.searched(cell)}
    rows = outcome.trials[outcome.trials["status"].isin(("done", "stopped"))]
    rows = rows[rows["cell"].isin(asked)].sort_values(["finished_at", "trial_id"])
    metric = METRICS[outcome.objective]
    looks = line_looks(rows.sort_values("cell")[["family", "label"]].itertuples(index=False))
    figure, axes = wrapped(1 + len(searched), height=3.0)
    for name, ax in zip(searched, axes, strict=False):
        _against(ax, rows, name, outcome.objective, looks)
        ax.set(xscale="log" if outcome.sweep.search[name].log else "linear")
        ax.set_xlabel(f"{name.replace('_', ' ')} {SYMBOLS.get(name, '')}".strip())
    _best_so_far(axes[-1], rows, outcome.objective, metric.better == "lower", looks)
    axes[0].set_ylabel(axis_label(outcome.objective))
    legend_below(figure)
    return figure


def _against(ax: Axes, rows: pd.DataFrame, name: str, objective: str, looks: Looks) -> None:
    for label, group in rows.groupby("label", sort=False):
        look = looks[str(label)]
        _marks(ax, group[name], group[objective], group["status"], look)
    for _, cell in rows.groupby("cell"):
        look = looks[cell["label"].iloc[0]]
        line = cell.sort_values(name)
        ax.plot(line[name], line[objective], c=look["color"], lw=0.6, alpha=0.5)


def _best_so_far(ax: Axes, rows: pd.DataFrame, objective: str, lower: bool, looks: Looks) -> None:
    for _, cell in rows.groupby("cell"):
        look = looks[cell["label"].iloc[0]]
        best = cell[objective].cummin() if lower else cell[objective].cummax()
        label = cell["label"].iloc[0]
        order = pd.Series(range(1, len(cell) + 1), index=cell.index)
        ax.step(order, best, where="post", c=look["color"], ls=look["linestyle"], label=label)
        _marks(ax, order, cell[objective], cell["status"], look)
    ax.set(xlabel="trial of a cell, in order of finishing", title="best so far")
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))


def _marks(
    ax: Axes, x: pd.Series, y: pd.Series, status: pd.Series, look: dict[str, object]
) -> None:
    """One mark per trial, hollow where it was stopped early."""
    shape = {"ls": "", "c": look["color"], "marker": look["marker"], "ms": 3.5}
    stopped = status == "stopped"
    ax.plot(x[~stopped], y[~stopped], **shape)
    ax.plot(x[stopped], y[stopped], mfc="none", **shape)


def _spread(values: list[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    """At most so many of some values, evenly spread."""
    if len(values) <= most:
        return values
    return [values[i * (len(values) - 1) // (most - 1)] for i in range(most)]
