"""The images that a trial stores, as bytes."""

import torch
from torch import Tensor

from bsvae.datasets import Data
from bsvae.latents import Deterministic, Gaussian, LogitNormal
from bsvae.measures.codes import evenly, read, references
from bsvae.measures.generation import (
    denoising_chain,
    interpolate,
    latent_grid,
    prior_images,
    reconstruct,
    restore,
)
from bsvae.pack import Pack
from bsvae.trial import DATASETS

DRAWS = 64
#: Stretch of prior draws that are to lie far outside the unit Gaussian.
FAR = 5.0
#: Frames at t = 0, 0.1, ..., 3.3.
FRAMES = 34
SIDE = 15
EXAMPLES = 16
CHAIN_STEPS = 5
#: Share of pixels whitened between two steps, for families trained on whitened images and others.
MASKED_SHARE, CHAIN_SHARE = 0.6, 0.2
RESTORE_STEPS = 10


@torch.no_grad()
def gallery(pack: Pack, data: Data) -> list[dict[str, Tensor]]:
    """One dictionary per member of uint8 images, each ``(..., C, H, W)``; about 0.5 MB on MNIST.

    Returns:
        ``prior``: 64 draws.  ``outside``: 64 draws five times as far out, for a Gaussian prior (one
        before a sigmoid, or one fitted to deterministic codes, too).  ``interpolation``: 2 pairs,
        34 frames to t = 3.3, from a 6 to a 0 and between two images drawn at random.  ``grid``:
        (15, 15), for ``latent_dim`` 2.  ``reconstructions``: (2, 16), inputs, outputs.  ``chain``:
        (6, 16), noise and five denoising steps.  ``restoration``: (3, 16), inputs, lower half
        missing, restored.

    Source: the figures of "Variational Autoencoder without Kullback-Leibler divergence
    (BSvarautonet)" and of "Project AI: Discrete Variational Autoencoders with Logit-normals".
    """
    data = data.split(pack.trials[0].validation)
    test = read(pack, data, "test")
    x = evenly(test, EXAMPLES)
    gaussian = isinstance(pack.parts.latent, Gaussian | LogitNormal | Deterministic)
    images = {
        "prior": prior_images(pack, data, DRAWS),
        "outside": prior_images(pack, data, DRAWS, FAR) if gaussian else None,
        "interpolation": _interpolation(pack, test, data.test_labels),
        "grid": latent_grid(pack, data, SIDE),
        "reconstructions": _beside(x, reconstruct(pack, x)),
        "chain": _chain(pack, x),
        "restoration": _restoration(pack, data, x),
    }
    low, high = _range(pack, data)
    shape = DATASETS[data.name].shape
    stored = {
        name: (255 * (image - low) / (high - low)).clamp(0, 255).round().byte().unflatten(-1, shape)
        for name, image in images.items()
        if image is not None
    }
    return [
        {
            name: image[member]
            for name, image in stored.items()
            if name != "grid" or trial.latent_dim == 2
        }
        for member, trial in enumerate(pack.trials)
    ]


def _range(pack: Pack, data: Data) -> tuple[float, float]:
    """The pixel values that are stored as black and as white."""
    if pack.parts.pixels != "real":
        return 0.0, 1.0
    return data.train.min().item(), data.train.max().item()


def _interpolation(pack: Pack, images: Tensor, labels: Tensor) -> Tensor:
    first = {label: (labels == label).nonzero().flatten().tolist() for label in (6, 0)}
    starts, ends = [], []
    for generator in pack.seeds.streams("generation"):
        order = torch.randperm(len(labels), generator=generator).tolist()
        pairs = [[(first[label] or order[2:])[0] for label in (6, 0)], order[:2]]
        start, end = (images[list(side)] for side in zip(*pairs, strict=True))
        starts.append(start)
        ends.append(end)
    start, end = pack.seeds.spread(starts), pack.seeds.spread(ends)
    times = torch.arange(FRAMES, device=start.device) / 10
    return interpolate(pack, start, end, times)


def _chain(pack: Pack, like: Tensor) -> Tensor:
    coins = pack.seeds.streams("generation", "coins", device=like.device)
    drawn = [torch.rand(like.shape, generator=c, device=like.device).round() for c in coins]
    noise = pack.seeds.spread(drawn)
    masked = pack.trials[0].mask in ("fixed", "fresh")
    return denoising_chain(pack, noise, CHAIN_STEPS, MASKED_SHARE if masked else CHAIN_SHARE)


def _restoration(pack: Pack, data: Data, x: Tensor) -> Tensor:
    missing = torch.arange(x.shape[-1], device=x.device) >= x.shape[-1] // 2
    mean = references(pack, data, "train").mean(0)
    restored = restore(pack, x, missing, mean, RESTORE_STEPS)
    return _beside(x, torch.where(missing, 0.5, x), restored)


def _beside(*images: Tensor) -> Tensor:
    """Stack (B, D) or (M, B, D) images on axis 1, M from the last: (M, n, B, D)."""
    members = images[-1].shape[0]
    return torch.stack([image.expand(members, *image.shape[-2:]) for image in images], dim=1)
