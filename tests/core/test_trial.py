import dataclasses
import subprocess
import sys

import pytest

from bsvae.trial import FAMILIES, FIELDS, MEMBER_FIELDS, BadInput, Trial


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"family": "gausian"}, "unknown family 'gausian' (did you mean 'gaussian'?)"),
        ({"family": "gaussian", "latent_dims": 2}, "did you mean 'latent_dim'"),
        ({}, "family is missing: choose one of"),
        ({"family": "gaussian"}, "latent_dim is missing"),
        ({"family": "gaussian", "latent_dim": 0}, "latent_dim = 0: must be an integer >= 1"),
        ({"family": "gaussian", "latent_dim": 2.0}, "latent_dim = 2.0: must be an integer"),
        ({"family": "gaussian", "latent_dim": True}, "latent_dim = True: must be an integer"),
        ({"family": "gaussian", "latent_dim": 2, "kl_weight": -1}, "kl_weight = -1: must be"),
        ({"family": "gaussian", "latent_dim": 2, "kl_weight": float("nan")}, "finite number >= 0"),
        ({"family": "gaussian", "latent_dim": 2, "learning_rate": 0}, "learning_rate = 0: must"),
        ({"family": "logit_normal", "latent_dim": 2, "prior_scale": -0.5}, "prior_scale = -0.5"),
        (
            {"family": "logit_normal", "latent_dim": 2, "prior_scale": 1e40},
            "prior_scale = 1e+40: must be a finite number >= 0.0001 and <= 10000",
        ),
        ({"family": "logit_normal", "latent_dim": 2, "prior_scale": 1e-40}, "prior_scale = 1e-40"),
        (
            {"family": "concrete", "latent_dim": 4, "posterior_temperature": 1e-8},
            "posterior_temperature = 1e-08: must be a finite number >= 0.01 and <= 100",
        ),
        ({"family": "concrete", "latent_dim": 4, "prior_temperature": 101}, "<= 100"),
        ({"family": "gaussian", "latent_dim": 2, "prior_scale": 1.0}, "not used by family"),
        ({"family": "gaussian", "latent_dim": 2, "dataset": "cifar"}, "unknown dataset 'cifar'"),
        ({"family": "gaussian", "latent_dim": 2, "batch_size": 60_001}, "<= 60000"),
        ({"family": "gaussian", "latent_dim": 2, "epochs": -1}, "epochs = -1: must be"),
        ({"family": "concrete", "latent_dim": 7, "categoricals": 2}, "must be categoricals"),
        ({"family": "concrete", "latent_dim": 1}, "classes = 1: must be an integer >= 2"),
        ({"family": "concrete"}, "latent_dim is missing"),
    ],
)
def test_unusable_values_are_named_in_one_line(values, message):
    with pytest.raises(BadInput) as error:
        Trial.of(values)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_id_is_the_same_in_another_process():
    trial = Trial(family="concrete", latent_dim=8, kl_weight=0.1)
    code = (
        "from bsvae.trial import Trial;"
        "print(Trial(family='concrete', latent_dim=8, kl_weight=0.1).trial_id)"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == trial.trial_id


def test_id_differs_whenever_a_field_does():
    trial = Trial(family="concrete", categoricals=2, classes=4)
    changed = [
        dataclasses.replace(trial, kl_weight=0.5),
        dataclasses.replace(trial, seed=1),
        dataclasses.replace(trial, hidden=501),
        Trial(family="concrete", categoricals=4, classes=2),
        Trial(family="gaussian", latent_dim=8),
    ]
    assert len({trial.trial_id, *(t.trial_id for t in changed)}) == len(changed) + 1


def test_a_trial_survives_the_way_through_a_mapping():
    trial = Trial(family="logit_normal", latent_dim=3, prior_scale=0.56)
    assert Trial.of(trial.as_dict()) == trial


@pytest.mark.parametrize("family", FAMILIES)
def test_every_optional_field_belongs_to_a_declared_one(family):
    assert set(FAMILIES[family]) <= set(FIELDS)


def test_fusion_ignores_exactly_the_member_fields():
    base = Trial(family="logit_normal", latent_dim=3)
    for name, value in {"latent_dim": 5, "prior_scale": 2.0, "seed": 3}.items():
        assert name in MEMBER_FIELDS
        assert dataclasses.replace(base, **{name: value}).fusion_key == base.fusion_key
    assert dataclasses.replace(base, validation=1).fusion_key != base.fusion_key
