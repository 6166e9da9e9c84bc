"""One driver at a time where the system has locks: a lock file, let go of by whatever ends us.

The lock belongs to the open file, as `flock`'s does, but it can be asked about without being taken:
who only looks never stands in the way of a driver that starts.
"""

import contextlib
import fcntl
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from bsvae.checks import BadInput
from sweeps.ledger.places.interface import make_folder

NAME = ".lock"

#: The system's ``struct flock``: type, whence, start, length, process.
_LAYOUT = "hhqqi4x"


@contextlib.contextmanager
def locked(folder: Path, sweep: str) -> Iterator[None]:
    """Hold a sweep's folder.

    Raises:
        BadInput: if another process holds it, or the folder cannot be written.
    """
    try:
        make_folder(folder)
        handle = open(folder / NAME, "a+", encoding="utf-8")  # noqa: SIM115
    except OSError as error:
        raise BadInput(f"cannot write {folder} ({error.strerror})") from None
    with handle:
        try:
            fcntl.fcntl(handle, fcntl.F_OFD_SETLK, _whole_file(fcntl.F_WRLCK))
        except BlockingIOError:
            raise BadInput(
                f"sweep {sweep!r} is running already ({_named(handle)}): wait for its end"
            ) from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()} on {os.uname().nodename}")
        handle.flush()
        yield


def holder(folder: Path) -> str:
    """Who holds a sweep's folder, as that process named itself; nothing if nobody does."""
    try:
        handle = open(folder / NAME, encoding="utf-8")  # noqa: SIM115
    except OSError:
        return ""
    with handle:
        answer = fcntl.fcntl(handle, fcntl.F_OFD_GETLK, _whole_file(fcntl.F_RDLCK))
        free = struct.unpack(_LAYOUT, answer)[0] == fcntl.F_UNLCK
        return "" if free else _named(handle)


def _whole_file(kind: int) -> bytes:
    return struct.pack(_LAYOUT, kind, os.SEEK_SET, 0, 0, 0)


def _named(handle: IO[str]) -> str:
    handle.seek(0)
    return handle.read().strip() or "another process"
