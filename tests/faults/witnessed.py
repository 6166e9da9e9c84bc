"""What the witness saw of a run, and what the ledger says of it."""

import subprocess
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from conftest import command

from sweeps.ledger.checkpoints import FOLDER
from sweeps.ledger.ledger import Ledger

#: Eight trials of a few seconds each.
SWEEP = """
[trial]
dataset = "digits"
hidden = 64
epochs = 150
[[grid]]
family = ["gaussian", "logit_normal"]
latent_dim = [2, 3, 4, 5]
seeds = [1]
"""


@dataclass(frozen=True)
class Work:
    """What training a sweep took.

    Attributes:
        epochs: that were trained.
        repeated: of those, how many had been trained before.
        lost_seconds: what the repeated ones took.
        retries: processes that went on with another one's pack.
    """

    epochs: int
    repeated: int
    lost_seconds: float
    retries: int


def work(notes: Path) -> Work:
    """Read a witness's notes."""
    seconds, processes = defaultdict(list), defaultdict(set)
    for line in notes.read_text(encoding="ascii").splitlines():
        process, _, epoch, took, trials = line.split()
        seconds[trials, epoch].append(float(took))
        processes[trials].add(process)
    return Work(
        sum(map(len, seconds.values())),
        sum(len(times) - 1 for times in seconds.values()),
        sum(sum(times) * (len(times) - 1) / len(times) for times in seconds.values()),
        sum(len(those) - 1 for those in processes.values()),
    )


def undisturbed(folder: Path, sweep: str, *arguments: str) -> Path:
    """Keep a sweep as ``my.toml``, and train it in another results folder, without Ray."""
    (folder / "my.toml").write_text(sweep, encoding="utf-8")
    words = command("run", "my.toml", "--engine=serial", "--results=undisturbed", *arguments)
    subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / "undisturbed"


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Until it holds, but not for ever."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def metrics(results: Path, sweep: str = "my") -> pd.DataFrame:
    """What was measured of each trial."""
    frame = pd.read_parquet(results / sweep / "trials").set_index("trial_id").sort_index()
    return frame[[name for name in frame if name.startswith(("train_", "test_"))]]


def assert_as_undisturbed(results: Path, undisturbed: Path, sweep: str = "my") -> None:
    """Every trial once and done, the same numbers, and nothing left over."""
    rows = pd.read_parquet(results / sweep / "trials")
    assert rows["trial_id"].is_unique
    assert set(rows["status"]) == {"done"}, rows[rows["status"] != "done"]["error"].tolist()
    ours, theirs = metrics(results, sweep), metrics(undisturbed, sweep)
    assert ours.index.equals(theirs.index)
    assert ((ours - theirs).abs() / theirs.abs().clip(lower=1e-3)).max().max() < 1e-5
    ledger = Ledger(results, sweep)
    curves = ledger.table("epochs")
    assert not curves.duplicated(["trial_id", "epoch"]).any()
    assert curves.groupby("trial_id").size().eq(rows.set_index("trial_id")["epochs"]).all()
    assert not ledger.files.stamps(FOLDER), "checkpoints of packs that have ended"
