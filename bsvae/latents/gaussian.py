"""The Gaussian posterior of the ordinary VAE, and the formulas that the logit-normal shares."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from bsvae.latents.interface import Latent
from bsvae.latents.members import Members

#: Added to every posterior variance, so that its logarithm and root stay finite in float32.
VARIANCE_FLOOR = 1e-8

#: Of a head that emits ln sigma^2: a standard deviation of 22,000, whose square is still a number.
LARGEST_LOG_VARIANCE = 20.0


class Gaussian(Latent):
    """q(z|x) = N(mu, diag(sigma^2)) against N(0, I); sigma^2 = softplus(raw), or exp(raw).

    Args:
        log_variance: whether the second head is ln sigma^2.
        as_published: whether to draw as the program of "Variational Autoencoder (VAE)" does:
            z = mu + sigma^2 * eps, and dz / d sigma^2 = 1.  Everything else keeps sigma^2 as the
            variance, so its KL is not that of its draws.

    Source: "Variational Autoencoder (VAE)" (the softplus variance head and the closed-form KL);
    "Project 1.3 - Variational Autoencoders", Listing 2 (the logarithmic one); "Project AI: Discrete
    Variational Autoencoders with Logit-normals", section 2.2.
    """

    heads = 2

    def __init__(self, log_variance: bool = False, as_published: bool = False) -> None:
        self.log_variance = log_variance
        self.as_published = as_published

    def moments(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance, each (M, B, L)."""
        if self.log_variance:
            mu, log_variance = raw.unbind(-2)
            return mu, log_variance.clamp(max=LARGEST_LOG_VARIANCE).exp() + VARIANCE_FLOOR
        return moments(raw)

    def draw_noise(self, rows: int, width: int, generator: torch.Generator) -> Tensor:
        """Standard normal noise."""
        return torch.randn(rows, width, generator=generator, device=generator.device)

    def sample(self, raw: Tensor, noise: Tensor, members: Members) -> Tensor:
        """z = mu + sigma * eps."""
        mu, variance = self.moments(raw)
        if self.as_published:
            shift = variance * noise
            return (mu + variance + (shift - variance).detach()) * members.mask
        return (mu + variance.sqrt() * noise) * members.mask

    def sample_prior(self, noise: Tensor, members: Members) -> Tensor:
        """sqrt(alpha) * eps."""
        return members.prior_scale.sqrt() * noise * members.mask

    def center(self, raw: Tensor, members: Members) -> Tensor:
        """mu."""
        return self.moments(raw)[0] * members.mask

    def units(self, y: Tensor, members: Members) -> Tensor:
        """y / sqrt(alpha), for which the prior is N(0, I)."""
        return y / members.prior_scale.sqrt()

    def log_posterior(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """ln N(z; mu, sigma^2)."""
        return normal_log_density(y, *self.moments(raw), members.mask)

    def log_prior(self, y: Tensor, members: Members) -> Tensor:
        """ln N(z; 0, alpha), where alpha = 1 unless the trial has a prior scale."""
        return normal_log_density(y, 0.0, members.prior_scale, members.mask)

    def kl(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """The closed form; see `normal_kl`."""
        return normal_kl(*self.moments(raw), members.prior_scale, members.mask)

    def decoder_input(self, y: Tensor, members: Members) -> Tensor:
        """z itself."""
        return y


def moments(raw: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance from a network's two heads: (mu, softplus(raw) + floor), each (M, B, L)."""
    mu, spread = raw.unbind(-2)
    return mu, F.softplus(spread.contiguous()) + VARIANCE_FLOOR  # strided, it is 10 times slower


def normal_log_density(y: Tensor, mu: Tensor | float, variance: Tensor, mask: Tensor) -> Tensor:
    """ln N(y; mu, diag(variance)) in nats, summed over the coordinates in ``mask``.

    >>> y, one = torch.zeros(1, 1, 2), torch.ones(1, 1, 2)
    >>> round(normal_log_density(y, 0.0, one, one).item(), 4)  # -ln(2 pi)
    -1.8379
    """
    log_density = -0.5 * (math.log(2 * math.pi) + variance.log() + (y - mu) ** 2 / variance)
    return (log_density * mask).sum(-1)


def normal_kl(mu: Tensor, variance: Tensor, prior_variance: Tensor, mask: Tensor) -> Tensor:
    """KL(N(mu, diag(variance)) || N(0, alpha I)) in nats, summed over the coordinates in ``mask``:

        1/2 sum_k [ (sigma_k^2 + mu_k^2) / alpha - 1 - ln(sigma_k^2 / alpha) ].

    Source: "Variational Autoencoder (VAE)", Deriving the Kullback-Leibler Divergence Loss, with the
    prior's variance kept.

    >>> mu, one = torch.ones(1, 1, 1), torch.ones(1, 1, 1)
    >>> normal_kl(mu, one, one, one).item()
    0.5
    """
    ratio = variance / prior_variance
    kl = 0.5 * (ratio + mu**2 / prior_variance - 1 - ratio.log())
    return (kl * mask).sum(-1)
