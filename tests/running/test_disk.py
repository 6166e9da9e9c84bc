"""What results need on a disk is never more than what they take there."""

import contextlib

from bsvae.pack import count_parameters
from bsvae.trial import Trial
from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.plan.planner import Planner
from sweeps.running.disk import CHECKPOINT_BYTES, bytes_at_least
from sweeps.running.job import Job
from sweeps.running.run import execute
from sweeps.running.worker import train_pack

CONSTANTS = {"family": "gaussian", "dataset": "digits", "hidden": 16, "latent_dim": 2}


def test_it_is_a_little_less_than_what_is_written(tmp_path):
    constants = CONSTANTS | {"epochs": 3}
    search = {
        "search": {"kl_weight": {"low": 0.1, "high": 1.0}},
        "optuna": {"trials": 4},
        "select_on_test": True,
    }
    document = {"trial": constants, "seeds": [1, 2], **search}
    sweep, ledger = parse("s", document, {}), Ledger(tmp_path, "s")
    needed = bytes_at_least(Planner(sweep, {}, lambda trial: 1))
    execute(sweep, ledger, None, 4, "serial")
    taken = sum(part.stat().st_size for part in tmp_path.rglob("*.parquet"))
    assert len(ledger.rows()) == 8
    assert 0.9 * taken < needed < taken + 100_000
    assert bytes_at_least(Planner(sweep, ledger.rows(), lambda trial: 1)) == 0


class Lost(Exception):
    """The process that trained a pack is gone."""


def test_a_checkpoint_takes_no_less(tmp_path):
    def lose(epoch):
        raise Lost

    trial = Trial(**CONSTANTS, epochs=9)
    with contextlib.suppress(Lost):
        train_pack([trial], Job(str(tmp_path), "s", checkpoint_interval=0.0), lose)
    (stored,) = tmp_path.rglob("*.ckpt")
    assert CHECKPOINT_BYTES * count_parameters(trial) <= stored.stat().st_size
