"""Extras that cannot be had: refused beforehand where that is known, and never at a row's cost."""

import pytest

from bsvae.panel_codes import why_no_panel
from bsvae.training import train
from bsvae.trial import BadInput, Trial
from sweeps.definition.file import read_sweep
from sweeps.ledger.ledger import Ledger
from sweeps.running import extras
from sweeps.running.worker import Job, train_pack

SMALL = {"dataset": "digits", "hidden": 8, "epochs": 1}


def ignore(epoch):
    """Nobody follows the training."""


def test_a_failing_extra_costs_neither_the_metrics_nor_the_other_extra(tmp_path, monkeypatch):
    """A code of 19 units is too wide for the panel of 20 test images; its neighbour is not."""
    monkeypatch.setenv("BSVAE_CACHE", str(tmp_path / "null"))
    wide, narrow = (
        Trial(family="tiny_vae", epochs=1, latent_dim=latent_dim) for latent_dim in (19, 2)
    )
    job = Job(str(tmp_path), "s", extras=("arrays", "gaussianity"))
    train_pack([wide, narrow], job, ignore)
    ledger = Ledger(tmp_path, "s")
    rows = ledger.rows()
    assert [rows[t.trial_id]["status"] for t in (wide, narrow)] == ["done", "done"]
    assert rows[wide.trial_id]["error"].startswith("extra gaussianity: ValueError: 20 test codes")
    assert rows[narrow.trial_id]["error"] is None
    for trial in (wide, narrow):
        assert rows[trial.trial_id]["test_knn_accuracy"] is not None
        assert "codes" in ledger.arrays(trial.trial_id)
    assert set(ledger.table("gaussianity").trial_id) == {narrow.trial_id}


def test_every_extra_can_fail(digits):
    *_, last = train([Trial(family="gaussian", latent_dim=2, **SMALL)], digits)
    for weight in last.pack.parameters.values():
        weight.detach().fill_(float("nan"))
    (member,) = extras.measure(last.pack, digits, ("gaussianity",))
    assert member.error.startswith("extra gaussianity: ValueError: codes hold")
    assert member.metrics
    assert member.scores == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"latent_dim": 296},
            "gaussianity of 296 units needs >= 298 test codes, and digits has 297",
        ),
        ({"latent_dim": 100, "validation": 1450}, "needs >= 102 training codes, and 50 are left"),
    ],
)
def test_a_panel_that_cannot_be_computed_is_refused_before_training(fields, message, tmp_path):
    trial = Trial(family="gaussian", **SMALL | fields)
    assert why_no_panel(trial).startswith(message) or message in why_no_panel(trial)
    lines = [f"{key} = {value!r}".replace("'", '"') for key, value in (SMALL | fields).items()]
    text = "\n".join(['extras = ["gaussianity"]', "[trial]", 'family = "gaussian"', *lines])
    (tmp_path / "my.toml").write_text(text)
    with pytest.raises(BadInput, match=message.split(",")[0]) as error:
        read_sweep(str(tmp_path / "my.toml"))
    assert "\n" not in str(error.value)
    (tmp_path / "my.toml").write_text(text.replace('["gaussianity"]', '["arrays"]'))
    assert read_sweep(str(tmp_path / "my.toml")).wanted == 1
