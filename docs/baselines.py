"""What a model that has learned nothing reaches, computed from the images; needs MNIST.

python docs/baselines.py [FILE]
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from bsvae.datasets import Data, load
from sweeps.results.baselines import BASELINES

PIXELS = "independent pixels, -ln p of binarised test images in nats"
MEAN_IMAGE = "the mean image, squared error a pixel of test images"
MEDIAN_TRAIN = "the median image, absolute error a pixel of training images"
MEDIAN_TEST = "and of test images"
ANGLE = "largest angle between the planes of PCA with and without centring, {} dimensions, degrees"


def table() -> pd.DataFrame:
    """Every baseline of every data set that needs no download but MNIST."""
    rows = []
    for name in ("mnist", "digits", "four_images"):
        data = load(name)
        scale = 1 if name == "four_images" else 255
        train, test = (x.double().numpy() / scale for x in (data.train, data.test))
        if name != "four_images":
            rows.append((name, "independent_pixels", independent_pixels(data, train), PIXELS))
        mean = train.mean(0)
        rows.append((name, "mean_image_mse", ((test - mean) ** 2).mean(), MEAN_IMAGE))
        if name == "mnist":
            median = np.median(train, axis=0)
            rows += [
                (name, "median_image_mae_train", abs(train - median).mean(), MEDIAN_TRAIN),
                (name, "median_image_mae_test", abs(test - median).mean(), MEDIAN_TEST),
            ]
            rows += [
                (name, f"plane_angle_{d}", plane_angle(train, d), ANGLE.format(d)) for d in (2, 20)
            ]
    return pd.DataFrame(rows, columns=["dataset", "quantity", "value", "doc"])


def independent_pixels(data: Data, train: np.ndarray) -> float:
    """-ln p of the binarised test images under one Bernoulli per pixel, nats an image; each pixel's
    mean over the training images counts one black and one white byte more, so that none is 0 or 1.
    """
    p = (train.sum(0) + 1 / 255) / (len(train) + 2 / 255)
    x = data.test_binary.double().numpy()
    return float(-(x * np.log(p) + (1 - x) * np.log1p(-p)).sum(1).mean())


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
