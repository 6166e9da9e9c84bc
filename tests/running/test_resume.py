"""A run that was killed goes on, and says nothing untrue of what it left."""

import os
import signal
import subprocess
import time

import pytest
from conftest import command

from sweeps.ledger.ledger import Ledger

HALVED = """
[trial]
dataset = "digits"
family = "gaussian"
latent_dim = 4
hidden = 128
epochs = 60
validation = 300
[search.kl_weight]
low = 0.1
high = 10.0
log = true
[optuna]
trials = 9
round = 9
[halving]
eta = 3
min_epochs = 4
"""


@pytest.mark.parametrize("seconds", ["0", "1000"])
def test_the_rows_of_a_round_that_is_open_are_the_sweeps_own(bsvae, tmp_path, seconds):
    """Six of nine rivals have stopped when the run is killed, with a checkpoint and without."""
    (tmp_path / "my.toml").write_text(HALVED)
    asked = ("my.toml", "--set", "epochs=60")
    run = subprocess.Popen(
        command("run", *asked, "--engine", "serial"),
        cwd=tmp_path,
        env=os.environ | {"BSVAE_CHECKPOINT_SECONDS": seconds},
        stdout=subprocess.DEVNULL,
    )
    ledger = Ledger(tmp_path / "results", "my")
    deadline = time.monotonic() + 120
    while len(ledger.files.stamps("trials")) < 6 and time.monotonic() < deadline:
        time.sleep(0.05)
    if seconds == "0":
        while len(ledger.files.stamps("checkpoints")) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert len(ledger.rows()) == 6
    planned = bsvae("plan", *asked)
    assert planned.returncode == 0, planned.stderr
    assert "another definition" not in planned.stdout
    assert ("from a checkpoint" in planned.stdout) == (seconds == "0")
    resumed = bsvae("run", *asked, "--engine", "serial")
    assert resumed.returncode == 0, resumed.stderr
    assert "another definition" not in resumed.stdout
    assert len(ledger.rows()) == 9
    assert not ledger.files.stamps(".running")
