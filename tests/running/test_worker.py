"""One pack from trials to rows, with everything a sweep can ask for."""

import numpy as np
import pytest

from bsvae.catalogue import FAMILIES
from bsvae.metrics import CHECKS, EPOCH_METRICS, FINAL_METRICS
from bsvae.trial import Trial
from sweeps.ledger.ledger import Ledger
from sweeps.running.worker import Job, train_pack

SIZES = {"hidden": 8, "bottleneck": 4}


def small(family, **extra):
    fields = {name: value for name, value in SIZES.items() if name in FAMILIES[family]}
    fields |= {"epochs": 2} if family != "pca" else {}
    if family != "tiny_vae":
        fields |= {"dataset": "digits"}
    return Trial(family=family, **fields | extra)


def ignore(epoch):
    """Nobody follows the training."""


@pytest.mark.parametrize("family", [name for name in FAMILIES if not name.startswith("conv")])
def test_every_family_becomes_rows_arrays_and_a_panel(family, tmp_path, monkeypatch):
    monkeypatch.setenv("BSVAE_CACHE", str(tmp_path / "null"))
    sizes = (2, 3) if FAMILIES[family].get("categoricals") is None else (2, 4)
    trials = [small(family, latent_dim=size) for size in sizes]
    extras = ("arrays",) if family != "pca" else ("arrays", "gaussianity")
    train_pack(trials, Job(str(tmp_path), "s", extras=extras), ignore)
    ledger = Ledger(tmp_path, "s")
    rows = ledger.rows()
    for trial in trials:
        row = rows[trial.trial_id]
        assert row["status"] == "done"
        assert Trial.of({name: row[name] for name in trial.as_dict()}) == trial
        assert all(row[check] in (True, False) for check in CHECKS)
        measured = {name for name in EPOCH_METRICS | FINAL_METRICS if row[name] is not None}
        assert {"test_neg_elbo", "test_knn_accuracy", "test_active_units"} <= measured
        arrays = ledger.arrays(trial.trial_id)
        assert arrays["codes"].shape == (len(arrays["labels"]), trial.latent_dim)
        assert arrays["reconstructions"].dtype == np.uint8
    curves = ledger.table("epochs")
    assert set(curves.groupby("trial_id").size()) == {trials[0].epochs}
    panel = ledger.table("gaussianity")
    assert panel["trial_id"].nunique() == (2 if "gaussianity" in extras else 0)


def test_a_diverged_trial_is_a_row_with_its_epoch_beside_a_good_one(tmp_path):
    good = small("gaussian", latent_dim=2)
    bad = small("gaussian", latent_dim=2, learning_rate=1e30)
    train_pack([good, bad], Job(str(tmp_path), "s"), ignore)
    rows = Ledger(tmp_path, "s").rows()
    assert rows[good.trial_id]["status"] == "done"
    row = rows[bad.trial_id]
    assert (row["status"], row["epochs_trained"]) == ("diverged", 1)
    assert row["error"] == "loss not finite in epoch 1"
    assert row["test_neg_elbo"] is None
