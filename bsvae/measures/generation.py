"""Images that a trained pack makes: pure functions of a pack and data.

Images go in as the family reads them and come out as pixel means, (M, B, D); every random number
comes from a stream of the member's seed.  A code y is what the latent calls y: the Gaussian
variable, a logit, a logarithm.
"""

from dataclasses import replace

import torch
from torch import Tensor

from bsvae.datasets import Data
from bsvae.latents import BinaryConcrete, Deterministic, Gaussian, LogitNormal
from bsvae.measures.codes import TRAIN_CODES, centers, codes, pixel_means, read
from bsvae.pack import Pack, discretised


def reconstruct(pack: Pack, x: Tensor) -> Tensor:
    """Images (B, D) or (M, B, D) through the center of their posterior and back, (M, B, D)."""
    return pixel_means(pack, centers(pack, x))


@torch.no_grad()
def prior_codes(pack: Pack, data: Data, noise: Tensor) -> Tensor:
    """Codes y that the prior gives to some noise (B, L) or (M, B, L), (M, B, L).

    A deterministic code has no prior; its stand-in is the Gaussian with the mean and covariance of
    5,000 training codes, so that the noise is the whitened code.

    Source: "Variational Autoencoder without Kullback-Leibler divergence (BSvarautonet)", section 3.
    """
    if pack.parts.latent.stochastic:
        return pack.parts.latent.sample_prior(noise, pack.members)
    y = codes(pack, read(pack, data, "train", TRAIN_CODES))
    mean = y.mean(1, keepdim=True)
    covariance = (y - mean).mT @ (y - mean) / (y.shape[1] - 1)
    values, vectors = torch.linalg.eigh(covariance)
    root = vectors @ (values.clamp_min(0).sqrt()[..., None] * vectors.mT)  # (M, L, L)
    return mean + noise @ root


@torch.no_grad()
def prior_images(pack: Pack, data: Data, count: int, spread: float = 1.0) -> Tensor:
    """Decoded draws from the prior, their noise stretched by ``spread``, (M, count, D).

    At 1 they lie within the unit Gaussian, at 5 far outside.  A relaxed latent trained with the
    categorical KL has a discrete prior; see `prior_codes` for a deterministic one.

    Source: "Variational Autoencoder without Kullback-Leibler divergence (BSvarautonet)", figures 5
    and 6; "Project AI: Discrete Variational Autoencoders with Logit-normals", section 3.
    """
    if pack.trials[0].kl_estimator == "categorical":
        pack = discretised(pack) or pack
    if pack.parts.latent.stochastic:
        noise = pack.noise("generation", "prior").draw(count)
    else:
        noise = (
            replace(pack, parts=replace(pack.parts, latent=Gaussian())).noise("prior").draw(count)
        )
    return pixel_means(pack, prior_codes(pack, data, spread * noise))


def interpolate(pack: Pack, start: Tensor, end: Tensor, times: Tensor) -> Tensor:
    """Decoded codes y_t = (1 - t) y_start + t y_end on the line through two images' codes.

    Args:
        pack: M members.
        start: images at t = 0, (P, D) or (M, P, D).
        end: images at t = 1, shaped alike.
        times: t of each frame, (F,); beyond 1 it extrapolates.

    Returns:
        (M, P, F, D).

    Source: "Variational Autoencoder without Kullback-Leibler divergence (BSvarautonet)", figure 4;
    its program runs to t = 3.3.
    """
    a, b = (centers(pack, x)[:, :, None] for x in (start, end))  # (M, P, 1, L)
    t = times[:, None]
    y = a + t * (b - a)  # exactly a at 0
    y = torch.where(t == 1, b, y)
    return pixel_means(pack, y.flatten(1, 2)).unflatten(1, y.shape[1:3])


@torch.no_grad()
def latent_grid(pack: Pack, data: Data, side: int) -> Tensor | None:
    """Decoded codes at prior quantiles, a regular grid over [0, 1]^2, (M, side, side, D).

    Row i, column j holds the code whose coordinates have prior probability (i + 1/2) / side and
    (j + 1/2) / side below them; None for a latent without such coordinates.  It shows the whole
    code of a member with ``latent_dim`` 2, and the first two coordinates of a longer one, the rest
    at their medians.

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", figure 5.
    """
    cells = (torch.arange(side, device=pack.members.mask.device) + 0.5) / side
    match pack.parts.latent:
        case Gaussian() | LogitNormal() | Deterministic():
            noise = torch.special.ndtri(cells)
        case BinaryConcrete():
            noise = torch.logit(cells)
        case _:
            return None
    if pack.width < 2:
        return None
    grid = torch.zeros(side, side, pack.width, device=noise.device)
    grid[..., 0], grid[..., 1] = noise[:, None], noise
    y = prior_codes(pack, data, grid.flatten(0, 1))
    return pixel_means(pack, y).unflatten(1, (side, side))


def denoising_chain(pack: Pack, noise: Tensor, steps: int, share: float) -> Tensor:
    """Images that appear from noise: reconstruct, whiten some pixels, and again.

    Args:
        pack: M members.
        noise: the images to start from, (B, D) or (M, B, D).
        steps: reconstructions.
        share: probability that a pixel is set to 1 between two of them, drawn anew each time.

    Returns:
        The start and every reconstruction, (M, steps + 1, B, D).

    Source: "Variational Autoencoder without Kullback-Leibler divergence (BSvarautonet)", section 4
    and figure 7; its program takes 5 steps at a share of 0.6.
    """
    coins = pack.seeds.streams("generation", "masks", device=noise.device)
    shape = noise.shape[-2:]
    frames = [noise.expand(len(pack.trials), *shape)]
    for step in range(steps):
        x = frames[-1]
        if step:
            drawn = [torch.rand(shape, generator=coin, device=noise.device) for coin in coins]
            x = x.masked_fill(pack.seeds.spread(drawn) < share, 1.0)
        frames.append(reconstruct(pack, x))
    return torch.stack(frames, dim=1)


def restore(pack: Pack, x: Tensor, missing: Tensor, fill: Tensor, steps: int) -> Tensor:
    """Missing parts of images filled in: reconstruct, keep what is known, and again.

    Args:
        pack: M members.
        x: images, (B, D).
        missing: True where a pixel is missing, (D,).
        fill: what the missing pixels are at first, (D,): the mean image, for one.
        steps: reconstructions.

    Returns:
        (M, B, D), equal to ``x`` where nothing is missing.

    Source: "Variational Autoencoder without Kullback-Leibler divergence (BSvarautonet)", section 5
    ("denoise part of an existing digit image").
    """
    restored = torch.where(missing, fill, x).expand(len(pack.trials), *x.shape)
    for _ in range(steps):
        restored = torch.where(missing, reconstruct(pack, restored), x)
    return restored
