"""Ways to write files that look right and are not: tests of storage must tell them apart."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

NAMES = ("no fsync of files", "no fsync of folders", "no rename")


def apply(mutation: str, replace: Callable[[object, str, object], None] = setattr) -> None:
    """Take one promise out of what this process does to files; none for an empty name."""
    if mutation == "no rename":
        opened = os.open
        replace(os, "open", lambda path, *rest: opened(_final(Path(path)), *rest))
        replace(os, "replace", lambda source, target: None)
    elif mutation:
        assert mutation in NAMES
        replace(os, "fsync", _only(os.fsync, files=mutation == "no fsync of folders"))


def _final(path: Path) -> Path:
    """Where a file that is written under another name first is going to be."""
    is_hidden = path.name.startswith(".") and path.suffix == ".tmp"
    return path.with_name(path.name[1:].rsplit(".", 3)[0]) if is_hidden else path


def _only(fsync: Callable[[int], None], files: bool) -> Callable[[int], None]:
    """An fsync of files alone, or of folders alone."""

    def partial(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode) == files:
            fsync(handle)

    return partial
