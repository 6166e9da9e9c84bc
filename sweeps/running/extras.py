"""What is measured of a trained pack besides its learning curve, member by member."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bsvae.datasets import Data
from bsvae.measures import final_metrics
from bsvae.measures.codes import evenly, read
from bsvae.measures.gallery import gallery
from bsvae.pack import Pack
from bsvae.trial import Trial

if TYPE_CHECKING:
    from bsvae.gaussianity import Score

#: Training and test images, evenly spaced, whose codes the Gaussianity panel sees.
PANEL_TRAIN = 10_000
PANEL_TEST = 10_000

#: Test images, evenly spaced, whose codes are stored for scatter plots.
STORED_CODES = 2000


@dataclass(frozen=True)
class Extras:
    """One member's final metrics, Gaussianity scores, and arrays to store."""

    metrics: dict[str, float]
    scores: list["Score"] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def gaussianity(self, trial: Trial) -> list[dict[str, Any]]:
        """The scores as table rows."""
        return [{"trial_id": trial.trial_id, **score._asdict()} for score in self.scores]


def measure(pack: Pack, data: Data, extras: Sequence[str]) -> list[Extras]:
    """Final metrics of every member, and what a sweep asks for of its `extras`."""
    data = data.split(pack.trials[0].validation)
    columns = {name: values.tolist() for name, values in final_metrics(pack, data).items()}
    count = len(pack.trials)
    metrics = [{name: float(values[m]) for name, values in columns.items()} for m in range(count)]
    scores = _scores(pack, data) if "gaussianity" in extras else [[] for _ in metrics]
    arrays = _arrays(pack, data) if "arrays" in extras else [{} for _ in metrics]
    return [Extras(*member) for member in zip(metrics, scores, arrays, strict=True)]


def _scores(pack: Pack, data: Data) -> list[list["Score"]]:
    from bsvae.gaussianity import gaussianity

    train = samples(pack, read(pack, data, "train", PANEL_TRAIN), "train codes")
    test = samples(pack, read(pack, data, "test", PANEL_TEST), "test codes")
    sizes = [trial.latent_dim for trial in pack.trials]
    members = zip(train, test, sizes, strict=True)
    return [gaussianity(a[:, :d].cpu().numpy(), b[:, :d].cpu().numpy()) for a, b, d in members]


@torch.no_grad()
def samples(pack: Pack, images: Tensor, purpose: str) -> Tensor:
    """One draw y ~ q(y|x) for each image, (M, N, L): together, a sample of the aggregate posterior.

    Posterior means would be less spread than the codes that a decoder reads.
    """
    noise = pack.noise("evaluation", purpose)
    draws = []
    for x in images.split(1000):
        raw = pack.parts.network.encode(pack.parameters, x)
        draws.append(pack.parts.latent.sample(raw, noise.draw(len(x)), pack.members))
    return torch.cat(draws, dim=1)


def _arrays(pack: Pack, data: Data) -> list[dict[str, np.ndarray]]:
    """The gallery's images, and codes with their labels, of each member."""
    drawn = samples(pack, read(pack, data, "test", STORED_CODES), "test codes")
    labels = evenly(data.test_labels, STORED_CODES).cpu().numpy().astype(np.uint8)
    members = []
    for images, codes, trial in zip(gallery(pack, data), drawn, pack.trials, strict=True):
        arrays = {name: image.cpu().numpy() for name, image in images.items()}
        arrays["codes"] = codes[:, : trial.latent_dim].cpu().numpy().astype(np.float16)
        members.append(arrays | {"labels": labels})
    return members
