"""The two-layer tanh / softplus perceptron."""

import torch
import torch.nn.functional as F
from torch import Tensor

from bsvae.networks.interface import Network, Parameters, linear, uniform_linear


class MLP(Network):
    """x -> tanh -> softplus -> heads;  z -> tanh -> softplus -> one logit per pixel.

    Args:
        pixels: D.
        hidden: width of the hidden layers.
        means: whether the decoder ends in a sigmoid, and so gives pixel means instead of logits.

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", section 2.1, which
    names the layers and activations but not the width.
    """

    def __init__(self, pixels: int, hidden: int, means: bool = False) -> None:
        self.pixels = pixels
        self.hidden = hidden
        self.means = means

    def initial(self, latent_dim: int, heads: int, generator: torch.Generator) -> Parameters:
        """Uniform weights and biases within 1 / sqrt(fan in), layer by layer."""
        layers = {
            "encoder.0": (self.pixels, (self.hidden,)),
            "encoder.1": (self.hidden, (self.hidden,)),
            "heads": (self.hidden, (heads, latent_dim)),
            "decoder.0": (latent_dim, (self.hidden,)),
            "decoder.1": (self.hidden, (self.hidden,)),
            "pixels": (self.hidden, (self.pixels,)),
        }
        parameters: Parameters = {}
        for name, (fan_in, out) in layers.items():
            parameters |= uniform_linear(name, fan_in, out, generator)
        return parameters

    def encode(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Images to raw posterior numbers."""
        h = torch.tanh(linear(parameters, "encoder.0", x))
        h = F.softplus(linear(parameters, "encoder.1", h))
        return linear(parameters, "heads", h)

    def decode(self, parameters: Parameters, z: Tensor) -> Tensor:
        """Codes to Bernoulli logits, or to pixel means."""
        h = torch.tanh(linear(parameters, "decoder.0", z))
        h = F.softplus(linear(parameters, "decoder.1", h))
        pixels = linear(parameters, "pixels", h)
        return torch.sigmoid(pixels) if self.means else pixels
