"""Ways to write files that look right and are not: tests of storage must tell them apart."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

NAMES = ("no fsync of files", "no fsync of folders", "no rename")


def apply(mutation: str, replace: Callable[[object, str, object], None] = setattr) -> None:
    """Take one promise out of what this process does to files; none for an empty name."""
    if mutation == "no rename":
        replace(os, "open", _at_once(os.open))
        replace(os, "replace", lambda source, target: None)
    elif mutation:
        assert mutation in NAMES
        replace(os, "fsync", _only(os.fsync, files=mutation == "no fsync of folders"))


def _at_once(opened: Callable[..., int]) -> Callable[..., int]:
    """What opens a file under the name that it is to have, where it ought to be another first."""

    def open_(path: str | Path, flags: int, *rest: object, **others: object) -> int:
        name = Path(path).name
        if name.startswith(".") and name.endswith(".tmp"):
            path = Path(path).with_name(name[1:].rsplit(".", 3)[0])
            flags = flags & ~os.O_EXCL | os.O_TRUNC
        return opened(path, flags, *rest, **others)

    return open_


def _only(fsync: Callable[[int], None], files: bool) -> Callable[[int], None]:
    """An fsync of files alone, or of folders alone."""

    def partial(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode) == files:
            fsync(handle)

    return partial
