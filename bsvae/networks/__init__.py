"""Encoder and decoder bodies: pure functions over stacked parameters, one file per architecture."""

from bsvae.networks.interface import Network, Parameters
from bsvae.networks.mlp import MLP

__all__ = ["MLP", "Network", "Parameters"]
