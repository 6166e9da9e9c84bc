"""Figures of a sweep: pure functions of stored tables and arrays.

>>> [plate.name for plate in PLATES][:2]
['field_effects', 'learning_curves']
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from matplotlib.figure import Figure

from sweeps.figures.captions import (
    curves_caption,
    effects_caption,
    history_caption,
    objectives_caption,
    of_models,
    plane_caption,
    published_caption,
)
from sweeps.figures.codes import code_histograms, code_maps, code_planes
from sweeps.figures.densities import logit_normal_priors
from sweeps.figures.effects import field_effects
from sweeps.figures.images import (
    denoising_chains,
    interpolations,
    latent_grids,
    prior_samples,
    reconstructions,
    restorations,
)
from sweeps.figures.searches import learning_curves, search_history
from sweeps.figures.tradeoffs import (
    by_latent_dimension,
    by_prior_scale,
    objectives_plane,
    rate_distortion,
)
from sweeps.figures.whitened import gaussianity_panel, whitened_codes
from sweeps.results.outcome import Outcome

__all__ = ["PLATES", "Plate", "caption_of", "figures"]


@dataclass(frozen=True)
class Plate:
    """A kind of figure.

    Attributes:
        draw: makes it of a sweep's outcome; None where the sweep has no data for it.
        title: what it shows.
        caption: what it shows and how to read it, or a function that says so of a sweep.
        pictures: whether it shows images, which keep their own black and white.
    """

    draw: Callable[[Outcome], Figure | None]
    title: str
    caption: str | Callable[[Outcome], str]
    pictures: bool = False

    @property
    def name(self) -> str:
        """The name of its function."""
        return self.draw.__name__


PLATES = (
    Plate(field_effects, "The effect of each field", effects_caption),
    Plate(learning_curves, "Learning curves", curves_caption),
    Plate(search_history, "The search", history_caption),
    Plate(rate_distortion, "Rate and distortion", plane_caption),
    Plate(objectives_plane, "Two objectives", objectives_caption),
    Plate(by_latent_dimension, "Size of the code, beside the source's", published_caption),
    Plate(by_prior_scale, "Scale of the prior, beside the source's", published_caption),
    Plate(
        code_planes,
        "Two-dimensional codes",
        "Codes of test images, one draw of q(z|x) each, drawn as the class of the image. Classes "
        "were not used in training.",
    ),
    Plate(
        code_maps,
        "Longer codes, by t-SNE",
        "The same for the best trial of each family with more than two dimensions; distances "
        "between clusters mean little.",
    ),
    Plate(
        code_histograms,
        "Values of z against the prior",
        "Codes of test images, one draw of q(z|x) each: if the aggregate posterior is the prior, "
        "histogram and line agree.",
    ),
    Plate(
        logit_normal_priors,
        "The logit-normal prior",
        "Its density for every variance of the sweep: larger ones move mass to 0 and 1.",
    ),
    Plate(
        reconstructions,
        "Reconstructions",
        "Test images, and below them what each decoder makes of the centers of their codes.",
        pictures=True,
    ),
    Plate(
        latent_grids,
        "The latent plane, decoded",
        "Codes at evenly spaced quantiles of the prior.",
        pictures=True,
    ),
    Plate(
        prior_samples,
        "Draws from the prior",
        "Decoded draws from the prior; at the right the same draws five times as far out, where "
        "the prior is a Gaussian. Codes without a prior are drawn from the Gaussian with their "
        "mean and covariance.",
        pictures=True,
    ),
    Plate(
        interpolations,
        "Interpolation",
        "Decoded codes on the line through the codes of two test images; right of the line they "
        "extrapolate.",
        pictures=True,
    ),
    Plate(
        denoising_chains,
        "Denoising chains",
        "From noise: reconstruct, set some pixels to white, and again; one chain per column.",
        pictures=True,
    ),
    Plate(
        restorations,
        "Restoration",
        "Test images whose lower half is missing, and below them each model's completion, by "
        "repeated reconstruction.",
        pictures=True,
    ),
    Plate(
        whitened_codes,
        "Whitened codes",
        "Held-out codes, whitened by a map fitted on others. Colour: the model; black: exactly "
        "Gaussian codes, as many and treated alike. A plane shows little: almost any long code "
        "has planes that look Gaussian. Bands: 5 to 95 % of the axes.",
    ),
    Plate(
        gaussianity_panel,
        "How Gaussian are whitened codes?",
        "z-scores of held-out codes against exactly Gaussian ones of the same size (clipped to "
        "10,000), median over seeds; within about 5 is chance.",
        pictures=True,
    ),
)


#: Figures that show every model, or none.
WITHOUT_MODELS = frozenset({"logit_normal_priors", "gaussianity_panel", "whitened_codes"})


def caption_of(plate: Plate, outcome: Outcome) -> str:
    """What a figure shows of a sweep, and how to read it."""
    if not isinstance(plate.caption, str):
        return plate.caption(outcome)
    size = outcome.done["latent_dim"]
    chosen = {"code_planes": size == 2, "latent_grids": size == 2, "code_maps": size > 2}
    if plate.name in WITHOUT_MODELS:
        return plate.caption
    rows = outcome.done[chosen.get(plate.name, size > 0)]
    each = "family" if plate.name == "code_maps" else "label"
    return plate.caption + of_models(outcome, rows, each)


def figures(outcome: Outcome) -> Iterator[tuple[Plate, Figure]]:
    """Every figure that a sweep has the data for."""
    for plate in PLATES:
        figure = plate.draw(outcome)
        if figure is not None:
            yield plate, figure
