"""Files under one folder that are seen whole or not at all, and survive a power cut.

This is all that the ledger asks of the place where it is kept: a local folder, here, or a bucket,
see `sweeps.ledger.places.bucket`.
"""

import contextlib
import os
import sys
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, final

#: Files that wait for the disk together: it stores several in about the time of one.
WAITING = 8

#: How the name of a file ends that is still being written, and the seconds after which it is not.
UNFINISHED = ".tmp"
ABANDONED = 86_400

#: Folders whose names this process has had stored: once is enough.
_STORED: set[Path] = set()


class Stamp(NamedTuple):
    """What tells one version of a file from another without reading it.

    The inode is what cannot stay the same when a file is replaced within a tick of the clock; 0 in
    a store that has none.
    """

    size: int
    mtime_ns: int
    inode: int


class Unreachable(OSError):
    """The place does not answer, or refuses; what it holds may be as it should be."""


class Ignored(UserWarning):
    """Files in a results folder that are no trial's, and therefore left out."""


class Files(ABC):
    """Files by their paths relative to a root, with ``/``.

    Attributes:
        readers: how many threads read many of them soonest.
        in_a_row: how many each of them had best read before it takes others.
        pause: seconds to leave between two writes of what only tells how far something is.
    """

    readers: int
    in_a_row: int
    pause: float

    @abstractmethod
    def place(self, path: str = "") -> Path | str:
        """Where a file is, or the root: a path or a URI, for people and for other programs."""

    @abstractmethod
    def stamps(self, folder: str) -> dict[str, Stamp]:
        """The visible files of a folder, in the order of their names; none if it does not exist."""

    @abstractmethod
    def has(self, path: str) -> bool:
        """Whether there is such a file."""

    @abstractmethod
    def read(self, path: str) -> bytes:
        """All of a file.

        Raises:
            FileNotFoundError: if there is none.
        """

    @abstractmethod
    def write(self, contents: Mapping[str, bytes]) -> None:
        """Put files in place, each seen whole or not at all; on return all are there to stay.

        Raises:
            OSError: if the place refuses; no partial file is visible then.
        """

    @abstractmethod
    def write_fleeting(self, path: str, content: bytes) -> None:
        """Put one small file in place, seen whole or not at all, that a power cut may undo.

        Raises:
            OSError: if the place refuses.
        """

    @abstractmethod
    def remove(self, paths: Iterable[str]) -> None:
        """Delete files; those that are not there are no matter."""


@final
class LocalFiles(Files):
    """Files under a local folder, by their paths relative to it, with ``/``.

    >>> import tempfile
    >>> files = LocalFiles(tempfile.mkdtemp())
    >>> files.write({"trials/a.parquet": b"first", "trials/b.parquet": b"second"})
    >>> list(files.stamps("trials")), files.read("trials/a.parquet")
    (['a.parquet', 'b.parquet'], b'first')
    """

    pause = 1.0

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.readers, self.in_a_row = len(os.sched_getaffinity(0)), sys.maxsize

    def place(self, path: str = "") -> Path:
        return self.root / path

    def stamps(self, folder: str) -> dict[str, Stamp]:
        found = []
        try:
            with os.scandir(self.root / folder) as entries:
                for entry in entries:
                    if entry.name[0] != ".":
                        stat = entry.stat()
                        stamp = Stamp(stat.st_size, stat.st_mtime_ns, stat.st_ino)
                        found.append((entry.name, stamp))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        return dict(sorted(found))

    def has(self, path: str) -> bool:
        return (self.root / path).is_file()

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Put files in place, each seen whole or not at all; on return all survive a power cut.

        They share the waits for the disk: all are stored under other names first, then named, then
        each folder is stored once.

        Raises:
            OSError: if the disk refuses; then no partial file is visible, and if it refused to
                store the contents, none of the files is.
        """
        paths = {self.root / path: content for path, content in contents.items()}
        for folder in {path.parent for path in paths}:
            make_folder(folder)
        mark = f"{os.getpid()}.{uuid.uuid4().hex}"
        hidden = {path: path.with_name(f".{path.name}.{mark}{UNFINISHED}") for path in paths}
        try:
            with ThreadPoolExecutor(WAITING) as waiting:
                list(waiting.map(_store, hidden.values(), paths.values()))
            for path in paths:
                os.replace(hidden[path], path)
        except BaseException:
            _remove(hidden.values())
            raise
        for folder in {path.parent for path in paths}:
            _sync_folder(folder)

    def write_fleeting(self, path: str, content: bytes) -> None:
        target = self.root / path
        hidden = target.with_name(f".{target.name}.{os.getpid()}{UNFINISHED}")
        target.parent.mkdir(exist_ok=True)
        try:
            hidden.write_bytes(content)
            os.replace(hidden, target)
        except BaseException:
            _remove([hidden])
            raise

    def remove(self, paths: Iterable[str]) -> None:
        _remove(self.root / path for path in paths)

    def tidy(self) -> None:
        """Remove what writers that were killed more than a day ago left under hidden names."""
        before = time.time() - ABANDONED
        for path in self.root.rglob(f".*{UNFINISHED}"):
            with contextlib.suppress(FileNotFoundError):  # its writer has finished after all
                if path.stat().st_mtime < before:
                    path.unlink()


def _store(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Have a folder and those above it, each of which survives a power cut.

    One that is there already may be the work of a process that was killed before it had it stored.
    """
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)
    elif folder not in _STORED:
        with contextlib.suppress(PermissionError):  # above what we may write, all is as it was
            _sync_folder(folder.parent)
    _STORED.add(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
