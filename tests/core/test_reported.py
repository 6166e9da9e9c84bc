"""What a trial reports is known before it is trained."""

from typing import Any

import pytest
from test_families import data_of, trials_of

from bsvae.measures import final_metrics
from bsvae.metrics import BASELINES, METRICS
from bsvae.reported import reported_metrics, why_never
from bsvae.training import train
from bsvae.trial import FAMILIES, Trial

KINDS: list[tuple[str, dict[str, Any]]] = [(family, {}) for family in FAMILIES]
KINDS += [(name, {"kl_estimator": "categorical"}) for name in ("concrete", "binary_concrete")]


@pytest.mark.parametrize(("family", "fields"), KINDS)
def test_what_is_expected_is_what_is_measured(family: str, fields: dict[str, Any]) -> None:
    """With and without images held out: all that is expected, and nothing else."""
    for validation in (None, 20):
        trial = trials_of(family, epochs=1, validation=validation, **fields)[0]
        data = data_of(trial)
        *_, last = train([trial], data)
        measured = last.metrics[0].keys() | final_metrics(last.pack, data).keys()
        assert measured - BASELINES.keys() == reported_metrics(trial)


def test_why_a_metric_is_missing_is_said_for_each() -> None:
    for family, fields in KINDS:
        trial = trials_of(family, epochs=1, **fields)[0]
        reasons = {why_never(trial, name) for name in METRICS.keys() - reported_metrics(trial)}
        assert reasons
        assert all("(" in reason or "categorical" in reason for reason in reasons)
    trial = Trial(family="gaussian", latent_dim=2, validation=10)
    assert "relaxes no discrete" in why_never(trial, "valid_discrete_nll")
