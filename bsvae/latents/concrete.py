"""The Concrete (Gumbel-softmax) latent: N relaxed categorical variables of K classes each."""

import torch
from torch import Tensor

from bsvae.latents.categorical import by_class, categorical_kl, gumbel, one_hot, softmax
from bsvae.latents.interface import Latent
from bsvae.latents.members import Members


class Concrete(Latent):
    """N independent Concrete variables, kept in log space as ExpConcrete ones.

    The posterior has learned logits and temperature lambda_1, the prior equal logits and
    lambda_2.  Coordinates are ordered class by class, (K, N) flattened, so that members with fewer
    classes use a prefix of the widest member's coordinates.

    Two estimators of the KL.  ``density``: ln q(y|x) - ln p(y) at the draw y, which makes the
    objective a bound of the relaxed model.  ``categorical``: the closed form for the discrete
    variables that are relaxed; less noisy, but only the discretised model (see
    `bsvae.pack`) has a bound then, and only its numbers are to be quoted.

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", section 2.2;
    Maddison et al. (2016), appendix C.3, as cited there.
    """

    heads = 1

    def __init__(
        self,
        categoricals: int = 1,
        kl_estimator: str = "density",
        straight_through: bool = False,
    ) -> None:
        self.categoricals = categoricals
        self.kl_estimator = kl_estimator
        self.straight_through = straight_through

    def draw_noise(self, rows: int, width: int, generator: torch.Generator) -> Tensor:
        """Standard Gumbel noise."""
        return gumbel(rows, width, generator)

    def sample(self, raw: Tensor, noise: Tensor, members: Members) -> Tensor:
        """y_k = s_k - LSE(s), s = (logits + Gumbel) / lambda_1: ln of a Concrete draw."""
        return self._relaxed(raw.squeeze(-2) + noise, members.posterior_temperature, members)

    def sample_prior(self, noise: Tensor, members: Members) -> Tensor:
        """The same with equal logits and lambda_2."""
        return self._relaxed(noise, members.prior_temperature, members)

    def center(self, raw: Tensor, members: Members) -> Tensor:
        """ln of the class probabilities, y = log_softmax(logits)."""
        one = torch.ones_like(members.posterior_temperature)
        return self._relaxed(raw.squeeze(-2), one, members)

    def units(self, y: Tensor, members: Members) -> Tensor:
        """z = softmax(y), a class probability at the center."""
        return softmax(y, members.mask, self.categoricals)

    def log_posterior(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """ln q(y|x): `exp_concrete_log_density` with the network's logits and lambda_1."""
        return self._log_density(y, raw.squeeze(-2), members.posterior_temperature, members)

    def log_prior(self, y: Tensor, members: Members) -> Tensor:
        """ln p(y): `exp_concrete_log_density` with equal logits and lambda_2."""
        return self._log_density(y, torch.zeros_like(y), members.prior_temperature, members)

    def kl(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """By the chosen estimator; ``density`` is of one draw, unbiased, of either sign."""
        if self.kl_estimator == "categorical":
            return categorical_kl(raw.squeeze(-2), members.mask, self.categoricals)
        return self.log_posterior(y, raw, members) - self.log_prior(y, members)

    def decoder_input(self, y: Tensor, members: Members) -> Tensor:
        """z = exp(y) on the simplex, or straight through: one-hot forward, z's gradient backward.

        Computed as softmax(y), the same wherever LSE(y) = 0 and a code for any other y too.
        """
        z = softmax(y, members.mask, self.categoricals)
        if self.straight_through:
            return one_hot(y, members.mask, self.categoricals) + z - z.detach()
        return z

    def _relaxed(self, scores: Tensor, temperature: Tensor, members: Members) -> Tensor:
        mask = by_class(members.mask, self.categoricals)
        scores = by_class(scores, self.categoricals) / temperature[..., None]
        y = scores.masked_fill(~mask, -torch.inf).log_softmax(-2)
        return y.masked_fill(~mask, 0.0).flatten(-2)

    def _log_density(
        self, y: Tensor, logits: Tensor, temperature: Tensor, members: Members
    ) -> Tensor:
        log_density = exp_concrete_log_density(
            by_class(y, self.categoricals),
            by_class(logits, self.categoricals),
            temperature[..., None],
            by_class(members.mask, self.categoricals),
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
