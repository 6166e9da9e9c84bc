"""What packs in training tell of themselves is cheap, bounded, and stops nothing."""

import json
import math

import pytest
from conftest import command
from terminal import Terminal

from bsvae.trial import Trial
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.notes import FOLDER, clear
from sweeps.ledger.places.interface import LocalFiles
from sweeps.results.running import Packs
from sweeps.running.job import Job
from sweeps.running.record import Record
from sweeps.running.told import ALL_POINTS, POINTS, Told
from sweeps.running.worker import train_pack

TRIALS = [
    Trial(family="gaussian", dataset="digits", hidden=8, epochs=6, latent_dim=size)
    for size in (2, 5)
]


def test_a_pack_tells_its_epoch_and_its_curves_until_it_ends(tmp_path):
    job, seen = Job(str(tmp_path), "s", note_interval=0.0), []
    job.ledger.write_definition({})

    def look(epoch):
        (pack,) = Packs().look(job.ledger, "test_neg_elbo")
        seen.append(pack)
        assert (pack.epoch, pack.epochs) == (epoch.number, 6)

    train_pack(TRIALS, job, look)
    assert [pack.label for pack in seen] == ["2 gaussian, latent_dim 2, 5"] * 6
    rows = job.ledger.rows()
    best = min(rows.values(), key=lambda row: row["test_neg_elbo"])
    curve = job.ledger.table("epochs").query(f"trial_id == '{best['trial_id']}'")
    assert seen[-1].latest == curve["test_neg_elbo"].iloc[-1]
    assert seen[-1].curves[0] == tuple(zip(curve["epoch"], curve["test_neg_elbo"], strict=True))
    assert not job.ledger.files.stamps(FOLDER)


def test_a_place_that_refuses_notes_stops_no_training(tmp_path, monkeypatch):
    def refuse(files, path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LocalFiles, "write_fleeting", refuse)
    train_pack(TRIALS, Job(str(tmp_path), "s", note_interval=0.0), lambda epoch: None)
    assert len(Ledger(tmp_path, "s").rows()) == 2


def test_a_note_that_cannot_be_written_leaves_nothing_and_none_waits_for_the_disk(
    tmp_path, monkeypatch
):
    files = LocalFiles(tmp_path)
    monkeypatch.setattr("os.fsync", None)
    files.write_fleeting(f"{FOLDER}/a.json", b"1")
    monkeypatch.setattr("os.replace", None)
    with pytest.raises(TypeError):
        files.write_fleeting(f"{FOLDER}/a.json", b"2")
    assert [path.read_bytes() for path in (tmp_path / FOLDER).iterdir()] == [b"1"]


def test_what_is_told_is_bounded(tmp_path):
    files, epochs = LocalFiles(tmp_path), 5000
    trials = [Trial(family="gaussian", epochs=epochs, latent_dim=d + 1) for d in range(64)]
    records = {}
    for trial in trials:
        records[trial] = Record(trial, 64, "cpu")
        records[trial].curve = [
            {"trial_id": trial.trial_id, "epoch": n, "test_neg_elbo": math.nan if n == 1 else 1 / n}
            for n in range(1, epochs + 1)
        ]
    Told(files, "k", trials).tell(epochs, records)
    content = files.read(f"{FOLDER}/k.json")
    curves = [trial["curve"] for trial in json.loads(content)["trials"]]
    assert sum(len(curve["epoch"]) for curve in curves) <= ALL_POINTS
    assert all((curve["epoch"][0], curve["epoch"][-1]) == (1, epochs) for curve in curves)
    assert curves[0]["test_neg_elbo"][0] is None
    assert len(content) < 100_000
    Told(files, "one", trials[:1]).tell(epochs, records)
    (one,) = json.loads(files.read(f"{FOLDER}/one.json"))["trials"]
    assert len(one["curve"]["epoch"]) == POINTS
    clear(files)
    assert not files.stamps(FOLDER)


SWEEP = """
[trial]
dataset = "digits"
family = "gaussian"
hidden = 64
epochs = 60
[[grid]]
latent_dim = [2, 4, 8]
"""


def test_on_a_terminal_a_run_is_a_bar_that_ctrl_c_leaves_clean(tmp_path):
    (tmp_path / "my.toml").write_text(SWEEP)
    words = ("run", "my.toml", "--engine", "serial", "--pack", "1")
    view = Terminal(command(*words, "--epochs", "60"), tmp_path)
    try:
        screens = view.watch(lambda: view.process.poll() is not None, seconds=120)
        assert view.process.returncode == 0
        assert screens[-1][-2].startswith("3 trials done, 0 failed or diverged")
        bars = [line for lines in screens for line in lines if line.startswith("my ")]
        assert any("0/3 trials" in line for line in bars)
        assert any("2/3 trials" in line and line.endswith("left") for line in bars)
        training = [line for lines in screens for line in lines if line.startswith("in training")]
        assert any(line.startswith("in training: 1 gaussian ") for line in training)
        assert all(sum(line.startswith("my ") for line in lines) <= 1 for lines in screens)
        assert not view.cursor_is_hidden
    finally:
        view.close()
    view = Terminal(command(*words, "--epochs", "100000", "--yes"), tmp_path)
    try:
        view.watch(lambda: any("in training" in line for line in view.lines()), seconds=120)
        view.press(b"\x03")
        view.watch(lambda: view.process.poll() is not None, seconds=60)
        assert view.process.returncode == 130
        lines = view.lines()
        assert "Traceback" not in "\n".join(lines)
        assert lines[-1] == "next: the same command goes on where it stopped"
        assert not view.cursor_is_hidden
    finally:
        view.close()
