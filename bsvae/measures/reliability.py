"""Is the program working?  The four checks of source "Project AI: Discrete Variational Autoencoders
with Logit-normals", section 3, as numbers and as booleans.

1. Losses are finite, and fall from epoch to epoch.
2. Codes of the test set are clustered by class.
3. Decoded draws from the prior look like the data.
4. Reconstructions are close to their inputs.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from bsvae.datasets import Data
from bsvae.measures.codes import read, references
from bsvae.measures.generation import prior_images, reconstruct
from bsvae.metrics import COVERAGE, DISTANCE_RATIO, EXPLAINED, KNN_ACCURACY
from bsvae.pack import Pack

#: Images compared with draws from the prior, and the neighbours that say how near is near.
DRAWS = 1000
REFERENCE = 5000
NEIGHBOURS = 5


def explained(pack: Pack, data: Data, part: str = "test") -> Tensor:
    """Share of the images' variance that reconstructions from mean codes explain, (M,):

        1 - sum |x - decode(code(x))|^2 / sum |x - mean of the training set|^2,

    for images x of a part as the family reads them; 0 for a decoder that ignores its code, 1 for a
    copy.
    """
    x = read(pack, data, part)
    mean = references(pack, data, "train").mean(0)
    errors = torch.zeros(len(pack.trials), dtype=torch.float64, device=x.device)
    for chunk in x.split(1000):
        errors += (reconstruct(pack, chunk) - chunk).double().square().sum((-1, -2))
    return 1 - errors / (x - mean).double().square().sum()


def prior_likeness(pack: Pack, data: Data) -> dict[str, Tensor]:
    """Distances between decoded draws from the prior and images (grey ones), (M,) each.

    Returns:
        ``sample_distance_ratio``: median distance of a draw to its nearest training image, over
        the same for test images; 1 for perfect draws, less for smooth ones, more for strange ones.
        ``sample_coverage``: share of test images to which some draw is nearer than their fifth
        nearest training image is; about 0 where all draws are one image.
    """
    train = references(pack, data, "train", REFERENCE)
    test = references(pack, data, "test", DRAWS)
    to_train = torch.cdist(test, train).topk(min(NEIGHBOURS, len(train)), largest=False).values
    ratios, coverages = [], []
    for draws in prior_images(pack, data, DRAWS):
        nearest = torch.cdist(draws, train).amin(-1)
        ratios.append((nearest.median() / to_train[:, 0].median()).item())
        reached = torch.cdist(test, draws).amin(-1) <= to_train[:, -1]
        coverages.append(reached.double().mean().item())
    return {
        "sample_distance_ratio": torch.tensor(ratios),
        "sample_coverage": torch.tensor(coverages),
    }


def losses_fall(losses: Sequence[float]) -> dict[str, float]:
    """The first check, on one member's loss per epoch.

    Returns:
        ``finite``: 1 if every loss is a finite number.  ``falling_share``: share of epochs whose
        loss is below the one before.  ``fell``: 1 if the last loss is below the first.

    >>> losses_fall([3.0, 2.0, 2.5, 1.0])
    {'finite': 1.0, 'falling_share': 0.6666666666666666, 'fell': 1.0}
    """
    values = torch.tensor(losses, dtype=torch.float64)
    steps = values.diff()
    return {
        "finite": float(values.isfinite().all()),
        "falling_share": float((steps < 0).double().mean()) if len(steps) else 1.0,
        "fell": float(values[-1] < values[0]) if len(steps) else 1.0,
    }


def reliable(metrics: Mapping[str, float], losses: Sequence[float]) -> dict[str, bool]:
    """The four answers for one member, from its `bsvae.measures.final_metrics` and its losses.

    >>> metrics = {"test_knn_accuracy": 0.9, "sample_distance_ratio": 0.8, "sample_coverage": 0.7,
    ...            "test_explained": 0.6}
    >>> all(reliable(metrics, [3.0, 2.0]).values())
    True
    """
    fall = losses_fall(losses)
    likeness = metrics["sample_distance_ratio"] < DISTANCE_RATIO
    return {
        "loss_falls": bool(fall["finite"] and fall["fell"]),
        "codes_cluster": metrics["test_knn_accuracy"] > KNN_ACCURACY,
        "samples_look_like_data": likeness and metrics["sample_coverage"] > COVERAGE,
        "reconstruction_is_close": metrics["test_explained"] > EXPLAINED,
    }
