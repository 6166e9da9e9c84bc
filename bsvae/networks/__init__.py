"""Encoder and decoder bodies: pure functions over stacked parameters, one file per architecture."""

from bsvae.networks.boolean import Boolean
from bsvae.networks.conv import Conv
from bsvae.networks.interface import Network, Parameters
from bsvae.networks.linear import Linear
from bsvae.networks.mlp import MLP
from bsvae.networks.tiny import Tiny

__all__ = ["MLP", "Boolean", "Conv", "Linear", "Network", "Parameters", "Tiny"]
