"""The metrics of the panel: their names, what each one sees, and calls that measure them."""

import numpy as np

from bsvae.gaussianity.columns import WorstColumn, worst_column
from bsvae.gaussianity.mardia import mardia_kurtosis, mardia_skewness, radius_ks
from bsvae.gaussianity.projections import (
    projection_ks,
    random_projections,
    sliced_w2,
    worst_projection,
)
from bsvae.gaussianity.two_sample import c2st_auc, hole_rates
from bsvae.gaussianity.whitening import Array, Whitening

CHEAP = {
    "mardia_kurtosis": "b2 / (r (r + 2)) - 1: heavy (+) or light (-) radial tails",
    "mardia_skewness": "n b1 / (r (r + 1) (r + 2)): asymmetry and clusters",
    "radius_ks": "KS distance of |z|^2 to chi^2_r: a shell, or heavy tails",
    "zca_ks": "largest KS distance over the ZCA axes, each standardised: atoms, shape of a unit",
    "zca_skew": "largest |skewness| over the ZCA axes",
    "zca_kurtosis": "largest |excess kurtosis| over the ZCA axes",
    "zca_anderson_darling": "largest Anderson-Darling A^2 over the ZCA axes; grows with n",
    "pca_ks": "largest KS distance over the PCA axes, each standardised",
    "pca_skew": "largest |skewness| over the PCA axes",
    "pca_kurtosis": "largest |excess kurtosis| over the PCA axes",
    "pca_anderson_darling": "largest Anderson-Darling A^2 over the PCA axes; grows with n",
    "sliced_w2": "sliced 2-Wasserstein distance to N(0, I), 200 random lines: what scatters show",
    "projection_ks": "largest KS distance over 200 random lines, each standardised",
}
COSTLY = {
    "ica_ks": "largest KS distance over held-out independent components: clusters, factors",
    "ica_kurtosis": "largest |excess kurtosis| over held-out independent components",
    "c2st_auc": "AUC of boosted trees, codes against N(0, I): anything they can learn",
    "hole_rate": "share of N(0, I) draws where no codes are: holes",
    "outlier_rate": "share of codes where no N(0, I) draws are: spikes, far tails",
}
PRIMARY = ("mardia_kurtosis", "mardia_skewness", "radius_ks", "zca_ks", "ica_kurtosis")


def measure_cheap(train: Array, test: Array, seed: int) -> dict[str, float]:
    """The metrics of `CHEAP`: test codes, (n, d), whitened by training codes, (m, d)."""
    zca = Whitening.fit(train, "zca").transform(test)
    pca = Whitening.fit(train, "pca").transform(test)
    lines = random_projections(pca, seed)
    return {
        "mardia_kurtosis": mardia_kurtosis(pca),
        "mardia_skewness": mardia_skewness(pca),
        "radius_ks": radius_ks(pca),
        **_named("zca", worst_column(zca)),
        **_named("pca", worst_column(pca)),
        "sliced_w2": sliced_w2(lines),
        "projection_ks": projection_ks(lines),
    }


def measure_costly(train: Array, test: Array, seed: int) -> dict[str, float]:
    """The metrics of `COSTLY`: test codes, (n, d), whitened by training codes, (m, d)."""
    zca, pca = Whitening.fit(train, "zca"), Whitening.fit(train, "pca")
    white = zca.transform(test)
    span = zca.forward @ zca.backward  # projects on the directions in which codes vary, (d, d)
    gauss = np.random.default_rng(seed).standard_normal(test.shape) @ span
    worst = worst_projection(pca.transform(train), pca.transform(test), seed)
    rates = hole_rates(white, gauss, seed)
    return {
        "ica_ks": worst.ks,
        "ica_kurtosis": worst.kurtosis,
        "c2st_auc": c2st_auc(white, gauss, seed),
        "hole_rate": rates.hole,
        "outlier_rate": rates.outlier,
    }


def _named(axes: str, worst: WorstColumn) -> dict[str, float]:
    return {f"{axes}_{statistic}": value for statistic, value in worst._asdict().items()}
