"""The power fails while a writer is at work: what it acknowledged is on the disk, whole.

The writer stands still at a random moment; what its disk's image holds by then is what would be
left.  A drive that loses what it took without being told to store it is not part of this test:
`test_crash_states` has that, and all that POSIX allows besides.
"""

import contextlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

import history
import mutations
import pytest
from crew import Progress, working, write_for_ever
from disks import after_power_cut, ext4_disk, frozen
from history import Read, violations

#: Trials on one disk: more are slow to check, and would fill it.
ROUND = 250

#: Cuts that a writer at fault may survive. The rarest harm, no rename, took 18, 8 and 30.
MOST = 200


def cuts(folder: Path, count: int, mutation: str = "", seed: int = 0) -> Iterator[Read]:
    """What is left after each of some power cuts, as whoever comes next reads it."""
    pause, left = random.Random(seed), count
    while left:
        progress = Progress()
        with (
            ext4_disk(folder) as (image, disk),
            working(write_for_ever, disk / "new" / "results", progress, mutation) as writer,
        ):
            while not progress.acknowledged():
                time.sleep(0.0005)
            while left and progress.acknowledged() < ROUND:
                with frozen(writer.pid), after_power_cut(image) as left_over:
                    results = left_over / "new" / "results"
                    yield Read.now(
                        lambda results=results: history.seen(history.tables_by_sweeps(results)),
                        progress.acknowledged,
                        progress.begun,
                    )
                left -= 1
                time.sleep(pause.uniform(0.0, 0.15))


def assert_harmless(folder: Path, count: int, seed: int = 0) -> None:
    promised = 0
    with contextlib.closing(cuts(folder, count, seed=seed)) as reads:
        for read in reads:
            assert violations([read]) == []
            promised += read.promised
    print(f"{count} cuts, {promised} acknowledged trials at risk, none lost")
    assert promised > count


def test_three_power_cuts_lose_nothing_acknowledged(tmp_path):
    assert_harmless(tmp_path, 3, seed=time.time_ns())


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_a_hundred_power_cuts_lose_nothing_acknowledged(tmp_path):
    assert_harmless(tmp_path, 100)


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mutation", mutations.NAMES)
def test_power_cuts_find_a_writer_that_skips_a_step(tmp_path, mutation):
    with contextlib.closing(cuts(tmp_path, MOST, mutation)) as reads:
        for number, read in enumerate(reads, 1):
            if harm := violations([read]):
                print(f"{mutation}: cut {number} of at most {MOST}: {harm}")
                return
    pytest.fail(f"{MOST} power cuts, and nothing came of {mutation}")
