"""Annealing and warm-up: seen by training, never by evaluation."""

from dataclasses import replace

import pytest
import torch

from bsvae import training
from bsvae.datasets import load
from bsvae.latents.temperature import (
    expected_log_sum,
    temperature_notice,
    temperature_tax,
    uninformative_kl,
)
from bsvae.pack import Pack
from bsvae.schedules import at_epoch
from bsvae.trial import BadInput, Trial

RELAXED = Trial(
    family="concrete",
    dataset="digits",
    latent_dim=4,
    hidden=8,
    epochs=3,
    posterior_temperature=0.25,
    initial_temperature=1.0,
    anneal_epochs=2,
    kl_warmup=4,
    kl_weight=2.0,
)


def test_members_are_scheduled_each_on_their_own() -> None:
    fixed = replace(RELAXED, initial_temperature=None, anneal_epochs=0, kl_warmup=0)
    pack = Pack.of([RELAXED, fixed])
    seen = [at_epoch(pack, epoch).members for epoch in (1, 2, 3, 6)]
    temperatures = torch.stack([members.posterior_temperature.flatten() for members in seen], 1)
    weights = torch.stack([members.kl_weight for members in seen], 1)
    torch.testing.assert_close(
        temperatures, torch.tensor([[1.0, 0.5, 0.25, 0.25], [0.25] * 4]), rtol=0, atol=1e-6
    )
    torch.testing.assert_close(weights, torch.tensor([[0.0, 0.5, 1.0, 2.0], [2.0] * 4]))
    assert at_epoch(pack, 1).parameters is pack.parameters
    assert (pack.members.posterior_temperature == 0.25).all()


def test_training_sees_the_schedule_and_evaluation_the_final_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trained, evaluated = [], []
    train_epoch, elbo_terms = training.train_epoch, training.elbo_terms

    def spy_train(pack: Pack, *rest: object) -> dict[str, torch.Tensor]:
        trained.append(pack.members.posterior_temperature.item())
        return train_epoch(pack, *rest)

    def spy_evaluate(pack: Pack, *rest: object) -> dict[str, torch.Tensor]:
        evaluated.append((pack.members.posterior_temperature.item(), pack.members.kl_weight.item()))
        return elbo_terms(pack, *rest)

    monkeypatch.setattr(training, "train_epoch", spy_train)
    monkeypatch.setattr(training, "elbo_terms", spy_evaluate)
    assert len(list(training.train([RELAXED], load("digits")))) == 3
    assert trained == pytest.approx([1.0, 0.5, 0.25])
    assert set(evaluated) == {(0.25, 2.0)}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"anneal_epochs": 0}, "annealing needs both"),
        ({"initial_temperature": None}, "annealing needs both"),
        ({"anneal_epochs": -1}, "anneal_epochs = -1: must be an integer >= 0"),
        (
            {"initial_temperature": 0.0},
            "initial_temperature = 0.0: must be a finite number >= 0.01",
        ),
        ({"kl_warmup": 1.5}, "kl_warmup = 1.5: must be an integer >= 0"),
        ({"kl_estimator": "categorial"}, "did you mean 'categorical'"),
        ({"initial_temperature": 0.25}, "is posterior_temperature"),
        ({"kl_estimator": "categorical"}, "prior_temperature = 0.5: not used"),
        ({"straight_through": 1}, "straight_through = 1: must be true or false"),
    ],
)
def test_bad_schedules_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        replace(RELAXED, **values)


@pytest.mark.parametrize(("classes", "nats"), [(2, 0.448), (8, 3.640), (40, 21.894)])
def test_the_tax_is_what_sampling_gives(classes: int, nats: float) -> None:
    """The quadrature of E[ln sum E^r] within four standard errors of a sample."""
    assert uninformative_kl(classes, 0.5, 1.0) == pytest.approx(nats, abs=5e-4)
    for ratio in (0.75, 2.0):
        draws = torch.empty(200_000, classes, dtype=torch.float64)
        draws.exponential_(generator=torch.Generator().manual_seed(0))
        sampled = (draws**ratio).sum(-1).log()
        error = sampled.std().item() / len(sampled) ** 0.5
        assert abs(expected_log_sum(classes, ratio) - sampled.mean().item()) < 4 * error


def test_the_tax_counts_variables() -> None:
    mistaken = {"posterior_temperature": 0.5, "prior_temperature": 1.0}
    many = Trial(family="concrete", categoricals=20, classes=10, **mistaken)
    one = Trial(family="concrete", latent_dim=10, **mistaken)
    coins = Trial(family="binary_concrete", latent_dim=30, **mistaken)
    assert temperature_tax(many) == pytest.approx(20 * temperature_tax(one))
    assert temperature_tax(coins) == pytest.approx(30 * uninformative_kl(2, 0.5, 1.0))
    assert temperature_tax(Trial(family="gaussian", latent_dim=2)) is None
    assert "95.1 nats" in (temperature_notice(many) or "")
    assert (
        temperature_notice(replace(many, kl_estimator="categorical", prior_temperature=None))
        is None
    )
