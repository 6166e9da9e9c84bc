"""Packs under way, stored beside their results, so that a lost one goes on where it was.

    results/SWEEP/checkpoints/KEY-EPOCH.ckpt

holds the trials of a pack that are still in training after an epoch: a line that names them, then a
`bsvae.checkpoint.Checkpoint`.  The last two of a pack are kept, so that a damaged file costs the
time between two.  A pack keeps the key that it was started with, one that has ended or was taken
apart leaves nothing: so no trial is ever in the files of two packs.  Whoever knows the key of a
pack reads and removes its files alone.
"""

import contextlib
import json
import time
from collections.abc import Callable, Sequence

from bsvae.seal import seal, unseal
from bsvae.trial import Trial
from sweeps.ledger.places.interface import Files

FOLDER = "checkpoints"
KEPT = 2


class Checkpoints:
    """Of one pack, from when its training starts or goes on.

    Args:
        files: where the sweep's results are.
        key: the pack's.
        trials: the pack.
        interval: seconds between two checkpoints, at least.
    """

    def __init__(self, files: Files, key: str, trials: Sequence[Trial], interval: float) -> None:
        self.files = files
        self.key = key
        self.trials = trials
        self.interval = interval
        self._written = time.monotonic()

    def latest(self) -> bytes | None:
        """The newest that is whole, without its first line; None if it is not of these trials."""
        found = _whole(self.files, _stored(self.files).get(self.key, []))
        if found and set(found[0]) == set(self.trials):
            return found[1]
        return None

    @property
    def due(self) -> bool:
        """Whether it is time for the next one."""
        return time.monotonic() - self._written >= self.interval

    def write(self, number: int, trials: Sequence[Trial], content: bytes) -> None:
        """Keep the state of the trials that go on after an epoch."""
        line = json.dumps([trial.as_dict() for trial in trials]).encode() + b"\n"
        path = f"{FOLDER}/{self.key}-{number:06}.ckpt"
        self.files.write({path: seal(line + content)})
        discard(self.files, self.key, KEPT)
        self._written = time.monotonic()

    def forget(self) -> None:
        """Remove what was stored of the pack."""
        discard(self.files, self.key)


def packs_under_way(
    files: Files, say: Callable[[str], object] | None = None
) -> dict[str, list[Trial]]:
    """The trials of every pack's newest whole checkpoint, by key; says which are damaged.

    All of them are read, once, by whoever plans what goes on.
    """
    found = {key: _whole(files, names, say) for key, names in _stored(files).items()}
    return {key: pack[0] for key, pack in found.items() if pack}


def stored_epochs(files: Files) -> dict[str, int]:
    """The epoch of every pack's newest checkpoint by the pack's key, from names alone."""
    epochs = {}
    for key, names in _stored(files).items():
        with contextlib.suppress(ValueError):
            epochs[key] = int(names[-1].removesuffix(".ckpt").rpartition("-")[2])
    return epochs


def stored_trials(files: Files, key: str) -> list[Trial]:
    """The trials of a pack's newest whole checkpoint; none if there is none any more."""
    found = _whole(files, _stored(files).get(key, []))
    return found[0] if found else []


def discard(files: Files, key: str, kept: int = 0) -> None:
    """Remove what was stored of a pack but the newest files; none of them is read."""
    names = _stored(files).get(key, [])
    files.remove(f"{FOLDER}/{name}" for name in names[: max(0, len(names) - kept)])


def discard_all(files: Files) -> None:
    """Remove what was stored of every pack."""
    files.remove(f"{FOLDER}/{name}" for names in _stored(files).values() for name in names)


def _whole(
    files: Files, names: Sequence[str], say: Callable[[str], object] | None = None
) -> tuple[list[Trial], bytes] | None:
    """Trials and content of the last of these that is not damaged."""
    found, damaged, epoch = None, [], ""
    for name in reversed(names):
        path = f"{FOLDER}/{name}"
        try:
            line, _, content = unseal(files.read(path)).partition(b"\n")
            found = [Trial.of(values) for values in json.loads(line)], content
            epoch = name.removesuffix(".ckpt").rpartition("-")[2].lstrip("0")
            break
        except OSError:
            continue  # it is gone, or out of reach
        except (ValueError, TypeError):
            damaged.append(str(files.place(path)))
    if damaged and say:
        fate = f"goes on from epoch {epoch}" if found else "starts again"
        say(f"{', '.join(damaged)}: damaged; its pack {fate}")
    return found


def _stored(files: Files) -> dict[str, list[str]]:
    """Names of the files of every pack, oldest first."""
    stored: dict[str, list[str]] = {}
    for name in files.stamps(FOLDER):
        key, dash, rest = name.partition("-")
        if dash and rest.endswith(".ckpt"):
            stored.setdefault(key, []).append(name)
    return stored
