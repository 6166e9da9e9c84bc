"""How stored images become what a model sees and what it is to predict: the one place.

==========  ====================================  ======================================
pixels      in training                           in evaluation
==========  ====================================  ======================================
``binary``  binarised anew for every batch        the copy binarised once
``grey``    byte / 255, the input masked if the   byte / 255, never masked
            trial has a mask, the target clean
``real``    as stored                             as stored
==========  ====================================  ======================================

The bit planes of the Boolean-structured network are part of its encoder: they are the same bytes.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from bsvae.datasets import Data, binarise
from bsvae.families import Family
from bsvae.pack import Pack
from bsvae.streams import stream
from bsvae.trial import Trial


def batches(pack: Pack, images: Tensor, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch's batches of (input, target) in the random order of the members' seeds.

    (B, D) each, or (M, B, D) if seeds differ.  Every image once; or, in a family that draws with
    replacement, as many draws as images.
    """
    seeds = pack.seeds
    for batch in zip(*(_batches(pack, s, images, epoch) for s in seeds.distinct), strict=True):
        inputs, targets = zip(*batch, strict=True)
        target = seeds.spread(targets)
        yield target if inputs[0] is targets[0] else seeds.spread(inputs), target


def _batches(pack: Pack, seed: int, images: Tensor, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of one seed, (B, D) each."""
    trial, parts, device = pack.trials[0], pack.parts, images.device
    mask = mask_noise(trial, seed, images, epoch)
    pixels = stream(seed, "binarisation", epoch, device=device)
    for batch in _order(parts, seed, len(images), epoch).to(device).split(trial.batch_size or 1):
        match parts.pixels:
            case "binary":
                target = binarise(images[batch], pixels).float()
            case _:
                target = as_numbers(parts, images[batch])
        yield target if mask is None else target.masked_fill(mask[batch], 1.0), target


def mask_noise(trial: Trial, seed: int, images: Tensor, epoch: int) -> Tensor | None:
    """True where a training input is set to white in this epoch, (N, D); None without a mask.

    A ``fixed`` mask is drawn once per seed, a ``fresh`` one for every epoch, so for every time an
    image is seen.

    Source: "Variational Autoencoder without Kullback-Leibler divergence (BSvarautonet)", Abstract
    ("a masked noise denoising model"); its program draws the mask once.
    """
    if trial.mask in (None, "none") or trial.mask_probability is None:
        return None
    when = () if trial.mask == "fixed" else (epoch,)
    generator = stream(seed, "mask", *when, device=images.device)
    uniform = torch.rand(images.shape, generator=generator, device=images.device)
    return uniform < trial.mask_probability


def evaluated(parts: Family, data: Data, part: str) -> Tensor:
    """The stored images on which a family is evaluated, (N, D).

    Args:
        parts: the family.
        data: the data set.
        part: ``train``, ``valid`` or ``test``.
    """
    return getattr(data, f"{part}_binary" if parts.pixels == "binary" else part)


def as_numbers(parts: Family, images: Tensor) -> Tensor:
    """Stored images as the family's numbers, without noise: input and target of evaluation.

    >>> from bsvae.families import family
    >>> grey = torch.tensor([[0, 255]], dtype=torch.uint8)
    >>> as_numbers(family(Trial(family="pca", latent_dim=1)), grey).tolist()
    [[0.0, 1.0]]
    """
    return images.float() / 255 if parts.pixels == "grey" else images.float()


def _order(parts: Family, seed: int, count: int, epoch: int) -> Tensor:
    generator = stream(seed, "batches", epoch)
    if parts.replacement:
        return torch.randint(count, (count,), generator=generator)
    return torch.randperm(count, generator=generator)
