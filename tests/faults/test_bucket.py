"""A bucket that cannot be reached for a while, under a run on Ray."""

import os
import subprocess
import time

import pandas as pd
import pytest
from conftest import command
from nodes import ended
from witnessed import undisturbed

from sweeps.store import Ledger

SWEEP = """
[trial]
dataset = "digits"
hidden = 64
epochs = 40
[[grid]]
family = ["gaussian", "logit_normal"]
latent_dim = [2, 3, 4, 5]
seed = [1, 2]
"""
RESULTS = "s3://bucket/faults"


@pytest.mark.faults
def test_the_bucket_cannot_be_reached_for_a_while(store, tmp_path):
    expected = undisturbed(tmp_path, SWEEP, "--pack=2")
    arguments = command("run", "my.toml", "--pack=2", f"--results={RESULTS}")
    ledger = Ledger(RESULTS, "my")
    with ended(start(arguments, tmp_path)) as driver:
        while len(ledger.files.stamps("trials")) < 4:
            assert driver.poll() is None, driver.communicate()
            time.sleep(0.1)
        store.stop()
        try:
            output, _ = driver.communicate(timeout=200)
        finally:
            store.start()
    assert driver.returncode == 1
    assert f"bsvae: cannot write {RESULTS}/my (NETWORK_CONNECTION); the same" in output
    kept = {k: row["finished_at"] for k, row in ledger.rows().items()}
    print(f"{len(kept)} of 16 trials were stored before; then: {output.splitlines()[-1]}")
    with ended(start(arguments, tmp_path)) as driver:
        output, _ = driver.communicate(timeout=200)
    assert driver.returncode == 0, output
    rows = ledger.rows()
    assert {k: rows[k]["finished_at"] for k in kept} == kept
    theirs = pd.read_parquet(expected / "my" / "trials").set_index("trial_id")["test_neg_elbo"]
    ours = pd.Series({k: row["test_neg_elbo"] for k, row in rows.items()})
    assert ((ours.sort_index() - theirs.sort_index()).abs() < 1e-4).all()


def start(arguments, folder):
    return subprocess.Popen(
        arguments,
        cwd=folder,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
