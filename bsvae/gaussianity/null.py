"""What the panel reads on exactly Gaussian codes of the same size: its calibration, cached."""

import json
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

import numpy as np

from bsvae.gaussianity.measures import measure_cheap, measure_costly
from bsvae.gaussianity.whitening import Array

REVISION = 1  # part of a cache file's name: raise it whenever a metric changes its value
COSTLY_SHARE = 2  # the costly metrics get one null draw for each two of the cheap ones

Draws = dict[str, tuple[float, ...]]


def null_draws(
    n_train: int, n_test: int, d: int, *, draws: int = 20, cache: Path | str | None = None
) -> Draws:
    """Measures exactly Gaussian codes: metric -> one value per null draw.

    A draw is `n_train` + `n_test` rows of N(0, I_d), whitened and measured as codes are, on a seed
    that is the draw's number. The costly metrics (independent components, classifier, holes) get
    half the draws. Twenty draws take one thread some seconds at 10,000 + 10,000 codes of 2
    dimensions, and two to three minutes at 100. So results are kept in memory, and in one small
    JSON file per size, written whole or not at all: concurrent callers at worst repeat work.

    Args:
        n_train: Training codes.
        n_test: Held-out codes.
        d: Dimension, the rank of the codes.
        draws: Null draws of the cheap metrics, >= 4.
        cache: Folder of the files. Default: $BSVAE_CACHE, or else ~/.cache/bsvae.

    Raises:
        ValueError: If `draws` < 4, with which no spread can be told.
        OSError: If the cache folder cannot be made.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     null = null_draws(60, 60, 2, draws=4, cache=folder)
    >>> len(null["radius_ks"]), len(null["c2st_auc"])
    (4, 2)
    """
    if draws < 4:
        raise ValueError(f"draws = {draws}: must be >= 4 to calibrate a spread")
    folder = cache or os.environ.get("BSVAE_CACHE") or Path.home() / ".cache" / "bsvae"
    return _remembered(n_train, n_test, d, draws, Path(folder))


@lru_cache(maxsize=64)
def _remembered(n_train: int, n_test: int, d: int, draws: int, folder: Path) -> Draws:
    """Reads the null from its file, or measures it and writes the file."""
    path = folder / f"gaussian-null-{REVISION}-{n_train}x{n_test}x{d}-{draws}.json"
    if path.exists():
        return {metric: tuple(values) for metric, values in json.loads(path.read_text()).items()}
    folder.mkdir(parents=True, exist_ok=True)  # before the work, to fail early
    shape = (n_train, n_test, d)
    null = _repeat(measure_cheap, shape, draws)
    null |= _repeat(measure_costly, shape, draws // COSTLY_SHARE)
    _write_whole(path, json.dumps(null))
    return null


def _repeat(
    measure: Callable[[Array, Array, int], dict[str, float]],
    shape: tuple[int, int, int],
    draws: int,
) -> Draws:
    """Measures `draws` pairs of Gaussian samples, each on its own seed."""
    n_train, n_test, d = shape
    rows = []
    for draw in range(draws):
        rng = np.random.default_rng((draw, 1))  # the metrics' own draws are seeded by (draw)
        train, test = rng.standard_normal((n_train, d)), rng.standard_normal((n_test, d))
        rows.append(measure(train, test, draw))
    return {metric: tuple(row[metric] for row in rows) for metric in rows[0]}


def _write_whole(path: Path, text: str) -> None:
    """Writes a file in one step: a reader sees all of it or none."""
    part = path.with_suffix(f".{uuid4().hex}.part")
    part.write_text(text)
    os.replace(part, path)
