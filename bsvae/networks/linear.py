"""The linear autoencoder, and the closed form of its optimum."""

from collections.abc import Sequence

import torch
from torch import Tensor

from bsvae.networks.initialise import glorot_dense
from bsvae.networks.interface import Network, Parameters, linear


class Linear(Network):
    """z = x W + b,  x' = z V + c; without biases z = x W, x' = z V.

    Source: "Variational Autoencoders Artificial Neural Network Architecture", Linear Autoencoders
    as PCA, which has no biases.
    """

    def __init__(self, pixels: int, bias: bool) -> None:
        self.pixels = pixels
        self.bias = bias

    def initial(self, latent_dim: int, heads: int, generator: torch.Generator) -> Parameters:
        """Glorot-uniform weights and zero biases."""
        parameters = glorot_dense("encoder", self.pixels, (heads, latent_dim), generator)
        parameters |= glorot_dense("decoder", latent_dim, (self.pixels,), generator)
        return {name: w for name, w in parameters.items() if self.bias or "weight" in name}

    def encode(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Images to codes."""
        return linear(parameters, "encoder", x)

    def decode(self, parameters: Parameters, z: Tensor) -> Tensor:
        """Codes to pixel means, which are not bounded."""
        return linear(parameters, "decoder", z)


def principal_components(
    images: Tensor, latent_dims: Sequence[int], centred: bool
) -> list[Parameters]:
    """The weights of `Linear` that minimise the mean squared error, one member per latent_dim.

    With U the leading eigenvectors of S = mean (x - m)(x - m)^T and m the mean image (0 if not
    centred), z = U^T (x - m) and x' = m + U z; the error left is the sum of the other eigenvalues.

    Args:
        images: training inputs, (N, D).
        latent_dims: numbers of components.
        centred: whether m is the mean; else S is the uncentred second moment.

    Source: "Variational Autoencoders Artificial Neural Network Architecture", Principal Component
    Analysis, steps 1 to 8.

    >>> line = torch.tensor([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]])
    >>> weights = principal_components(line, [1], centred=True)[0]
    >>> weights["encoder.weight"].flatten()  # the diagonal
    tensor([0.7071, 0.7071])
    """
    x = images.double()
    mean = x.mean(0) if centred else torch.zeros_like(x[0])
    moment = x.T @ x / len(x) - torch.outer(mean, mean)
    axes = torch.linalg.eigh(moment).eigenvectors.flip(-1)  # (D, D), leading first
    axes = axes * axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
    return [_weights(axes[:, :size], mean, centred) for size in latent_dims]


def _weights(axes: Tensor, mean: Tensor, bias: bool) -> Parameters:
    weights = {"encoder.weight": axes[:, None], "decoder.weight": axes.T}
    if bias:
        weights["encoder.bias"] = -(mean @ axes)[None, None]
        weights["decoder.bias"] = mean[None]
    return {name: weight.float() for name, weight in weights.items()}
