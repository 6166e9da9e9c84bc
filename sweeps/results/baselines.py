"""What a decoder that ignores its code reaches on the test images: beside every table, so that a
reader sees a collapsed model as one."""

from dataclasses import dataclass

import pandas as pd

from sweeps.results.words import likelihood_of

#: The column with a trial's own measurement, where its row has one.
MEASURED = "test_independent_pixels"


@dataclass(frozen=True)
class Baseline:
    """Two models without a code, fitted to a data set's training images.

    Attributes:
        independent_pixels: -ln p(x) of the binary test images under one Bernoulli per pixel,
            nats per image.
        mean_image: squared error per pixel of the mean training image, for grey test images.
    """

    independent_pixels: float
    mean_image: float


#: By data set; a test computes them anew.
BASELINES = {"digits": Baseline(27.24, 0.0739), "mnist": Baseline(205.8, 0.0675)}


def independent_pixels(rows: pd.DataFrame, dataset: str) -> float | None:
    """The distortion of independent pixels, nats per image: as the rows of trials on a data set
    have it, else as it is known of the data set, else None.

    >>> independent_pixels(pd.DataFrame(), "mnist")
    205.8
    """
    if MEASURED in rows and rows[MEASURED].notna().any():
        return float(rows[MEASURED].mean())
    return BASELINES[dataset].independent_pixels if dataset in BASELINES else None


def baseline(rows: pd.DataFrame, dataset: str, family: str) -> str:
    """The baseline of a family's distortion in words; empty where none is known.

    >>> baseline(pd.DataFrame(), "digits", "gaussian")
    'baseline: a decoder that ignores its code has distortion 27.24 (independent pixels)'
    >>> baseline(pd.DataFrame(), "digits", "autoencoder")
    'baseline: the mean image has squared error 0.0739 per pixel'
    """
    kind = likelihood_of(family)
    if kind.startswith("grey") and "Bernoulli" not in kind:
        if dataset not in BASELINES:
            return ""
        error = BASELINES[dataset].mean_image
        return f"baseline: the mean image has squared error {error} per pixel"
    nats = independent_pixels(rows, dataset)
    if nats is None or kind.startswith("pixels"):
        return ""
    return (
        f"baseline: a decoder that ignores its code has distortion {nats:.4g} (independent pixels)"
    )
