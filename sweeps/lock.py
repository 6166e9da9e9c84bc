"""One driver at a time where the system has locks: a lock file, let go of by whatever ends us."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from bsvae.checks import BadInput
from sweeps.files import make_folder


@contextlib.contextmanager
def locked(folder: Path, sweep: str) -> Iterator[None]:
    """Hold a sweep's folder.

    Raises:
        BadInput: if another process holds it, or the folder cannot be written.
    """
    try:
        make_folder(folder)
        handle = open(folder / ".lock", "a+", encoding="utf-8")  # noqa: SIM115
    except OSError as error:
        raise BadInput(f"cannot write {folder} ({error.strerror})") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            raise BadInput(
                f"sweep {sweep!r} is running already ({holder}): wait for its end"
            ) from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()} on {os.uname().nodename}")
        handle.flush()
        yield
