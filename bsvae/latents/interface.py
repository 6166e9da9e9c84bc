"""The contract of a latent distribution."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from bsvae.latents.members import Members


class Latent(ABC):
    """A posterior q(y|x), its prior p(y), and the map from y to what the decoder reads.

    y is the stochastic node, in the coordinates where densities are numerically safe: the Gaussian
    variable itself, the logit of a logit-normal one, the logarithm of a Concrete one.

    Shapes: ``raw`` (M, B, heads, L) as the network emits it, ``noise`` broadcastable to (M, B, L),
    ``y`` and the decoder's input (M, B, L), every log-density and KL (M, B) in nats.  L is the
    widest code of the pack; ``members.mask`` says which coordinates a member has, and padding
    contributes exactly zero to every result and every gradient.
    """

    #: Raw numbers that the network emits per latent coordinate.
    heads: int

    #: Whether q(y|x) and p(y) are distributions: a deterministic code has neither density.
    stochastic: bool = True

    @abstractmethod
    def draw_noise(self, rows: int, width: int, generator: torch.Generator) -> Tensor:
        """Parameter-free noise, (rows, width)."""

    @abstractmethod
    def sample(self, raw: Tensor, noise: Tensor, members: Members) -> Tensor:
        """A reparameterised draw y ~ q(y|x)."""

    @abstractmethod
    def sample_prior(self, noise: Tensor, members: Members) -> Tensor:
        """A draw y ~ p(y)."""

    @abstractmethod
    def center(self, raw: Tensor, members: Members) -> Tensor:
        """The y in the middle of q(y|x), without noise: the code of an image."""

    @abstractmethod
    def units(self, y: Tensor, members: Members) -> Tensor:
        """y in coordinates where distances between codes, and a unit's variance, mean the same
        whatever the prior's scale; zero at padding."""

    @abstractmethod
    def log_posterior(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """ln q(y|x), summed over coordinates."""

    @abstractmethod
    def log_prior(self, y: Tensor, members: Members) -> Tensor:
        """ln p(y), summed over coordinates."""

    @abstractmethod
    def kl(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """KL(q(y|x) || p(y)): closed form where there is one, else its estimate at the draw y."""

    @abstractmethod
    def decoder_input(self, y: Tensor, members: Members) -> Tensor:
        """What the decoder reads, zero at padding."""
