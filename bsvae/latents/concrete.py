"""The Concrete (Gumbel-softmax) latent: N relaxed categorical variables of K classes each."""

import torch
from torch import Tensor

from bsvae.latents.interface import Latent
from bsvae.members import Members


class Concrete(Latent):
    """N independent Concrete variables, kept in log space as ExpConcrete ones.

    The posterior has learned logits and temperature lambda_1, the prior equal logits and
    lambda_2.  Coordinates are ordered class by class, (K, N) flattened, so that members with fewer
    classes use a prefix of the widest member's coordinates.  The KL is estimated at one draw:
    ln q(y|x) - ln p(y).

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", section 2.2;
    Maddison et al. (2016), appendix C.3, as cited there.
    """

    heads = 1

    def __init__(self, categoricals: int = 1) -> None:
        self.categoricals = categoricals

    def draw_noise(self, rows: int, width: int, generator: torch.Generator) -> Tensor:
        """Standard Gumbel noise, -ln E with E ~ Exp(1)."""
        empty = torch.empty(rows, width, device=generator.device)
        exponential = empty.exponential_(generator=generator)
        return -exponential.clamp_min(torch.finfo(empty.dtype).tiny).log()

    def sample(self, raw: Tensor, noise: Tensor, members: Members) -> Tensor:
        """y_k = s_k - LSE(s), s = (logits + Gumbel) / lambda_1: ln of a Concrete draw."""
        mask = self._by_class(members.mask)
        logits = self._by_class(raw.squeeze(-2))
        temperature = members.posterior_temperature[..., None]
        scores = (logits + self._by_class(noise)) / temperature
        scores = scores.masked_fill(~mask, -torch.inf)
        y = scores - scores.logsumexp(-2, keepdim=True)
        return y.masked_fill(~mask, 0.0).flatten(-2)

    def log_posterior(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """ln q(y|x): `exp_concrete_log_density` with the network's logits and lambda_1."""
        return self._log_density(y, raw.squeeze(-2), members.posterior_temperature, members)

    def log_prior(self, y: Tensor, members: Members) -> Tensor:
        """ln p(y): `exp_concrete_log_density` with equal logits and lambda_2."""
        return self._log_density(y, torch.zeros_like(y), members.prior_temperature, members)

    def kl(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """ln q(y|x) - ln p(y) at the draw y: one-sample estimate, unbiased, of either sign."""
        return self.log_posterior(y, raw, members) - self.log_prior(y, members)

    def decoder_input(self, y: Tensor, members: Members) -> Tensor:
        """z = exp(y), on the simplex for each categorical variable."""
        return y.exp() * members.mask

    def _by_class(self, flat: Tensor) -> Tensor:
        return flat.unflatten(-1, (-1, self.categoricals))  # (M, B, K, N)

    def _log_density(
        self, y: Tensor, logits: Tensor, temperature: Tensor, members: Members
    ) -> Tensor:
        log_density = exp_concrete_log_density(
            self._by_class(y),
            self._by_class(logits),
            temperature[..., None],
            self._by_class(members.mask),
        )
        return log_density.sum(-1)


def exp_concrete_log_density(
    y: Tensor, logits: Tensor, temperature: Tensor, mask: Tensor
) -> Tensor:
    """Log-density of ExpConcrete(logits, lambda) at y, classes along dimension -2, in nats:

        ln Gamma(K) + (K-1) ln lambda + sum_k (l_k - lambda y_k) - K LSE_k(l_k - lambda y_k),

    on the manifold LSE(y) = 0; K counts the classes in ``mask``.

    Source: Maddison et al. (2016), appendix C.3, as cited by "Project AI: Discrete Variational
    Autoencoders with Logit-normals".

    >>> y = torch.tensor([0.3, 0.7]).log().view(2, 1)
    >>> one = torch.ones(1, 1)
    >>> density = exp_concrete_log_density(y, torch.zeros(2, 1), one, one.bool().expand(2, 1))
    >>> round(density.exp().item(), 4)  # uniform on the simplex: 1 * z_1 * z_2 in log space
    0.21
    """
    classes = mask.sum(-2).to(y.dtype)
    terms = logits - temperature * y
    normaliser = terms.masked_fill(~mask, -torch.inf).logsumexp(-2)
    scale = torch.lgamma(classes) + (classes - 1) * temperature.squeeze(-2).log()
    return scale + (terms * mask).sum(-2) - classes * normaliser
