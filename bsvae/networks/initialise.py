"""Starting weights, as the sources' libraries draw them."""

import math

import torch
from torch import Tensor


def glorot_uniform(
    shape: tuple[int, ...], fan_in: int, fan_out: int, generator: torch.Generator
) -> Tensor:
    """Uniform within sqrt(6 / (fan in + fan out)), the default of Keras.

    Source: Glorot & Bengio (2010), equation 16.

    >>> weight = glorot_uniform((2, 4), 2, 4, torch.Generator().manual_seed(0))
    >>> tuple(weight.shape), bool(weight.abs().max() <= 1)
    ((2, 4), True)
    """
    bound = math.sqrt(6 / (fan_in + fan_out))
    return torch.empty(shape).uniform_(-bound, bound, generator=generator)


def glorot_dense(
    name: str, fan_in: int, out: tuple[int, ...], generator: torch.Generator
) -> dict[str, Tensor]:
    """Weight (fan_in, *out), Glorot-uniform per layer of the last axis, and zero bias (1, *out).

    >>> layer = glorot_dense("f", 4, (2, 3), torch.Generator().manual_seed(0))
    >>> {name: tuple(weight.shape) for name, weight in layer.items()}
    {'f.weight': (4, 2, 3), 'f.bias': (1, 2, 3)}
    """
    weight = glorot_uniform((fan_in, *out), fan_in, out[-1], generator)
    return {f"{name}.weight": weight, f"{name}.bias": torch.zeros(1, *out)}


def normal(shape: tuple[int, ...], std: float, generator: torch.Generator) -> Tensor:
    """Normal with mean 0."""
    return torch.empty(shape).normal_(0.0, std, generator=generator)
