"""What a model is worth that learned nothing: the same constant for every image, and how near a
trained one is to that."""

from collections.abc import Mapping

import torch
from torch import Tensor

from bsvae.datasets import Data
from bsvae.evaluation import CHUNK, PURPOSES
from bsvae.images import as_numbers, evaluated
from bsvae.likelihoods import bernoulli, laplace
from bsvae.measures.codes import read, references
from bsvae.pack import Pack

#: Nats per image; a decoder that gains less from the right code has collapsed.  Near collapse the
#: gain is about twice what the code tells, so this is a tenth of a nat.
COLLAPSED = 0.2


@torch.no_grad()
def independent_pixels(pack: Pack, data: Data) -> float:
    """-ln p(x) of the test images, as the family reads them, with one constant per pixel, nats:

        what a decoder reaches that ignores its code and emits the constants that fit the training
        images best under the family's likelihood: their means (of grey pixels where the family
        reads binary ones; each counted as once seen black and once white, so that none is
        impossible), or their medians under a Laplace.

    205.8 on MNIST's binary test images.
    """
    data = data.split(pack.trials[0].validation)
    parts, test = pack.parts, read(pack, data, "test")
    if parts.likelihood is bernoulli:
        total = references(pack, data, "train").sum(0, dtype=torch.float64)
        p = (total + 1 / 255) / (len(data.train) + 2 / 255)
        x = test.double()
        return -(x * p.log() + (1 - x) * torch.log1p(-p)).sum(-1).mean().item()
    train = read(pack, data, "train")
    constant = train.median(0).values if parts.likelihood is laplace else train.mean(0)
    decoded = constant.expand(1, *test.shape)
    return -parts.likelihood(decoded, test).double().mean().item()


def mean_image_mse(pack: Pack, data: Data) -> float:
    """Squared error per pixel of the mean training image on the test images, grey ones where the
    family reads binary ones; .0674 on MNIST."""
    data = data.split(pack.trials[0].validation)
    mean = references(pack, data, "train").mean(0)
    return (references(pack, data, "test") - mean).double().square().mean().item()


def collapsed(metrics: Mapping[str, float]) -> bool:
    """Whether the decoder ignores the code: its `code_gain` on the test images is below 0.2 nats.

    It says nothing of why: an untrained model has not yet begun to use its code.

    >>> collapsed({"test_code_gain": 0.135}), collapsed({"test_code_gain": 2.3})
    (True, False)
    """
    return not metrics["test_code_gain"] >= COLLAPSED


@torch.no_grad()
def code_gain(pack: Pack, data: Data, part: str) -> Tensor:
    """What the decoder gains from the code, (M,), nats per image:

        mean_x [ -ln p(x | z(x')) + ln p(x | z(x)) ],  z(x) ~ q(z|x), x' the image after x;

    0 for a decoder that ignores its code, whatever its KL: that of a relaxed latent has a floor,
    and one whose posterior is the same for every image may have any.
    """
    noise, latent = pack.noise("evaluation", PURPOSES[part]), pack.parts.latent
    images = evaluated(pack.parts, data, part)
    gains = torch.zeros(len(pack.trials), dtype=torch.float64, device=images.device)
    for chunk in images.split(CHUNK):
        x = as_numbers(pack.parts, chunk)
        raw = pack.parts.network.encode(pack.parameters, x)
        y = latent.sample(raw, noise.draw(len(x)), pack.members)
        decoded = pack.parts.network.decode(pack.parameters, latent.decoder_input(y, pack.members))
        own = pack.parts.likelihood(decoded, x)
        gains += (own - pack.parts.likelihood(decoded.roll(1, dims=1), x)).double().sum(-1)
    return gains / len(images)
