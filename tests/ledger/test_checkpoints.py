"""A pack that is lost goes on from its checkpoint, and nobody can tell from its rows."""

import contextlib
from collections import Counter
from dataclasses import replace

import pytest

from bsvae.halving import Halving
from bsvae.training import Epoch
from bsvae.trial import Trial
from sweeps.definition.parse import parse
from sweeps.ledger.checkpoints import FOLDER, discard, packs_under_way
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.places.interface import LocalFiles
from sweeps.plan.planner import Planner, key_of
from sweeps.running.job import Job
from sweeps.running.run import execute
from sweeps.running.settle import settle
from sweeps.running.worker import train_pack

EPOCHS = 10
TRIALS = [
    Trial(family="gaussian", dataset="digits", hidden=16, epochs=EPOCHS, latent_dim=d, seed=0)
    for d in (2, 5)
]
COST = ["seconds", "device_seconds", "finished_at"]


class Lost(Exception):
    """The process that trained a pack is gone."""


def train_until(stop, job, trials=TRIALS, key=""):
    """Train a pack that is lost after an epoch; returns the epochs that it trained."""
    seen = []

    def on_epoch(epoch: Epoch):
        seen.append(epoch.number)
        if epoch.number == stop:
            raise Lost

    with contextlib.suppress(Lost):
        train_pack(trials, job, on_epoch, key)
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
    assert list(packs_under_way(job.ledger.files).values()) == [TRIALS]
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


def test_a_pack_that_goes_on_and_shrinks_stays_one_pack(tmp_path):
    """Else who left would be trained again, without the rivals that it lost to."""
    halving = Halving(("kl_weight",), eta=2, min_epochs=4)
    job = replace(job_at(tmp_path), halving=halving)
    size = {"dataset": "digits", "hidden": 16, "epochs": EPOCHS, "latent_dim": 2}
    rivals = [
        Trial(family="gaussian", kl_weight=weight, **size) for weight in (0.5, 1.0, 4.0, 16.0)
    ]
    train_until(2, job, rivals)
    train_until(5, job, rivals)
    ((key, left),) = packs_under_way(job.ledger.files).items()
    assert (len(left), key) == (2, key_of(rivals))
    assert train_until(7, job, left, key) == [6, 7]
    assert packs_under_way(job.ledger.files) == {key: left}
    assert len(list((tmp_path / "s" / FOLDER).iterdir())) == 2


def test_what_cannot_be_used_does_not_outlive_what_can(tmp_path):
    job = job_at(tmp_path)
    train_until(7, job)
    for path in (tmp_path / "s" / FOLDER).iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    train_until(3, job)
    assert len(packs_under_way(job.ledger.files)) == 1
    epochs = [name.partition("-")[2] for name in job.ledger.files.stamps(FOLDER)]
    assert epochs == ["000002.ckpt", "000003.ckpt"]


def test_what_was_taken_apart_does_not_go_on_together(tmp_path):
    job = job_at(tmp_path)
    train_until(3, job)
    discard(job.ledger.files, key_of(TRIALS[1:]))
    assert packs_under_way(job.ledger.files) == {key_of(TRIALS): TRIALS}
    discard(job.ledger.files, key_of(TRIALS))
    assert not job.ledger.files.stamps(FOLDER)


def test_a_pack_reads_its_own_checkpoint_and_no_other(tmp_path, monkeypatch):
    """Of eight packs of 10 MB each, starting one read 80 MB, and so did giving one up."""
    job, packs = (
        job_at(tmp_path),
        [[replace(trial, seed=seed) for trial in TRIALS] for seed in (0, 1, 2)],
    )
    for pack in packs:
        train_until(3, job, pack)
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "s" / FOLDER).iterdir()}
    real, read = LocalFiles.read, Counter()

    def count(files, path):
        read[path] += 1
        return real(files, path)

    monkeypatch.setattr(LocalFiles, "read", count)
    train_until(4, job, packs[0])
    assert (
        sum(sizes[path.removeprefix(f"{FOLDER}/")] * n for path, n in read.items())
        == sizes[f"{key_of(packs[0])}-000003.ckpt"]
    )
    read.clear()
    used = {name: value for name, value in TRIALS[0].as_dict().items() if value is not None}
    del used["seed"]
    grid = [{"latent_dim": [2, 5], "seeds": [0, 1, 2]}]
    planner = Planner(
        parse("s", {"trial": used | {"latent_dim": 2}, "grid": grid}, {}), {}, lambda trial: 2
    )
    settle(planner, job.ledger, packs[1], "it fails")
    assert not any(path.startswith(FOLDER) for path in read)
    assert packs_under_way(job.ledger.files).keys() == {key_of(packs[0]), key_of(packs[2])}


def test_a_finished_sweep_leaves_no_checkpoints(tmp_path):
    job = job_at(tmp_path)
    train_until(3, job)  # of a pack that the sweep, as asked for now, does not want
    grid = [{"latent_dim": [2], "seeds": [1]}]
    constants = {"dataset": "digits", "family": "gaussian", "hidden": 16, "epochs": 1}
    sweep = parse("s", {"trial": constants, "grid": grid}, {})
    execute(sweep, job.ledger, None, None, "serial")
    assert not job.ledger.files.stamps(FOLDER)


@pytest.mark.parametrize(("crashes", "packs"), [(1, [[0, 1]]), (2, [[0], [1]])])
def test_packs_go_on_after_ray_stopped_once_and_are_taken_apart_the_second_time(
    tmp_path, crashes, packs
):
    from sweeps.running.ray import _quarantine

    job = job_at(tmp_path)
    train_until(3, job)
    constants = TRIALS[0].as_dict() | {"latent_dim": None}
    used = {name: value for name, value in constants.items() if value is not None}
    sweep = parse("s", {"trial": used, "grid": [{"latent_dim": [2, 5]}]}, {})
    planner = Planner(sweep, {}, lambda trial: 2, 1, packs_under_way(job.ledger.files))
    _quarantine(planner, job, Counter(dict.fromkeys(TRIALS, crashes)))
    assert list(planner.packs()) == [[TRIALS[n] for n in pack] for pack in packs]
    assert list(packs_under_way(job.ledger.files).values()) == ([TRIALS] if crashes == 1 else [])
