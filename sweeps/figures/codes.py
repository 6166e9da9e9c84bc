"""Where images lie in the latent space: scatters by class, histograms against the prior."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bsvae.catalogue import declared
from sweeps.figures.densities import binary_concrete, concrete_draws, logit_normal, normal
from sweeps.figures.looks import colors_of
from sweeps.figures.style import CLASSES, head, legend_below, styled, wrapped
from sweeps.results.outcome import Outcome

Arrays = dict[str, np.ndarray]

MOST_MODELS = 6
PLANE_POINTS = 1500
#: So that t-SNE takes less than a second a model.
TSNE_MODELS, TSNE_POINTS, TSNE_STEPS = 4, 400, 400


@styled
def code_planes(outcome: Outcome) -> Figure | None:
    """Two-dimensional codes of test images, each drawn as its class: the best trial of a model."""
    flat = outcome.best("label", rows=outcome.done[outcome.done["latent_dim"] == 2])
    found = outcome.with_arrays(flat, "codes", MOST_MODELS)
    if not found:
        return None
    figure, axes = wrapped(len(found), height=2.6)
    for (row, arrays), ax in zip(found, axes, strict=True):
        codes = seen_by_decoder(row, arrays["codes"])
        _scatter(ax, codes[:PLANE_POINTS], arrays["labels"][:PLANE_POINTS])
        head(ax, row["label"])
        ax.set(xlabel="z₁", ylabel="z₂")
    return figure


@styled
def code_maps(outcome: Outcome) -> Figure | None:
    """t-SNE of longer codes, each drawn as its class: the best trial of a family."""
    longer = outcome.best("family", rows=outcome.done[outcome.done["latent_dim"] > 2])
    found = outcome.with_arrays(longer, "codes", TSNE_MODELS)
    if not found:
        return None
    figure, axes = wrapped(len(found), height=3.2, columns=2)
    for (row, arrays), ax in zip(found, axes, strict=True):
        codes = seen_by_decoder(row, arrays["codes"])[:TSNE_POINTS]
        _scatter(ax, _tsne(codes), arrays["labels"][:TSNE_POINTS])
        head(ax, f"{row['label']}, {row['latent_dim']} dimensions")
        ax.set(xticks=[], yticks=[], xlabel="t-SNE 1", ylabel="t-SNE 2")
    return figure


@styled
def code_histograms(outcome: Outcome) -> Figure | None:
    """Values of a code drawn from q(z|x) for test images, against the density of the prior."""
    drawn = {f for f in outcome.done["family"] if declared(f).random}
    random = outcome.done[outcome.done["family"].isin(drawn)]
    found = outcome.with_arrays(outcome.best("label", rows=random), "codes", MOST_MODELS)
    if not found:
        return None
    colors = colors_of(outcome)
    figure, axes = wrapped(len(found), height=2.3)
    for (row, arrays), ax in zip(found, axes, strict=True):
        _histogram(ax, row, seen_by_decoder(row, arrays["codes"]), colors[row["family"]])
        head(ax, f"{row['label']}, {row['latent_dim']} dim.")
        ax.set_xlabel("z")
    axes[0].set_ylabel("density")
    legend_below(figure)
    return figure


def seen_by_decoder(row: pd.Series, codes: np.ndarray) -> np.ndarray:
    """Stored codes y as values z, (N, L): a probability for bounded latents, else y itself."""
    y = codes.astype(np.float64)
    match row["family"]:
        case "logit_normal" | "binary_concrete":
            return 1 / (1 + np.exp(-y.clip(-500, 500)))
        case "concrete":
            return np.exp(y.clip(-500, 0))
    return y


def _tsne(codes: np.ndarray) -> np.ndarray:
    """Points of the plane that keep neighbours of codes, (N, 2); on one thread, which is faster
    for so few than several that wait for each other."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(30.0, (len(codes) - 1) / 3)
    with threadpool_limits(1):
        tsne = TSNE(perplexity=perplexity, init="pca", random_state=0, max_iter=TSNE_STEPS)
        return tsne.fit_transform(codes)


def _scatter(ax: Axes, points: np.ndarray, labels: np.ndarray) -> None:
    size = 12 if len(points) > 1000 else 20
    for label in np.unique(labels):
        chosen = points[labels == label]
        color = CLASSES[label % len(CLASSES)]
        ax.scatter(*chosen.T, s=size, lw=0, color=color, marker=f"${label}$", rasterized=True)


def _histogram(ax: Axes, row: pd.Series, z: np.ndarray, color: str) -> None:
    bounded = row["family"] in ("logit_normal", "concrete", "binary_concrete")
    edges = np.linspace(0, 1, 41) if bounded else np.linspace(*_limits(z), 41)
    bins = edges.tolist()
    ax.hist(z.ravel(), bins, density=True, color=color, alpha=0.35, label="all units")
    widest = z[:, z.var(axis=0).argmax()]
    ax.hist(widest, bins, density=True, histtype="step", color=color, label="unit that varies most")
    prior = _prior(row, edges)
    if prior is not None:
        ax.plot(*prior, "k-", lw=1, label="prior")
    if row["family"] in ("concrete", "binary_concrete"):
        ax.set_yscale("log")


def _prior(row: pd.Series, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Points of the prior's density; None for a discrete or unknown one."""
    z = np.linspace(edges[0], edges[-1], 401)[1:-1]
    if row["kl_estimator"] == "categorical":
        return None
    match row["family"]:
        case "logit_normal":
            return z, logit_normal(z, 0.0, row["prior_scale"])
        case "binary_concrete":
            return z, binary_concrete(z, row["prior_temperature"])
        case "concrete":
            draws = concrete_draws(int(row["classes"]), row["prior_temperature"])
            density, _ = np.histogram(draws, edges, density=True)
            return (edges[1:] + edges[:-1]) / 2, np.where(density > 0, density, np.nan)
        case "gaussian" | "vae_mse" | "tiny_vae" | "conv_vae":
            return z, normal(z)
    return None


def _limits(z: np.ndarray) -> tuple[float, float]:
    """A symmetric range that holds nearly all values and the bulk of N(0, 1)."""
    reach = max(3.5, float(np.quantile(np.abs(z), 0.998)))
    return -reach, reach
