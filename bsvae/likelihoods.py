"""Observation models p(x|z): pure functions that leave the batch axis on.

All have one shape: the decoder's numbers (M, B, D) and targets (B, D) to ln p(x|z), (M, B), in
nats, summed over pixels and with every constant, so that models of one kind of image compare.
"""

import math

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


def gaussian(mean: Tensor, x: Tensor) -> Tensor:
    """ln N(x; mean, I), whose gradient is that of half the summed squared error:

        -1/2 sum_d (x_d - mean_d)^2 - D/2 ln(2 pi).

    Source: "Variational Autoencoders Artificial Neural Network Architecture", Training an
    Autoencoder (the squared error).

    >>> import torch
    >>> round(gaussian(torch.zeros(1, 1, 2), torch.ones(1, 2)).item(), 4)  # -1 - ln(2 pi)
    -2.8379
    """
    constant = 0.5 * math.log(2 * math.pi) * x.shape[-1]
    return -0.5 * (x - mean).square().sum(-1) - constant


def laplace(mean: Tensor, x: Tensor) -> Tensor:
    """ln of the Laplace density of scale 1, whose gradient is that of the summed absolute error:

        -sum_d |x_d - mean_d| - D ln 2.

    Source: "Variational Autoencoder without Kullback-Leibler divergence (BSvarautonet)", whose
    program minimises the mean absolute error.

    >>> import torch
    >>> round(laplace(torch.zeros(1, 1, 2), torch.ones(1, 2)).item(), 4)  # -2 - 2 ln 2
    -3.3863
    """
    return -(x - mean).abs().sum(-1) - math.log(2) * x.shape[-1]


def best_gaussian(squared_error: Tensor, pixels: int) -> Tensor:
    """-ln p(x|z) per image in nats under N(x; mean, s^2 I) at the s^2 that fits best, their MSE:

        D/2 (1 + ln(2 pi MSE)).

    >>> import torch
    >>> mean = torch.zeros(1, 1, 4)
    >>> at_unit_variance = -gaussian(mean, torch.ones(1, 4)).item()  # the MSE is 1
    >>> abs(best_gaussian(torch.tensor(1.0), 4).item() - at_unit_variance) < 1e-6
    True
    """
    return pixels / 2 * (1 + (2 * math.pi * squared_error).log())
