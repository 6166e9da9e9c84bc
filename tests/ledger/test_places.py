"""The same files wherever they are: the contract of a place, a ledger, runs in a store."""

import subprocess
import time

import numpy as np
import pytest
from conftest import command

import sweeps
from bsvae.checks import BadInput
from sweeps.ledger import compaction
from sweeps.ledger.ledger import Entry, Ledger
from sweeps.ledger.places.bucket import ONE_PUT, ObjectFiles, object_files
from sweeps.ledger.places.interface import LocalFiles, Unreachable
from sweeps.report import write_index
from sweeps.results.stored import open_ledger, stored_sweep

GRID = """
[trial]
family = "gaussian"
dataset = "digits"
hidden = 4
epochs = 1
[[grid]]
latent_dim = [2, 3, 4, 5]
seeds = [0, 1, 2, 3]
"""


@pytest.fixture(params=["folder", "bucket"])
def files(request, tmp_path):
    if request.param == "folder":
        return LocalFiles(tmp_path)
    request.getfixturevalue("store")
    return ObjectFiles(f"s3://bucket/{tmp_path.name}")


def test_the_contract(files):
    assert files.stamps("trials") == {}
    assert not files.has("trials/b.gz")
    with pytest.raises(FileNotFoundError):
        files.read("trials/b.gz")
    large = bytes(ONE_PUT + 1)
    files.write({"trials/b.gz": b"plain", "trials/a": b"", "trials/.hidden": b"x", "top": large})
    assert list(files.stamps("trials")) == ["a", "b.gz"]
    assert files.stamps("trials")["b.gz"].size == 5
    assert (files.read("trials/b.gz"), files.read("trials/a")) == (b"plain", b"")
    assert files.read("top") == large
    assert files.has("trials/.hidden")
    assert not files.has("trials")
    before = files.stamps("trials")
    files.write({"trials/a": b"longer"})
    assert files.stamps("trials")["b.gz"] == before["b.gz"]
    assert files.stamps("trials")["a"] != before["a"]
    files.remove(["trials/a", "trials/none", "nothing/here"])
    assert list(files.stamps("trials")) == ["b.gz"]
    assert str(files.place("trials/a")) == f"{files.place()}/trials/a"


def test_a_ledger_in_a_bucket_holds_what_a_folder_would(store, monkeypatch):
    monkeypatch.setattr(compaction, "FEWEST", 2)
    ledger = open_ledger("s3://bucket/made/", "s")
    assert ledger.read_definition() is None
    assert ledger.rows() == {}
    codes = np.arange(6.0).reshape(3, 2)
    ledger.commit_all(
        Entry(
            {"trial_id": 16 * name, "status": "done", "latent_dim": n},
            [{"trial_id": 16 * name, "epoch": epoch, "test_kl": 0.5} for epoch in (1, 2)],
            arrays={"codes": codes} if name == "a" else None,
        )
        for n, name in enumerate("abc")
    )
    ledger.write_definition({"about": "x"})
    assert ledger.files.has(".cache/trials.parquet") is False
    assert ledger.trials()["latent_dim"].tolist() == [0, 1, 2]
    assert ledger.files.has(".cache/trials.parquet")
    ledger.commit({"trial_id": 16 * "b", "status": "failed", "latent_dim": 1})
    assert ledger.trials()["status"].tolist() == ["done", "failed", "done"]
    assert ledger.rows([16 * "b", 16 * "f"]).keys() == {16 * "b"}
    np.testing.assert_array_equal(ledger.arrays(16 * "a")["codes"], codes)
    assert ledger.arrays(16 * "b") == {}
    assert len(ledger.table("epochs")) == 6
    assert Ledger(ledger.results, "s").read_definition() == {"about": "x"}
    assert str(ledger.folder) == "s3://bucket/made/s"
    assert write_index("s3://bucket/made") == "s3://bucket/made/index.html"
    assert object_files("s3://bucket/made").has("index.html")


@pytest.mark.parametrize("uri", ["gs://bucket/x", "s3://", "s3:///x", "s3://bucket/x?region=y"])
def test_other_uris_are_refused(uri):
    with pytest.raises(BadInput, match="write it as s3://BUCKET/FOLDER"):
        open_ledger(uri, "s")


def test_a_bucket_that_is_not_there_is_one_line(store):
    with pytest.raises(BadInput, match=r"'s3://nowhere/x': NO_SUCH_BUCKET; check AWS_ENDPOINT_URL"):
        stored_sweep("s", "s3://nowhere/x")
    with pytest.raises(BadInput, match="NO_SUCH_BUCKET"):
        sweeps.load("s", results="s3://nowhere/x")
    with pytest.raises(Unreachable, match="NO_SUCH_BUCKET"):
        object_files("s3://nowhere/x").write({"a": b"small", "b": bytes(ONE_PUT + 1)})


@pytest.mark.slow
def test_a_store_that_stops_in_the_middle(store, tmp_path):
    (tmp_path / "my.toml").write_text(GRID)
    run = "run", "my.toml", "--engine", "serial", "--pack", "1", "--results", "s3://bucket/cut"
    ledger = Ledger("s3://bucket/cut", "my")
    process = subprocess.Popen(
        command(*run), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while len(ledger.files.stamps("trials")) < 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    store.stop()
    try:
        _, error = process.communicate(timeout=120)
        with pytest.raises(BadInput, match="'s3://bucket/cut': NETWORK_CONNECTION; check AWS_"):
            stored_sweep("my", "s3://bucket/cut")
    finally:
        store.start()
    assert (process.returncode, error.count("\n")) == (1, 1), error
    assert "cannot write s3://bucket/cut/my (NETWORK_CONNECTION); the same command goes" in error
    kept = {k: row["finished_at"] for k, row in ledger.rows().items()}
    assert 2 <= len(kept) < 16
    for arguments in (run, ("status", "my", *run[-2:])):
        done = call(tmp_path, *arguments)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
    rows = ledger.rows()
    assert len(rows) == len(ledger.files.stamps("trials")) == 16
    assert {k: rows[k]["finished_at"] for k in kept} == kept
    assert not ledger.files.has(".lease")


def call(folder, *arguments):
    return subprocess.run(
        command(*arguments), cwd=folder, capture_output=True, text=True, timeout=120
    )
