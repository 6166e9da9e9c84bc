"""Disks of one's own: to cut the power of, to fill, to make read-only.  Linux, as root."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

#: No journal commit of its own accord while a copy is made.
OPTIONS = "loop,commit=300"


def run(*command: str | Path) -> None:
    subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)


@contextlib.contextmanager
def mounted(source: Path | str, at: Path, *options: str) -> Iterator[Path]:
    """A mount, gone at the end whatever happens, with the loop device that it took."""
    at.mkdir(parents=True, exist_ok=True)
    try:
        run("mount", *options, source, at)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", None) or error
        pytest.skip(f"needs root and a Linux that lets it mount: {str(reason).strip()}")
    try:
        yield at
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            run("umount", at)
        if os.path.ismount(at):  # in use still: gone for all, freed when that ends
            run("umount", "--lazy", at)


@contextlib.contextmanager
def memory_disk(at: Path, megabytes: float) -> Iterator[Path]:
    """A disk of some size that is quick to fill."""
    with mounted("tmpfs", at, "-t", "tmpfs", "-o", f"size={megabytes * 1e6:.0f}"):
        yield at


@contextlib.contextmanager
def ext4_disk(folder: Path, megabytes: int = 48) -> Iterator[tuple[Path, Path]]:
    """A new ext4 in a file: what the file holds is what has reached the disk; and its mount."""
    with _image(folder) as image:
        os.truncate(image, megabytes << 20)
        try:
            run("mkfs.ext4", "-q", "-F", "-J", "size=4", image)
        except OSError as error:
            pytest.skip(f"needs mkfs.ext4: {error}")
        with mounted(image, folder / "disk", "-o", OPTIONS) as at:
            yield image, at


@contextlib.contextmanager
def after_power_cut(image: Path) -> Iterator[Path]:
    """The disk as it comes back if the power fails now: what the image holds, and no more."""
    with _image(image.parent) as copy:
        run("cp", "--sparse=always", image, copy)
        with mounted(copy, image.parent / "copy", "-o", OPTIONS) as at:
            yield at


@contextlib.contextmanager
def _image(folder: Path) -> Iterator[Path]:
    """A file that never was another disk: whoever copies our mounts may keep a loop device."""
    folder.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(".img", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        os.unlink(name)


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process that does nothing meanwhile; what it asked of the kernel before is at its end."""
    os.kill(pid, signal.SIGSTOP)
    try:
        while not _stopped(pid):
            time.sleep(0.001)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _stopped(pid: int) -> bool:
    """Whether none of its threads is running, or waiting for a disk."""
    states = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended
            states.add((task / "stat").read_text().rpartition(")")[2].split()[0])
    return states <= {"T", "t"}
