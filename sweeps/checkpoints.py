"""Packs under way, stored beside their results, so that a lost one goes on where it was.

    results/SWEEP/checkpoints/KEY-EPOCH.ckpt

holds the trials of a pack that are still in training after an epoch: a line that names them, then a
`bsvae.checkpoint.Checkpoint`.  The last two of a pack are kept, so that a damaged file costs the
time between two.  A pack that goes on writes under the key that it was started with, one that has
ended or was taken apart leaves nothing: so no trial is ever in the files of two packs.
"""

import contextlib
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bsvae.seal import Damaged, seal
from bsvae.trial import Trial
from sweeps.files import Files
from sweeps.stored_packs import FOLDER, newest, remove

if TYPE_CHECKING:
    from bsvae.checkpoint import Checkpoint
    from bsvae.training import Epoch
    from sweeps.record import Record

KEPT = 2


class Checkpoints:
    """Of one pack, from when its training starts or goes on.

    Args:
        files: where the sweep's results are.
        trials: the pack.
        interval: seconds between two checkpoints, at least.
    """

    def __init__(self, files: Files, trials: Sequence[Trial], interval: float) -> None:
        self.files = files
        self.trials = trials
        self.interval = interval
        self._key = _key(trials)
        self._written = time.monotonic()

    def latest(self) -> "Checkpoint | None":
        """The newest that is whole and holds these trials and no others.

        If there is none, what cannot be used is removed: a pack that starts again counts its epochs
        from one, and would keep the higher numbers of what it cannot use.
        """
        from bsvae.checkpoint import Checkpoint

        for key, (trials, content) in newest(self.files).items():
            if set(trials) == set(self.trials):
                self._key = key
                with contextlib.suppress(Damaged):  # of another version
                    return Checkpoint.from_bytes(content)
        remove(self.files, self._key)
        return None

    def after(self, epoch: "Epoch", records: Mapping[Trial, "Record"]) -> None:
        """Keep the state after an epoch that was not the last, if it is time to."""
        if time.monotonic() - self._written < self.interval:
            return
        from bsvae.checkpoint import Checkpoint

        going_on = [epoch.pack.trials[member] for member in epoch.going_on]
        notes = {trial.trial_id: records[trial].notes() for trial in going_on}
        line = json.dumps([trial.as_dict() for trial in going_on]).encode() + b"\n"
        content = seal(line + Checkpoint.of(epoch, notes).to_bytes())
        self.files.write({f"{FOLDER}/{self._key}-{epoch.number:06}.ckpt": content})
        remove(self.files, self._key, KEPT)
        self._written = time.monotonic()

    def forget(self) -> None:
        """Remove what was stored of the pack."""
        remove(self.files, self._key)


def _key(trials: Sequence[Trial]) -> str:
    names = ",".join(sorted(trial.trial_id for trial in trials))
    return hashlib.sha256(names.encode()).hexdigest()[:16]
