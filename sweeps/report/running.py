"""The live page's packs in training: how far each is, and its learning curves as it learns."""

from collections.abc import Iterable, Sequence

from jinja2 import Environment
from markupsafe import Markup

from sweeps.results.running import Curve, RunningPack
from sweeps.text import as_text

#: Packs whose curves are drawn.
DRAWN = 12


def running_section(
    environment: Environment, packs: Sequence[RunningPack], driver: str, pace: str
) -> Markup:
    """The section as HTML, hidden where nothing is running and nothing will go on.

    Args:
        environment: where the template is.
        packs: those in training, and those that will go on.
        driver: who runs the sweep; empty if nobody does.
        pace: how fast it goes and what is left, in words.
    """
    environment.filters["text"] = as_text
    lines = [polylines(pack) for pack in packs[:DRAWN]] + [[] for _ in packs[DRAWN:]]
    template = environment.get_template("_running.html.j2")
    return Markup(template.render(packs=packs, lines=lines, driver=driver, pace=pace))


def polylines(pack: RunningPack) -> list[str]:
    """The points of each trial's curve in a box of 100 x 40, the best trial's last.

    Its width is what was trained so far, and its height spans what was measured after the first
    point, which is often far above the rest.
    """
    curves = [curve for curve in pack.curves if len(curve) > 1]
    values = [value for curve in curves for _, value in (curve[1:] if len(curve) > 3 else curve)]
    if not values:
        return []
    low, high = min(values), max(values)
    return [_points(curve, max(1, pack.epoch), low, high) for curve in reversed(curves)]


def _points(curve: Curve, epochs: int, low: float, high: float) -> str:
    def height(value: float) -> float:
        return 40 * (high - min(value, high)) / (high - low) if high > low else 20.0

    return " ".join(_pairs((100 * epoch / epochs, height(value)) for epoch, value in curve))


def _pairs(points: Iterable[tuple[float, float]]) -> Iterable[str]:
    return (f"{x:.1f},{y:.1f}" for x, y in points)
