"""A pack that is lost goes on from its checkpoint, and nobody can tell from its rows."""

import contextlib

import pytest

from bsvae.training import Epoch
from bsvae.trial import Trial
from sweeps.checkpoints import FOLDER, packs_under_way
from sweeps.job import Job
from sweeps.store import Ledger
from sweeps.worker import train_pack

EPOCHS = 10
TRIALS = [
    Trial(family="gaussian", dataset="digits", hidden=16, epochs=EPOCHS, latent_dim=d, seed=0)
    for d in (2, 5)
]
COST = ["seconds", "device_seconds", "finished_at"]


class Lost(Exception):
    """The process that trained a pack is gone."""


def train_until(stop, job, trials=TRIALS):
    """Train a pack that is lost after an epoch; returns the epochs that it trained."""
    seen = []

    def on_epoch(epoch: Epoch):
        seen.append(epoch.number)
        if epoch.number == stop:
            raise Lost

    with contextlib.suppress(Lost):
        train_pack(trials, job, on_epoch)
    return seen


def job_at(folder, interval=0.0):
    return Job(str(folder), "s", checkpoint_interval=interval)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    train_until(None, job_at(folder))
    return Ledger(folder, "s")


def assert_equal(ledger, undisturbed):
    for table in ("trials", "epochs"):
        ours, theirs = (
            x.table(table).drop(columns=COST, errors="ignore") for x in (ledger, undisturbed)
        )
        assert ours.equals(theirs)


def test_a_pack_lost_at_epoch_7_goes_on_at_8_and_leaves_equal_rows(tmp_path, undisturbed):
    job = job_at(tmp_path)
    assert train_until(7, job) == list(range(1, 8))
    assert packs_under_way(job.ledger.files).popitem()[1] == TRIALS
    assert train_until(None, job) == [8, 9, 10]
    assert_equal(job.ledger, undisturbed)
    assert not job.ledger.files.stamps(FOLDER)


def test_two_checkpoints_are_kept_and_a_damaged_one_costs_the_time_between_them(
    tmp_path, undisturbed
):
    job = job_at(tmp_path)
    train_until(7, job)
    _, newest = sorted((tmp_path / "s" / FOLDER).glob("*.ckpt"))
    newest.write_bytes(newest.read_bytes()[:-1])
    assert train_until(None, job) == [7, 8, 9, 10]
    assert_equal(job.ledger, undisturbed)


def test_without_a_whole_checkpoint_training_starts_again(tmp_path, undisturbed):
    job = job_at(tmp_path)
    train_until(3, job)
    for file in (tmp_path / "s" / FOLDER).iterdir():
        file.write_bytes(b"<html>")
    assert train_until(None, job) == list(range(1, EPOCHS + 1))
    assert_equal(job.ledger, undisturbed)


def test_between_two_checkpoints_lies_the_interval(tmp_path):
    train_until(7, job_at(tmp_path, interval=3600))
    assert not Ledger(tmp_path, "s").files.stamps(FOLDER)


def test_another_pack_does_not_take_it(tmp_path):
    job = job_at(tmp_path)
    train_until(3, job)
    assert train_until(None, job, TRIALS[:1]) == list(range(1, EPOCHS + 1))
