"""Each call that the system may refuse is refused once: the words are clear, nothing is harmed."""

import errno
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import history
import numpy as np
import pytest
from history import entry
from operations import Log, Operation, watch

from bsvae.datasets import Data
from bsvae.training import train
from bsvae.trial import Trial
from sweeps.ledger import compaction
from sweeps.ledger.checkpoints import Checkpoints, packs_under_way
from sweeps.ledger.ledger import Entry, Ledger
from sweeps.running.record import Record
from sweeps.running.worker import keep

Job = Callable[[Ledger], object]
PACK = [
    Trial(family="gaussian", dataset="digits", hidden=8, latent_dim=size, epochs=4)
    for size in (2, 3)
]


class Refusal:
    """Refuses one call, or does only half of it if that is a write."""

    def __init__(self, number: int, error: int | None) -> None:
        self.left, self.error = number, error
        self.refused: Operation | None = None

    def __call__(self, operation: Operation, call: Callable[..., object]) -> object:
        self.left -= 1
        if self.left != -1:
            return call()
        self.refused = operation
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))
        return call(len(operation.content) // 2) if operation.name == "write" else call()


def attempt(job: Job, ledger: Ledger, witness: Callable) -> OSError | None:
    with pytest.MonkeyPatch.context() as patch:
        watch(patch, witness)
        try:
            job(ledger)
        except OSError as error:
            return error


def commit(ledger: Ledger) -> None:
    five = entry(5)
    ledger.commit_all([Entry(five.row, five.curve, five.gaussianity, {"codes": np.zeros(3)})])


def define(ledger: Ledger) -> None:
    ledger.write_definition({"epochs": 7})


def compact(ledger: Ledger) -> None:
    assert sorted(ledger.trials()["seed"]) == [0, 1]


@pytest.fixture(scope="module")
def checkpoint(digits: Data) -> list[Job]:
    """Jobs that keep the state of a pack after its first epochs."""

    def keeping(epoch) -> Job:
        records = {trial: Record(trial, len(PACK), "cpu") for trial in PACK}
        for trial, shown in zip(epoch.pack.trials, epoch.curve, strict=True):
            records[trial].add(epoch, shown)
        return lambda ledger: keep(Checkpoints(ledger.files, "k", PACK, 0.0), epoch, records)

    return [keeping(epoch) for epoch, _ in zip(train(PACK, digits), range(3), strict=False)]


@pytest.fixture
def before(tmp_path: Path, checkpoint: list[Job]) -> Path:
    """Results with a few trials, and a pack under way."""
    ledger = history.filled(tmp_path / "before", 2)
    for job in checkpoint[:2]:
        job(ledger)
    return tmp_path / "before"


def assert_whole(ledger: Ledger, trials: set[int], seen: set[int]) -> None:
    """Earlier rows are there and nothing is in part, visible or not."""
    assert not list(ledger.folder.rglob("*.tmp"))
    there = history.seen(map(ledger.table, ("trials", "epochs", "gaussianity")))
    assert there & history.bits(trials) == history.bits(trials)
    assert there | history.bits(seen) == history.bits(seen)
    assert ledger.read_definition() in (history.DEFINITION, {"epochs": 7})
    assert packs_under_way(ledger.files) == {"k": PACK}
    assert len(ledger.files.stamps("checkpoints")) in (2, 3)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(errno.ENOSPC, id="no space"),
        pytest.param(errno.EIO, id="broken", marks=pytest.mark.faults),
        pytest.param(errno.EINTR, id="interrupted", marks=pytest.mark.faults),
        pytest.param(None, id="half a write"),
    ],
)
@pytest.mark.parametrize("name", ["commit", "define", "compact", "checkpoint"])
def test_every_call_is_refused_once(name, error, before, tmp_path, checkpoint, monkeypatch):
    monkeypatch.setattr(compaction, "FEWEST", 2)
    jobs = {"commit": commit, "define": define, "compact": compact, "checkpoint": checkpoint[2]}
    job, log, refused = jobs[name], Log(), 0
    trial_run = Ledger(shutil.copytree(before, tmp_path / "trial"), "s")
    assert attempt(job, trial_run, log) is None
    for number in range(len(log)):
        ledger = Ledger(shutil.copytree(before, tmp_path / "refused"), "s")
        refusal = Refusal(number, error)
        failure = attempt(job, ledger, refusal)
        repeated = error == errno.EINTR and refusal.refused.name == "write"  # by Python itself
        if error is None or repeated or name == "compact":
            assert failure is None
        else:
            assert (failure.errno, failure.strerror) == (error, os.strerror(error))
            refused += 1
        done = {0, 1, 5} if name == "commit" else {0, 1}
        assert_whole(ledger, {0, 1} if failure else done, done)
        assert attempt(job, ledger, Log()) is None
        assert_whole(ledger, done, done)
        shutil.rmtree(tmp_path / "refused")
    assert len(log) > 5
    print(f"{name}: {len(log)} calls, {refused} errors")


def test_signals_that_interrupt_calls_are_no_errors(tmp_path):
    came = []
    previous = signal.signal(signal.SIGALRM, lambda *_: came.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for start in range(0, 40, 4):
            ledger = Ledger(tmp_path, "s")
            ledger.commit_all(map(entry, range(start, start + 4)))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert len(came) > 40
    assert history.seen(history.tables_by_pandas(tmp_path)) == history.bits(range(40))
