"""Discrete latents, N one-hot variables of K classes: what the Concrete latent relaxes."""

import torch
from torch import Tensor

from bsvae.latents.interface import Latent
from bsvae.latents.members import Members


class Categorical(Latent):
    """N independent categorical variables with learned logits against uniform ones.

    It is evaluated, never trained: `sample` has no gradient.  With Concrete's Gumbel noise it draws
    exactly (the Gumbel-max trick), and its draw is the corner nearest to Concrete's.  Coordinates
    are ordered as in `Concrete`.

    Source: Maddison et al. (2016), section 2, as cited by "Project AI: Discrete Variational
    Autoencoders with Logit-normals".
    """

    heads = 1

    def __init__(self, categoricals: int = 1) -> None:
        self.categoricals = categoricals

    def draw_noise(self, rows: int, width: int, generator: torch.Generator) -> Tensor:
        """Standard Gumbel noise."""
        return gumbel(rows, width, generator)

    def sample(self, raw: Tensor, noise: Tensor, members: Members) -> Tensor:
        """One-hot at argmax_k (logits_k + Gumbel_k)."""
        return one_hot(raw.squeeze(-2) + noise, members.mask, self.categoricals)

    def sample_prior(self, noise: Tensor, members: Members) -> Tensor:
        """One-hot at argmax_k Gumbel_k."""
        return one_hot(
            noise.expand(members.mask.shape[0], *noise.shape[-2:]), members.mask, self.categoricals
        )

    def center(self, raw: Tensor, members: Members) -> Tensor:
        """The class probabilities, E[y]."""
        return softmax(raw.squeeze(-2), members.mask, self.categoricals)

    def units(self, y: Tensor, members: Members) -> Tensor:
        """y itself."""
        return y

    def log_posterior(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """ln q(y|x) = sum_nk y_nk ln pi_nk."""
        logits, mask = raw.squeeze(-2), members.mask
        return (y * log_probabilities(logits, mask, self.categoricals)).sum(-1)

    def log_prior(self, y: Tensor, members: Members) -> Tensor:
        """ln p(y) = -N ln K."""
        classes = by_class(members.mask, self.categoricals).sum(-2).to(y.dtype)  # (M, 1, N)
        return -classes.log().sum(-1).expand(y.shape[:-1])

    def kl(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """The closed form; see `categorical_kl`."""
        return categorical_kl(raw.squeeze(-2), members.mask, self.categoricals)

    def decoder_input(self, y: Tensor, members: Members) -> Tensor:
        """y itself."""
        return y


def by_class(flat: Tensor, categoricals: int) -> Tensor:
    """(..., K * N), ordered class by class, to (..., K, N)."""
    return flat.unflatten(-1, (-1, categoricals))


def gumbel(rows: int, width: int, generator: torch.Generator) -> Tensor:
    """Standard Gumbel noise -ln E with E ~ Exp(1), (rows, width)."""
    empty = torch.empty(rows, width, device=generator.device)
    exponential = empty.exponential_(generator=generator)
    return -exponential.clamp_min(torch.finfo(empty.dtype).tiny).log()


def one_hot(scores: Tensor, mask: Tensor, categoricals: int) -> Tensor:
    """1 at the largest score of each categorical variable, (M, B, L) to (M, B, L).

    >>> one_hot(torch.tensor([[[1.0, 5.0, 2.0, 4.0]]]), torch.ones(1, 1, 4).bool(), 2).tolist()
    [[[0.0, 1.0, 1.0, 0.0]]]
    """
    classed = by_class(scores.masked_fill(~mask, -torch.inf), categoricals)
    best = classed.argmax(-2, keepdim=True)
    return torch.zeros_like(classed).scatter(-2, best, 1.0).flatten(-2)


def softmax(logits: Tensor, mask: Tensor, categoricals: int) -> Tensor:
    """Class probabilities of each categorical variable, 0 at padding, (M, B, L) to (M, B, L)."""
    return by_class(logits.masked_fill(~mask, -torch.inf), categoricals).softmax(-2).flatten(-2)


def log_probabilities(logits: Tensor, mask: Tensor, categoricals: int) -> Tensor:
    """ln of `softmax`, with 0 at padding instead of minus infinity."""
    classed = by_class(logits.masked_fill(~mask, -torch.inf), categoricals)
    return classed.log_softmax(-2).flatten(-2).masked_fill(~mask, 0.0)


def categorical_kl(logits: Tensor, mask: Tensor, categoricals: int) -> Tensor:
    """KL from categorical variables with these logits to uniform ones, (M, B), in nats:

        sum_n sum_k pi_nk (ln pi_nk + ln K).

    Source: Maddison et al. (2016), appendix C.3, as cited by "Project AI: Discrete Variational
    Autoencoders with Logit-normals".

    >>> logits = torch.tensor([[[40.0, 0.0, 0.0, 0.0]]])
    >>> round(categorical_kl(logits, torch.ones(1, 1, 4).bool(), 1).item(), 4)  # ln 4
    1.3863
    """
    log_pi = log_probabilities(logits, mask, categoricals)
    classes = by_class(mask, categoricals).sum(-2, keepdim=True).to(logits.dtype)  # (M, 1, 1, N)
    terms = by_class(log_pi.exp() * mask * log_pi, categoricals)
    return (terms.sum(-2) + classes.squeeze(-2).log()).sum(-1)
