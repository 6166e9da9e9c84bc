"""Which metrics a trial will report, known before it is trained."""

from bsvae.catalogue import FAMILIES, GAUSSIAN_PIXELS, GREY_PIXELS
from bsvae.metrics import METRICS
from bsvae.trial import Trial


def reported_metrics(trial: Trial) -> frozenset[str]:
    """The metrics that a trial's row has once it is done; the others of `METRICS` are null there.

    >>> trial = Trial(family="gaussian", dataset="digits", latent_dim=2)
    >>> names = reported_metrics(trial)
    >>> [name in names for name in ("test_nll", "test_mse", "test_discrete_nll", "valid_nll")]
    [True, False, False, False]
    """
    missing = _terms_missing(trial)
    parts = {"train", "test", "sample"} | ({"valid"} if trial.validation else set())
    return frozenset(
        name
        for name in METRICS
        for part, _, term in [name.partition("_")]
        if part in parts and not term.startswith(missing)
    )


def _terms_missing(trial: Trial) -> tuple[str, ...]:
    """How the names of the terms begin, without their part, that a trial never measures."""
    used = FAMILIES[trial.family]
    stochastic, relaxed = "kl_weight" in used, "posterior_temperature" in used
    measured = {
        "mse": trial.family in GREY_PIXELS,
        "mae": trial.family in GREY_PIXELS,
        "optimal_sigma": stochastic and trial.family in GAUSSIAN_PIXELS,
        "nll": stochastic and trial.kl_estimator != "categorical",
        "discrete": relaxed,
    }
    return tuple(term for term, there in measured.items() if not there)


def why_never(trial: Trial, metric: str) -> str:
    """Why a trial does not report a metric, in a few words.

    >>> why_never(Trial(family="gaussian", latent_dim=2), "test_mse")
    "family 'gaussian' never measures it (binary pixels)"
    """
    part, _, term = metric.partition("_")
    family = f"family {trial.family!r} never measures it"
    if part == "valid" and not trial.validation:
        return "no training images are held out (validation)"
    if term in ("mse", "mae"):
        return f"{family} (binary pixels)"
    if term.startswith("optimal_sigma"):
        return f"{family} (its p(x|z) is no Gaussian of a stochastic code)"
    if term.startswith("discrete"):
        return f"{family} (its code relaxes no discrete one)"
    if trial.kl_estimator == "categorical":
        return "with kl_estimator = 'categorical' the relaxed code has no bound"
    return f"{family} (a deterministic code has no density)"
