"""Whitened codes against Gaussian draws: can they be told apart, and do they fill one space?"""

from typing import NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import NearestNeighbors

from bsvae.gaussianity.whitening import Array

NEIGHBOUR = 5  # distances are to the fifth nearest neighbour
RARE = 0.99  # a point is off the support beyond this quantile of the support's own distances


class HoleRates(NamedTuple):
    """Shares in [0, 1]; 0.01 where both clouds are one Gaussian."""

    hole: float  # of Gaussian draws that land where no codes are
    outlier: float  # of codes that lie where no Gaussian draws are


def c2st_auc(white: Array, gauss: Array, seed: int) -> float:
    """Area under the ROC curve of a classifier that tells codes from Gaussian draws; 0.5 = cannot.

    Gradient-boosted trees, mean over 5 folds. The whitening must come from other codes: fitted on
    the scored ones it ties the folds together, and even Gaussian codes score below 0.5. Trees see
    one axis at a time, so give ZCA axes. Source: Lopez-Paz and Oquab, "Revisiting classifier
    two-sample tests" (2017).

    Args:
        white: Held-out whitened codes, (n, d).
        gauss: Gaussian draws in the same axes, (n, d).
        seed: Seed of the folds.

    >>> rng = np.random.default_rng(0)
    >>> c2st_auc(rng.uniform(-1.7, 1.7, size=(500, 2)), rng.normal(size=(500, 2)), seed=0) > 0.6
    True
    """
    is_code = np.repeat([1, 0], [len(white), len(gauss)])
    folds = cross_val_score(
        HistGradientBoostingClassifier(random_state=seed),
        np.vstack([white, gauss]),
        is_code,
        scoring="roc_auc",
        cv=StratifiedKFold(5, shuffle=True, random_state=seed),
    )
    return float(folds.mean())


def hole_rates(white: Array, gauss: Array, seed: int) -> HoleRates:
    """Shares of Gaussian draws off the codes' support, and of codes off the Gaussian's.

    One half of the codes is the reference; a Gaussian draw is in a hole when its fifth nearest
    reference code is farther than it is for 99 % of the other half. `outlier` swaps the roles.

    Args:
        white: Held-out whitened codes, (n, d), n >= 12.
        gauss: Gaussian draws in the same axes, (n, d).
        seed: Seed of the split into halves.

    >>> rng = np.random.default_rng(0)
    >>> cloud, ring = rng.normal(size=(2, 1000, 2))
    >>> ring *= 2**0.5 / np.linalg.norm(ring, axis=1, keepdims=True)
    >>> hole_rates(ring, cloud, seed=0).hole > 0.5
    True
    """
    half = len(white) // 2
    white = np.random.default_rng(seed).permutation(white)  # codes may come sorted by class
    return HoleRates(
        hole=_share_off_support(gauss[half:], white[:half], white[half:]),
        outlier=_share_off_support(white[half:], gauss[:half], gauss[half:]),
    )


def _share_off_support(points: Array, reference: Array, same_law: Array) -> float:
    """Share of points farther from the reference than 99 % of fresh points of its own law."""
    neighbours = NearestNeighbors(n_neighbors=NEIGHBOUR).fit(reference)
    edge = np.quantile(neighbours.kneighbors(same_law)[0][:, -1], RARE)
    return float((neighbours.kneighbors(points)[0][:, -1] > edge).mean())
