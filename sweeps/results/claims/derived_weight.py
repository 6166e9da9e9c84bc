"""The weight of the KL that theory gives.

A Gaussian decoder of variance s minimises D MSE / (2 s) + KL, so that beside the pixels' mean
square the KL has the weight w = 2 s / D; the best s is the MSE itself, hence w* = 2 MSE / D. A
weight far above w* must cost fit, one far below must cost rate; both raise the -ELBO at the best
variance.
"""

import math

import numpy as np
import pandas as pd

from sweeps.results.claims.claim import Claim, Part, Protocol, Row
from sweeps.results.claims.evidence import Difference

PIXELS = 784
PROTOCOL = Protocol("mnist")
ELBO, ERROR = "test_optimal_sigma_neg_elbo", "test_mse"

#: Weights that a parabola needs.
FEWEST = 6

#: Weights that a parabola is laid through lie within this factor of the derived one.
SPAN = 16.0

BEST = Claim(
    claim="the best weight is 2 MSE / 784",
    source="derived, not published",
    words="",
    criterion="a parabola in the logarithm of the weight, laid by least squares through the -ELBO "
    f"at the best decoder variance of all trials within a factor {SPAN:g} of it, opens upwards and "
    "has its lowest point within a factor 2, by more than two standard errors",
    protocol=PROTOCOL,
)


def rows(done: pd.DataFrame) -> list[Row]:
    """Where the -ELBO is lowest, in factors of two of the weight that the best trial's error gives.

    The error of the lowest point -b / (2 a) of y = a x^2 + b x + c follows from that of a and b.
    """
    done = done.dropna(subset=[ELBO, ERROR])
    if done.empty:  # a sweep of somebody's own under the shipped one's name
        return []
    best = done.sort_values(ELBO).iloc[0]
    derived = 2 * best[ERROR] / PIXELS
    near = done[np.log2(done["kl_weight"] / derived).abs() <= math.log2(SPAN)]
    if near["kl_weight"].nunique() < FEWEST:
        return []
    factors = np.log2(near["kl_weight"] / derived)
    (a, b, _), covariance = np.polyfit(factors, near[ELBO], 2, cov=True)
    lowest = -b / (2 * a)
    slopes = np.array([b / (2 * a**2), -1 / (2 * a), 0.0])
    error = float(np.sqrt(slopes @ covariance @ slopes))
    parts = [
        Part("curvature", Difference(float(a), float(np.sqrt(covariance[0, 0])), len(near))),
        Part("lowest point", Difference(1 - abs(float(lowest)), error, len(near))),
    ]
    text = (
        f"2 MSE / 784 = {derived:.3g}; lowest point of the parabola {derived * 2**lowest:.3g}, "
        f"{2**lowest:.2f} times that (2 to the power {lowest:.2f} ± {error:.2f}); "
        f"best single trial {best['kl_weight']:.3g}"
    )
    return [BEST.judged(near, text, parts)]
