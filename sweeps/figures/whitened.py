"""Are whitened codes Gaussian? What an eye can see, and the calibrated panel."""

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter
from scipy import stats

from bsvae.gaussianity.whitening import Whitening
from sweeps.figures.looks import colors_of
from sweeps.figures.style import panels, styled
from sweeps.results.outcome import Outcome

MOST_MODELS = 6
PLANE_POINTS = 600
LARGE_Z = 5.0


@styled
def whitened_codes(outcome: Outcome) -> Figure | None:
    """Whitened codes in three views: a plane, squared radii, and each axis by its quantiles.

    The whitening is fitted on one half of the stored codes, and the other half is shown; black is
    what exactly Gaussian codes, as many and treated alike, look like.
    """
    best = outcome.best("family", "epochs", rows=outcome.done[outcome.done["latent_dim"] > 2])
    if outcome.panel.empty:
        return None
    found = outcome.with_arrays(best, "codes", MOST_MODELS)
    if not found:
        return None
    figure, axes = panels(len(found), 3, height=2.3)
    for (row, arrays), (plane, radius, quantiles) in zip(found, axes, strict=True):
        codes, color = arrays["codes"].astype(np.float64), colors_of(outcome)[row["family"]]
        alike = len(codes), halves(codes, "pca")[1]
        gaussian = np.random.default_rng(0).standard_normal(alike)
        _plane(plane, codes, row, color)
        for points, ink in ((gaussian, "k"), (codes, color)):
            _radii(radius, points, ink)
            _axes_quantiles(quantiles, points, ink)
    for ax, title in zip(axes[0], TITLES, strict=True):
        ax.set_title(f"{title}\n{ax.get_title()}".strip())
    axes[-1, 0].set_xlabel("first two principal axes (sd)")
    axes[-1, 1].set_xlabel("quantile of χ² (rank of the codes)")
    axes[-1, 2].set_xlabel("quantile of N(0, 1)")
    return figure


TITLES = ("a plane of whitened codes", "squared radius r²", "every ZCA axis")


def halves(codes: np.ndarray, kind: Literal["pca", "zca"]) -> tuple[np.ndarray, int]:
    """The odd rows of codes, whitened by a map fitted on the even ones; and the map's rank."""
    whitening = Whitening.fit(codes[::2], kind)
    return whitening.transform(codes[1::2]), whitening.rank


def _plane(ax: Axes, codes: np.ndarray, row: pd.Series, color: str) -> None:
    whitened, _ = halves(codes, "pca")
    points = whitened[:PLANE_POINTS, :2]
    if points.shape[1] == 2:
        ax.scatter(*points.T, s=4, lw=0, color=color, alpha=0.6, rasterized=True)
    for radius in (1, 2, 3):
        angle = np.linspace(0, 2 * np.pi, 100)
        ax.plot(radius * np.cos(angle), radius * np.sin(angle), c="k", lw=0.5)
    ax.set(xlim=(-5, 5), ylim=(-5, 5), aspect="equal", ylabel=row["label"])


def _radii(ax: Axes, codes: np.ndarray, color: str) -> None:
    whitened, rank = halves(codes, "pca")
    squared = np.sort((whitened**2).sum(axis=1))
    expected = stats.chi2.ppf((np.arange(len(squared)) + 0.5) / len(squared), rank)
    ax.plot(expected, squared, c=color, lw=1.5 if color != "k" else 1.0)
    ax.set(ylabel="quantile of r²", yscale="log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(ScalarFormatter())
    ax.yaxis.set_minor_locator(NullLocator())


def _axes_quantiles(ax: Axes, codes: np.ndarray, color: str) -> None:
    whitened, _ = halves(codes, "zca")
    alive = whitened[:, whitened.std(axis=0) > 1e-6]
    places = (np.arange(len(alive)) + 0.5) / len(alive)
    expected, observed = stats.norm.ppf(places), np.sort(alive, axis=0)
    low, middle, high = np.quantile(observed, [0.05, 0.5, 0.95], axis=1)
    ax.plot(expected, middle, c=color, lw=1.5 if color != "k" else 1.0)
    ax.fill_between(expected, low, high, color=color, alpha=0.3, lw=0)
    ax.set(ylabel="quantile of axes", ylim=(-5, 8))


@styled
def gaussianity_panel(outcome: Outcome) -> Figure | None:
    """The panel of tests as a heat map: z-scores against exactly Gaussian codes as many."""
    models = outcome.done[["trial_id", "label", "cell"]].sort_values("cell")
    scores = models.merge(outcome.panel, on="trial_id")
    if scores.empty:
        return None
    metrics = list(dict.fromkeys(outcome.panel["metric"]))
    labels = list(dict.fromkeys(scores["label"]))
    z = scores.pivot_table("z", "metric", "label", aggfunc="median").reindex(metrics)[labels]
    figure, axes = panels(1, 1, height=0.6 + 0.24 * len(metrics))
    ax = axes[0, 0]
    norm = SymLogNorm(linthresh=LARGE_Z, vmin=-1e4, vmax=1e4)
    image = ax.imshow(z.to_numpy(), aspect="auto", cmap="RdBu_r", norm=norm)
    for (row, column), value in np.ndenumerate(z.to_numpy()):
        if np.isfinite(value):
            ink = "white" if abs(value) > 1000 else "black"
            ax.text(column, row, f"{value:,.0f}", ha="center", va="center", fontsize=7, color=ink)
    ax.set_xticks(range(len(z.columns)), z.columns, rotation=30, ha="left")
    ax.set_yticks(range(len(metrics)), [metric.replace("_", " ") for metric in metrics])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(False)
    bar = figure.colorbar(image, label="z (sd of exactly Gaussian codes)", shrink=0.6)
    bar.set_ticks([-1e4, -100, 0, 100, 1e4], labels=["−10,000", "−100", "0", "100", "10,000"])
    bar.minorticks_off()
    return figure
