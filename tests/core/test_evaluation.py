"""Importance-weighted bounds, discretised models, codes and the reliability checks."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from bsvae.datasets import Data, load
from bsvae.evaluation import elbo_terms
from bsvae.measures import final_metrics, iwae, negative_log_likelihood
from bsvae.measures.baselines import collapsed as is_collapsed
from bsvae.measures.baselines import independent_pixels
from bsvae.measures.codes import active_units, linear_probe, neighbour_vote, read
from bsvae.measures.iwae import exact_log_density
from bsvae.measures.reliability import losses_fall, reliable
from bsvae.pack import Pack, discretised
from bsvae.trial import Trial

COMMON = {"dataset": "digits", "hidden": 16}
#: Untrained models of every family with a stochastic latent.
TRIALS = [
    Trial(family="gaussian", latent_dim=3, **COMMON),
    Trial(family="logit_normal", latent_dim=3, **COMMON),
    Trial(family="concrete", categoricals=2, classes=4, **COMMON),
    Trial(family="concrete", latent_dim=5, kl_estimator="categorical", **COMMON),
    Trial(family="binary_concrete", latent_dim=6, straight_through=True, **COMMON),
]
#: Untrained models of the other families.
OTHERS = [
    Trial(family=family, latent_dim=3, dataset="digits")
    for family in ("bs_autoencoder", "autoencoder", "pca", "vae_mse", "conv_vae")
] + [Trial(family="tiny_vae", as_published=True)]
every_family = pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.family)


@pytest.fixture(scope="module")
def data() -> Data:
    return load("digits")


def sharpened(trials: Sequence[Trial], only: str = "") -> Pack:
    """Untrained members whose codes matter: weights four times as large."""
    pack = Pack.of(trials)
    weights = {
        name: weight.detach() * (4 if name.startswith(only) else 1)
        for name, weight in pack.parameters.items()
    }
    return replace(pack, parameters=weights)


def widened(trial: Trial) -> Trial:
    """The same with a wider code."""
    if trial.categoricals:
        return replace(trial, classes=trial.classes + 2, latent_dim=None)
    return replace(trial, latent_dim=trial.latent_dim + 2)


@every_family
def test_the_bound_rises_with_the_number_of_samples(trial: Trial, data: Data) -> None:
    pack = sharpened([trial])
    before = None
    for samples in (1, 2, 8, 64):
        bound = iwae.log_density(pack, data.test_binary, samples, f"{samples}")[0]
        if before is not None:
            paired = bound - before
            assert paired.mean() >= -4 * paired.std() / len(paired) ** 0.5
        before = bound


@every_family
@pytest.mark.parametrize("samples", [1, 7, 23])
def test_exactly_k_samples_are_drawn(
    trial: Trial, samples: int, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the chunks: as many draws of noise per image, and the same bound."""
    pack, images = sharpened([trial]), data.test_binary[:150]
    whole = iwae.log_density(pack, images, samples)
    rows = []
    decode = pack.parts.network.decode
    monkeypatch.setattr(iwae, "ROWS", 1000 // 3)
    monkeypatch.setattr(
        pack.parts.network,
        "decode",
        lambda parameters, z: (rows.append(z.shape[1]), decode(parameters, z))[1],
    )
    pieces = iwae.log_density(pack, images, samples)
    assert sum(rows) == samples * len(images)
    torch.testing.assert_close(whole, pieces, rtol=1e-6, atol=1e-6)


@every_family
def test_a_member_s_bound_does_not_depend_on_its_pack(trial: Trial, data: Data) -> None:
    images = data.test_binary[:20]
    alone = iwae.log_density(sharpened([trial]), images, 5)
    together = iwae.log_density(sharpened([trial, widened(trial)]), images, 5)
    torch.testing.assert_close(alone[0], together[0], rtol=1e-6, atol=1e-6)


def test_the_bound_refuses_no_samples(data: Data) -> None:
    with pytest.raises(ValueError, match="samples = 0: must be >= 1"):
        iwae.log_density(sharpened(TRIALS[:1]), data.test_binary, 0)


def test_the_bound_reaches_the_enumerated_log_density(data: Data) -> None:
    """Two roads to ln p(x) of mixtures of 4 and of 6 prototypes, q(z|x) covering all of them."""
    trials = [Trial(family="concrete", latent_dim=k, **COMMON) for k in (4, 6)]
    discrete = discretised(sharpened(trials, only="decoder"))
    assert discrete is not None
    images = data.test_binary[:50]
    exact = exact_log_density(discrete, images)
    bound = iwae.log_density(discrete, images, 2000)
    gap = bound - exact  # of mean -variance / 2 to first order
    error = gap.std(-1) / len(images) ** 0.5
    assert ((gap.mean(-1) + gap.var(-1) / 2).abs() < 4 * error).all()
    assert (error < 0.02).all()
    one, _ = iwae.bounds(discrete, images, 200)
    assert (one.mean(-1) <= exact.mean(-1)).all()
    by_hand = [_mixture(discrete, images, member, trial) for member, trial in enumerate(trials)]
    torch.testing.assert_close(exact, torch.stack(by_hand), rtol=1e-5, atol=1e-4)


def _mixture(pack: Pack, images: torch.Tensor, member: int, trial: Trial) -> torch.Tensor:
    one = Pack(
        (trial,),
        pack.parts,
        replace(pack.members, mask=pack.members.mask[member : member + 1]),
        {name: weight[member : member + 1] for name, weight in pack.parameters.items()},
    )
    corners = torch.eye(pack.width)[: trial.latent_dim]
    logits = one.parts.network.decode(one.parameters, corners[None])[0].double()
    x = images.double()
    joint = x @ logits.sigmoid().log().T + (1 - x) @ (-logits).sigmoid().log().T
    return joint.logsumexp(-1) - torch.tensor(float(trial.latent_dim)).log()


def test_enumeration_refuses_other_latents(data: Data) -> None:
    for trial in (TRIALS[0], TRIALS[2]):
        with pytest.raises(ValueError, match="one categorical variable"):
            exact_log_density(Pack.of([trial]), data.test_binary)


@every_family
def test_the_difference_estimator_estimates_the_whole(
    trial: Trial, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = sharpened([trial])
    monkeypatch.setattr("bsvae.measures.NLL_IMAGES", 150)
    monkeypatch.setattr("bsvae.measures.NLL_SAMPLES", 20)
    ours = negative_log_likelihood(pack, data.test_binary)
    one, many = iwae.bounds(pack, data.test_binary, 20, "whole")
    error = ((many - one).std(-1) + many.std(-1) * 0.1) / 150**0.5
    assert ((ours + many.mean(-1)).abs() < 4 * error).all()


def test_a_discretised_elbo_has_the_closed_form_kl(data: Data) -> None:
    for trial in TRIALS[2:]:
        discrete = discretised(sharpened([trial]))
        assert discrete is not None
        terms = elbo_terms(discrete, data.test_binary, "test set")
        one, _ = iwae.bounds(discrete, data.test_binary, 50)
        single, _ = iwae.bounds(discrete, data.test_binary, 1, "single")
        error = (single - one).std(-1) / len(data.test_binary) ** 0.5
        assert ((terms["neg_elbo"] + one.mean(-1)).abs() < 4 * error).all()
    assert discretised(Pack.of(TRIALS[:1])) is None


def test_active_units_are_those_that_vary(data: Data) -> None:
    pack = sharpened([replace(TRIALS[0], latent_dim=d) for d in (2, 3)])
    assert active_units(pack, read(pack, data, "test")).tolist() == [2, 3]
    silent = {
        name: weight * (torch.arange(3) != 1) if name == "heads.weight" else weight
        for name, weight in pack.parameters.items()
    }
    assert active_units(replace(pack, parameters=silent), read(pack, data, "test")).tolist() == [
        1,
        2,
    ]


def test_classifiers_of_codes() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(300) % 3
    corners = torch.tensor([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    train = corners[labels] + torch.randn(300, 2, generator=generator)
    test = corners[labels] + torch.randn(300, 2, generator=generator)
    for classify in (neighbour_vote, linear_probe):
        assert (classify(train, labels, test) == labels).double().mean() > 0.98
        padded = [torch.nn.functional.pad(part, (0, 3)) for part in (train, test)]
        same = classify(padded[0], labels, padded[1]) == classify(train, labels, test)
        assert same.double().mean() > 0.99


@every_family
def test_final_metrics_have_one_finite_number_per_member(trial: Trial, data: Data) -> None:
    metrics = final_metrics(sharpened([trial]), data)
    assert all(values.shape == (1,) for values in metrics.values())
    assert all(torch.isfinite(values).all() for values in metrics.values())
    assert ("test_discrete_nll" in metrics) == ("concrete" in trial.family)
    assert ("test_nll" in metrics) == (trial.kl_estimator != "categorical")


@every_family
def test_final_metrics_do_not_depend_on_the_pack(trial: Trial, data: Data) -> None:
    """Neither on a wider member nor on one that diverged."""
    alone = final_metrics(sharpened([trial]), data)
    pack = sharpened([trial, widened(trial)])
    for weight in pack.parameters.values():
        weight[1] = torch.nan
    together = final_metrics(pack, data)
    for name, values in alone.items():
        torch.testing.assert_close(together[name][:1], values, rtol=1e-5, atol=1e-5, msg=name)


@pytest.mark.parametrize("trial", OTHERS, ids=lambda trial: trial.family)
def test_other_families_have_those_metrics_that_they_can(trial: Trial) -> None:
    pack = Pack.of([trial])
    metrics = final_metrics(pack, load(trial.dataset))
    assert all(torch.isfinite(values).all() for values in metrics.values())
    assert ("test_nll" in metrics) == pack.parts.latent.stochastic


def test_a_model_whose_decoder_ignores_its_code_is_unreliable(data: Data) -> None:
    pack = Pack.of(TRIALS[:1])
    collapsed = {
        name: torch.zeros_like(weight) if name == "heads.weight" else weight
        for name, weight in pack.parameters.items()
    }
    metrics = final_metrics(replace(pack, parameters=collapsed), data)
    numbers = {name: values.item() for name, values in metrics.items()}
    answers = reliable(numbers, [3.0, float("nan")])
    assert not any(answers.values()), (answers, numbers)
    assert numbers["test_code_gain"] == pytest.approx(0, abs=0.1)  # one noise is not another
    assert is_collapsed(numbers)


def test_independent_pixels_are_the_best_constant(data: Data) -> None:
    constant = data.test_binary.double().mean(0).clamp(1e-9, 1 - 1e-9)
    entropy = -(constant * constant.log() + (1 - constant) * (1 - constant).log()).sum().item()
    assert entropy < independent_pixels(Pack.of(TRIALS[:1]), data) < entropy + 0.5


def test_losses_fall() -> None:
    assert losses_fall([2.0, float("inf")])["finite"] == 0
    assert losses_fall([2.0, 3.0]) == {"finite": 1, "falling_share": 0, "fell": 0}
    assert losses_fall([2.0])["fell"] == 1
