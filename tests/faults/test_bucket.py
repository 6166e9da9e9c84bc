"""A bucket that cannot be reached for a while, under a run on Ray."""

import time

import pandas as pd
import pytest
from conftest import command
from nodes import ended, started
from witnessed import SWEEP, undisturbed

from sweeps.ledger.ledger import Ledger

BRIEF = SWEEP.replace("epochs = 150", "epochs = 40").replace("[1]", "[1, 2]")
RESULTS = "s3://bucket/faults"


@pytest.mark.faults
def test_the_bucket_cannot_be_reached_for_a_while(store, tmp_path):
    expected = undisturbed(tmp_path, BRIEF, "--pack=2")
    arguments = command("run", "my.toml", "--pack=2", f"--results={RESULTS}")
    ledger = Ledger(RESULTS, "my")
    with ended(started(arguments, tmp_path)) as driver:
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
    with ended(started(arguments, tmp_path)) as driver:
        output, _ = driver.communicate(timeout=200)
    assert driver.returncode == 0, output
    rows = ledger.rows()
    assert {k: rows[k]["finished_at"] for k in kept} == kept
    theirs = pd.read_parquet(expected / "my" / "trials").set_index("trial_id")["test_neg_elbo"]
    ours = pd.Series({k: row["test_neg_elbo"] for k, row in rows.items()})
    assert ((ours.sort_index() - theirs.sort_index()).abs() < 1e-4).all()
