"""What the README shows is what runs."""

import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
import typer
from conftest import command
from matplotlib.image import imread
from readme import ALL, BLOCKS, FENCES, ROOT, pieces

from sweeps.cli.app import app
from sweeps.definition.file import read_sweep, shipped

PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")]


def run(words, folder, **options):
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=280, **options)


def test_no_block_is_left_out():
    assert FENCES == 2 * BLOCKS
    counts = {kind: len(pieces(kind)) for kind in {piece.kind for piece in ALL}}
    assert counts == {
        "make": 2,
        "command": 10,
        "program": 3,
        "sweep": 1,
        "cluster": 2,
        "family": 2,
        "family test": 1,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where every command of the README has run, in its order."""
    place = tmp_path_factory.mktemp("readme")
    for piece in pieces("command"):
        if piece.words[1] == "serve":
            served(piece.words, place)
        else:
            done = run(command(*piece.words[1:]), place)
            assert done.returncode == 0, f"{piece.text}\n{done.stdout}{done.stderr}"
            assert done.stdout
    return place


def served(words, place):
    """Start the live page, and end it as a person would."""
    process = subprocess.Popen(
        command(*words[1:]), cwd=place, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_the_commands_run(folder):
    assert len(list((folder / "results/quickstart/trials").glob("*.parquet"))) == 96
    assert (folder / "results/quickstart/report/index.html").exists()
    assert (folder / "study.log").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(pieces("program"))))
def test_the_programs_run_on_their_results(folder, number):
    done = run([sys.executable, "-W", "error", "-c", pieces("program")[number].text], folder)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 3


def test_every_command_is_shown_and_parses():
    group = typer.main.get_command(app)
    shown = {piece.words[1] for piece in ALL if piece.words[:1] == ["bsvae"]}
    assert shown == set(group.commands)
    lines = [piece.words for piece in pieces("cluster") + pieces("command")]
    cluster = (ROOT / "docs/cluster.md").read_text(encoding="utf-8")
    lines += [line.split() for line in re.findall(r"^bsvae .*$", cluster, re.MULTILINE)]
    for words in lines:
        parsed = group.commands[words[1]].make_context(words[1], words[2:])
        assert words[1] == "ls" or parsed.params["name"] == words[2]


def test_the_targets_exist():
    for piece in pieces("make"):
        done = run(["make", "--dry-run", *piece.words[1:]], ROOT)
        assert done.returncode == 0, done.stderr


def test_the_sweep_file_is_a_sweep(tmp_path):
    (tmp_path / "my.toml").write_text(pieces("sweep")[0].text)
    sweep = read_sweep(str(tmp_path / "my.toml"))
    assert (sweep.wanted, sweep.halving.eta) == (3 * 16 * 3, 3)


def test_the_table_of_shipped_sweeps_is_theirs():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = {name: int(n) for name, n in re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.M)}
    assert table == {name: read_sweep(name).wanted for name in shipped()}


SWEEPS = [sys.executable, "-m", "sweeps"]
SWEEP = """
extras = ["arrays"]
[trial]
dataset = "digits"
hidden = 16
epochs = 2
[[grid]]
family = ["gaussian", "laplace"]
latent_dim = [2, 4]
"""


@pytest.mark.slow
def test_a_family_is_added_as_shown(tmp_path):
    copied = ("bsvae", "sweeps", "tests", "pyproject.toml")
    for name in copied:
        source, target = ROOT / name, tmp_path / name
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, target)
    code, changes = (piece.text for piece in pieces("family"))
    (tmp_path / "bsvae/latents/laplace.py").write_text(code)
    run(["git", "apply", "-"], tmp_path, input=changes, check=True)
    (tmp_path / "my.toml").write_text(SWEEP)
    here = {"env": os.environ | {"PYTHONPATH": str(tmp_path)}}
    (test,) = pieces("family test")
    tested = run([sys.executable, "-m", *test.words, "tests/test_layers.py"], tmp_path, **here)
    assert tested.returncode == 0, tested.stdout
    assert int(re.search(r"(\d+) passed", tested.stdout)[1]) > 10
    trained = run([*SWEEPS, "run", "my.toml", "--engine", "serial"], tmp_path, **here)
    assert "4 trials done, 0 failed" in trained.stdout, trained.stderr
    reported = run([*SWEEPS, "report", "my"], tmp_path, **here)
    assert reported.returncode == 0, reported.stderr
    page = (tmp_path / "results/my/report/index.html").read_text()
    assert "with family by " in page  # compared: one kind of pixels
    assert "digits · binary pixels" in page
    assert "pixels of laplace" not in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("https://", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_the_picture_is_that_of_the_committed_results(tmp_path):
    done = run([sys.executable, "docs/picture.py", str(tmp_path / "now.png")], ROOT)
    assert done.returncode == 0, done.stderr
    now, shown = imread(tmp_path / "now.png"), imread(ROOT / "docs/logit_normal.png")
    assert now.shape == shown.shape
    assert abs(now - shown).mean() < 0.01
