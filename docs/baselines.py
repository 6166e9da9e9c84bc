"""What a model that has learned nothing reaches, computed from the images; needs MNIST.

python docs/baselines.py [FILE]
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from bsvae.datasets import Data, load
from bsvae.measures.baselines import independent_pixels, mean_image_mse
from bsvae.pack import Pack
from bsvae.trial import Trial
from sweeps.results.baselines import BASELINES

PIXELS = "independent pixels, -ln p of binarised test images in nats"
MEAN_IMAGE = "the mean image, squared error a pixel of test images"
MEDIAN_TRAIN = "the median image, absolute error a pixel of training images"
MEDIAN_TEST = "and of test images"
ANGLE = "largest angle between the planes of PCA with and without centring, {} dimensions, degrees"

#: Of each data set a family that reads it; weights do not matter.
FAMILY = {"mnist": "gaussian", "digits": "gaussian", "four_images": "tiny_vae"}


def table() -> pd.DataFrame:
    """Every baseline of every data set that needs no download but MNIST."""
    rows: list[tuple[str, str, float, str]] = []
    for name, family in FAMILY.items():
        data, pack = load(name), Pack.of([Trial(family=family, dataset=name, latent_dim=2)])
        if family == "gaussian":
            rows.append((name, "independent_pixels", independent_pixels(pack, data), PIXELS))
        rows.append((name, "mean_image_mse", mean_image_mse(pack, data), MEAN_IMAGE))
        if name == "mnist":
            rows += [(name, *row) for row in of_grey_mnist(data)]
    return pd.DataFrame(rows, columns=["dataset", "quantity", "value", "doc"])


def of_grey_mnist(data: Data) -> Iterator[tuple[str, float, str]]:
    """What only claims about MNIST ask for."""
    train, test = (x.double().numpy() / 255 for x in (data.train, data.test))
    median = np.median(train, axis=0)
    yield "median_image_mae_train", abs(train - median).mean(), MEDIAN_TRAIN
    yield "median_image_mae_test", abs(test - median).mean(), MEDIAN_TEST
    for size in (2, 20):
        yield f"plane_angle_{size}", plane_angle(train, size), ANGLE.format(size)


def plane_angle(x: np.ndarray, size: int) -> float:
    """The largest principal angle between the first directions of x centred and as it is, degrees.

    Args:
        x: images, (N, D).
        size: directions.
    """
    second, mean = x.T @ x / len(x), x.mean(0)
    moments = (second - np.outer(mean, mean), second)
    planes = [np.linalg.eigh(moment)[1][:, -size:] for moment in moments]
    cosines = np.linalg.svd(planes[0].T @ planes[1], compute_uv=False)
    return float(np.degrees(np.arccos(np.clip(cosines.min(), -1, 1))))


if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else BASELINES
    table().to_csv(file, index=False, float_format="%.6g")
