"""Images that the models make, from what each trial stored."""

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sweeps.figures.style import WIDTH, montage, panels, show_picture, styled
from sweeps.results.outcome import Outcome, Stored

#: Frames of a stored interpolation are at t = 0, 0.1, ...
FRAMES_TO_ONE = 10


@styled
def latent_grids(outcome: Outcome) -> Figure | None:
    """The two-dimensional latent space, decoded at prior quantiles."""
    flat = outcome.best("label", rows=outcome.done[outcome.done["latent_dim"] == 2])
    found = outcome.with_arrays(flat, "grid", 4)
    if not found:
        return None
    figure, axes = _side_by_side(found, columns=2)
    for (row, arrays), ax in zip(found, axes, strict=True):
        picture = montage(arrays["grid"], gap=0)
        show_picture(ax, picture, row["label"])
        side = len(picture)
        ax.set_xticks([0, side / 2, side], ["0", "½", "1"])
        ax.set_yticks([0, side / 2, side], ["0", "½", "1"])
        ax.set(xlabel="prior quantile of z₂", ylabel="prior quantile of z₁")
    return figure


@styled
def reconstructions(outcome: Outcome) -> Figure | None:
    """Test images above their reconstructions, model by model."""
    found = _models(outcome, "reconstructions", 8)
    if not found:
        return None
    return _strips([(row, *arrays["reconstructions"]) for row, arrays in found])


@styled
def restorations(outcome: Outcome) -> Figure | None:
    """Test images, their lower half missing, and restored."""
    found = _models(outcome, "restoration", 8)
    if not found:
        return None
    return _strips([(row, *arrays["restoration"][1:]) for row, arrays in found])


@styled
def prior_samples(outcome: Outcome) -> Figure | None:
    """Decoded draws from the prior, and from five times as far out."""
    found = _models(outcome, "prior", 4)
    if not found:
        return None
    columns = 2 if any("outside" in arrays for _, arrays in found) else 1
    figure, axes = panels(len(found), columns, height=1.2, width=WIDTH * 0.5 * columns)
    for (row, arrays), pair in zip(found, axes, strict=True):
        show_picture(pair[0], _sheet(arrays["prior"]), f"{_named(row)}")
        if "outside" in arrays:
            show_picture(pair[1], _sheet(arrays["outside"]), "five times as far out")
        elif columns == 2:
            pair[1].remove()
    return figure


@styled
def interpolations(outcome: Outcome) -> Figure | None:
    """The line through two codes, decoded; beyond t = 1 it extrapolates."""
    found = _models(outcome, "interpolation", 8)
    if not found:
        return None
    steps = [0, 2, 4, 5, 6, 8, 10, 15, 20, 25, 30]
    figure, axes = panels(len(found), 1, height=1.2, width=5.6)
    for (row, arrays), ax in zip(found, axes[:, 0], strict=True):
        frames = arrays["interpolation"]
        chosen = [step for step in steps if step < frames.shape[1]]
        show_picture(ax, montage(frames[:, chosen]), _named(row))
        width = frames.shape[-1] + 1
        middles = [number * width + width / 2 for number in range(len(chosen))]
        times = [f"{step / FRAMES_TO_ONE:g}" for step in chosen]
        ax.set_xticks(middles, times if ax is axes[-1, 0] else [])
        ax.tick_params(length=0)
        ax.axvline(chosen.index(10) * width + width - 0.5, color="#D55E00", lw=1.5)
    axes[-1, 0].set_xlabel("t: from the code of the first image (0) to that of the second (1)")
    return figure


@styled
def denoising_chains(outcome: Outcome) -> Figure | None:
    """Images that appear from noise: reconstructed, masked, and again; one chain per column."""
    found = _models(outcome, "chain", 6)
    if not found:
        return None
    figure, axes = _side_by_side(found, columns=2, height=2.1)
    for (row, arrays), ax in zip(found, axes, strict=True):
        show_picture(ax, montage(arrays["chain"][:, :12]), _named(row))
        steps, height = arrays["chain"].shape[0], arrays["chain"].shape[-2] + 1
        names = ["noise", *map(str, range(1, steps))]
        ax.set_yticks([n * height + height / 2 for n in range(steps)], names)
        ax.tick_params(length=0, labelsize=7)
    return figure


def _models(outcome: Outcome, name: str, most: int) -> list[Stored]:
    """The best trials of models that stored something, families in turn."""
    best = outcome.best("label")
    turn = best.groupby("family", sort=False).cumcount()
    found = outcome.with_arrays(best.iloc[np.argsort(turn, kind="stable")], name, most)
    return sorted(found, key=lambda stored: (stored[0]["cell"], stored[0]["trial_id"]))


def _named(row: pd.Series) -> str:
    return f"{row['label']}, {row['latent_dim']} dimensions"


def _strips(found: Sequence[tuple[pd.Series, np.ndarray, np.ndarray]]) -> Figure:
    """Inputs and below them each model's outputs, a row each; inputs anew where they differ."""
    rows: list[tuple[str, np.ndarray]] = []
    shown = None
    for row, inputs, outputs in found:
        if shown is None or not np.array_equal(shown, inputs):
            rows.append(("inputs", inputs))
            shown = inputs
        rows.append((textwrap.fill(_named(row), 30), outputs))
    figure, axes = panels(1, 1, height=0.2 + 0.4 * len(rows))
    ax, images = axes[0, 0], np.stack([images for _, images in rows])
    show_picture(ax, montage(images))
    height = images.shape[-2] + 1
    places = [(number + 0.5) * height for number in range(len(rows))]
    ax.set_yticks(places, [name for name, _ in rows], fontsize=7)
    ax.tick_params(length=0)
    return figure


def _sheet(images: np.ndarray) -> np.ndarray:
    """Images in rows of sixteen."""
    rows = len(images) // 16
    return montage(images[: rows * 16].reshape(rows, 16, *images.shape[1:]))


def _side_by_side(
    found: Sequence[Stored], columns: int, height: float = 3.6
) -> tuple[Figure, list[Axes]]:
    columns = min(columns, len(found))
    rows = -(-len(found) // columns)
    figure, axes = panels(rows, columns, height, width=WIDTH * 0.5 * columns)
    for spare in axes.flat[len(found) :]:
        spare.remove()
    return figure, list(axes.flat[: len(found)])
