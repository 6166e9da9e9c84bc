"""The convolutional networks of the Keras example: two strided convolutions and their mirror."""

import torch
from torch import Tensor

from bsvae.networks.convolution import convolve, convolve_back, to_channels, to_vectors
from bsvae.networks.initialise import glorot_dense, glorot_uniform
from bsvae.networks.interface import Network, Parameters, linear

KERNEL = 3
#: SAME padding of a stride-2 convolution with kernel 3 on an even side: one zero, at the end.  Its
#: transpose therefore gives one row and column too many, at the end.
SAME_STRIDED = (0, 1)
SAME = (1, 1)


class Conv(Network):
    """Convolutions 1 - 32 - 64 with stride 2, a dense bottleneck, heads; and back, ReLU throughout.

        x -> conv 32 /2 -> conv 64 /2 -> dense bottleneck -> heads
        z -> dense -> (H/4, W/4, channels) -> conv^T 64 *2 -> conv^T 32 *2 -> conv^T 1 = logits

    Args:
        shape: image shape (1, H, W), H and W multiples of 4.
        bottleneck: width of the dense layer.
        channels: depth of the decoder's first feature map: 64 in the VAE, 32 in the autoencoder.

    Source: "Project 1.3 - Variational Autoencoders", Listings 1, 3, 4 and 6; SAME padding,
    Glorot-uniform weights and zero biases are Keras's.
    """

    def __init__(self, shape: tuple[int, int, int], bottleneck: int, channels: int) -> None:
        self.shape = shape
        self.bottleneck = bottleneck
        self.side = (shape[1] // 4, shape[2] // 4)
        self.channels = channels

    def initial(self, latent_dim: int, heads: int, generator: torch.Generator) -> Parameters:
        """Glorot-uniform weights, zero biases."""
        positions = self.side[0] * self.side[1]
        features = self.channels * positions
        parameters: Parameters = {}
        for name, (inputs, outputs) in {"conv.0": (1, 32), "conv.1": (32, 64)}.items():
            parameters |= _layer(name, (outputs, inputs), outputs, generator)
        parameters |= glorot_dense("dense", 64 * positions, (self.bottleneck,), generator)
        parameters |= glorot_dense("heads", self.bottleneck, (heads, latent_dim), generator)
        parameters |= glorot_dense("features", latent_dim, (features,), generator)
        sizes = {"back.0": (self.channels, 64), "back.1": (64, 32), "pixels": (32, 1)}
        for name, (inputs, outputs) in sizes.items():
            parameters |= _layer(name, (inputs, outputs), outputs, generator)
        return parameters

    def encode(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Images to raw posterior numbers."""
        h = to_channels(x, self.shape)
        for name in ("conv.0", "conv.1"):
            h = convolve(parameters, name, h, stride=2, padding=SAME_STRIDED).relu()
        h = to_vectors(h, len(parameters["dense.weight"]))
        return linear(parameters, "heads", linear(parameters, "dense", h).relu())

    def decode(self, parameters: Parameters, z: Tensor) -> Tensor:
        """Codes to Bernoulli logits."""
        h = linear(parameters, "features", z).relu()
        h = to_channels(h, (self.channels, *self.side))
        for name in ("back.0", "back.1"):
            h = convolve_back(parameters, name, h, stride=2, crop=SAME_STRIDED).relu()
        return to_vectors(convolve_back(parameters, "pixels", h, crop=SAME), len(z))


def _layer(
    name: str, channels: tuple[int, int], outputs: int, generator: torch.Generator
) -> Parameters:
    """A kernel, channels first as torch has them, and its biases."""
    area = KERNEL * KERNEL
    fans = (area * channels[0], area * channels[1])
    weight = glorot_uniform((*channels, KERNEL, KERNEL), *fans, generator)
    return {f"{name}.weight": weight, f"{name}.bias": torch.zeros(outputs)}
