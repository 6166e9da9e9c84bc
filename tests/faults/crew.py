"""Processes that use one ledger until they are killed, and tell of it through shared memory."""

import contextlib
import itertools
import multiprocessing
import os
import signal
from collections.abc import Iterator
from ctypes import c_long
from multiprocessing.process import BaseProcess
from pathlib import Path

import history
import mutations
from history import DEFINITION, Read, entry

from sweeps.ledger import compaction
from sweeps.ledger.ledger import Ledger

#: Trials in one commit.
TOGETHER = 4

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["pytest", "sweeps.ledger.ledger"])


class Progress:
    """How far the writer is: trials given to the ledger, and those acknowledged by it.

    Without a lock, which a killed process would hold for ever.
    """

    def __init__(self) -> None:
        self._begun, self._acknowledged = CONTEXT.RawValue(c_long, 0), CONTEXT.RawValue(c_long, 0)

    def begun(self) -> int:
        return self._begun.value

    def acknowledged(self) -> int:
        return self._acknowledged.value

    def begin(self, trials: int) -> None:
        self._begun.value = max(trials, self._begun.value)

    def acknowledge(self, trials: int) -> None:
        self._acknowledged.value = trials


def write_for_ever(folder: Path, progress: Progress, mutation: str = "") -> None:
    """Commit trial after trial, from the first that was not acknowledged on."""
    mutations.apply(mutation)
    ledger = Ledger(folder, "s")
    ledger.write_definition(DEFINITION)
    for start in itertools.count(progress.acknowledged(), TOGETHER):
        progress.begin(start + TOGETHER)
        ledger.commit_all(map(entry, range(start, start + TOGETHER)))
        progress.acknowledge(start + TOGETHER)


def read_for_ever(folder: Path, progress: Progress, tables: str, log: Path) -> None:
    """Read all tables again and again, and note what was there."""
    compaction.FEWEST = 2  # so that the cache is replaced all the time
    read = getattr(history, tables)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    while True:
        one = Read.now(lambda: history.seen(read(folder)), progress.acknowledged, progress.begun)
        os.write(handle, one.line().encode())


@contextlib.contextmanager
def working(target, *arguments) -> Iterator[BaseProcess]:
    """A process of one's own, killed at the end, wherever it is then."""
    process = CONTEXT.Process(target=target, args=arguments)
    process.start()
    try:
        yield process
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
