"""How figures look: one colour and marker per family, tellable apart in print and by everyone.

Colours are those of Okabe and Ito; a family keeps its own in every figure, and variants of a family
differ in line style and lightness.
"""

import textwrap
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

COLORS = {
    "gaussian": "#0072B2",
    "logit_normal": "#D55E00",
    "concrete": "#009E73",
    "binary_concrete": "#CC79A7",
    "bs_autoencoder": "#E69F00",
    "bs_twin": "#56B4E9",
    "autoencoder": "#333333",
    "linear_autoencoder": "#0072B2",
    "pca": "#777777",
    "vae_mse": "#D55E00",
    "tiny_vae": "#0072B2",
    "conv_vae": "#0072B2",
    "conv_autoencoder": "#333333",
}
MARKERS = dict(zip(COLORS, "osD^PX*v<h>os", strict=True))
VARIANT_MARKERS = "_dp8H4"

#: Of families that are not in the tables above.
OTHER_COLOR, OTHER_MARKER = "#882255", "."
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))

#: Ten colours of Paul Tol's for classes; marks are the digits themselves, so colour only helps.
CLASSES = (
    *("#332288", "#88CCEE", "#44AA99", "#117733", "#999933"),
    *("#DDAA33", "#CC6677", "#882255", "#AA4499", "#555555"),
)

#: How a line looks, as arguments of ``Axes.plot``; and of several, by label.
Look = dict[str, Any]
Looks = dict[str, Look]

WIDTH = 7.5  # inches: the text width of a page
TITLE_LETTERS = 96  # of a title, for which that width has room

styled = rc_context(
    {
        "font.size": 9,
        "axes.titlesize": 9,
        "axes.labelsize": 9,
        "legend.fontsize": 8,
        "legend.frameon": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.formatter.useoffset": False,
        "grid.color": "#999999",
        "grid.alpha": 0.3,
        "grid.linewidth": 0.5,
        "lines.linewidth": 1.4,
        "lines.markersize": 5,
        "svg.hashsalt": "bsvae",
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "image.cmap": "gray",
    }
)


def panels(
    rows: int, columns: int, height: float, width: float = WIDTH, sharey: bool = False
) -> tuple[Figure, np.ndarray]:
    """A figure of equal panels, rows ``height`` inches high, and its axes, (rows, columns)."""
    figure = Figure(figsize=(width, height * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, sharey=sharey)


def wrapped(count: int, height: float, columns: int = 3) -> tuple[Figure, list[Axes]]:
    """A figure of ``count`` equal panels, at most ``columns`` beside each other."""
    columns = min(count, columns)
    rows = -(-count // columns)
    figure, axes = panels(rows, columns, height, width=WIDTH * min(1.0, 0.2 + 0.4 * columns))
    for spare in axes.flat[count:]:
        spare.remove()
    return figure, list(axes.flat[:count])


def head(axes: Axes, title: str, loc: Literal["center", "left"] = "center") -> None:
    """A title over a panel, in as many lines as keep it off its neighbours."""
    spec = axes.get_subplotspec()
    columns = spec.get_gridspec().ncols if spec else 1
    axes.set_title(textwrap.fill(title, TITLE_LETTERS // columns), loc=loc)


def color_of(family: str) -> str:
    """A family's own colour; families that are not in the table share one."""
    return COLORS.get(family, OTHER_COLOR)


def line_looks(labels: Iterable[tuple[str, str]]) -> Looks:
    """Colour, marker and dashes of each (family, label), for ``Axes.plot``; by label."""
    looks: Looks = {}
    seen: dict[str, int] = {}
    for family, label in labels:
        if label not in looks:
            variant = seen[family] = seen.get(family, -1) + 1
            marker = MARKERS.get(family, OTHER_MARKER)
            looks[label] = {
                "color": _lighter(color_of(family), 0.14 * (variant % 5)),
                "marker": VARIANT_MARKERS[variant % 6] if variant else marker,
                "linestyle": DASHES[variant % len(DASHES)],
            }
    return looks


def legend_below(figure: Figure, columns: int = 3) -> None:
    """One legend for all panels, below them; in fewer columns where the figure is narrow."""
    columns = min(columns, max(1, int(figure.get_figwidth() / 2.2)))
    handles = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside lower center",
        ncols=min(columns, len(handles)),
        handlelength=3.2,
    )


def sizes_on_axis(axes: Axes, sizes: Iterable[int]) -> None:
    """A logarithmic axis of whole numbers, with a tick at each."""
    axes.set_xscale("log", base=2)
    ticks = sorted(set(sizes))
    axes.set_xticks(ticks, [str(size) for size in ticks])
    axes.set_xticks([], minor=True)


def montage(images: np.ndarray, gap: int = 1, paper: int = 255) -> np.ndarray:
    """Images (rows, columns, C, H, W) as one picture, (height, width), with gaps between them.

    >>> montage(np.zeros((2, 3, 1, 4, 4), np.uint8)).shape
    (9, 14)
    """
    rows, columns, _, height, width = images.shape
    picture = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), paper, np.uint8)
    for row, column in np.ndindex(rows, columns):
        top, left = row * (height + gap), column * (width + gap)
        picture[top : top + height, left : left + width] = images[row, column].mean(0)
    return picture


def show_picture(axes: Axes, picture: np.ndarray, title: str = "") -> None:
    """A grey picture without ticks, its pixels square and sharp."""
    axes.imshow(picture, vmin=0, vmax=255, interpolation="none")
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if title:
        head(axes, title, loc="left")


def _lighter(color: str, share: float) -> str:
    """A colour mixed with white."""
    red, green, blue = ((1 - share) * part + share for part in to_rgb(color))
    return to_hex((red, green, blue))
