"""What a trained pack is worth: pure functions of (model, data), one value per member, in nats."""

import torch
from torch import Tensor

from bsvae.images import as_numbers
from bsvae.likelihoods import best_gaussian, gaussian
from bsvae.pack import Pack
from bsvae.trial import DATASETS

#: Images evaluated together; fixed, so that a result does not depend on the memory at hand.
CHUNK = 1000

#: The name of the noise with which each part of a data set is evaluated, at every epoch the same.
PURPOSES = {"train": "train set", "valid": "validation set", "test": "test set"}


@torch.no_grad()
def elbo_terms(pack: Pack, images: Tensor, purpose: str) -> dict[str, Tensor]:
    """Means over images of the terms of the evidence lower bound, one draw per image.

    Args:
        pack: M members.
        images: stored images as `bsvae.images.evaluated` picks them for the family, (N, D).
        purpose: names the noise stream; equal purposes give equal noise at every epoch.

    Returns:
        ``distortion`` = -E ln p(x|z), ``kl`` = KL(q(z|x) || p(z)), ``neg_elbo`` = their sum (beta
        is 1 whatever the trial's weight) and ``objective`` = distortion + beta * kl, each
        (M,); and what `means` adds.  A deterministic code has KL 0, and its sum is no bound.  With
        ``kl_estimator`` = categorical, a relaxed code read beside a discrete KL, the sum is no
        bound of ln p(x) and flatters: quote that of `bsvae.pack.discretised`.

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", section 2.3.
    """
    noise = pack.noise("evaluation", purpose)
    sums: dict[str, Tensor] = {}
    for chunk in images.split(CHUNK):
        x = as_numbers(pack.parts, chunk)
        sums = add(sums, pack.measure(x, x, noise.draw(len(x))))
    return means(pack, sums, len(images))


def add(sums: dict[str, Tensor], measured: dict[str, Tensor]) -> dict[str, Tensor]:
    """Running float64 sums (M,), plus those over a batch (M, B).

    >>> add({"kl": torch.tensor([1.0])}, {"kl": torch.ones(1, 3)})
    {'kl': tensor([4.], dtype=torch.float64)}
    """
    batch = {name: values.detach().double().sum(-1) for name, values in measured.items()}
    return {name: sums.get(name, 0.0) + value for name, value in batch.items()}


def means(pack: Pack, sums: dict[str, Tensor], count: int) -> dict[str, Tensor]:
    """The reported numbers from sums over a number of images, (M,) each.

    `combine`, then ``mse`` and ``mae`` for families whose targets are not binary, and, for those of
    them with a KL and a Gaussian p(x|z), ``optimal_sigma_neg_elbo``: the negative ELBO at the
    decoder variance that fits best, D/2 (1 + ln(2 pi MSE)) + KL, a bound whatever the trial's
    weight and the unit variance of ``distortion``.
    """
    values = {name: total / count for name, total in sums.items()}
    distortion, kl = values.pop("distortion"), values.pop("kl")
    if pack.parts.likelihood is gaussian and pack.parts.latent.stochastic:
        pixels = DATASETS[pack.trials[0].dataset].pixels
        values["optimal_sigma_neg_elbo"] = best_gaussian(values["mse"], pixels) + kl
    return combine(distortion, kl, pack.members.kl_weight) | values


def combine(distortion: Tensor, kl: Tensor, kl_weight: Tensor) -> dict[str, Tensor]:
    """The four reported numbers from the two terms, (M,) each.

    >>> two, three = torch.tensor([2.0]), torch.tensor([3.0])
    >>> {name: value.item() for name, value in combine(two, three, torch.tensor([0.5])).items()}
    {'distortion': 2.0, 'kl': 3.0, 'neg_elbo': 5.0, 'objective': 3.5}
    """
    return {
        "distortion": distortion,
        "kl": kl,
        "neg_elbo": distortion + kl,
        "objective": distortion + kl_weight * kl,
    }
