"""The Boolean-structured network: non-negative kernels on every unit and its negative."""

import torch
from torch import Tensor

from bsvae.networks.initialise import glorot_uniform
from bsvae.networks.interface import Network, Parameters, linear

#: Bits of a stored pixel.
BITS = 8


class Boolean(Network):
    """Dense layers on [h, -h] with kernels [A; B], ReLU, skips within each half, bit planes.

    A layer computes relu(h A + (-h) B + c) = relu(h (A - B) + c), which is how it is done here: one
    product instead of one twice as wide, while A and B are the trained weights, dA = g = -dB.
    With A, B >= 0 the difference is any matrix, so the functions are those of the same network
    without the constraint; only the path of training differs.

    Layers, with D(...) of the concatenated arguments, h_i ``hidden`` wide and the code z a ReLU:

        h0 = D(bits)  h1 = D(h0)  h2 = D(h1, h0)  h3 = D(h2, h0)  z  = D(h3, h0)
        h5 = D(z)     h6 = D(h5)  h7 = D(h6, h5)  h8 = D(h7, h5)  h9 = D(h8, h5)  h10 = D(h9, h5)
        o = sigmoid(D(h10)), eight per pixel;  image = sum_i 2^i o_i / 256.

    Source: "Variational Autoencoder without Kullback-Leibler divergence (BSvarautonet)", section 3,
    and the program it names: widths, skips, bits, and unconstrained biases.
    """

    def __init__(self, pixels: int, hidden: int, constrained: bool) -> None:
        self.pixels = pixels
        self.hidden = hidden
        self.constrained = constrained

    def initial(self, latent_dim: int, heads: int, generator: torch.Generator) -> Parameters:
        """Glorot-uniform doubled kernels, signed until the first step's projection; zero biases."""
        hidden, bits = self.hidden, BITS * self.pixels
        layers: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
            "encoder.0": ((bits,), (hidden,)),
            "encoder.1": ((hidden,), (hidden,)),
            "encoder.2": ((hidden, hidden), (hidden,)),
            "encoder.3": ((hidden, hidden), (hidden,)),
            "code": ((hidden, hidden), (heads, latent_dim)),
            "decoder.0": ((latent_dim,), (hidden,)),
            "decoder.1": ((hidden,), (hidden,)),
            **{f"decoder.{i}": ((hidden, hidden), (hidden,)) for i in range(2, 6)},
            "bits": ((hidden,), (bits,)),
        }
        parameters: Parameters = {}
        for name, (sizes, out) in layers.items():
            fan_in = sum(sizes)
            for half in ("positive", "negative"):
                kernel = glorot_uniform((fan_in, *out), 2 * fan_in, out[-1], generator)
                parameters[f"{name}.{half}"] = kernel
            parameters[f"{name}.bias"] = torch.zeros(1, *out)
        return parameters

    def encode(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Images in [0, 1] to codes >= 0."""
        first = _layer(parameters, "encoder.0", bit_planes(x)).relu()
        h = _layer(parameters, "encoder.1", first).relu()
        for name in ("encoder.2", "encoder.3"):
            h = _layer(parameters, name, torch.cat([h, first], -1)).relu()
        return _layer(parameters, "code", torch.cat([h, first], -1)).relu()

    def decode(self, parameters: Parameters, z: Tensor) -> Tensor:
        """Codes to pixel means in (0, 255/256)."""
        first = _layer(parameters, "decoder.0", z).relu()
        h = _layer(parameters, "decoder.1", first).relu()
        for name in ("decoder.2", "decoder.3", "decoder.4", "decoder.5"):
            h = _layer(parameters, name, torch.cat([h, first], -1)).relu()
        bits = _layer(parameters, "bits", h).sigmoid().unflatten(-1, (-1, BITS))
        return bits @ (2.0 ** torch.arange(BITS, device=z.device) / 2**BITS)

    def project(self, parameters: Parameters) -> None:
        """Set negative kernel entries to zero; biases, and the unconstrained twin, are free."""
        for name, weight in parameters.items():
            if self.constrained and not name.endswith("bias"):
                weight.clamp_(min=0)


def bit_planes(x: Tensor) -> Tensor:
    """The eight bits of each pixel, least significant first: (..., D) in [0, 1] to (..., 8 D).

    A pixel is floor(256 x), at most 255, which gives a stored byte v its own bits at x = v / 255.

    >>> bit_planes(torch.tensor([5 / 255, 1.0])).int().tolist()
    [1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]
    """
    levels = (256 * x).to(torch.int32).clamp(0, 255)[..., None]
    bits = levels >> torch.arange(BITS, device=x.device, dtype=torch.int32)
    return (bits & 1).to(x.dtype).flatten(-2)


def _layer(parameters: Parameters, name: str, x: Tensor) -> Tensor:
    """x (A - B) + c."""
    kernel = parameters[f"{name}.positive"] - parameters[f"{name}.negative"]
    return linear({"f.weight": kernel, "f.bias": parameters[f"{name}.bias"]}, "f", x)
