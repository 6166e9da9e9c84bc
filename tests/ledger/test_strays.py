"""Copies that file-sync tools leave, and other files in a results folder that are no trial's."""

import shutil

import pytest

import sweeps
from bsvae.trial import BadInput, Trial
from sweeps.definition.file import read_sweep
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.places.interface import Ignored
from sweeps.running.run import execute

FILE = """
seeds = 4
[trial]
family = "gaussian"
dataset = "digits"
latent_dim = 2
hidden = 8
epochs = 1
"""
COPIES = ("{} (1).parquet", "{} (Sam's conflicted copy 2026-01-02).parquet", "{}-desk.parquet")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Results of a sweep ``my`` of four trials, and its file beside them."""
    folder = tmp_path_factory.mktemp("strays")
    (folder / "my.toml").write_text(FILE)
    execute(
        read_sweep(str(folder / "my.toml")), Ledger(folder / "results", "my"), None, 8, "serial"
    )
    return folder


@pytest.fixture
def copied(cli, trained):
    """The same with copies of a trial's files beside them."""
    shutil.copytree(trained, cli.folder, dirs_exist_ok=True)
    for table in ("trials", "epochs"):
        part = min((cli.folder / "results/my" / table).iterdir())
        for name in COPIES:
            shutil.copy(part, part.with_name(name.format(part.stem)))
    return cli.folder / "results/my"


def test_a_trial_counts_once_and_its_copies_are_named(cli, copied):
    assert "4 of 4 trials have a result" in cli.prints("status", "my")
    assert " 4/4 " in cli.prints("ls")
    assert "not shown" not in cli.prints("table", "my")
    plan = cli.prints("plan", "my.toml")
    assert "4 done, 0 to train" in plan
    assert "another definition" not in plan
    for words in (("status", "my"), ("show", "my"), ("table", "my"), ("plan", "my.toml")):
        lines = [line for line in cli.says(*words).splitlines() if "my/trials" in line]
        assert len(lines) == 1, words
        assert lines[0].startswith("bsvae: results/my/trials: left out ")
        assert "(1).parquet" in lines[0]
        assert "not named by a trial's id" in lines[0]


def test_a_notebook_is_warned(copied):
    with pytest.warns(Ignored, match=r"left out .* \(1\).parquet"):
        rows = sweeps.load("my", results=copied.parent)
    assert len(rows) == rows["trial_id"].nunique() == 4
    with pytest.warns(Ignored) as warned:
        curves = sweeps.load("my", curves=True, results=copied.parent)
    assert any("my/epochs: left out" in str(warning.message) for warning in warned)
    assert len(curves) == 4


@pytest.mark.filterwarnings("ignore::sweeps.ledger.places.interface.Ignored")
def test_a_run_trains_nothing_for_a_copy_and_leaves_it(cli, copied):
    before = sorted(copied.glob("trials/*"))
    cli.prints("run", "my.toml", "--engine", "serial")
    assert sorted(copied.glob("trials/*")) == before


def test_a_part_with_another_trial_than_its_name_says_is_left_out_and_made_anew(cli, trained):
    shutil.copytree(trained, cli.folder, dirs_exist_ok=True)
    ledger = Ledger("results", "my")
    first, second, *_ = sorted((ledger.folder / "trials").iterdir())
    shutil.copy(first, second)
    assert "3 of 4 trials have a result" in cli.prints("status", "my")
    said = cli.says("status", "my")
    assert f"left out {second.name}, which hold another trial" in said
    with pytest.warns(Ignored, match=second.name):
        assert ledger.rows([second.stem]) == {}
    cli.prints("run", "my.toml", "--engine", "serial")
    assert "4 of 4" in cli.prints("status", "my")
    assert cli.says("status", "my") == ""


@pytest.mark.parametrize("place", ["folder", "s3://bucket/strays"])
def test_no_name_but_an_id_is_a_part(tmp_path, place, request):
    if place == "folder":
        place = tmp_path
    else:
        request.getfixturevalue("store")
    ledger = Ledger(place, "s")
    trial = Trial(family="gaussian", latent_dim=2)
    ledger.commit({"trial_id": trial.trial_id, "status": "done"})
    content = ledger.files.read(f"trials/{trial.trial_id}.parquet")
    for name in (
        f"{trial.trial_id} copy.parquet",
        f"{trial.trial_id.upper()}.parquet",
        "Thumbs.db",
    ):
        ledger.files.write({f"trials/{name}": content})
    with pytest.warns(Ignored, match="Thumbs.db"):
        assert list(ledger.rows()) == [trial.trial_id]


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def test_what_git_lfs_has_not_fetched_is_fetched_not_deleted(cli, trained):
    shutil.copytree(trained, cli.folder, dirs_exist_ok=True)
    part = min((cli.folder / "results/my/trials").iterdir())
    part.write_bytes(POINTER)
    line = cli.refuses("table", "my")
    assert f"1 of 4 parts is a Git LFS pointer: results/my/trials/{part.name}; git lfs pull" in line
    assert "delete" not in line
    one, two, *_ = sorted((cli.folder / "results/my/trials").iterdir())
    two.write_bytes(POINTER)
    line = cli.refuses("table", "my")
    assert f"2 of 4 parts are Git LFS pointers, results/my/trials/{one.name} among them" in line
    (cli.folder / "results/my/sweep.json").write_bytes(POINTER)
    line = cli.refuses("status", "my")
    assert "sweep.json is a Git LFS pointer; git lfs pull fetches" in line


def test_arrays_that_git_lfs_has_not_fetched(tmp_path):
    ledger = Ledger(tmp_path, "s")
    ledger.files.write({"arrays/00ff00ff00ff00ff.npz": POINTER})
    with pytest.raises(BadInput, match="npz is a Git LFS pointer; git lfs pull"):
        ledger.arrays("00ff00ff00ff00ff")


def test_damaged_parts_and_pointers_get_each_their_own_advice(cli, trained):
    shutil.copytree(trained, cli.folder, dirs_exist_ok=True)
    one, two, *_ = sorted((cli.folder / "results/my/trials").iterdir())
    one.write_bytes(POINTER)
    two.write_bytes(b"")
    line = cli.refuses("show", "my")
    assert f"1 of 4 parts cannot be read: results/my/trials/{two.name}; delete them" in line
    assert f"1 of 4 parts is a Git LFS pointer: results/my/trials/{one.name}; git lfs" in line
