"""The contract of every latent, and the densities against torch's own."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.distributions.relaxed_bernoulli import LogitRelaxedBernoulli
from torch.distributions.relaxed_categorical import ExpRelaxedCategorical

from bsvae.latents import (
    Bernoulli,
    BinaryConcrete,
    Categorical,
    Concrete,
    Deterministic,
    Gaussian,
    Latent,
    LogitNormal,
)
from bsvae.latents.concrete import exp_concrete_log_density
from bsvae.latents.logit_normal import log_density
from bsvae.latents.members import Members
from bsvae.latents.temperature import uninformative_kl
from bsvae.trial import Trial

#: Every latent, with the trials whose members it is tried on: of two widths, the wider one last.
LATENTS: dict[str, tuple[Latent, list[Trial]]] = {
    "gaussian": (Gaussian(), [Trial(family="gaussian", latent_dim=d) for d in (2, 5)]),
    "gaussian, log-variance": (
        Gaussian(log_variance=True),
        [Trial(family="gaussian", latent_dim=d) for d in (2, 5)],
    ),
    "deterministic": (
        Deterministic(),
        [Trial(family="autoencoder", latent_dim=d) for d in (2, 5)],
    ),
    "logit_normal": (
        LogitNormal(),
        [Trial(family="logit_normal", latent_dim=d, prior_scale=1.78) for d in (2, 5)],
    ),
    "concrete": (
        Concrete(2),
        [Trial(family="concrete", categoricals=2, classes=k) for k in (3, 5)],
    ),
    "concrete, straight through": (
        Concrete(2, "categorical", True),
        [Trial(family="concrete", categoricals=2, classes=k) for k in (3, 5)],
    ),
    "categorical": (
        Categorical(2),
        [Trial(family="concrete", categoricals=2, classes=k) for k in (3, 5)],
    ),
    "binary_concrete": (
        BinaryConcrete(),
        [Trial(family="binary_concrete", latent_dim=d) for d in (2, 5)],
    ),
    "bernoulli": (Bernoulli(), [Trial(family="binary_concrete", latent_dim=d) for d in (2, 5)]),
}
STOCHASTIC = {name: case for name, case in LATENTS.items() if case[0].stochastic}
every_stochastic_latent = pytest.mark.parametrize(
    ("latent", "trials"), STOCHASTIC.values(), ids=STOCHASTIC.keys()
)
every_latent = pytest.mark.parametrize(("latent", "trials"), LATENTS.values(), ids=LATENTS.keys())
DRAWS = 100_000


def members_of(trials: list[Trial]) -> Members:
    """Their members in float64."""
    members = Members.of(trials)
    return replace(
        members,
        prior_scale=members.prior_scale.double(),
        posterior_temperature=members.posterior_temperature.double(),
        prior_temperature=members.prior_temperature.double(),
    )


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def raw_numbers(latent: Latent, members: Members, rows: int, size: float = 0.5) -> Tensor:
    """What a network might emit, (M, rows, heads, L), equal in all rows of a member."""
    shape = (len(members.mask), 1, latent.heads, members.mask.shape[-1])
    raw = size * torch.randn(shape, generator=generator(), dtype=torch.float64)
    return (raw * members.mask[:, :, None]).expand(-1, rows, -1, -1)


def noise_of(latent: Latent, rows: int, members: Members) -> Tensor:
    return latent.draw_noise(rows, members.mask.shape[-1], generator()).double()


def assert_mean(values: Tensor, expected: Tensor | float) -> None:
    """The mean over the last axis is as expected, within four standard errors."""
    error = values.std(-1) / values.shape[-1] ** 0.5
    assert ((values.mean(-1) - expected).abs() <= 4 * error + 1e-9).all()


@every_stochastic_latent
def test_kl_is_the_mean_log_ratio(latent: Latent, trials: list[Trial]) -> None:
    members = members_of(trials)
    raw, noise = raw_numbers(latent, members, DRAWS), noise_of(latent, DRAWS, members)
    if isinstance(latent, Concrete) and latent.kl_estimator == "categorical":
        kl, latent = latent.kl(noise, raw, members), Categorical(latent.categoricals)
        y = latent.sample(raw, noise, members)
    else:
        y = latent.sample(raw, noise, members)
        kl = latent.kl(y, raw, members)
    ratio = latent.log_posterior(y, raw, members) - latent.log_prior(y, members)
    assert_mean(ratio, kl.mean(-1))


@every_stochastic_latent
def test_densities_fit_their_samplers(latent: Latent, trials: list[Trial]) -> None:
    """E_p[q/p] = 1 and E_q[p/q] = 1: both densities are normalised alike, and drawn from."""
    members = members_of(trials)
    raw, noise = raw_numbers(latent, members, DRAWS, 0.2), noise_of(latent, DRAWS, members)
    if latent.heads == 2:  # variances of about 1, so that the ratios have a variance
        raw = raw + torch.tensor([0.0, 0.5]).double()[:, None]
    for y in (latent.sample(raw, noise, members), latent.sample_prior(noise, members)):
        ratio = latent.log_posterior(y, raw, members) - latent.log_prior(y, members)
        assert torch.isfinite(ratio).all()
    prior = latent.sample_prior(noise, members)
    ratio = latent.log_posterior(prior, raw, members) - latent.log_prior(prior, members)
    assert_mean(ratio.exp(), 1.0)


@every_latent
def test_padding_changes_nothing(latent: Latent, trials: list[Trial]) -> None:
    both, alone = members_of(trials), members_of(trials[:1])
    width = alone.mask.shape[-1]
    raw, noise = raw_numbers(latent, both, 50), noise_of(latent, 50, both)
    narrow = raw[:1, ..., :width]

    def everything(raw: Tensor, noise: Tensor, members: Members) -> dict[str, Tensor]:
        y = latent.sample(raw, noise, members)
        values = {
            "sample": y,
            "center": latent.center(raw, members),
            "units": latent.units(y, members),
            "kl": latent.kl(y, raw, members),
            "decoder_input": latent.decoder_input(y, members),
        }
        if latent.stochastic:
            values["sample_prior"] = latent.sample_prior(noise, members)
            values["log_posterior"] = latent.log_posterior(y, raw, members)
            values["log_prior"] = latent.log_prior(y, members)
        return values

    padded, plain = everything(raw, noise, both), everything(narrow, noise[:, :width], alone)
    for name, value in plain.items():
        wide = padded[name][0]
        if wide.dim() == 2:
            assert (wide[:, width:] == 0).all(), name
            wide = wide[:, :width]
        torch.testing.assert_close(wide, value[0], rtol=1e-12, atol=1e-12, msg=name)


@every_latent
def test_no_gradient_reaches_padding(latent: Latent, trials: list[Trial]) -> None:
    if isinstance(latent, Categorical | Bernoulli):
        pytest.skip("evaluated only")
    members = members_of(trials)
    raw = raw_numbers(latent, members, 9).clone().requires_grad_()
    y = latent.sample(raw, noise_of(latent, 9, members), members)
    (latent.kl(y, raw, members).sum() + latent.decoder_input(y, members).cos().sum()).backward()
    assert raw.grad is not None
    assert torch.isfinite(raw.grad).all()
    padding = ~members.mask[:, :, None].expand_as(raw)
    assert (raw.grad[padding] == 0).all()
    assert (raw.grad[~padding] != 0).any()


@every_latent
def test_the_center_of_a_confident_posterior_is_where_its_draws_are(
    latent: Latent, trials: list[Trial]
) -> None:
    members = members_of(trials)
    raw = 40 * raw_numbers(latent, members, 200).sign()
    if latent.heads == 2:
        raw[..., 1, :] = -40.0
    if isinstance(latent, Concrete | Categorical):
        ramp = torch.arange(raw.shape[-1]).div(2, rounding_mode="floor")
        raw = 100.0 * (ramp * members.mask)[:, :, None].expand(-1, 200, -1, -1).double()
    y = latent.sample(raw, noise_of(latent, 200, members), members)
    drawn = latent.units(y, members)
    center = latent.units(latent.center(raw, members), members)
    torch.testing.assert_close(drawn, center, rtol=1e-3, atol=1e-3)


def test_exp_concrete_density_is_torch_s() -> None:
    logits = torch.randn(50, 7, generator=generator(), dtype=torch.float64)
    for temperature in (0.3, 0.5, 1.0, 2.0):
        reference = ExpRelaxedCategorical(
            torch.tensor(temperature, dtype=torch.float64), logits=logits
        )
        y = reference.sample()
        ours = exp_concrete_log_density(
            y[..., None],
            (logits + 3.0)[..., None],  # invariant to a common shift
            torch.full((1, 1), temperature, dtype=torch.float64),
            torch.ones(7, 1).bool(),
        )
        assert (ours.squeeze(-1) - reference.log_prob(y)).abs().max() < 1e-10


def test_binary_concrete_density_is_torch_s() -> None:
    members = members_of([Trial(family="binary_concrete", latent_dim=6)])
    logits = torch.randn(1, 50, 6, generator=generator(), dtype=torch.float64)
    temperature = members.posterior_temperature.squeeze()
    reference = LogitRelaxedBernoulli(temperature, logits=logits)
    y = reference.sample()
    ours = BinaryConcrete().log_posterior(y, logits[..., None, :], members)
    assert (ours - reference.log_prob(y).sum(-1)).abs().max() < 1e-10


def test_two_classes_are_one_coin() -> None:
    """A Concrete pair is a binary Concrete: same KL, of the difference of the logits."""
    pair, coin = (
        members_of([Trial(family="concrete", latent_dim=2)]),
        members_of([Trial(family="binary_concrete", latent_dim=1)]),
    )
    logits = torch.tensor([[[[0.7, -0.4]]]]).double().expand(1, DRAWS, 1, 2)
    noise = noise_of(Concrete(), DRAWS, pair)
    y = Concrete().sample(logits, noise, pair)
    kl = Concrete().kl(y, logits, pair)
    logit = logits[..., :1] - logits[..., 1:]
    ours = BinaryConcrete().kl(y[..., :1] - y[..., 1:], logit, coin)
    torch.testing.assert_close(kl, ours)


@pytest.mark.parametrize("temperatures", [(0.5, 1.0), (2 / 3, 0.5), (1.0, 1.0)])
@pytest.mark.parametrize("classes", [2, 8])
def test_an_uninformative_posterior_pays_the_tax(
    classes: int, temperatures: tuple[float, float]
) -> None:
    trial = Trial(
        family="concrete",
        latent_dim=classes,
        posterior_temperature=temperatures[0],
        prior_temperature=temperatures[1],
    )
    members, latent = members_of([trial]), Concrete()
    raw = torch.zeros(1, DRAWS, 1, classes, dtype=torch.float64)
    y = latent.sample(raw, noise_of(latent, DRAWS, members), members)
    assert_mean(latent.kl(y, raw, members), uninformative_kl(classes, *temperatures))


@pytest.mark.parametrize("variance", [0.32, 1.78, 10.0])
def test_the_logit_normal_density_integrates_to_one(variance: float) -> None:
    y = torch.linspace(-45, 45, 90_001, dtype=torch.float64).clamp(-36, 36)
    z = torch.sigmoid(y)
    density = log_density(z, torch.tensor(0.3).double(), torch.tensor(variance).double()).exp()
    assert torch.trapezoid(density, z).item() == pytest.approx(1, abs=1e-6)


def test_alpha_is_the_gain_of_the_logit_normal_s_sigmoid() -> None:
    """y = sqrt(alpha) u turns the prior N(0, alpha) into N(0, 1) and leaves KL and z unchanged."""
    alpha = 1.78
    scaled, unit = (
        members_of([Trial(family="logit_normal", latent_dim=3, prior_scale=scale)])
        for scale in (alpha, 1.0)
    )
    latent = LogitNormal()
    y = torch.randn(1, 20, 3, generator=generator(), dtype=torch.float64)
    mu, variance = y.sin(), y.cos().exp()
    raw = torch.stack([mu, variance.expm1().log()], -2)
    shrunk = torch.stack([mu / alpha**0.5, (variance / alpha).expm1().log()], -2)
    u = y / alpha**0.5
    close = {"rtol": 1e-6, "atol": 1e-6}  # the floor under the variance is not rescaled
    torch.testing.assert_close(latent.kl(y, raw, scaled), latent.kl(u, shrunk, unit), **close)
    ratios = [
        latent.log_posterior(at, numbers, members) - latent.log_prior(at, members)
        for at, numbers, members in ((y, raw, scaled), (u, shrunk, unit))
    ]
    torch.testing.assert_close(*ratios, **close)
    torch.testing.assert_close(
        latent.decoder_input(alpha**0.5 * u, scaled), latent.decoder_input(y, scaled)
    )


def test_a_logarithmic_variance_of_90_is_a_number_and_a_usual_one_is_itself() -> None:
    latent = Gaussian(log_variance=True)
    usual = torch.linspace(-30, 20, 101)
    raw = torch.stack([torch.zeros(101), usual])[None, None]
    assert latent.moments(raw)[1].flatten().equal(usual.exp() + 1e-8)
    members = members_of([Trial(family="conv_vae", latent_dim=2)])
    raw = torch.tensor([[0.0, 0.0], [90.0, -90.0]])[None, None].requires_grad_()
    y = latent.sample(raw, torch.ones(1, 2), members)
    kl = latent.kl(y, raw, members)
    (gradient,) = torch.autograd.grad(kl.sum() + y.sum(), raw)
    assert y.isfinite().all()
    assert kl.isfinite().all()
    assert gradient.isfinite().all()
