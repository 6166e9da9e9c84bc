"""Importance-weighted bounds of ln p(x): how probable a model finds an image, in nats."""

import math

import torch
from torch import Tensor

from bsvae.latents import Categorical, Gaussian, Latent
from bsvae.pack import Pack, discretised

#: Images encoded together, and rows (images times samples) decoded together, per member; fixed, so
#: that a result depends neither on the memory at hand nor on the other members.
IMAGES = 100
ROWS = 1000


@torch.no_grad()
def log_density(pack: Pack, images: Tensor, samples: int, purpose: str = "importance") -> Tensor:
    """L_k of each image with exactly k samples, (M, N), nats; see `bounds`.

    This is the estimated log-probability of an occurrence of an input image.

    Source: "Variational Autoencoder without Kullback-Leibler divergence (BSvarautonet)",
    section 1 (the use); Burda et al. (2015), equation 8 (the estimator).
    """
    return bounds(pack, images, samples, purpose)[1]


@torch.no_grad()
def bounds(
    pack: Pack, images: Tensor, samples: int, purpose: str = "importance"
) -> tuple[Tensor, Tensor]:
    """L_1 and L_k of each image from the same k draws, (M, N) each, float64, nats:

        L_1 = mean_i w_i,   L_k = ln( 1/k sum_{i=1..k} exp w_i ),
        w_i = ln p(x|y_i) + ln p(y_i) - ln q(y_i|x),  y_i ~ q(y|x).

    The encoder reads the image that is measured.  L_1 is the evidence lower bound, averaged over
    the draws; in expectation L_k rises with k to ln p(x).

    Args:
        pack: M members, with a stochastic latent.
        images: in the range of the likelihood, binary for a Bernoulli one, (N, D).
        samples: k >= 1.
        purpose: names the noise stream.

    Raises:
        ValueError: for k < 1.

    Source: Burda et al. (2015), equation 8.

    >>> from bsvae.trial import Trial
    >>> pack = Pack.of([Trial(family="gaussian", dataset="digits", latent_dim=2, hidden=8)])
    >>> one, many = bounds(pack, torch.ones(3, 64, dtype=torch.uint8), samples=7)
    >>> tuple(many.shape), bool((many >= one).all())
    ((1, 3), True)
    """
    if samples < 1:
        raise ValueError(f"samples = {samples}: must be >= 1")
    noise = pack.noise("evaluation", purpose)
    chunks = []
    for chunk in images.split(IMAGES):
        x = chunk.float()
        raw = pack.parts.network.encode(pack.parameters, x)
        total = x.new_zeros(len(pack.trials), len(x), dtype=torch.float64)  # (M, B)
        peak = torch.full_like(total, -math.inf)
        for size in _sizes(samples, max(1, ROWS // len(x))):
            draws = torch.cat([noise.draw(len(x)) for _ in range(size)], dim=-2)
            weights = _log_weights(pack, x, raw, draws).double()  # (M, S, B)
            total += weights.sum(1)
            peak = torch.logaddexp(peak, weights.logsumexp(1))
        chunks.append(torch.stack([total / samples, peak - math.log(samples)]))
    mean, bound = torch.cat(chunks, dim=-1)
    return mean, bound


def _sizes(total: int, largest: int) -> list[int]:
    """Cut a total into parts of at most some size.

    >>> _sizes(25, 10), _sizes(3, 10)
    ([10, 10, 5], [3])
    """
    return [min(largest, total - start) for start in range(0, total, largest)]


def _proposal(latent: Latent) -> Latent:
    """The latent whose draws have the density it states."""
    match latent:
        case Gaussian(as_published=True):
            return Gaussian(latent.log_variance)
        case _:
            return latent


def _log_weights(pack: Pack, x: Tensor, raw: Tensor, draws: Tensor) -> Tensor:
    """w_i for images (B, D) and noise (S * B, L) or (M, S * B, L): (M, S, B)."""
    latent, members = _proposal(pack.parts.latent), pack.members
    size = draws.shape[-2] // len(x)
    raw = raw.repeat(1, size, 1, 1)  # (M, S * B, heads, L)
    y = latent.sample(raw, draws, members)
    decoded = pack.parts.network.decode(pack.parameters, latent.decoder_input(y, members))
    log_weights = (
        pack.parts.likelihood(decoded, x.repeat(size, 1))
        + latent.log_prior(y, members)
        - latent.log_posterior(y, raw, members)
    )
    return log_weights.unflatten(1, (size, -1))


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
