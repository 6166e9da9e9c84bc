"""The discrete model that a Concrete model relaxes, with the same weights.

A relaxed bound and a discrete one are not comparable: the relaxed decoder reads the interior of the
simplex.  Numbers of discrete latents are therefore those of the pack that `discretised` returns,
by the ordinary functions of `bsvae.evaluation` and `bsvae.iwae`.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor

from bsvae.latents import Bernoulli, BinaryConcrete, Categorical, Concrete, Latent
from bsvae.pack import Pack


def discretised(pack: Pack) -> Pack | None:
    """The pack with one-hot or binary codes in place of relaxed ones; None if not relaxed.

    Source: Maddison et al. (2016), section 4 ("the discrete graph"), as cited by "Project AI:
    Discrete Variational Autoencoders with Logit-normals".

    >>> from bsvae.trial import Trial
    >>> trial = Trial(family="concrete", dataset="digits", categoricals=2, classes=4, hidden=8)
    >>> type(discretised(Pack.of([trial])).parts.latent).__name__
    'Categorical'
    """
    latent: Latent
    match pack.parts.latent:
        case Concrete() as concrete:
            latent = Categorical(concrete.categoricals)
        case BinaryConcrete():
            latent = Bernoulli()
        case _:
            return None
    return replace(pack, parts=replace(pack.parts, latent=latent))


@torch.no_grad()
def exact_log_density(pack: Pack, images: Tensor) -> Tensor:
    """ln p(x) of a discrete model with one K-way variable, by enumeration, (M, N), nats:

        ln p(x) = LSE_k ln p(x|e_k) - ln K.

    Such a model is a mixture of K Bernoulli prototypes.

    Args:
        pack: M members whose latent is one categorical variable (relaxed or not).
        images: binary images, uint8, (N, D).

    Raises:
        ValueError: for any other latent.
    """
    discrete = discretised(pack) or pack
    latent, mask = discrete.parts.latent, discrete.members.mask
    if not isinstance(latent, Categorical) or latent.categoricals != 1:
        raise ValueError("exact ln p(x) needs one categorical variable: categoricals = 1")
    corners = torch.eye(mask.shape[-1], device=mask.device).expand(len(mask), -1, -1)  # (M, K, K)
    decoded = discrete.parts.network.decode(pack.parameters, corners)  # (M, K, D)
    x = images.float()
    joint = [
        discrete.parts.likelihood(prototype[:, None].expand(-1, len(x), -1), x)
        for prototype in decoded.unbind(1)
    ]
    log_joint = torch.stack(joint, -1).double().masked_fill(~mask, -math.inf)  # (M, N, K)
    return log_joint.logsumexp(-1) - mask.sum(-1).log()
