"""What a place asks of the system, call by call: noted, broken off, or made to fail."""

import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sweeps.ledger.places import interface as files


class Operation(NamedTuple):
    """One call that changes files, or has them stored.

    Attributes:
        name: create, write, close, store, store folder, make folder, rename or remove.
        path: of the file or folder; for a rename, the old one.
        content: what is written; for a rename, the new path.
    """

    name: str
    path: Path
    content: Any = None


#: Is told of each call before it is made, and makes it, or a part of it, or raises.
Witness = Callable[[Operation, Callable[..., Any]], Any]


class Killed(BaseException):
    """The process ends here: nothing of what would tidy up after an error is done."""


class Log(list[Operation]):
    """A witness that notes what was done, and lets a process live for some calls only."""

    def __init__(self, calls: float = float("inf")) -> None:
        self.calls = calls

    def __call__(self, operation: Operation, call: Callable[..., Any]) -> Any:
        if len(self) >= self.calls:
            raise Killed
        result = call()
        self.append(operation)
        return result


def watch(patch: pytest.MonkeyPatch, witness: Witness) -> None:
    """Have a witness told of every call, as of a process that has just started; mutations come
    after this, or it would not see them."""
    patch.setattr(files, "_STORED", set())
    paths: dict[int, Path] = {}
    opened, stored = os.open, os.fsync

    class Raw(io.FileIO):
        """A file at the level of the system: what Python keeps in a buffer is not written yet."""

        def write(self, content):
            def call(length=None):
                return super(Raw, self).write(content[:length])

            return witness(Operation("write", paths[self.fileno()], bytes(content)), call)

        def close(self):
            if not self.closed:
                path = paths[self.fileno()]
                super().close()
                witness(Operation("close", path), lambda: None)

    def open_(path, flags, *rest, **others):
        def call():
            return opened(path, flags, *rest, **others)

        handle = witness(Operation("create", Path(path)), call) if flags & os.O_CREAT else call()
        paths[handle] = Path(path)
        return handle

    def fsync(handle):
        kind = "store folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "store"
        return witness(Operation(kind, paths[handle]), lambda: stored(handle))

    patch.setattr(os, "open", open_)
    patch.setattr(os, "fsync", fsync)
    patch.setattr(files, "open", lambda handle, _: io.BufferedWriter(Raw(handle, "w")), False)
    for function, name in (("mkdir", "make folder"), ("unlink", "remove"), ("replace", "rename")):
        patch.setattr(os, function, _watched(getattr(os, function), name, witness))


def _watched(real: Callable[..., Any], name: str, witness: Witness) -> Callable[..., Any]:
    def call(path, *rest, **others):
        target = Path(rest[0]) if name == "rename" else None
        return witness(Operation(name, Path(path), target), lambda: real(path, *rest, **others))

    return call
