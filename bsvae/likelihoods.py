"""Observation models p(x|z): pure functions that leave the batch axis on."""

import torch.nn.functional as F
from torch import Tensor


def bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    """ln p(x|z) in nats for pixels x in [0, 1], summed over pixels: (M, B, D), (B, D) -> (M, B).

        sum_d [ x_d ln p_d + (1 - x_d) ln(1 - p_d) ],  p = sigmoid(logits).

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", section 2.3.

    >>> import torch
    >>> round(bernoulli(torch.zeros(1, 1, 3), torch.ones(1, 3)).item(), 4)  # 3 ln(1/2)
    -2.0794
    """
    x = x.expand_as(logits)
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
