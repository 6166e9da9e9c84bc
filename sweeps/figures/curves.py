"""Learning curves: per value of what varies; of a search every proposal, stopped ones too."""

from dataclasses import dataclass
from typing import TypeVar

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bsvae.metrics import METRICS
from sweeps.figures.looks import looks_of
from sweeps.figures.style import Looks, framed, legend_below, styled, wrapped
from sweeps.results.effects import KIND, with_kind
from sweeps.results.outcome import Outcome
from sweeps.results.words import axis_label

T = TypeVar("T")

MOST_PANELS = 9

#: Models of a grid that a figure has lines for; of more, these are evenly spread over their order.
MOST_LINES = 10

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
def grid_curves(outcome: Outcome) -> Figure | None:
    """The objective by epoch, one panel per latent dimension and one line per model."""
    curves = curves_of(outcome)
    if curves is None:
        return None
    looks = looks_of(outcome)
    named = spread([label for label in looks if label in set(curves.rows["label"])], MOST_LINES)
    rows = curves.rows[curves.rows["label"].isin(named)]
    groups = list(rows.groupby([*KIND, "latent_dim"], dropna=False))
    several = len({kind[:2] for kind, _ in groups}) > 1
    figure, axes = wrapped(min(len(groups), MOST_PANELS), height=2.6)
    for ((*kind, size), here), ax in zip(spread(groups, MOST_PANELS), axes, strict=True):
        _lines(ax, here, curves.metric, looks)
        ax.set_title(f"{size:g} latent dimensions" + ("\n" + ", ".join(map(str, kind))) * several)
        dress(ax, axes, curves.metric)
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
    frame_late(ax, rows, metric)


def frame_late(ax: Axes, rows: pd.DataFrame, metric: str) -> None:
    """Frame a panel of curves, without what only the first epochs reach."""
    last = rows["epoch"].max()
    late = rows[rows["epoch"] > min(0.1 * last, last - 1)]
    framed(ax, late[metric].to_numpy(dtype=float), METRICS[metric].sign > 0)


def dress(ax: Axes, axes: list[Axes], metric: str) -> None:
    """Names of the axes of a panel of curves."""
    ax.set(xlabel="epoch", ylabel=axis_label(metric) if ax is axes[0] else "")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def spread(values: list[T], most: int) -> list[T]:
    """At most so many of some values, evenly spread."""
    if len(values) <= most:
        return values
    return [values[i * (len(values) - 1) // (most - 1)] for i in range(most)]
