"""Kaya: a convolutional VAE does best with a code of six dimensions."""

import pandas as pd

from sweeps.results.claims.claim import Claim, Part, Protocol, Row
from sweeps.results.claims.evidence import below, mean_of

SOURCE = '"Project 1.3 - Variational Autoencoders" by M. Kaya, Results and Analysis'
BEST = 6
PUBLISHED_BOTTLENECK = 16
ELBO = "test_neg_elbo"


def rows(done: pd.DataFrame, _panel: pd.DataFrame) -> list[Row]:
    """One claim a bottleneck; the source's is 16 units."""
    vae = done[done["family"] == "conv_vae"]
    sizes = sorted(set(vae["bottleneck"].astype(int)))
    return [_best(size, vae[vae["bottleneck"] == size]) for size in sizes]


def _best(bottleneck: int, rows: pd.DataFrame) -> Row:
    published = bottleneck == PUBLISHED_BOTTLENECK
    claim = Claim(
        claim=f"6 dimensions are best (bottleneck {bottleneck})",
        source=SOURCE if published else "our control: the source's bottleneck is 16",
        words="the 6-Dimensional Latent Space model performs the best" if published else "",
        criterion="the test -ELBO at 6 dimensions is below that at each other dimension by more "
        "than two standard errors paired by seed",
        protocol=Protocol("mnist"),
    )
    sizes = sorted(set(rows["latent_dim"].astype(int)))
    groups = {size: rows[rows["latent_dim"] == size] for size in sizes}
    text = ", ".join(f"{size}: {mean_of(group, ELBO).text(1)}" for size, group in groups.items())
    text = f"test -ELBO by dimension: {text}"
    if BEST not in groups or len(groups) < 2:
        return claim.untested(text, "too few dimensions")
    six = groups.pop(BEST)
    parts = [
        Part(f"against {size} dimensions", below(six, group, ELBO))
        for size, group in groups.items()
    ]
    return claim.judged(rows, text, parts)
