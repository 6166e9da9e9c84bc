"""One driver at a time where there are no locks: a lease, an object that is renewed while held.

    PREFIX/SWEEP/.lease     who holds it, under an id of its own, and when that was last renewed

A store that can only be read and written cannot exclude a second holder for certain.  Whoever takes
the lease writes it, waits, and reads it back: of several that try within `SETTLING` seconds, the
last to write has it and the others are refused.  Two that miss each other, one being slower than
that between looking and writing, both run until the next renewal, when one of them finds the
other's id and is stopped.  Until then they train some trials twice, to the same rows under the same
names: no result can be lost or doubled.  A holder that ended without letting go is not waited for
on its own machine; elsewhere the lease is free when it has not been renewed for `STALE` seconds.
"""

import contextlib
import datetime
import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bsvae.checks import BadInput
from sweeps.ledger.places.bucket import ObjectFiles

PATH = ".lease"

#: Seconds between renewals, and without one until the lease is anyone's, by the store's clock.
BEAT = 5.0
STALE = 60.0

#: Seconds between writing the lease and reading it back.
SETTLING = 1.0

#: What the lease says.
Holder = dict[str, Any]

_UNKNOWN: Holder = {"id": ""}


@contextlib.contextmanager
def held(
    files: ObjectFiles, sweep: str, beat: float = BEAT, stale: float = STALE
) -> Iterator[None]:
    """Hold a sweep's lease; if it is lost, no request of this process for the files succeeds.

    Args:
        files: the sweep's.
        sweep: its name, for messages.
        beat: seconds between renewals.
        stale: seconds after which a lease that was not renewed is taken over.

    Raises:
        BadInput: if another process holds it, or the store refuses.
    """
    files.fenced, mine = "", uuid.uuid4().hex
    try:
        other = _take(files, mine, stale)
    except OSError as error:
        raise BadInput(f"cannot write {files.uri} ({error.strerror})") from None
    if other:
        raise BadInput(f"sweep {sweep!r} is running already ({_name(other)}): wait for its end")
    ended = threading.Event()
    thread = threading.Thread(target=_renew, args=(files, mine, beat, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with contextlib.suppress(OSError):  # then it becomes stale
            if _holder(files).get("id") == mine:
                files.remove([PATH])


def holder(files: ObjectFiles, stale: float = STALE) -> str:
    """Who holds a sweep's lease; nothing if nobody does.  Looks, and writes nothing.

    Whether a lease was renewed in time is judged by this machine's clock beside the store's.
    """
    found, stamp = _holder(files), files.stamp(PATH)
    if not found or not stamp or _ended_here(found):
        return ""
    return _name(found) if time.time() - stamp.mtime_ns / 1e9 <= stale else ""


def _take(files: ObjectFiles, mine: str, stale: float) -> Holder:
    """Take the lease, unless another has it; then what that one wrote."""
    found = _holder(files)
    if found and not _ended_here(found) and _age(files, mine) <= stale:
        return found
    _write(files, mine)
    time.sleep(SETTLING)
    found = _holder(files)
    return {} if found.get("id") == mine else found or _UNKNOWN


def _renew(files: ObjectFiles, mine: str, beat: float, ended: threading.Event) -> None:
    """Renew until the end; a store that is silent for a while is asked again."""
    while not ended.wait(beat):
        with contextlib.suppress(OSError):
            found = _holder(files)
            if found.get("id", mine) != mine:
                files.fenced = f"{_name(found)} has taken over"
                return
            _write(files, mine)


def _holder(files: ObjectFiles) -> Holder:
    """What the lease says; nothing if there is none."""
    try:
        document = json.loads(files.read(PATH))
    except FileNotFoundError:
        return {}
    except ValueError:
        document = None
    return document if isinstance(document, dict) else _UNKNOWN


def _age(files: ObjectFiles, mine: str) -> float:
    """Seconds since the lease was renewed, by the times that the store gives to objects."""
    probe = f"{PATH}-{mine}"
    files.write({probe: b"now"})
    now, renewed = files.stamp(probe), files.stamp(PATH)
    files.remove([probe])
    return (now.mtime_ns - renewed.mtime_ns) / 1e9 if now and renewed else float("inf")


def _write(files: ObjectFiles, mine: str) -> None:
    renewed = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    document = {"id": mine, "pid": os.getpid(), **_machine(), "renewed": renewed}
    files.write({PATH: json.dumps(document).encode()})


def _ended_here(holder: Holder) -> bool:
    here = all(value and holder.get(key) == value for key, value in _machine().items())
    return here and not Path(f"/proc/{holder.get('pid')}").exists()


def _machine() -> dict[str, str]:
    """This machine since it was started; a container is one of its own."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return {"host": os.uname().nodename, "boot": boot.read_text().strip() if boot.exists() else ""}


def _name(holder: Holder) -> str:
    known = "pid" in holder and "host" in holder
    return f"process {holder['pid']} on {holder['host']}" if known else "another process"
