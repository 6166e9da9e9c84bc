"""The code of an ordinary autoencoder: what the encoder says, without noise and without prior."""

from typing import NoReturn

import torch
from torch import Tensor

from bsvae.latents.interface import Latent
from bsvae.latents.members import Members


class Deterministic(Latent):
    """y = raw: no noise, no prior and so no rate; its KL is reported as zero and weighs nothing.

    Source: "Variational Autoencoders Artificial Neural Network Architecture", Autoencoders.
    """

    heads = 1
    stochastic = False

    def draw_noise(self, rows: int, width: int, generator: torch.Generator) -> Tensor:
        """Zeros, which `sample` does not look at."""
        return torch.zeros(rows, width, device=generator.device)

    def sample(self, raw: Tensor, noise: Tensor, members: Members) -> Tensor:
        """The code itself."""
        return self.center(raw, members)

    def sample_prior(self, noise: Tensor, members: Members) -> NoReturn:
        """There is none to draw from."""
        raise TypeError("a deterministic code has no prior; see Latent.stochastic")

    def center(self, raw: Tensor, members: Members) -> Tensor:
        """The code itself."""
        return raw.squeeze(-2) * members.mask

    def units(self, y: Tensor, members: Members) -> Tensor:
        """y itself."""
        return y

    def log_posterior(self, y: Tensor, raw: Tensor, members: Members) -> NoReturn:
        """There is no density."""
        raise TypeError("a deterministic code has no density; see Latent.stochastic")

    def log_prior(self, y: Tensor, members: Members) -> NoReturn:
        """There is no density."""
        raise TypeError("a deterministic code has no density; see Latent.stochastic")

    def kl(self, y: Tensor, raw: Tensor, members: Members) -> Tensor:
        """Zeros."""
        return torch.zeros_like(y[..., 0])

    def decoder_input(self, y: Tensor, members: Members) -> Tensor:
        """y itself."""
        return y
