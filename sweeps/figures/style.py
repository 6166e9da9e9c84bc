"""How figures look: one colour and marker per model, tellable apart in print and by everyone.

A family keeps its colour in every figure of a sweep: its own of Okabe and Ito's, or the next that
is free.  Variants of a family differ in shade, mark and dashes; those of a sweep's only family run
from dark to light in their order.
"""

import re
import textwrap
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

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
#: Of families that are not in the table above, or whose colour another of the sweep has: in turn.
SPARE = ("#882255", "#44AA99", "#999933", "#6699CC", "#661100", "#332288", "#DDCC77", "#AA4466")
MARKERS = "osD^PvX*<h>dp8H"
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
LETTER_SHARE = 0.032  # of an axis, that a letter of a tick takes
MOST_NAMED = 12  # labels of one legend
FAR = 4.0  # times the spread of most values: further ones are left outside a frame

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


def family_colors(families: Iterable[str]) -> dict[str, str]:
    """A colour for each family of a sweep, no two alike while there are colours left.

    >>> list(family_colors(["gaussian", "my_own", "tiny_vae"]).values())
    ['#0072B2', '#882255', '#44AA99']
    """
    chosen: dict[str, str] = {}
    for family in dict.fromkeys(families):
        own = [COLORS[family]] if family in COLORS else []
        free = [color for color in (*own, *SPARE) if color not in chosen.values()]
        chosen[family] = free[0] if free else SPARE[len(chosen) % len(SPARE)]
    return chosen


def line_looks(labels: Iterable[tuple[str, str]]) -> Looks:
    """Colour, marker and dashes of each (family, label), for ``Axes.plot``; by label, families in
    the order given, their labels by the numbers in them."""
    of_family: dict[str, list[str]] = {}
    for family, label in dict.fromkeys(labels):
        of_family.setdefault(family, []).append(label)
    colors = family_colors(of_family)
    looks: Looks = {}
    for family, variants in of_family.items():
        shades = _shades(colors[family], len(variants), alone=len(of_family) == 1)
        for number, (label, color) in enumerate(zip(natural(variants), shades, strict=True)):
            looks[label] = {
                "color": color,
                "marker": MARKERS[len(looks) % len(MARKERS)],
                "linestyle": DASHES[number % len(DASHES)],
            }
    return looks


def natural(labels: Iterable[str]) -> list[str]:
    """Labels in the order of the words and numbers in them.

    >>> natural(["β 10", "β 2", "β 0.5"])
    ['β 0.5', 'β 2', 'β 10']
    """

    def key(label: str) -> list[tuple[int, float, str]]:
        parts = re.findall(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?|\D+", label)
        return [(0, float(p), "") if p[-1].isdigit() else (1, 0.0, p) for p in parts]

    return sorted(labels, key=key)


def ordered(count: int) -> list[str]:
    """So many colours from dark to light, for values that have an order.

    >>> ordered(2)
    ['#440154', '#7ad151']
    """
    return [to_hex(colormaps["viridis"](0.8 * n / max(1, count - 1))) for n in range(count)]


def legend_below(figure: Figure, columns: int = 3, order: Iterable[str] = ()) -> None:
    """One legend for all panels, below them; in fewer columns where the figure is narrow.

    Args:
        figure: what it explains.
        columns: at most so many.
        order: labels in the order that the legend has them in; others follow.
    """
    columns = min(columns, max(1, int(figure.get_figwidth() / 2.2)))
    handles = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    known = {label: place for place, label in enumerate(order)}
    names = sorted(handles, key=lambda label: known.get(label, len(known)))
    if len(names) > MOST_NAMED:  # of an order of many, some say it all
        names = [names[n * (len(names) - 1) // (MOST_NAMED - 1)] for n in range(MOST_NAMED)]
    if names:
        figure.legend(
            [handles[name] for name in names],
            names,
            loc="outside lower center",
            ncols=min(columns, len(names)),
            handlelength=3.2,
        )


def plain_log(axis: Axis) -> None:
    """A logarithmic axis, its limits set before, with few ticks that are plain numbers."""
    low, high = sorted(axis.get_view_interval())
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 7, 8)):
        ticks = [step * decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]
        if len(ticks) > 2:
            break
    ticks_at(axis, ticks or [low, high])


def ticks_at(axis: Axis, values: Iterable[float]) -> None:
    """Ticks at some values, the scale set before; named where their names do not touch."""
    ticks = sorted(set(values))
    scaled = axis.get_transform().transform(np.asarray(ticks, dtype=float))
    ends = axis.get_transform().transform(np.asarray(axis.get_view_interval(), dtype=float))
    drawn = axis.axes.has_data()  # else it has no limits yet
    reach = max(abs(ends[1] - ends[0]) * drawn, scaled[-1] - scaled[0]) or 1.0
    names, taken = [], -np.inf
    for tick, place in zip(ticks, (scaled - scaled[0]) / reach, strict=True):
        half = LETTER_SHARE * (len(f"{tick:g}") + 1) / 2
        names.append(f"{tick:g}" if place - half >= taken else "")
        taken = place + half if names[-1] else taken
    if len(ticks) > MOST_NAMED:
        ticks = [tick for tick, name in zip(ticks, names, strict=True) if name]
        names = [name for name in names if name]
    axis.set_ticks(ticks, names)
    axis.set_minor_locator(NullLocator())


def framed(
    axes: Axes, values: np.ndarray, lower: bool = True, errors: np.ndarray | None = None
) -> int:
    """Frame the vertical axis so that the few worst values far off do not flatten the rest.

    Args:
        axes: the panel.
        values: what it shows.
        lower: whether lower is better, so that the far ones are above.
        errors: half the length of each value's error bar, NaN of none; bars of values inside are
            inside too.

    Returns:
        How many values lie outside.
    """
    known = np.isfinite(values)
    bars = np.zeros(known.sum()) if errors is None else np.nan_to_num(errors[known])
    values = values[known] * (1 if lower else -1)
    if len(values) < 2 or values.max() == values.min():
        return 0
    low, high, most = values.min(), values.max(), np.quantile(values, 0.85)
    if most > low and high - low > FAR * (most - low):
        high = most + 0.5 * (most - low)
    inside = values <= high
    low = min(low, (values - bars)[inside].min())
    high = max(high, (values + bars)[inside].max())
    room = 0.05 * (high - low)
    ends = (low - room, high + room)
    axes.set_ylim(*(ends if lower else (-ends[1], -ends[0])))
    return int((values > high + room).sum())


def sizes_on_axis(axes: Axes, sizes: Iterable[int]) -> None:
    """A logarithmic axis of whole numbers, with a tick at each."""
    axes.set_xscale("log", base=2)
    ticks_at(axes.xaxis, sizes)


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


def _shades(color: str, count: int, alone: bool) -> list[str]:
    """Colours of a family's variants, from dark to light."""
    if count == 1:
        return [color]
    if alone:
        return ordered(count)
    shares = np.linspace(-0.45, 0.5, count)
    return [_mixed(color, float(share)) for share in shares]


def _mixed(color: str, share: float) -> str:
    """A colour mixed with white, or with black where the share is negative."""
    paper = float(share > 0)
    red, green, blue = ((1 - abs(share)) * p + abs(share) * paper for p in to_rgb(color))
    return to_hex((red, green, blue))
