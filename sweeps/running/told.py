"""What a pack in training tells of itself: how far it is, and its learning curves so far."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, final

from bsvae.trial import Trial
from sweeps.ledger.notes import forget, write_note
from sweeps.ledger.places.interface import Files
from sweeps.running.record import OF_CURVES, Record

#: What is told of every epoch; of the last one, all that was measured.
SHOWN = ("train_neg_elbo", "valid_neg_elbo", "test_neg_elbo")

#: Points of a curve that are told, and of all curves of a pack.
POINTS = 60
ALL_POINTS = 1200


@final
class Told:
    """The note of one pack, from when its training starts or goes on; see `sweeps.ledger.notes`.

    Args:
        files: where the sweep's results are.
        key: the pack's.
        trials: the pack.
        interval: seconds between two notes, at least; infinite for none.
    """

    def __init__(
        self, files: Files, key: str, trials: Sequence[Trial], interval: float = 1.0
    ) -> None:
        self._files, self._key, self._trials = files, key, trials
        self._interval = interval
        self._started = time.time()
        self._written = -math.inf

    def tell(self, epoch: int, records: Mapping[Trial, Record], now: bool = False) -> None:
        """Say where the pack is, if it is time to; a note that cannot be written is left out."""
        if math.isinf(self._interval):
            return
        if not now and time.monotonic() - self._written < self._interval:
            return
        self._written = time.monotonic()
        note = {
            "started": self._started,
            "updated": time.time(),
            "epoch": epoch,
            "trials": [
                self._of(trial, records.get(trial))
                for trial in self._trials
                if not _left(records.get(trial), epoch)
            ],
        }
        write_note(self._files, self._key, note)

    def end(self) -> None:
        """The pack is not in training any more."""
        if not math.isinf(self._interval):
            forget(self._files, self._key)

    def _of(self, trial: Trial, record: Record | None) -> dict[str, Any]:
        curve = record.curve if record else []
        some = thinned(curve, max(2, min(POINTS, ALL_POINTS // len(self._trials))))
        names = ["epoch", *(name for name in SHOWN if curve and name in curve[-1])]
        latest = curve[-1] if curve else {}
        return {
            "fields": {k: value for k, value in trial.as_dict().items() if value is not None},
            "trial_id": trial.trial_id,
            "seconds": record.cost["seconds"] if record else 0.0,
            "latest": {k: _finite(latest[k]) for k in latest if k not in OF_CURVES},
            "curve": {name: [_finite(point[name]) for point in some] for name in names},
        }


def _left(record: Record | None, epoch: int) -> bool:
    """Whether a trial has ended before its pack."""
    return bool(record and record.curve and record.curve[-1]["epoch"] < epoch)


def thinned(points: Sequence[Any], most: int) -> list[Any]:
    """At most so many of some points, evenly spaced, the first and the last among them.

    >>> thinned(range(10), 4), thinned([1, 2], 4)
    ([0, 3, 6, 9], [1, 2])
    """
    if len(points) <= most:
        return list(points)
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
