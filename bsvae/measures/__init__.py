"""The numbers measured once, after a trial's last epoch."""

import torch
from torch import Tensor

from bsvae.datasets import Data
from bsvae.evaluation import PURPOSES, elbo_terms
from bsvae.likelihoods import bernoulli
from bsvae.measures.baselines import code_gain, independent_pixels, mean_image_mse
from bsvae.measures.codes import active_units, class_accuracies, evenly, read
from bsvae.measures.iwae import bounds
from bsvae.measures.reliability import explained, prior_likeness
from bsvae.pack import Pack, discretised

#: Test images, evenly spaced, and samples of each for the negative log-likelihood.
NLL_IMAGES = 1000
NLL_SAMPLES = 100


def final_metrics(pack: Pack, data: Data) -> dict[str, Tensor]:
    """What every trial stores beside its evidence lower bound, (M,) each.

    Of the test set, and named ``valid_`` of held-out images where the trial has some:

    always ``test_explained``, ``test_code_gain``, ``test_active_units``, ``test_knn_accuracy``,
    ``test_probe_accuracy``, ``sample_distance_ratio``, ``sample_coverage``.  ``test_nll``, see
    `negative_log_likelihood`, unless the code is deterministic or the objective was no bound of the
    relaxed model (``kl_estimator`` = categorical).  With a relaxed latent, for the discrete model
    of the same weights: ``test_discrete_distortion``, ``test_discrete_kl``,
    ``test_discrete_neg_elbo`` and ``test_discrete_nll``.
    """
    data = data.split(pack.trials[0].validation)
    parts = ("test", "valid") if len(data.valid) else ("test",)
    metrics = class_accuracies(pack, data, parts) | prior_likeness(pack, data)
    baselines = (("independent_pixels", independent_pixels), ("mean_image_mse", mean_image_mse))
    for name, baseline in baselines:
        metrics[f"test_{name}"] = torch.full(
            (len(pack.trials),), baseline(pack, data), dtype=torch.float64
        )
    for part in parts:
        measured = _of_part(pack, data, part)
        metrics |= {f"{part}_{name}": value for name, value in measured.items()}
    return metrics


def _of_part(pack: Pack, data: Data, part: str) -> dict[str, Tensor]:
    """What is measured of some images alone, by its name without the part."""
    purpose = PURPOSES[part]
    metrics = {"explained": explained(pack, data, part)}
    metrics["code_gain"] = code_gain(pack, data, part)
    metrics["active_units"] = active_units(pack, read(pack, data, part))
    binary = getattr(data, f"{part}_binary")
    if pack.parts.latent.stochastic and pack.trials[0].kl_estimator != "categorical":
        likelihood = pack.parts.likelihood is bernoulli  # the density of no other image
        images = binary if likelihood else read(pack, data, part)
        metrics["nll"] = negative_log_likelihood(pack, images, purpose)
    discrete = discretised(pack)
    if discrete is not None:
        terms = elbo_terms(discrete, binary, purpose)
        metrics |= {f"discrete_{k}": terms[k] for k in ("distortion", "kl", "neg_elbo")}
        metrics["discrete_nll"] = negative_log_likelihood(discrete, binary, purpose)
    return metrics


def negative_log_likelihood(pack: Pack, images: Tensor, purpose: str = "test set") -> Tensor:
    """-L_100 over all images, estimated from L_1 of all and both of 1,000 of them, (M,), nats:

        -mean_all L_1 - mean_subset (L_100 - L_1).

    The expectation is that of -L_100 over all images, at a fraction of its cost: images differ by
    tens of nats in L_1 but by little in the gap.

    Source: Burda et al. (2015), equation 8 (L_k); the difference estimator is a control variate.
    """
    every, _ = bounds(pack, images, 1, purpose)
    one, many = bounds(pack, evenly(images, NLL_IMAGES), NLL_SAMPLES)
    return -every.mean(-1) - (many - one).mean(-1)
