"""What is measured of a trained pack besides its learning curve, member by member."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from bsvae.datasets import Data
from bsvae.measures import final_metrics
from bsvae.measures.codes import evenly, read
from bsvae.measures.gallery import gallery
from bsvae.pack import Pack
from bsvae.panel_codes import PANEL_TEST, PANEL_TRAIN
from bsvae.trial import Trial
from sweeps.running.job import describe

if TYPE_CHECKING:
    from bsvae.gaussianity import Score

#: Test images, evenly spaced, whose codes are stored for scatter plots.
STORED_CODES = 2000


@dataclass(frozen=True)
class Extras:
    """One member's final metrics, Gaussianity scores, arrays to store, and what went wrong.

    Attributes:
        metrics: what every trial stores.
        scores: the panel's; empty if nobody asked, or it could not be had.
        arrays: by name; likewise.
        error: which extras could not be had, and why; empty if all that were asked for are there.
    """

    metrics: dict[str, float]
    scores: list["Score"] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    error: str = ""

    def gaussianity(self, trial: Trial) -> list[dict[str, Any]]:
        """The scores as table rows."""
        return [{"trial_id": trial.trial_id, **score._asdict()} for score in self.scores]


def measure(pack: Pack, data: Data, extras: Sequence[str]) -> list[Extras]:
    """Final metrics of every member, and what a sweep asks for of its `extras`.

    An extra that fails costs nobody's metrics, nor anybody's other extras: it is done without.
    """
    data = data.split(pack.trials[0].validation)
    columns = {name: values.tolist() for name, values in final_metrics(pack, data).items()}
    scores, arrays = (
        _each(pack, data, compute) if name in extras else [Had([])] * len(pack.trials)
        for name, compute in (("gaussianity", _scores), ("arrays", _arrays))
    )
    members = []
    for member, (panel, stored) in enumerate(zip(scores, arrays, strict=True)):
        metrics = {name: float(values[member]) for name, values in columns.items()}
        missing = (("gaussianity", panel.error), ("arrays", stored.error))
        error = "; ".join(f"extra {name}: {why}" for name, why in missing if why)
        members.append(Extras(metrics, panel.value or [], stored.value or {}, error))
    return members


class Had(NamedTuple):
    """An extra of one member, or why there is none."""

    value: Any
    error: str = ""


def _each(pack: Pack, data: Data, compute: Callable[[Pack, Data], list[Any]]) -> list[Had]:
    """An extra of every member; those of a pack that fails are tried alone."""
    try:
        return [Had(value) for value in compute(pack, data)]
    except Exception as failure:
        if len(pack.trials) == 1:
            return [Had(None, describe(failure))]
    alone = (pack.keep([member]) for member in range(len(pack.trials)))
    return [had for one in alone for had in _each(one, data, compute)]


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
