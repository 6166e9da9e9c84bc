"""The looks of a sweep's models and families: the same in each of its figures."""

from sweeps.figures.style import Looks, family_colors, line_looks
from sweeps.results.outcome import Outcome
from sweeps.results.words import label_cells


def looks_of(outcome: Outcome) -> Looks:
    """How each model's line looks, by its label."""
    families = [cell["family"] for cell in outcome.sweep.cells]
    return line_looks(zip(families, label_cells(outcome.sweep), strict=True))


def colors_of(outcome: Outcome) -> dict[str, str]:
    """The colour of each family."""
    return family_colors(cell["family"] for cell in outcome.sweep.cells)
