"""A writer is killed again and again while others read and compact: nobody may notice."""

import random
import time
from functools import partial
from pathlib import Path

import history
import pytest
from crew import Progress, read_for_ever, working, write_for_ever
from history import Read, bits, violations

CYCLES_IN_A_FOLDER = 20
WRITERS_TO_A_COMPACTOR = 5


def wait_until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def notes(log: Path) -> list[Read]:
    """What a reader noted; its last line may have been broken off."""
    lines = log.read_text().splitlines(keepends=True) if log.exists() else []
    return [Read.of_line(line) for line in lines if line.endswith("\n")]


def kill_once(folder: Path, progress: Progress, pause: float, mutation: str = "") -> Read:
    """Kill a writer that has acknowledged something; returns what is there afterwards."""
    start = progress.acknowledged()
    with working(write_for_ever, folder, progress, mutation):
        wait_until(lambda: progress.acknowledged() > start)
        time.sleep(pause)
    read = partial(history.seen, history.tables_by_sweeps(folder))
    return Read.now(read, progress.acknowledged, progress.begun)


def kill_again_and_again(folder: Path, cycles: int, seed: int) -> dict[str, list[Read]]:
    """Kill writers, and now and then who compacts, at random moments; returns who saw what."""
    progress, pause = Progress(), random.Random(seed)
    by_pandas, by_sweeps = folder / "pandas.log", folder / "sweeps.log"
    last = []
    with working(write_for_ever, folder, progress):
        wait_until(progress.acknowledged)
    with working(read_for_ever, folder, progress, "tables_by_pandas", by_pandas):
        while len(last) < cycles:
            known = len(notes(by_sweeps))
            with working(read_for_ever, folder, progress, "tables_by_sweeps", by_sweeps):
                for _ in range(WRITERS_TO_A_COMPACTOR):
                    last.append(kill_once(folder, progress, pause.uniform(0.0, 0.1)))
                wait_until(lambda known=known: len(notes(by_sweeps)) > known)
        enough = len(notes(by_pandas)) + 2
        wait_until(lambda: len(notes(by_pandas)) >= enough)
    return {"pandas": notes(by_pandas), "sweeps": notes(by_sweeps), "afterwards": last}


def assert_nobody_noticed(folder: Path, cycles: int, seed: int = 0) -> None:
    reads = kill_again_and_again(folder, cycles, seed)
    assert violations([read for some in reads.values() for read in some]) == []
    assert len(reads["afterwards"]) == cycles
    assert len(reads["pandas"]) > 2
    assert len(reads["sweeps"]) >= cycles / WRITERS_TO_A_COMPACTOR
    assert (folder / "s" / ".cache" / "trials.parquet").exists()
    final = reads["afterwards"][-1]
    print(f"{cycles} kills, {final.promised} acknowledged, {final.seen.bit_count()} seen,", end=" ")
    print({name: len(some) for name, some in reads.items()}, "reads")


def test_ten_kills_lose_nothing_and_nobody_notices(tmp_path):
    assert_nobody_noticed(tmp_path, 10)


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_two_hundred_kills_lose_nothing_and_nobody_notices(tmp_path):
    for number in range(200 // CYCLES_IN_A_FOLDER):  # a folder that grows is slow to read
        (tmp_path / str(number)).mkdir()
        assert_nobody_noticed(tmp_path / str(number), CYCLES_IN_A_FOLDER, number)


@pytest.mark.faults
def test_kills_find_a_writer_that_writes_in_place(tmp_path):
    progress, pause = Progress(), random.Random(0)
    for number in range(1, 201):
        if harm := violations([kill_once(tmp_path, progress, pause.random() / 10, "no rename")]):
            print(f"kill {number} of at most 200: {harm}")
            return
    pytest.fail("200 kills, and nothing came of writing in place")


@pytest.mark.parametrize(
    ("second", "found"),
    [
        (Read(2, 3, 2, 4, bits([0, 1])), []),
        (Read(2, 3, 2, 4, bits([0, 1, 3])), []),
        (Read(2, 3, 3, 4, bits([0, 1])), ["1 acknowledged trials are lost"]),
        (Read(2, 3, 0, 4, bits([0])), ["1 trials that were seen are gone"]),
        (Read(0, 3, 0, 4, bits([0])), []),
        (Read(2, 3, 2, 4, bits([0, 1, 4])), ["trials that nobody wrote"]),
        (Read(2, 3, 2, 4, 0, "Torn: apart"), ["Torn: apart"]),
    ],
)
def test_the_history_shows_what_must_not_be(second, found):
    first = Read(0, 1, 1, 4, bits([0, 1]))
    assert Read.of_line(second.line()) == second
    assert violations([first, second]) == violations([second, first]) == found


def test_tables_that_do_not_fit_together_are_seen(tmp_path):
    ledger = history.filled(tmp_path, 3)
    assert history.seen(history.tables_by_pandas(tmp_path)) == 0b111
    trials, curves, panel = history.tables_by_pandas(tmp_path)
    for broken in (
        (trials, curves[1:], panel),
        (trials, curves, panel[:-1]),
        (trials.sample(frac=2, replace=True, random_state=0), curves, panel),
        (trials.assign(test_kl=1.0), curves, panel),
    ):
        with pytest.raises(history.Torn):
            history.seen(broken)
    assert len(ledger.rows()) == 3
