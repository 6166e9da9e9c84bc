"""The logit-normal latent: a Gaussian seen through a sigmoid."""

import torch
from torch import Tensor

from bsvae.latents.gaussian import moments, normal_kl, normal_log_density
from bsvae.latents.interface import Latent
from bsvae.latents.members import Members


class LogitNormal(Latent):
    """z = sigmoid(y), y ~ N(mu, diag(sigma^2)), against the same with y ~ N(0, alpha I).

    The sigmoid is a bijection and its Jacobian cancels in the KL, which is therefore that of the
    two Gaussians.  Densities here are those of the logit y; `log_density` gives the one of z.

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", section 2.2.
    """

    heads = 2

    def draw_noise(self, rows: int, width: int, generator: torch.Generator) -> Tensor:
        """Standard normal noise."""
        return torch.randn(rows, width, generator=generator, device=generator.device)

    def sample(self, raw: Tensor, noise: Tensor, members: Members) -> Tensor:
        """y = mu + sigma * eps, the logit of z."""
        mu, variance = moments(raw)
        return (mu + variance.sqrt() * noise) * members.mask

    def sample_prior(self, noise: Tensor, members: Members) -> Tensor:
        """sqrt(alpha) * eps."""
        return members.prior_scale.sqrt() * noise * members.mask

    def center(self, raw: Tensor, members: Members) -> Tensor:
        """mu."""
        return moments(raw)[0] * members.mask

    def units(self, y: Tensor, members: Members) -> Tensor:
        """y / sqrt(alpha), for which the prior is N(0, I)."""
        return y / members.prior_scale.sqrt()

    def log_posterior(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """ln N(y; mu, sigma^2)."""
        return normal_log_density(y, *moments(raw), members.mask)

    def log_prior(self, y: Tensor, members: Members) -> Tensor:
        """ln N(y; 0, alpha)."""
        return normal_log_density(y, 0.0, members.prior_scale, members.mask)

    def kl(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """The closed form of `bsvae.latents.gaussian.normal_kl`, with prior variance alpha."""
        return normal_kl(*moments(raw), members.prior_scale, members.mask)

    def decoder_input(self, y: Tensor, members: Members) -> Tensor:
        """z = sigmoid(y), in (0, 1)."""
        return torch.sigmoid(y) * members.mask


def log_density(z: Tensor, mu: Tensor, variance: Tensor) -> Tensor:
    """ln of the logit-normal density at z in (0, 1), per coordinate, in nats:

        ln N(logit z; mu, sigma^2) - ln z - ln(1 - z).

    >>> z = torch.linspace(0.0005, 0.9995, 1000, dtype=torch.float64)
    >>> density = log_density(z, torch.tensor(0.3), torch.tensor(1.78)).exp()
    >>> round(density.mean().item(), 3)
    1.0
    """
    y = torch.logit(z)
    normal = torch.distributions.Normal(mu, variance.sqrt()).log_prob(y)
    return normal - torch.log(z) - torch.log1p(-z)
