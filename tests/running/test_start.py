"""What a run does before it trains: it refuses what it can, then stores what is wanted."""

import subprocess
import sys

import pytest

from sweeps.ledger.ledger import Ledger

SWEEP = """
[trial]
family = "gaussian"
dataset = "%s"
hidden = 8
latent_dim = 2
epochs = %d
"""

#: The command line, where Ray that is asked to start says so, and does not.
WITHOUT_RAY = """
from sweeps.cli import main
from sweeps.running import ray_life
from sweeps.running.job import GaveUp

def start():
    raise GaveUp("Ray was asked to start")

ray_life.start = start
main()
"""


@pytest.fixture
def run(tmp_path):
    def call(*arguments):
        words = [sys.executable, "-c", WITHOUT_RAY, "run", *arguments]
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return call


def test_missing_data_are_refused_before_ray_starts_and_by_a_plan_too(run, bsvae, tmp_path):
    (tmp_path / "my.toml").write_text(SWEEP % ("mnist", 1))
    (tmp_path / "nothing").mkdir()
    refused = run("my.toml", "--data", "nothing")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert "bsvae: no MNIST in " in refused.stderr
    assert not (tmp_path / "results").exists()
    planned = bsvae("plan", "my.toml", "--data", "nothing")
    assert (planned.returncode, planned.stderr.count("\n")) == (2, 1), planned.stderr
    assert "bsvae: no MNIST in " in planned.stderr


def test_a_second_driver_is_refused_before_ray_starts(run, tmp_path):
    (tmp_path / "my.toml").write_text(SWEEP % ("digits", 1))
    with Ledger(tmp_path / "results", "my").driver_lock():
        refused = run("my.toml")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert "bsvae: sweep 'my' is running already (process " in refused.stderr
    assert "starting Ray" not in refused.stdout


def test_the_sweep_is_stored_and_said_to_start_before_ray_does(run, tmp_path):
    (tmp_path / "my.toml").write_text(SWEEP % ("digits", 1))
    started = run("my.toml")
    assert started.stdout.splitlines() == ["reading digits ...", "starting Ray ..."]
    assert "Ray was asked to start" in started.stderr
    document = Ledger(tmp_path / "results", "my").read_definition()
    assert document["trial"]["latent_dim"] == 2


def test_extras_that_are_asked_for_later_are_named_and_can_be_had(bsvae, tmp_path):
    (tmp_path / "my.toml").write_text(SWEEP % ("digits", 1))
    assert bsvae("run", "my.toml", "--engine", "serial").returncode == 0
    (tmp_path / "my.toml").write_text('extras = ["arrays"]' + SWEEP % ("digits", 1))
    planned, finished = bsvae("plan", "my.toml"), bsvae("run", "my.toml", "--engine", "serial")
    lack = "1 of 1 trial was done without arrays, which the sweep now asks for"
    assert lack in planned.stdout
    assert lack in finished.stdout
    again = bsvae("run", "my.toml", "--engine", "serial", "--again")
    assert again.returncode == 0, again.stderr
    assert "without arrays" not in again.stdout
    ledger = Ledger(tmp_path / "results", "my")
    (trial_id,) = ledger.rows()
    assert "codes" in ledger.arrays(trial_id)
