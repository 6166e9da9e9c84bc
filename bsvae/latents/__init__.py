"""Latent distributions: numbers in, distribution out.

A network emits raw numbers; a `Latent` turns them into a posterior, knows its prior, its KL per
example in nats, and what the decoder reads.  It holds no tensors.  Adding a distribution is adding
one file with one final class, and one line in `bsvae.families`.
"""

from bsvae.latents.bernoulli import Bernoulli
from bsvae.latents.binary_concrete import BinaryConcrete
from bsvae.latents.categorical import Categorical
from bsvae.latents.concrete import Concrete
from bsvae.latents.deterministic import Deterministic
from bsvae.latents.gaussian import Gaussian
from bsvae.latents.interface import Latent
from bsvae.latents.logit_normal import LogitNormal

__all__ = [
    "Bernoulli",
    "BinaryConcrete",
    "Categorical",
    "Concrete",
    "Deterministic",
    "Gaussian",
    "Latent",
    "LogitNormal",
]
