"""What packs in training say of themselves, for whoever looks on.

    results/SWEEP/.running/KEY.json

is one pack's latest note, under the key of its checkpoints.  Notes are no results: they need not
survive a power cut, may be missing, and those of a run that ended without a word are worth nothing
once nobody holds the sweep.
"""

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from sweeps.ledger.places.interface import Files, Stamp

FOLDER = ".running"

Note = dict[str, Any]


def write_note(files: Files, key: str, note: Mapping[str, Any]) -> bool:
    """Replace a pack's note; whether that succeeded, which nothing depends on."""
    with contextlib.suppress(OSError):
        files.write_fleeting(_path(key), json.dumps(note, allow_nan=False).encode())
        return True
    return False


def forget(files: Files, *keys: str) -> None:
    """Remove the notes of packs that are not in training any more."""
    with contextlib.suppress(OSError):
        files.remove(map(_path, keys))


def clear(files: Files) -> None:
    """Remove all notes."""
    with contextlib.suppress(OSError):
        forget(files, *(name.removesuffix(".json") for name in files.stamps(FOLDER)))


class Notes:
    """Reads a sweep's notes again and again, and of each only what has changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Stamp, Note]] = {}

    def read(self, files: Files) -> dict[str, Note]:
        """The notes there are, by the keys of their packs; one that cannot be read is none."""
        stamps = files.stamps(FOLDER)
        for name, stamp in stamps.items():
            if name not in self._known or self._known[name][0] != stamp:
                self._known[name] = stamp, _read(files, name)
        self._known = {name: self._known[name] for name in stamps}
        notes = {name.removesuffix(".json"): note for name, (_, note) in self._known.items()}
        return {key: note for key, note in notes.items() if note}


def _read(files: Files, name: str) -> Note:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        note = json.loads(files.read(f"{FOLDER}/{name}"))
        return note if isinstance(note, dict) else {}
    return {}


def _path(key: str) -> str:
    return f"{FOLDER}/{key}.json"
