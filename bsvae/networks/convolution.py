"""M members' convolutions at once, as grouped ones: activations are (B, M * C, H, W)."""

import torch.nn.functional as F
from torch import Tensor

from bsvae.networks.interface import Parameters


def to_channels(x: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Vectors to channels: (M, B, C*H*W) -> (B, M*C, H, W), or (B, C*H*W) -> (B, C, H, W)."""
    images = x.unflatten(-1, shape)
    return images if x.dim() == 2 else images.transpose(0, 1).flatten(1, 2)


def to_vectors(channels: Tensor, members: int) -> Tensor:
    """The inverse: (B, M*C, H, W) -> (M, B, C*H*W)."""
    return channels.unflatten(1, (members, -1)).transpose(0, 1).flatten(2)


def convolve(
    parameters: Parameters,
    name: str,
    x: Tensor,
    stride: int = 1,
    padding: tuple[int, int] = (0, 0),
) -> Tensor:
    """Convolution with weight (M, out, in, k, k) and bias (M, out) or one per output position.

    Args:
        parameters: holds ``NAME.weight`` and ``NAME.bias``.
        name: the layer's name.
        x: (B, M * in, H, W), or (B, in, H, W) for images that all members see.
        stride: step in both directions.
        padding: zeros before and after, in both directions.
    """
    weight = parameters[f"{name}.weight"]
    groups = 1 if x.shape[1] == weight.shape[2] else len(weight)
    y = F.conv2d(F.pad(x, padding * 2), weight.flatten(0, 1), stride=stride, groups=groups)
    return y + _bias(parameters, name)


def convolve_back(
    parameters: Parameters,
    name: str,
    x: Tensor,
    stride: int = 1,
    crop: tuple[int, int] = (0, 0),
) -> Tensor:
    """Transposed convolution with weight (M, in, out, k, k), rows and columns cropped.

    Args:
        parameters: holds ``NAME.weight`` and ``NAME.bias``.
        name: the layer's name.
        x: (B, M * in, H, W).
        stride: step in both directions.
        crop: rows and columns taken off before and after.
    """
    weight = parameters[f"{name}.weight"]
    y = F.conv_transpose2d(x, weight.flatten(0, 1), stride=stride, groups=len(weight))
    before, after = crop
    y = y[..., before : y.shape[-2] - after, before : y.shape[-1] - after]
    return y + _bias(parameters, name)


def _bias(parameters: Parameters, name: str) -> Tensor:
    """(M, out) or (M, out, H, W) to (M * out, 1 or H, 1 or W)."""
    bias = parameters[f"{name}.bias"].flatten(0, 1)
    return bias if bias.dim() == 3 else bias[:, None, None]
