"""The looks of a sweep's models and families: the same in each of its figures."""

from sweeps.figures.style import Looks, family_colors, line_looks
from sweeps.results.outcome import Outcome
from sweeps.results.words import label_cells, short_words


def looks_of(outcome: Outcome) -> Looks:
    """How each model's line looks, by its label."""
    families = [cell["family"] for cell in outcome.sweep.cells]
    return line_looks(zip(families, label_cells(outcome.sweep), strict=True))


def looks_of_cells(outcome: Outcome) -> tuple[list[str], Looks]:
    """A name of each cell, its label with its latent dimension where cells of several share one,
    and how each name's line looks."""
    labels = label_cells(outcome.sweep)
    sizes = [cell.get("latent_dim") for cell in outcome.sweep.cells]
    sizes_of: dict[str, set[int | None]] = {label: set() for label in labels}
    for label, size in zip(labels, sizes, strict=True):
        sizes_of[label].add(size)
    names = [
        f"{label}, {short_words('latent_dim', size)}" if len(sizes_of[label]) > 1 else label
        for label, size in zip(labels, sizes, strict=True)
    ]
    families = [cell["family"] for cell in outcome.sweep.cells]
    return names, line_looks(zip(families, names, strict=True))


def colors_of(outcome: Outcome) -> dict[str, str]:
    """The colour of each family."""
    return family_colors(cell["family"] for cell in outcome.sweep.cells)
