"""What a model reaches for its size and prior; the plane of rate and distortion."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sweeps.figures.style import (
    Look,
    legend_below,
    line_looks,
    panels,
    sizes_on_axis,
    styled,
    wrapped,
)
from sweeps.results.outcome import Outcome
from sweeps.results.pareto import front
from sweeps.results.tables import PUBLISHED
from sweeps.results.words import axis_label, in_words

QUANTITIES = ("test_neg_elbo", "test_kl", "test_mse")

#: Colours from dark to light for an ordered quantity, and marks that tell them apart in print.
ORDERED = ("#440154", "#31688E", "#35B779", "#B8A800", "#D55E00", "#777777")
ORDERED_MARKS = "osD^vP"


@styled
def by_latent_dimension(outcome: Outcome) -> Figure | None:
    """Negative ELBO and KL (or the error, where there is no KL) against the latent dimension.

    One line per model: the best trial of a search, the mean over seeds between the lowest and the
    highest. Hollow marks on dotted lines are the published values.
    """
    best = outcome.best("label", "latent_dim", "seed")
    if best["latent_dim"].nunique() < 2:
        return None
    shown = [name for name in QUANTITIES if _varies(best[name])]
    if "test_kl" not in shown and "test_mse" in shown:
        shown = ["test_mse"]
    looks = line_looks(best[["family", "label"]].itertuples(index=False))
    figure, axes = wrapped(len(shown), height=3.2)
    for name, ax in zip(shown, axes, strict=True):
        for label, rows in best.groupby("label", sort=False):
            _line(ax, rows, "latent_dim", name, looks[str(label)] | {"label": label})
        for label, rows in _published(outcome, name).groupby("label"):
            _hollow(ax, rows["latent_dim"], rows["value"], looks.get(str(label), {}))
        sizes_on_axis(ax, best["latent_dim"])
        ax.set(xlabel="latent dimension", ylabel=axis_label(name))
    _explain_hollow(axes[0])
    legend_below(figure)
    return figure


@styled
def by_prior_scale(outcome: Outcome) -> Figure | None:
    """Negative ELBO and KL of the logit-normal against the prior's variance, by dimension."""
    best = outcome.best("label", "latent_dim", "seed").dropna(subset="prior_scale")
    if best["prior_scale"].nunique() < 2:
        return None
    figure, axes = panels(1, 2, height=3.2)
    looks = [
        {"color": c, "marker": m, "linestyle": "-"}
        for c, m in zip(ORDERED, ORDERED_MARKS, strict=True)
    ]
    for name, ax in zip(("test_neg_elbo", "test_kl"), axes[0], strict=True):
        published = _published(outcome, name)
        for number, (size, rows) in enumerate(best.groupby("latent_dim")):
            look = looks[number % len(looks)]
            _line(ax, rows, "prior_scale", name, look | {"label": f"{size} dimensions"})
            theirs = published[published["latent_dim"] == size].dropna(subset="prior_scale")
            _hollow(ax, theirs["prior_scale"], theirs["value"], look)
        ticks = sorted(best["prior_scale"].unique())
        ax.set_xscale("log")
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set_xticks([], minor=True)
        ax.set(xlabel="prior variance α (before the sigmoid)", ylabel=axis_label(name))
    _explain_hollow(axes[0, 0])
    legend_below(figure, columns=4)
    return figure


@styled
def rate_distortion(outcome: Outcome) -> Figure | None:
    """Distortion against rate with the Pareto front of the trials; grey lines have equal ELBO."""
    rows = outcome.done.dropna(subset=["test_kl", "test_distortion"])
    rows = rows[rows["test_kl"].abs() > 1e-9].sort_values("cell")
    if len(rows) < 3 or rows["dataset"].nunique() > 1:
        return None
    figure, ax = _plane(rows, "test_kl", "test_distortion")
    if rows["test_kl"].min() > 0 and rows["test_kl"].max() > 50 * rows["test_kl"].median():
        ax.set_xscale("log")
    _equal_elbo(ax, ax.get_xlim(), ax.get_ylim())
    ax.set(xlabel="rate: KL(q(z|x) ‖ p(z)) (nats/image)")
    ax.set(ylabel="distortion: −E ln p(x|z) (nats/image)")
    legend_below(figure)
    return figure


@styled
def objectives_plane(outcome: Outcome) -> Figure | None:
    """The first two objectives of a search for a Pareto front, with that front."""
    budget = outcome.sweep.budget
    if budget is None or len(budget.objectives) < 2:
        return None
    x, y = budget.objectives[:2]
    rows = outcome.done.dropna(subset=[x, y]).sort_values("cell")
    if len(rows) < 3 or {x, y} == {"test_kl", "test_distortion"}:
        return None
    figure, _ = _plane(rows, x, y)
    legend_below(figure)
    return figure


def _plane(rows: pd.DataFrame, x: str, y: str) -> tuple[Figure, Axes]:
    """Trials by two metrics, and the front of those that no other beats in both."""
    looks = line_looks(rows[["family", "label"]].itertuples(index=False))
    figure, axes = panels(1, 1, height=3.8, width=6.0)
    ax = axes[0, 0]
    for label, group in rows.groupby("label", sort=False):
        look = looks[str(label)] | {"linestyle": "", "alpha": 0.75}
        ax.plot(group[x], group[y], label=label, **look)
    best = front(rows, [x, y])
    ax.step(best[x], best[y], "k-", lw=1, where="post", label="Pareto front")
    ax.set(xlabel=axis_label(x), ylabel=axis_label(y))
    return figure, ax


def _equal_elbo(ax: Axes, rates: tuple[float, float], distortions: tuple[float, float]) -> None:
    """Lines on which distortion + rate is the same number of nats."""
    low, high = max(rates[0], 0) + distortions[0], max(rates[1], 0) + distortions[1]
    totals = MaxNLocator(6).tick_values(low, high)
    log = ax.get_xscale() == "log"
    rate = np.geomspace(*rates, 200) if log else np.linspace(*rates, 200)
    for total in totals:
        inside = (total - rate > distortions[0]) & (total - rate < distortions[1])
        ax.plot(rate[inside], total - rate[inside], c="#888888", lw=0.6, ls=":", zorder=0)
        if inside.any():
            end = rate[inside][-1]
            ax.annotate(f"{total:g}", (end, total - end), fontsize=6, color="#777777")
    ax.set(xlim=rates, ylim=distortions)


def _line(ax: Axes, rows: pd.DataFrame, x: str, y: str, look: Look) -> None:
    spread = rows.dropna(subset=y).groupby(x)[y].agg(["mean", "min", "max", "count"])
    ax.plot(spread.index, spread["mean"], **look)
    if (spread["count"] > 1).any():
        ax.fill_between(spread.index, spread["min"], spread["max"], color=look["color"], alpha=0.2)


def _hollow(ax: Axes, x: pd.Series, y: pd.Series, look: Look) -> None:
    if len(x) == 0:
        return
    color, marker = look.get("color", "#555555"), look.get("marker", "o")
    ax.plot(x, y, c=color, marker=marker, ls=":", lw=0.8, mfc="none")


def _explain_hollow(ax: Axes) -> None:
    if any(line.get_markerfacecolor() == "none" for line in ax.lines):
        ax.plot([], [], c="#555555", marker="o", ls=":", lw=0.8, mfc="none", label="published")


def _varies(column: pd.Series) -> bool:
    return column.max() - column.min() > 1e-9


def _published(outcome: Outcome, name: str) -> pd.DataFrame:
    """The published values of a quantity, labelled as the sweep's models are."""
    files = {"test_neg_elbo": "logit_normal_elbo", "test_kl": "logit_normal_kl"}
    columns = ["latent_dim", "prior_scale", "family", "label", "value"]
    if outcome.sweep.name != "logit_normal" or name not in files:
        return pd.DataFrame(columns=columns)
    if set(outcome.done["dataset"]) != {"mnist"}:
        return pd.DataFrame(columns=columns)
    scales = pd.read_csv(PUBLISHED / f"{files[name]}.csv").assign(family="logit_normal")
    scales["label"] = [f"{in_words('logit_normal')} α {scale:g}" for scale in scales["prior_scale"]]
    scales = scales.rename(columns={"elbo": "value", "kl": "value"})
    if name != "test_neg_elbo":
        return scales[columns]
    families = pd.read_csv(PUBLISHED / "family_elbo.csv").rename(columns={"elbo": "value"})
    families = families[families["family"] != "logit_normal"].assign(prior_scale=np.nan)
    families["label"] = families["family"].map(in_words)
    return pd.concat([families[columns], scales[columns]])
