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
    "neg_elbo": "negative ELBO, distortion + KL (beta = 1 whatever the trial's weight)",
    "distortion": "-E ln p(x|z), the reconstruction term",
    "kl": "KL(q(z|x) || p(z)), the rate; a one-draw estimate where it has no closed form",
    "objective": "what was minimised: distortion + kl_weight * KL",
}
_PARTS = {"train": "binarised training set", "test": "binarised test set"}

METRICS: dict[str, Metric] = {
    f"{part}_{term}": Metric(f"{doc}; mean over the {images}")
    for part, images in _PARTS.items()
    for term, doc in _TERMS.items()
}
