"""What a model reaches for its size and prior; the plane of rate and distortion."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sweeps.figures.looks import looks_of
from sweeps.figures.style import (
    Look,
    framed,
    legend_below,
    ordered,
    panels,
    plain_log,
    sizes_on_axis,
    styled,
    ticks_at,
    wrapped,
)
from sweeps.results.cells import ERROR, cells
from sweeps.results.claims.table_3 import PUBLISHED
from sweeps.results.comparison import has_published
from sweeps.results.doubts import converged
from sweeps.results.effects import KIND, points
from sweeps.results.outcome import Outcome
from sweeps.results.pareto import front
from sweeps.results.words import axis_label, in_words, short_words

QUANTITIES = ("test_neg_elbo", "test_kl")

#: Marks by latent dimension, in points, from the fewest to the most; of one alone the usual.
SMALLEST, LARGEST, USUAL = 3.0, 8.0, 5.0

#: Latent dimensions that a legend has a mark of; of more, the fewest and the most.
MOST_SIZES = 4

#: Marks that tell lines of an ordered quantity apart in print.
ORDERED_MARKS = "osD^vPX*<>"


@styled
def by_latent_dimension(outcome: Outcome) -> Figure | None:
    """Negative ELBO and KL against the latent dimension, beside published values: hollow marks."""
    best = cells(outcome)
    if "latent_dim" not in best or all(_published(outcome, name).empty for name in QUANTITIES):
        return None
    looks = looks_of(outcome)
    figure, axes = wrapped(len(QUANTITIES), height=3.2)
    for name, ax in zip(QUANTITIES, axes, strict=True):
        for label, rows in best.groupby("label", sort=False):
            _line(ax, rows, "latent_dim", name, looks[str(label)] | {"label": label})
        for label, rows in _published(outcome, name).groupby("label"):
            _hollow(ax, rows["latent_dim"], rows["value"], looks.get(str(label), {}))
        sizes_on_axis(ax, best["latent_dim"])
        ax.set(xlabel="latent dimension", ylabel=axis_label(name))
    _explain_hollow(axes[0])
    legend_below(figure, order=looks)
    return figure


@styled
def by_prior_scale(outcome: Outcome) -> Figure | None:
    """Negative ELBO and KL of the logit-normal against the prior's variance, by dimension, beside
    published values."""
    best = cells(outcome)
    if "prior_scale" not in best or all(_published(outcome, name).empty for name in QUANTITIES):
        return None
    best = best.assign(latent_dim=[c["latent_dim"] for c in outcome.sweep.cells])
    best = best.dropna(subset="prior_scale")
    figure, axes = panels(1, 2, height=3.2)
    sizes = sorted(best["latent_dim"].unique())
    looks = {
        size: {"color": color, "marker": ORDERED_MARKS[n % len(ORDERED_MARKS)], "linestyle": "-"}
        for n, (size, color) in enumerate(zip(sizes, ordered(len(sizes)), strict=True))
    }
    for name, ax in zip(QUANTITIES, axes[0], strict=True):
        published = _published(outcome, name)
        for size, rows in best.groupby("latent_dim"):
            look = looks[size]
            _line(ax, rows, "prior_scale", name, look | {"label": f"{size} dimensions"})
            theirs = published[published["latent_dim"] == size].dropna(subset="prior_scale")
            _hollow(ax, theirs["prior_scale"], theirs["value"], look)
        ax.set_xscale("log")
        ticks_at(ax.xaxis, best["prior_scale"])
        ax.set(xlabel="prior variance α (before the sigmoid)", ylabel=axis_label(name))
    _explain_hollow(axes[0, 0])
    legend_below(figure, columns=4)
    return figure


@styled
def rate_distortion(outcome: Outcome) -> Figure | None:
    """Distortion against rate, means over seeds; grey lines have equal ELBO.

    The Pareto front joins converged ones alone: a front through trials that are still moving says
    where training stopped, not what a model can do.
    """
    x, y = "test_kl", "test_distortion"
    rows = rates(outcome)
    if len(rows) < 3 or len(rows[KIND].drop_duplicates()) > 1:
        return None
    figure, ax = _plane(outcome, rows, x, y)
    settled = rows[rows["settled"]]
    if len(settled) > 1:
        best = front(settled, [x, y])
        ax.step(best[x], best[y], "k-", lw=1, where="post", label="Pareto front of converged ones")
    if rows[x].min() > 0 and rows[x].max() > 50 * rows[x].median():
        ax.set_xscale("log")
        plain_log(ax.xaxis)
    framed(ax, rows[y].to_numpy(dtype=float), errors=rows[y + ERROR].to_numpy(dtype=float))
    _equal_elbo(ax, ax.get_xlim(), ax.get_ylim())
    ax.set(xlabel="rate: KL(q(z|x) ‖ p(z)) (nats/image)")
    ax.set(ylabel="distortion: −E ln p(x|z) (nats/image)")
    legend_below(figure, order=looks_of(outcome))
    return figure


def rates(outcome: Outcome) -> pd.DataFrame:
    """Every proposal with a rate and a distortion; ``settled`` where all its seeds converged."""
    rows = points(outcome, "test_distortion").dropna(subset="test_kl")
    return rows[rows["test_kl"].abs() > 1e-9].assign(status="done", settled=_settled(outcome, rows))


def _settled(outcome: Outcome, rows: pd.DataFrame) -> pd.Series:
    calm = converged(outcome)
    keys = ["cell", *outcome.sweep.search]
    done = outcome.done.assign(calm=outcome.done["trial_id"].isin(calm))
    every = done.groupby(keys, dropna=False)["calm"].all().rename("settled").reset_index()
    return rows[keys].merge(every, on=keys, how="left")["settled"].set_axis(rows.index)


@styled
def objectives_plane(outcome: Outcome) -> Figure | None:
    """The first two objectives of a search for a Pareto front, with that front."""
    if len(outcome.sweep.objectives) < 2:
        return None
    x, y = outcome.sweep.objectives[:2]
    rows = points(outcome, x).dropna(subset=y).assign(status="done")
    if len(rows) < 3 or {x, y} == {"test_kl", "test_distortion"}:
        return None
    figure, ax = _plane(outcome, rows, x, y)
    best = front(rows, [x, y])
    ax.plot(best[x], best[y], "k-", lw=1, drawstyle="steps-post", label="Pareto front")
    legend_below(figure, order=looks_of(outcome))
    return figure


def _plane(outcome: Outcome, rows: pd.DataFrame, x: str, y: str) -> tuple[Figure, Axes]:
    """Proposals by two metrics, with the standard errors of their means; hollow: not converged,
    larger: more latent dimensions, where cells differ in nothing else."""
    figure, axes = panels(1, 1, height=3.8, width=6.0)
    ax = axes[0, 0]
    sizes, looks, named = sizes_of(outcome, rows), looks_of(outcome), set()
    hollow = ~rows.get("settled", pd.Series(True, rows.index)).astype(bool)
    for (label, size), group in rows.groupby(["label", sizes.rename("size")], sort=False):
        look = looks[str(label)] | {"linestyle": "", "alpha": 0.8, "elinewidth": 0.8}
        look["markersize"] = size
        open_marks = hollow.loc[group.index]
        for part, face in ((group[~open_marks], {}), (group[open_marks], {"mfc": "none"})):
            if len(part):
                name = "_" if label in named else label
                named.add(label)
                errors = (part[y + ERROR], part[x + ERROR])
                ax.errorbar(part[x], part[y], *errors, label=name, **look, **face)
    _explain_sizes(ax, outcome, rows)
    ax.set(xlabel=axis_label(x), ylabel=axis_label(y))
    return figure, ax


def sizes_of(outcome: Outcome, rows: pd.DataFrame) -> pd.Series:
    """How large each row's mark is: by its latent dimension where that sets cells of one label
    apart, else all alike."""
    dimensions = _dimensions(outcome, rows)
    if dimensions.groupby(rows["label"]).nunique().max() < 2:
        return pd.Series(USUAL, rows.index)
    known = sorted(dimensions.dropna().unique())
    steps = dict(zip(known, np.linspace(SMALLEST, LARGEST, len(known)), strict=True))
    return dimensions.map(steps).fillna(USUAL)


def _dimensions(outcome: Outcome, rows: pd.DataFrame) -> pd.Series:
    cells = outcome.sweep.cells
    return pd.Series([cells[number].get("latent_dim") for number in rows["cell"]], rows.index)


def _explain_sizes(ax: Axes, outcome: Outcome, rows: pd.DataFrame) -> None:
    sizes, dimensions = sizes_of(outcome, rows), _dimensions(outcome, rows)
    if sizes.nunique() < 2:
        return
    known = sorted(dimensions.dropna().unique())
    for dimension in known if len(known) <= MOST_SIZES else (known[0], known[-1]):
        size = sizes[dimensions == dimension].iloc[0]
        name = short_words("latent_dim", int(dimension))
        ax.plot([], [], c="#555555", marker="o", ls="", ms=size, label=name)


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
    rows = rows.dropna(subset=[x, y]).sort_values(x)
    ax.errorbar(rows[x], rows[y], rows[y + ERROR], capsize=2, **look)


def _hollow(ax: Axes, x: pd.Series, y: pd.Series, look: Look) -> None:
    if len(x) == 0:
        return
    color, marker = look.get("color", "#555555"), look.get("marker", "o")
    ax.plot(x, y, c=color, marker=marker, ls=":", lw=0.8, mfc="none")


def _explain_hollow(ax: Axes) -> None:
    if any(str(line.get_markerfacecolor()) == "none" for line in ax.lines):
        ax.plot([], [], c="#555555", marker="o", ls=":", lw=0.8, mfc="none", label="published")


def _published(outcome: Outcome, name: str) -> pd.DataFrame:
    """The published values of a quantity, labelled as the sweep's models are."""
    files = {"test_neg_elbo": "logit_normal_elbo", "test_kl": "logit_normal_kl"}
    columns = ["latent_dim", "prior_scale", "family", "label", "value"]
    if name not in files or outcome.done.empty or not has_published(outcome.sweep, outcome.done):
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
