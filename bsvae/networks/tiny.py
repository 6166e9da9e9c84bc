"""The network for 3 x 3 images: 2 x 2 convolutions and a two-dimensional code."""

import math

import torch
from torch import Tensor

from bsvae.networks.convolution import convolve, convolve_back, to_channels, to_vectors
from bsvae.networks.initialise import normal
from bsvae.networks.interface import Network, Parameters, linear

SHAPE = (1, 3, 3)
CHANNELS = 6
FEATURES = 2


class Tiny(Network):
    """3x3x1 -> conv -> 2x2x6 -> conv -> 1x1x2, two dense layers per head; and back; tanh.

        x -> conv^2 6 -> conv^2 2 -> per head: dense 2, tanh, dense L
        z -> conv^T 6 (2x2) -> conv^T 1 (3x3) -> dense 9, linear

    All kernels are 2 x 2 with stride 1, and convolutions have one bias per output position.

    Source: "Variational Autoencoder (VAE)", Variational Autoencoder Implementation; the heads'
    layers and the initial distributions are those of its library, numpy-neural-network.
    """

    def initial(self, latent_dim: int, heads: int, generator: torch.Generator) -> Parameters:
        """Normal weights, by the library's rule for each kind of layer, and zero biases."""

        def conv(inputs: int, outputs: int, *sizes: int) -> Tensor:
            std = math.sqrt(2 / (4 * inputs + 4 * outputs))
            return normal((*sizes, 2, 2), std, generator)

        def dense(inputs: int, outputs: int, *sizes: int) -> Tensor:
            return normal(sizes, math.sqrt(2.45 / (inputs + outputs)), generator)

        return {
            "conv.0.weight": conv(1, CHANNELS, CHANNELS, 1),
            "conv.0.bias": torch.zeros(CHANNELS, 2, 2),
            "conv.1.weight": conv(CHANNELS, FEATURES, FEATURES, CHANNELS),
            "conv.1.bias": torch.zeros(FEATURES, 1, 1),
            "heads.0.weight": dense(FEATURES, FEATURES, FEATURES, heads, FEATURES),
            "heads.0.bias": torch.zeros(1, heads, FEATURES),
            "heads.1.weight": dense(FEATURES, latent_dim, heads, FEATURES, latent_dim),
            "heads.1.bias": torch.zeros(heads, latent_dim),
            "back.0.weight": conv(latent_dim, CHANNELS, latent_dim, CHANNELS),
            "back.0.bias": torch.zeros(CHANNELS, 2, 2),
            "back.1.weight": conv(CHANNELS, 1, CHANNELS, 1),
            "back.1.bias": torch.zeros(SHAPE),
            "pixels.weight": dense(9, 9, 9, 9),
            "pixels.bias": torch.zeros(1, 9),
        }

    def encode(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Images to raw posterior numbers."""
        h = convolve(parameters, "conv.0", to_channels(x, SHAPE)).tanh()
        h = convolve(parameters, "conv.1", h).tanh()
        h = to_vectors(h, len(parameters["pixels.weight"]))
        h = linear(parameters, "heads.0", h).tanh()  # (M, B, heads, 2)
        raw = torch.einsum("mbhi,mhil->mbhl", h, parameters["heads.1.weight"])
        return raw + parameters["heads.1.bias"][:, None]

    def decode(self, parameters: Parameters, z: Tensor) -> Tensor:
        """Codes to pixel means."""
        h = to_channels(z, (z.shape[-1], 1, 1))
        h = convolve_back(parameters, "back.0", h).tanh()
        h = convolve_back(parameters, "back.1", h).tanh()
        return linear(parameters, "pixels", to_vectors(h, len(z)))
