"""Discrete latents, L signs: what the binary Concrete latent relaxes."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from bsvae.latents.interface import Latent
from bsvae.latents.members import Members


class Bernoulli(Latent):
    """L independent signs y in {-1, +1} with learned logits of +1, against fair ones.

    It is evaluated, never trained: `sample` has no gradient.  With the noise of `BinaryConcrete`
    it draws exactly, and its draw is the corner nearest to the relaxed one.

    Source: Maddison et al. (2016), section 3.1, as cited by "Project AI: Discrete Variational
    Autoencoders with Logit-normals".
    """

    heads = 1

    def draw_noise(self, rows: int, width: int, generator: torch.Generator) -> Tensor:
        """Standard logistic noise."""
        return logistic(rows, width, generator)

    def sample(self, raw: Tensor, noise: Tensor, members: Members) -> Tensor:
        """The sign of logit + noise."""
        return sign(raw.squeeze(-2) + noise, members.mask)

    def sample_prior(self, noise: Tensor, members: Members) -> Tensor:
        """The sign of the noise."""
        return sign(noise, members.mask)

    def center(self, raw: Tensor, members: Members) -> Tensor:
        """E[y] = 2 sigmoid(logit) - 1."""
        return torch.tanh(raw.squeeze(-2) / 2) * members.mask

    def units(self, y: Tensor, members: Members) -> Tensor:
        """y itself."""
        return y

    def log_posterior(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """ln q(y|x) = sum_k ln sigmoid(y_k logit_k)."""
        return (F.logsigmoid(y * raw.squeeze(-2)) * members.mask).sum(-1)

    def log_prior(self, y: Tensor, members: Members) -> Tensor:
        """ln p(y) = -L ln 2."""
        return -math.log(2) * members.mask.sum(-1).to(y.dtype).expand(y.shape[:-1])

    def kl(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """The closed form; see `bernoulli_kl`."""
        return bernoulli_kl(raw.squeeze(-2), members.mask)

    def decoder_input(self, y: Tensor, members: Members) -> Tensor:
        """y itself."""
        return y


def logistic(rows: int, width: int, generator: torch.Generator) -> Tensor:
    """Standard logistic noise ln U - ln(1 - U), U kept off 0 and 1, (rows, width)."""
    uniform = torch.rand(rows, width, generator=generator, device=generator.device)
    return uniform.clamp(2**-25, 1 - 2**-24).logit()


def sign(scores: Tensor, mask: Tensor) -> Tensor:
    """+1 where a score is at least 0, else -1; 0 at padding.

    >>> sign(torch.tensor([0.5, -2.0, 3.0]), torch.tensor([True, True, False])).tolist()
    [1.0, -1.0, 0.0]
    """
    return (2 * (scores >= 0).to(scores.dtype) - 1) * mask


def bernoulli_kl(logits: Tensor, mask: Tensor) -> Tensor:
    """KL from coins with these logits to fair ones, (M, B), in nats:

        sum_k [ ln 2 + pi_k ln pi_k + (1 - pi_k) ln(1 - pi_k) ],  pi = sigmoid(logit).

    >>> round(bernoulli_kl(torch.full((1, 1, 3), 40.0), torch.ones(1, 1, 3).bool()).item(), 4)
    2.0794
    """
    pi = torch.sigmoid(logits)
    terms = math.log(2) + pi * F.logsigmoid(logits) + (1 - pi) * F.logsigmoid(-logits)
    return (terms * mask).sum(-1)
