"""Bad stored files and questions about them: one line with a way out; nothing is changed."""

import contextlib
import os
import shutil
import socket

import pyarrow.parquet as pq
import pytest

from bsvae.trial import BadInput, Trial
from sweeps.definition.file import read_sweep
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.schema import VERSION
from sweeps.running.job import Job
from sweeps.running.run import execute
from sweeps.running.worker import attempt, train_pack

SERIAL = ("--engine", "serial")
PAGE = b"<html>404 Not Found</html>"
SEARCHED = """
extras = ["arrays"]
select_on_test = true
[trial]
family = "gaussian"
dataset = "digits"
latent_dim = 2
hidden = 8
epochs = 4
[search.kl_weight]
low = 0.1
high = 1.0
[optuna]
trials = 2
round = 2
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Results of a sweep ``my``, and its file beside them."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "my.toml").write_text(SEARCHED)
    sweep = read_sweep(str(folder / "my.toml"))
    execute(sweep, Ledger(folder / "results", "my"), None, None, "serial")
    return folder


@pytest.fixture
def stored(cli, trained):
    """A copy of them where the cli is."""
    shutil.copytree(trained, cli.folder, dirs_exist_ok=True)
    return cli.folder / "results/my"


def first(folder):
    return min(folder.iterdir())


STATUS, REPORT = ("status", "my"), ("report", "my")
READ_ALL = [STATUS, REPORT, ("show", "my"), ("table", "my"), ("plan", "my.toml")]
READ_ALL += [("run", "my.toml", *SERIAL), ("export", "my", "--optuna", "x.db")]


@pytest.mark.parametrize("words", READ_ALL)
@pytest.mark.parametrize("content", [b"", PAGE, b"PAR1" * 99])
def test_a_damaged_part(cli, stored, words, content):
    part = first(stored / "trials")
    part.write_bytes(content)
    line = cli.refuses(*words)
    assert f"1 of 2 parts cannot be read: results/my/trials/{part.name}; delete them" in line
    assert "run the sweep again to train those trials anew" in line


@pytest.mark.parametrize("table", ["trials", "epochs"])
def test_the_way_out_of_a_damaged_part_leads_out(cli, stored, table):
    part = first(stored / table)
    part.write_bytes(PAGE)
    line = cli.refuses(*REPORT)
    assert f"results/my/{table}/{part.name}" in line
    part.unlink()
    if ", and their namesakes in results/my/trials," in line:
        (stored / "trials" / part.name).unlink()
    cli.prints("run", "my.toml", *SERIAL)
    assert len(Ledger(stored.parent, "my").table("epochs")) == 2 * 4
    assert "index.html" in cli.prints(*REPORT)


@pytest.mark.parametrize("words", READ_ALL)
def test_results_of_a_newer_program(cli, stored, words):
    part = first(stored / "trials")
    table = pq.read_table(part)
    newer = table.schema.metadata | {b"schema_version": str(VERSION + 1).encode()}
    pq.write_table(table.replace_schema_metadata(newer), part)
    line = cli.refuses(*words)
    assert f"{part.name}: schema version {VERSION + 1}, this program reads {VERSION}" in line
    assert "use the program that wrote it, or another results folder" in line


@pytest.mark.parametrize("content", [b"", b"{", b"3", b"\xff", b"[" * 100_000])
def test_a_damaged_definition(cli, stored, content):
    (stored / "sweep.json").write_bytes(content)
    for words in (STATUS, REPORT, ("serve", "my")):
        assert "sweep.json is damaged: delete it and run the sweep" in cli.refuses(*words)
    assert "sweep.json is damaged" in cli.prints("ls")
    cli.prints("run", "my.toml", *SERIAL)
    assert "2 of 2 trials" in cli.prints(*STATUS)


def test_a_definition_of_another_program_or_in_the_way(cli, stored):
    (stored / "sweep.json").write_text('{"trial": {"family": "gaussian", "latent_dims": 2}}')
    line = cli.refuses(*STATUS)
    assert "sweep.json: unknown key 'latent_dims' (did you mean 'latent_dim'?); run the" in line
    (stored / "sweep.json").unlink()
    (stored / "sweep.json").mkdir()
    assert "sweep.json cannot be read (Is a directory)" in cli.refuses(*STATUS)


def test_damaged_arrays(cli, stored):
    for file in (stored / "arrays").iterdir():
        file.write_bytes(PAGE)
    line = cli.refuses(*REPORT)
    assert ".npz cannot be read" in line
    assert "delete it and do without" in line
    shutil.rmtree(stored / "arrays")
    assert "index.html" in cli.prints(*REPORT)


BAD_QUESTIONS = {
    "code": (("show", "my", "--where", "__import__('os')"), "\"__import__('os')\"", "comparisons"),
    "no value": (("show", "my", "--where", "family == {}"), "'family == {}'", "comparisons of a c"),
    "list": (("show", "my", "--where", "latent_dim == [2]"), "'latent_dim == [2]'", "comparisons"),
    "list of lists": (("show", "my", "--where", "seed in [[2]]"), "'seed in [[2]]'", "like family"),
    "column": (("show", "my", "--where", "sed == 1"), "'sed'", "did you mean 'seed'?"),
    "sort": (("show", "my", "--sort", "nosuch"), "'nosuch'", "choose one of trial_id, status"),
    "near sort": (("show", "my", "--sort", "test_kll"), "'test_kll'", "did you mean 'test_kl'?"),
    "best of none": (("show", "my", "--best", "0"), "'--best'", "greater than or equal to 1"),
    "near name": (("status", "myy"), "'myy'", "did you mean 'my'?"),
    "no such port": (("serve", "my", "--port", "70000"), "--port 70000", "or 0 for any"),
    "existing file": (("export", "my", "--optuna", "there.db"), "'there.db': exists already"),
    "dead link": (("export", "my", "--optuna", "link.db"), "'link.db': exists already"),
    "no place": (("export", "my", "--optuna", "/proc/x.db"), "'/proc/x.db': cannot be written"),
    "long name": (("export", "my", "--optuna", f"{'x' * 300}.log"), "cannot be written (File na"),
    "no kind": (("export", "my", "--optuna", "x.csv"), "'x.csv': must end in .db, .sqlite"),
}


@pytest.mark.parametrize("row", BAD_QUESTIONS)
def test_a_bad_question(cli, stored, row):
    arguments, *says = BAD_QUESTIONS[row]
    (cli.folder / "there.db").write_bytes(b"kept")
    (cli.folder / "link.db").symlink_to("nowhere")
    line = cli.refuses(*arguments)
    assert all(words in line for words in says), line


def test_a_taken_port(cli, stored):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        line = cli.refuses("serve", "my", "--port", str(port))
    assert f"--port {port}: Address already in use; choose another, or 0 for any" in line


def test_a_damaged_part_in_a_process_of_its_own(bsvae, stored):
    first(stored / "trials").write_bytes(PAGE)
    done = bsvae("status", "my")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bsvae: 1 of 2 parts cannot be read: ")
    assert done.stderr.count("\n") == 1


class Lost(Exception):
    """The process that trained a pack is gone."""


def lose_at(epoch, trials, job):
    def on_epoch(seen):
        if seen.number == epoch:
            raise Lost

    with contextlib.suppress(Lost):
        train_pack(trials, job, on_epoch)


@pytest.mark.parametrize(("damaged", "says"), [(1, "goes on from epoch 2"), (2, "starts again")])
def test_a_damaged_checkpoint_is_said_and_the_one_before_it_used(cli, damaged, says):
    text = SEARCHED.partition("[search")[0].replace('extras = ["arrays"]', "")
    (cli.folder / "my.toml").write_text(text)
    (cell,) = read_sweep("my.toml").cells
    lose_at(3, [Trial.of(cell)], Job(str(cli.folder / "results"), "my", checkpoint_interval=0))
    files = sorted((cli.folder / "results/my/checkpoints").iterdir())
    for file in files[-damaged:]:
        file.write_bytes(file.read_bytes()[:-1])
    lines = cli.prints("run", "my.toml", *SERIAL).splitlines()
    (said,) = (line for line in lines if "damaged" in line)
    assert f"results/my/checkpoints/{files[-1].name}" in said
    assert said.endswith(f": damaged; its pack {says}")
    assert len(Ledger(cli.folder / "results", "my").table("epochs")) == 4


def test_a_results_folder_that_a_node_does_not_share(tmp_path):
    trial = Trial(family="gaussian", dataset="digits", latent_dim=2, hidden=8, epochs=1)
    node = os.uname().nodename
    with pytest.raises(
        BadInput, match=f"{node} does not see what this run keeps .* s3://BUCKET/FOLDER"
    ):
        attempt([trial], Job(str(tmp_path / "elsewhere"), "my"), lambda epoch: None)
    assert not list(tmp_path.iterdir())
