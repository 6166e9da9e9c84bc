"""The numbers that training reports for every trial: name, meaning, unit, which way is better."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Metric:
    """One reported number.

    Attributes:
        doc: what it is.
        unit: its unit.
        better: ``"lower"`` or ``"higher"``.

    >>> METRICS["test_neg_elbo"].sign, METRICS["test_probe_accuracy"].sign
    (1, -1)
    """

    doc: str
    unit: str = "nats/image"
    better: str = "lower"

    @property
    def sign(self) -> int:
        """1 if lower is better, -1 if higher is: times it, the best value is the lowest."""
        return 1 if self.better == "lower" else -1

    def cost(self, value: float | None) -> float:
        """A number that is the lower, the better the value; infinite for one that is no number.

        >>> METRICS["test_probe_accuracy"].cost(0.75), METRICS["test_neg_elbo"].cost(None)
        (-0.75, inf)
        """
        return self.sign * value if value is not None and math.isfinite(value) else math.inf

    def best(self, values: Iterable[float | None]) -> float | None:
        """The best of some values, of those that are numbers; None if none is.

        >>> METRICS["test_probe_accuracy"].best([0.5, None, 0.75, float("nan")])
        0.75
        """
        numbers = [value for value in values if value is not None and math.isfinite(value)]
        return min(numbers, key=self.cost, default=None)


_TERMS = {
    "neg_elbo": Metric("negative ELBO, distortion + KL (beta = 1 whatever the trial's weight)"),
    "distortion": Metric("-E ln p(x|z), the reconstruction term"),
    "kl": Metric("KL(q(z|x) || p(z)), the rate; a one-draw estimate where it has no closed form"),
    "objective": Metric("what was minimised: distortion + beta * KL"),
    "mse": Metric("squared error per pixel, where pixels are not binary", "pixel^2"),
    "mae": Metric("absolute error per pixel, where pixels are not binary", "pixel"),
    "optimal_sigma_neg_elbo": Metric(
        "negative ELBO at the decoder variance MSE: D/2 (1 + ln(2 pi MSE)) + KL"
    ),
}
_PARTS = {
    "train": "training set as evaluated",
    "valid": "held-out training images as evaluated",
    "test": "test set as evaluated",
}

#: Reported after every epoch, for the training set, the held-out images, if any, and the test set.
EPOCH_METRICS: dict[str, Metric] = {
    f"{part}_{term}": Metric(f"{metric.doc}; mean over the {images}", metric.unit, metric.better)
    for part, images in _PARTS.items()
    for term, metric in _TERMS.items()
}

_ONCE = {
    "nll": Metric("-L_100, an upper bound of -ln p(x), by 100 importance samples of each image"),
    "discrete_neg_elbo": Metric("negative ELBO of the discrete model that is relaxed"),
    "discrete_distortion": Metric("its distortion"),
    "discrete_kl": Metric("its KL, in closed form"),
    "discrete_nll": Metric("its -L_100, an upper bound of its -ln p(x)"),
    "active_units": Metric("code units with Cov_x(E_q[u]) > 0.01", "units", "higher"),
    "knn_accuracy": Metric("classes by the 5 nearest training codes", "share", "higher"),
    "probe_accuracy": Metric("classes by a linear probe of the codes", "share", "higher"),
    "explained": Metric("variance explained by reconstructions", "share", "higher"),
    "code_gain": Metric(
        "distortion with another image's code, less that with its own: 0 if the code is ignored",
        better="higher",
    ),
}

#: Reported once, by `bsvae.measures.final_metrics`.
FINAL_METRICS: dict[str, Metric] = {
    **{f"test_{term}": metric for term, metric in _ONCE.items()},
    **{
        f"valid_{term}": replace(metric, doc=f"{metric.doc}; held-out images")
        for term, metric in _ONCE.items()
    },
    "sample_distance_ratio": Metric(
        "distance of prior draws to their nearest training image, over that of test images", ""
    ),
    "sample_coverage": Metric("test images with a prior draw among neighbours", "share", "higher"),
}
METRICS = EPOCH_METRICS | FINAL_METRICS

#: Reported beside them, to compare with; the same for every trial of like data and likelihood.
BASELINES: dict[str, Metric] = {
    "test_independent_pixels": Metric(
        "negative ELBO of a decoder that ignores its code: one constant per pixel, fitted to the "
        "training images"
    ),
    "test_mean_image_mse": Metric(
        "squared error per pixel of the mean training image on the (grey) test images", "pixel^2"
    ),
}

#: Thresholds of the reliability checks, chosen so that a collapsed model (one whose decoder ignores
#: the code) fails three of them: its codes classify by chance, its draws are all one image.
KNN_ACCURACY = 0.3
COVERAGE = 0.2
DISTANCE_RATIO = 1.5
EXPLAINED = 0.1

#: The four reliability checks of "Project AI: Discrete Variational Autoencoders with
#: Logit-normals", section 3, by `bsvae.measures.reliability.reliable`.
CHECKS = {
    "loss_falls": "losses are finite and the last is below the first",
    "codes_cluster": "codes of the test set are clustered by class: test_knn_accuracy > "
    f"{KNN_ACCURACY}",
    "samples_look_like_data": "decoded draws from the prior look like the data: "
    f"sample_distance_ratio < {DISTANCE_RATIO} and sample_coverage > {COVERAGE}",
    "reconstruction_is_close": "reconstructions are close to their inputs: test_explained > "
    f"{EXPLAINED}",
}
