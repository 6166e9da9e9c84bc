"""What a trained pack is worth: pure functions of (model, data), one value per member, in nats."""

import torch
from torch import Tensor

from bsvae.pack import Pack

#: Images evaluated together; fixed, so that a result does not depend on the memory at hand.
CHUNK = 1000


@torch.no_grad()
def elbo_terms(pack: Pack, images: Tensor, purpose: str) -> dict[str, Tensor]:
    """Means over binary images of the terms of the evidence lower bound, one draw per image.

    Args:
        pack: M members.
        images: binary images, uint8, (N, D).
        purpose: names the noise stream; equal purposes give equal noise at every epoch.

    Returns:
        ``distortion`` = -E ln p(x|z), ``kl`` = KL(q(z|x) || p(z)), ``neg_elbo`` = their sum (beta
        is 1 whatever the trial's weight) and ``objective`` = distortion + beta * kl, each (M,).
        With ``kl_estimator`` = categorical, a relaxed code read beside a discrete KL, the sum is no
        bound of ln p(x) and flatters: quote that of `bsvae.discretised.discretised`.

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", section 2.3.
    """
    noise = pack.noise("evaluation", purpose)
    sums = torch.zeros(2, len(pack.trials), dtype=torch.float64, device=images.device)
    for chunk in images.split(CHUNK):
        x = chunk.float()
        terms = pack.terms(x, x, noise.draw(len(x)))
        sums += torch.stack([term.double().sum(-1) for term in terms])
    distortion, kl = sums / len(images)
    return combine(distortion, kl, pack.members.kl_weight)


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
