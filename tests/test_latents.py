"""One list of all latents, one body of tests; formulas by a second road."""

import pytest
import torch
from torch.distributions import Normal, TransformedDistribution
from torch.distributions.relaxed_categorical import ExpRelaxedCategorical
from torch.distributions.transforms import SigmoidTransform

from bsvae.latents import Concrete, Gaussian, LogitNormal
from bsvae.latents.concrete import exp_concrete_log_density
from bsvae.latents.logit_normal import log_density
from bsvae.members import Members
from bsvae.trial import Trial

CASES = {
    "gaussian": (Gaussian(), {"family": "gaussian"}),
    "logit_normal": (LogitNormal(), {"family": "logit_normal", "prior_scale": 1.78}),
    "concrete": (Concrete(), {"family": "concrete"}),
    "concrete_published": (
        Concrete(),
        {"family": "concrete", "posterior_temperature": 0.5, "prior_temperature": 1.0},
    ),
    "concrete_two": (Concrete(2), {"family": "concrete", "categoricals": 2}),
}


@pytest.fixture(params=CASES, name="case")
def _case(request):
    return CASES[request.param]


def members_of(fields, *sizes):
    return Members.of([Trial(latent_dim=size, **fields) for size in sizes])


def raw_numbers(latent, members, batch, seed=0):
    """Random network outputs, zero at padding as a padded network emits them."""
    generator = torch.Generator().manual_seed(seed)
    count, _, width = members.mask.shape
    raw = torch.randn(count, batch, latent.heads, width, generator=generator)
    return raw * members.mask[:, :, None]


def draws(latent, raw, members, count, seed=1):
    generator = torch.Generator().manual_seed(seed)
    noise = latent.draw_noise(count, raw.shape[-1], generator)
    return latent.sample(raw, noise, members)


def test_kl_agrees_with_monte_carlo(case):
    latent, fields = case
    members = members_of(fields, 4)
    raw = raw_numbers(latent, members, 1)
    count = 200_000
    wide = raw.expand(-1, count, -1, -1)
    y = draws(latent, wide, members, count)
    estimate = latent.log_posterior(y, wide, members) - latent.log_prior(y, members)
    error = estimate.std() / count**0.5
    assert abs(latent.kl(y, wide, members).mean() - estimate.mean()) < 3 * error + 1e-5
    assert estimate.mean() > -3 * error


def test_prior_is_normalised_against_the_posterior(case):
    """E_q[p / q] = 1 if both are densities of the same measure."""
    latent, fields = case
    members = members_of(fields, 4)
    raw = 0.3 * raw_numbers(latent, members, 1)
    wide = raw.expand(-1, 400_000, -1, -1)
    y = draws(latent, wide, members, 400_000)
    ratio = (latent.log_prior(y, members) - latent.log_posterior(y, wide, members)).exp()
    if fields.get("posterior_temperature", 0.0) < fields.get("prior_temperature", 0.0):
        pytest.skip("the wider law is the posterior: this average has no finite variance")
    assert abs(ratio.mean() - 1) < 5 * ratio.std() / 400_000**0.5


@pytest.mark.parametrize("narrow", [4, 6])
def test_padding_changes_nothing(case, narrow):
    latent, fields = case
    alone, together = members_of(fields, narrow), members_of(fields, narrow, 8)
    raw = raw_numbers(latent, together, 5)
    own = raw[:1, ..., :narrow].clone()
    noise = latent.draw_noise(5, 8, torch.Generator().manual_seed(3))
    padded = latent.sample(raw, noise, together)
    single = latent.sample(own, noise[:, :narrow], alone)
    torch.testing.assert_close(padded[:1, :, :narrow], single)
    assert not latent.decoder_input(padded, together)[0, :, narrow:].any()
    for method in (latent.kl, latent.log_posterior):
        torch.testing.assert_close(method(padded, raw, together)[:1], method(single, own, alone))
    torch.testing.assert_close(
        latent.log_prior(padded, together)[:1], latent.log_prior(single, alone)
    )


def test_no_gradient_reaches_padding(case):
    latent, fields = case
    members = members_of(fields, 4, 8)
    raw = raw_numbers(latent, members, 5).requires_grad_()
    y = draws(latent, raw, members, 5)
    total = latent.kl(y, raw, members).sum() + latent.decoder_input(y, members).sin().sum()
    (gradient,) = torch.autograd.grad(total, raw)
    assert gradient.isfinite().all()
    assert not gradient[0, ..., 4:].any()
    assert gradient[0, ..., :4].any()


def test_extreme_network_outputs_stay_finite(case):
    latent, fields = case
    members = members_of(fields, 4)
    for size in (-80.0, 80.0):
        raw = torch.full((1, 3, latent.heads, 4), size)
        raw[..., 0] = 0.0
        y = draws(latent, raw, members, 3)
        assert y.isfinite().all()
        assert latent.kl(y, raw, members).isfinite().all()


def test_exp_concrete_density_is_torchs():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(7, 5, generator=generator, dtype=torch.float64)
    for temperature in (0.3, 1.0, 2.5):
        theirs = ExpRelaxedCategorical(
            torch.tensor(temperature, dtype=torch.float64), logits=logits
        )
        y = theirs.sample()
        ours = exp_concrete_log_density(
            y[..., None],
            logits[..., None],
            torch.tensor([[temperature]], dtype=torch.float64),
            torch.ones(7, 5, 1, dtype=torch.bool),
        )
        assert (ours.squeeze(-1) - theirs.log_prob(y)).abs().max() < 1e-10


def test_logit_normal_density_is_the_transformed_normal():
    z = torch.linspace(0.001, 0.999, 99, dtype=torch.float64)
    mu, variance = torch.tensor(0.7, dtype=torch.float64), torch.tensor(1.78, dtype=torch.float64)
    theirs = TransformedDistribution(Normal(mu, variance.sqrt()), SigmoidTransform())
    torch.testing.assert_close(log_density(z, mu, variance), theirs.log_prob(z))


def test_logit_normal_kl_depends_on_the_rescaled_code_alone():
    """With y = sqrt(alpha) u the KL against N(0, alpha I) is the Gaussian KL of u."""
    mu, variance = torch.randn(1, 6, 3), torch.rand(1, 6, 3) + 0.1
    alpha = 1.78
    one, mask = torch.ones(1, 1, 1), torch.ones(1, 1, 3)
    from bsvae.latents.gaussian import normal_kl

    torch.testing.assert_close(
        normal_kl(alpha**0.5 * mu, alpha * variance, alpha * one, mask),
        normal_kl(mu, variance, one, mask),
    )
