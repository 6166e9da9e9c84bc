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
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from bsvae.seal import Damaged, seal, unseal
from bsvae.trial import Trial
from sweeps.files import Files

if TYPE_CHECKING:
    from bsvae.checkpoint import Checkpoint
    from bsvae.training import Epoch
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

    def __init__(self, files: Files, trials: Sequence[Trial], interval: float) -> None:
        self.files = files
        self.trials = trials
        self.interval = interval
        self._key = _key(trials)
        self._written = time.monotonic()

    def latest(self) -> "Checkpoint | None":
        """The newest that is whole and holds these trials and no others."""
        from bsvae.checkpoint import Checkpoint

        for key, (trials, content) in _newest(self.files).items():
            if set(trials) == set(self.trials):
                self._key = key
                with contextlib.suppress(Damaged):  # of another version
                    return Checkpoint.from_bytes(content)
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
        _remove(self.files, _stored(self.files).get(self._key, [])[:-KEPT])
        self._written = time.monotonic()

    def forget(self) -> None:
        """Remove what was stored of the pack."""
        _remove(self.files, _stored(self.files).get(self._key, []))


def packs_under_way(files: Files, say: Callable[[str], object] | None = None) -> list[list[Trial]]:
    """The trials of the newest whole checkpoint of every pack; says which of them are damaged."""
    return [trials for trials, _ in _newest(files, say).values()]


def discard(files: Files, trials: Collection[Trial] | None = None) -> None:
    """Remove what was stored of every pack with one of these trials, or of all packs."""
    stored = _stored(files)
    if trials is None:
        keys = set(stored)
    else:
        packs = _newest(files).items()
        keys = {key for key, (pack, _) in packs if not set(trials).isdisjoint(pack)}
    _remove(files, [name for key in keys for name in stored[key]])


def _remove(files: Files, names: Iterable[str]) -> None:
    files.remove(f"{FOLDER}/{name}" for name in names)


def _newest(
    files: Files, say: Callable[[str], object] | None = None
) -> dict[str, tuple[list[Trial], bytes]]:
    """Trials and content of every pack's newest checkpoint that is not damaged."""
    newest = {}
    for key, names in _stored(files).items():
        damaged = []
        for name in reversed(names):
            try:
                line, _, content = unseal(files.read(f"{FOLDER}/{name}")).partition(b"\n")
                newest[key] = [Trial.of(values) for values in json.loads(line)], content
                break
            except OSError:
                continue  # it is gone, or out of reach
            except (ValueError, TypeError):
                damaged.append(str(files.place(f"{FOLDER}/{name}")))
        if damaged and say:
            start = f"goes on from epoch {_epoch(name)}" if key in newest else "starts again"
            say(f"{', '.join(damaged)}: damaged; its pack {start}")
    return newest


def _epoch(name: str) -> int | str:
    number = name.removesuffix(".ckpt").partition("-")[2]
    return int(number) if number.isdecimal() else number


def _stored(files: Files) -> dict[str, list[str]]:
    """Names of the files of every pack, oldest first."""
    stored: dict[str, list[str]] = {}
    for name in files.stamps(FOLDER):
        key, dash, rest = name.partition("-")
        if dash and rest.endswith(".ckpt"):
            stored.setdefault(key, []).append(name)
    return stored


def _key(trials: Sequence[Trial]) -> str:
    names = ",".join(sorted(trial.trial_id for trial in trials))
    return hashlib.sha256(names.encode()).hexdigest()[:16]
