"""The contract of a network body, and the stacked linear layer that all of them use."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

#: Named weights.  One member's have their natural shapes; a pack's have a leading axis M.
Parameters = dict[str, Tensor]


class Network(ABC):
    """An encoder and a decoder without state: weights come in as `Parameters`."""

    @abstractmethod
    def initial(self, latent_dim: int, heads: int, generator: torch.Generator) -> Parameters:
        """One member's starting weights, at its own unpadded shapes.

        Axes of length ``latent_dim`` are last in encoder weights and first in decoder weights, so
        that padding a member to a wider code appends zeros that no gradient reaches.
        """

    @abstractmethod
    def encode(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Images (B, D), or (M, B, D), to raw posterior numbers (M, B, heads, L)."""

    @abstractmethod
    def decode(self, parameters: Parameters, z: Tensor) -> Tensor:
        """Codes (M, B, L) to the likelihood's parameters (M, B, D): logits, or pixel means."""

    def project(self, parameters: Parameters) -> None:  # noqa: B027 (most have no constraint)
        """Move the weights, in place, to where they are allowed; called after optimiser steps."""


def linear(parameters: Parameters, name: str, x: Tensor) -> Tensor:
    """M affine, or without a bias linear, maps: (M, B, in) or (B, in) -> (M, B, *out).

    >>> parameters = {"f.weight": torch.ones(2, 3, 4), "f.bias": torch.zeros(2, 1, 4)}
    >>> linear(parameters, "f", torch.ones(5, 3)).shape
    torch.Size([2, 5, 4])
    """
    weight, bias = parameters[f"{name}.weight"], parameters.get(f"{name}.bias")
    if x.dim() == 2:
        x = x.expand(len(weight), *x.shape)
    flat = weight.flatten(2)
    y = torch.bmm(x, flat) if bias is None else torch.baddbmm(bias.flatten(2), x, flat)
    return y.unflatten(-1, weight.shape[2:])


def uniform_linear(
    name: str, fan_in: int, out: tuple[int, ...], generator: torch.Generator
) -> Parameters:
    """Weight (fan_in, *out) and bias (1, *out), uniform within 1 / sqrt(fan_in), as torch's Linear.

    >>> layer = uniform_linear("f", 4, (2, 3), torch.Generator().manual_seed(0))
    >>> {name: tuple(weight.shape) for name, weight in layer.items()}
    {'f.weight': (4, 2, 3), 'f.bias': (1, 2, 3)}
    """
    bound = fan_in**-0.5
    shapes = {f"{name}.weight": (fan_in, *out), f"{name}.bias": (1, *out)}
    return {
        key: torch.empty(shape).uniform_(-bound, bound, generator=generator)
        for key, shape in shapes.items()
    }
