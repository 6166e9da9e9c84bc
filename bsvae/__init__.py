"""bsvae: the shared torch core that trains and measures latent-variable autoencoders.

>>> import bsvae
>>> trial = bsvae.Trial(family="gaussian", dataset="digits", latent_dim=2, hidden=16, epochs=1)
>>> data = bsvae.load("digits")
>>> [epoch.number for epoch in bsvae.train([trial], data)]
[1]
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bsvae.datasets import Data, load
    from bsvae.training import Epoch, train
    from bsvae.trial import BadInput, Trial

__all__ = ["BadInput", "Data", "Epoch", "Trial", "load", "train"]

_HOMES = {
    "BadInput": "bsvae.trial",
    "Data": "bsvae.datasets",
    "Epoch": "bsvae.training",
    "Trial": "bsvae.trial",
    "load": "bsvae.datasets",
    "train": "bsvae.training",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that describing trials never waits for torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'bsvae' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
