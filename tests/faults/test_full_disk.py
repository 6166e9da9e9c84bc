"""Real disks that are full, small or read-only under the real command."""

import contextlib
import errno
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from conftest import command, end_session
from disks import memory_disk, run

import sweeps

TRIALS = 6
SWEEP = """
extras = ["arrays"]
[trial]
family = "gaussian"
dataset = "digits"
hidden = 16
epochs = 20
[[grid]]
latent_dim = [2, 3]
seeds = [0, 1, 2]
"""


def words(folder: Path, engine: str) -> list[str]:
    """The command that runs the sweep, two trials at a time."""
    (folder / "full.toml").write_text(SWEEP, encoding="utf-8")
    return ["run", "full.toml", "--results=results", f"--engine={engine}", "--pack=2"]


def fill(filler: Path, left: int = 0) -> None:
    """Fill a disk, but for some bytes."""
    with open(filler, "wb", buffering=0) as file:
        size = 0
        try:
            while True:
                size += file.write(bytes(4096))
        except OSError as full:
            if full.errno != errno.ENOSPC:
                raise
        file.truncate(size - left)


def stored(disk: Path) -> pd.DataFrame:
    columns = ["trial_id", "status", "test_neg_elbo", "finished_at"]
    return sweeps.load("full", results=disk)[columns].set_index("trial_id")


@contextlib.contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen]:
    """The command under way, in a process session that ends with it."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command(*arguments), cwd=folder, start_new_session=True, **pipes)
    try:
        yield process
    finally:
        end_session(process.pid)
        process.communicate()


def assert_goes_on_after_it_was_full(folder: Path, engine: str, left: int = 0) -> None:
    arguments = words(folder, engine)
    with memory_disk(folder / "results", 4) as disk:
        with started(folder, *arguments) as process:
            while process.poll() is None and not list(disk.glob("full/trials/*.parquet")):
                time.sleep(0.005)
            fill(disk / "filler", left)
            _, error = process.communicate(timeout=240)
        assert process.returncode == 1, error
        assert error.count("\n") == 1
        assert error.startswith("bsvae: cannot ")
        assert "No space left on device" in error
        assert "the same command goes on where it stopped" in error
        before = stored(disk)
        assert 0 < len(before) < TRIALS
        assert set(before["status"]) == {"done"}
        os.remove(disk / "filler")
        again = subprocess.run(command(*arguments), cwd=folder, capture_output=True, timeout=240)
        assert again.returncode == 0, again.stderr
        after = stored(disk)
        assert len(after) == TRIALS
        assert after.loc[before.index].equals(before)
        assert not list(disk.rglob("*.tmp"))


@pytest.mark.parametrize("engine", ["serial", pytest.param("ray", marks=pytest.mark.faults)])
def test_a_disk_that_fills_up_stops_the_run_and_emptied_lets_it_finish(tmp_path, engine):
    assert_goes_on_after_it_was_full(tmp_path, engine)


@pytest.mark.faults
@pytest.mark.parametrize("engine", ["serial", "ray"])
def test_no_trial_is_blamed_for_a_disk_with_room_for_a_row_alone(tmp_path, engine):
    assert_goes_on_after_it_was_full(tmp_path, engine, left=8 * 4096)


def test_a_disk_that_is_read_only_is_refused_in_one_line(tmp_path, bsvae):
    arguments = words(tmp_path, "serial")
    with memory_disk(tmp_path / "results", 4) as disk:
        run("mount", "-o", "remount,ro", disk)
        done = bsvae(*arguments)
        assert done.returncode == 2
        assert done.stderr == "bsvae: cannot write results/full (Read-only file system)\n"
        assert not list(disk.iterdir())


def test_a_disk_that_is_too_small_is_refused_before_anything_is_trained(tmp_path, bsvae):
    arguments = words(tmp_path, "serial")
    with memory_disk(tmp_path / "results", 0.2) as disk:
        done = bsvae(*arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("bsvae: results need about ")
        assert done.stderr.endswith(f"{disk}: free some, or name another folder with --results\n")
        assert not list(disk.iterdir())
