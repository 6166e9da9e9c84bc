"""The binary Concrete latent: L relaxed coins, kept as logits."""

import torch
import torch.nn.functional as F
from torch import Tensor

from bsvae.latents.bernoulli import bernoulli_kl, logistic, sign
from bsvae.latents.interface import Latent
from bsvae.latents.members import Members


class BinaryConcrete(Latent):
    """L independent binary Concrete variables; the stochastic node y is the logit of z.

    The posterior has learned logits and temperature lambda_1, the prior logit 0 and lambda_2.
    The decoder reads 2z - 1, which is centred at 0 as the prior is, in (-1, 1).  The estimators of
    the KL, ``density`` and ``categorical``, are those of `bsvae.latents.concrete.Concrete`.

    Source: Maddison et al. (2016), section 3.1 and appendix B, as cited by "Project AI: Discrete
    Variational Autoencoders with Logit-normals".
    """

    heads = 1

    def __init__(self, kl_estimator: str = "density", straight_through: bool = False) -> None:
        self.kl_estimator = kl_estimator
        self.straight_through = straight_through

    def draw_noise(self, rows: int, width: int, generator: torch.Generator) -> Tensor:
        """Standard logistic noise."""
        return logistic(rows, width, generator)

    def sample(self, raw: Tensor, noise: Tensor, members: Members) -> Tensor:
        """y = (logit + ln U - ln(1 - U)) / lambda_1."""
        return (raw.squeeze(-2) + noise) / members.posterior_temperature * members.mask

    def sample_prior(self, noise: Tensor, members: Members) -> Tensor:
        """The same with logit 0 and lambda_2."""
        return noise / members.prior_temperature * members.mask

    def center(self, raw: Tensor, members: Members) -> Tensor:
        """The logit of P(z rounds to 1)."""
        return raw.squeeze(-2) * members.mask

    def units(self, y: Tensor, members: Members) -> Tensor:
        """2z - 1, in (-1, 1)."""
        return torch.tanh(y / 2) * members.mask

    def log_posterior(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """ln q(y|x): `logistic_log_density` with the network's logits and lambda_1."""
        temperature = members.posterior_temperature
        return (logistic_log_density(y, raw.squeeze(-2), temperature) * members.mask).sum(-1)

    def log_prior(self, y: Tensor, members: Members) -> Tensor:
        """ln p(y): `logistic_log_density` with logit 0 and lambda_2."""
        log_density = logistic_log_density(y, torch.zeros_like(y), members.prior_temperature)
        return (log_density * members.mask).sum(-1)

    def kl(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """By the chosen estimator; ``density`` is of one draw, unbiased, of either sign."""
        if self.kl_estimator == "categorical":
            return bernoulli_kl(raw.squeeze(-2), members.mask)
        return self.log_posterior(y, raw, members) - self.log_prior(y, members)

    def decoder_input(self, y: Tensor, members: Members) -> Tensor:
        """2z - 1, or straight through: its sign forward, its gradient backward."""
        z = self.units(y, members)
        if self.straight_through:
            return sign(y, members.mask) + z - z.detach()
        return z


def logistic_log_density(y: Tensor, logits: Tensor, temperature: Tensor) -> Tensor:
    """ln of the density of y = (logit + logistic noise) / lambda, per coordinate, in nats:

        ln lambda - lambda y + l - 2 softplus(l - lambda y).

    >>> zero, one = torch.zeros(1), torch.ones(1)
    >>> round(logistic_log_density(zero, zero, one).exp().item(), 4)  # the logistic peak
    0.25
    """
    score = logits - temperature * y
    return temperature.log() + score - 2 * F.softplus(score)
