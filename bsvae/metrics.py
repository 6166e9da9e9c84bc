"""The numbers that training reports for every trial: name, meaning, unit, which way is better."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One reported number.

    Attributes:
        doc: what it is.
        unit: its unit.
        better: ``"lower"`` or ``"higher"``.
    """

    doc: str
    unit: str = "nats/image"
    better: str = "lower"


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
_PARTS = {"train": "training set as evaluated", "test": "test set as evaluated"}

#: Reported after every epoch, for the training and the test set.
EPOCH_METRICS: dict[str, Metric] = {
    f"{part}_{term}": Metric(f"{metric.doc}; mean over the {images}", metric.unit, metric.better)
    for part, images in _PARTS.items()
    for term, metric in _TERMS.items()
}

#: Reported once, by `bsvae.measures.final_metrics`.
FINAL_METRICS: dict[str, Metric] = {
    "test_nll": Metric("-ln p(x) estimated with 100 importance samples (IWAE bound)"),
    "test_discrete_neg_elbo": Metric("negative ELBO of the discrete model that is relaxed"),
    "test_discrete_distortion": Metric("its distortion"),
    "test_discrete_kl": Metric("its KL, in closed form"),
    "test_discrete_nll": Metric("its -ln p(x), 100 importance samples"),
    "test_active_units": Metric("code units with Cov_x(E_q[u]) > 0.01", "units", "higher"),
    "test_knn_accuracy": Metric("classes by the 5 nearest training codes", "share", "higher"),
    "test_probe_accuracy": Metric("classes by a linear probe of the codes", "share", "higher"),
    "test_explained": Metric("variance explained by reconstructions", "share", "higher"),
    "sample_distance_ratio": Metric(
        "distance of prior draws to their nearest training image, over that of test images", ""
    ),
    "sample_coverage": Metric("test images with a prior draw among neighbours", "share", "higher"),
}
METRICS = EPOCH_METRICS | FINAL_METRICS

#: The four reliability checks of "Project AI: Discrete Variational Autoencoders with
#: Logit-normals", section 3, by `bsvae.measures.reliability.reliable`.
CHECKS = {
    "loss_falls": "losses are finite and the last is below the first",
    "codes_cluster": "codes of the test set are clustered by class",
    "samples_look_like_data": "decoded draws from the prior look like the data",
    "reconstruction_is_close": "reconstructions are close to their inputs",
}
