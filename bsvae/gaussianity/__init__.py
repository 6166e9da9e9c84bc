"""How Gaussian are codes? A panel of tests, calibrated on exactly Gaussian samples."""

from bsvae.gaussianity.atoms import Atoms, atoms
from bsvae.gaussianity.columns import WorstColumn, worst_column
from bsvae.gaussianity.mardia import mardia_kurtosis, mardia_skewness, radius_ks
from bsvae.gaussianity.measures import PRIMARY
from bsvae.gaussianity.null import null_draws
from bsvae.gaussianity.panel import METRICS, Score, gaussianity
from bsvae.gaussianity.projections import (
    WorstProjection,
    projection_ks,
    random_projections,
    sliced_w2,
    worst_projection,
)
from bsvae.gaussianity.two_sample import HoleRates, c2st_auc, hole_rates

__all__ = [
    "METRICS",
    "PRIMARY",
    "Atoms",
    "HoleRates",
    "Score",
    "WorstColumn",
    "WorstProjection",
    "atoms",
    "c2st_auc",
    "gaussianity",
    "hole_rates",
    "mardia_kurtosis",
    "mardia_skewness",
    "null_draws",
    "projection_ks",
    "radius_ks",
    "random_projections",
    "sliced_w2",
    "worst_column",
    "worst_projection",
]
