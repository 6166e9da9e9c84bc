"""Packs under way, stored beside their results, so that a lost one goes on where it was.

    results/SWEEP/checkpoints/KEY.json          the trials that were started together
    results/SWEEP/checkpoints/KEY-EPOCH.ckpt    those still in training after an epoch

The last two epochs are kept, so that a damaged file costs the time between two checkpoints; a pack
that has ended leaves nothing.
"""

import contextlib
import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence

from bsvae.checkpoint import Checkpoint, Damaged
from bsvae.training import Epoch
from bsvae.trial import Trial
from sweeps.files import LocalFiles
from sweeps.record import Record

FOLDER = "checkpoints"
KEPT = 2


class Checkpoints:
    """Of one pack, from when its training starts or goes on.

    Args:
        files: where the sweep's results are.
        trials: the pack.
        interval: seconds between two checkpoints, at least.
    """

    def __init__(self, files: LocalFiles, trials: Sequence[Trial], interval: float) -> None:
        self.files = files
        self.trials = trials
        self.interval = interval
        self._key = _key(trials)
        self._resumed = ""
        self._written = time.monotonic()

    def latest(self) -> Checkpoint | None:
        """The newest that is whole and holds these trials and no others."""
        wanted = {trial.trial_id for trial in self.trials}
        for key, pack in packs_under_way(self.files).items():
            if wanted <= {trial.trial_id for trial in pack}:
                for name in reversed(_stored(self.files, key)):
                    try:
                        found = Checkpoint.from_bytes(self.files.read(f"{FOLDER}/{name}"))
                    except (Damaged, OSError):
                        continue
                    if {trial.trial_id for trial in found.trials} == wanted:
                        self._resumed = key
                        return found
        return None

    def after(self, epoch: Epoch, records: Mapping[Trial, Record]) -> None:
        """Keep the state after an epoch that was not the last, if it is time to."""
        if time.monotonic() - self._written < self.interval:
            return
        going_on = [epoch.pack.trials[member] for member in epoch.going_on]
        notes = {trial.trial_id: records[trial].notes() for trial in going_on}
        trials = json.dumps([trial.as_dict() for trial in self.trials]).encode()
        content = Checkpoint.of(epoch, notes).to_bytes()
        self.files.write({f"{FOLDER}/{self._key}.json": trials})
        self.files.write({f"{FOLDER}/{self._key}-{epoch.number:06}.ckpt": content})
        self.files.remove(f"{FOLDER}/{n}" for n in _stored(self.files, self._key)[:-KEPT])
        self._written = time.monotonic()

    def forget(self) -> None:
        """Remove what was stored of the pack, and of the one that it went on from."""
        for key in {self._key, self._resumed} - {""}:
            names = [*_stored(self.files, key), f"{key}.json"]
            self.files.remove(f"{FOLDER}/{name}" for name in names)


def packs_under_way(files: LocalFiles) -> dict[str, list[Trial]]:
    """The trials of each pack that was started, by the pack's key; unreadable ones are left out."""
    packs = {}
    for name in files.stamps(FOLDER):
        key, _, kind = name.partition(".")
        if kind == "json":
            with contextlib.suppress(ValueError, TypeError, OSError):
                packs[key] = [Trial.of(t) for t in json.loads(files.read(f"{FOLDER}/{name}"))]
    return packs


def _stored(files: LocalFiles, key: str) -> list[str]:
    names: Iterable[str] = files.stamps(FOLDER)
    return [name for name in names if name.startswith(f"{key}-") and name.endswith(".ckpt")]


def _key(trials: Sequence[Trial]) -> str:
    names = ",".join(sorted(trial.trial_id for trial in trials))
    return hashlib.sha256(names.encode()).hexdigest()[:16]
