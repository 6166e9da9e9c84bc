"""Which rows are a sweep's: one answer from every command, after any edit of its file."""

import json
import math
import re
import shutil
import sys
from pathlib import Path

import pytest
from answered import answered

import sweeps
from bsvae.seal import seal
from bsvae.trial import BadInput
from sweeps.definition.file import read_sweep
from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.report.serve import LivePage
from sweeps.results.export import export
from sweeps.results.outcome import read_outcome
from sweeps.results.stored import hidden_rows, other_rows, so_far, stored_sweep
from sweeps.running.run import execute

FILE = """
about = "four trials of a search and two of a grid"
select_on_test = true
[trial]
family = "gaussian"
dataset = "digits"
hidden = 8
epochs = 1
[[grid]]
latent_dim = [2]
[[grid]]
latent_dim = [3]
kl_weight = [0.5, 1.0]
[search.kl_weight]
low = 0.1
high = 10.0
log = true
[optuna]
trials = 4
round = 2
"""

#: Edits of the file, and how many of its six rows are then the sweep's.
EDITS = {
    "none": (("", ""), 6),
    "fewer trials": (("trials = 4", "trials = 2"), 4),
    "more trials": (("trials = 4", "trials = 8"), 6),
    "another round": (("round = 2", "round = 4"), 6),  # random asks, so far
    "another seed of the search": (("round = 2", "round = 2\nseed = 1"), 2),
    "another range": (("high = 10.0", "high = 5.0"), None),
    "a grid with more values": (("latent_dim = [2]", "latent_dim = [2, 4]"), 6),
    "a grid with fewer values": (("[0.5, 1.0]", "[0.5]"), 5),
    "a grid that is gone": (("[[grid]]\nlatent_dim = [3]\nkl_weight = [0.5, 1.0]\n", ""), 4),
    "more seeds": (("select", "seeds = 2\nselect"), 4),
    "another seed": (("select", "seeds = [1]\nselect"), 0),
    "epochs": (("epochs = 1", "epochs = 2"), 0),
    "extras": (("select", "extras = ['arrays']\nselect"), 6),
    "about": (("four trials", "4 trials"), 6),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Results of a sweep ``my``, and its file beside them."""
    folder = tmp_path_factory.mktemp("rows")
    (folder / "my.toml").write_text(FILE)
    execute(
        read_sweep(str(folder / "my.toml")), Ledger(folder / "results", "my"), None, 8, "serial"
    )
    return folder


@pytest.fixture
def here(cli, trained):
    """The cli where a copy of them is."""
    shutil.copytree(trained, cli.folder, dirs_exist_ok=True)
    return cli


def edit(folder, old, new):
    text = (folder / "my.toml").read_text()
    assert old in text
    (folder / "my.toml").write_text(text.replace(old, new, 1))


def counts(cli, name):
    """How many trials every command counts."""
    ids = {path.stem for path in (cli.folder / "results/my/trials").iterdir()}

    def named(text):
        return sum(trial_id in text for trial_id in ids)

    def others(text):
        found = re.search(r"(\d+) rows? of my as it was asked for before", text)
        return int(found[1]) if found else 0

    (done,) = re.findall(r"(\d+) of \d+ trials have a result", cli.prints("status", name))
    live = LivePage(name, "results")
    live.redraw = math.inf  # no figures
    outcome = read_outcome(*stored_sweep(name, "results"))
    return {
        "status": int(done),
        "show": named(cli.prints("show", name, "--best", "99")),
        "table": len(ids) - others(cli.prints("table", name)),
        "serve": named(live.html()),
        "export": exported(outcome),
        "load": len(sweeps.load(name)),
        "curves": sweeps.load(name, curves=True)["trial_id"].nunique(),
        "all rows": int(sweeps.load(name, all_rows=True)["belongs"].sum()),
    }


def exported(outcome):
    """Trials behind those of the one study, each of which is a proposal with all its seeds."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path = Path("studies.log")
    path.unlink(missing_ok=True)
    export(outcome, path)
    storage = JournalStorage(JournalFileBackend(str(path)))
    (name,) = optuna.get_all_study_names(storage)
    proposals = optuna.load_study(study_name=name, storage=storage).trials
    return sum(len(proposal.user_attrs["trial_ids"]) for proposal in proposals)


@pytest.mark.parametrize("change", EDITS)
def test_every_command_counts_the_same_after_an_edit(here, change):
    (old, new), expected = EDITS[change]
    edit(here.folder, old, new)
    found = counts(here, "my.toml")
    assert len(set(found.values())) == 1, found
    assert expected is None or set(found.values()) == {expected}


@pytest.mark.parametrize("change", ["fewer trials", "more seeds", "another range"])
def test_every_command_counts_the_same_after_the_edited_file_has_run(here, change):
    edit(here.folder, *EDITS[change][0])
    here.prints("run", "my.toml", "--engine", "serial", "--yes")
    wanted = read_sweep("my.toml").wanted
    assert set(counts(here, "my").values()) == {wanted}
    page = Path(here.prints("report", "my").splitlines()[0]).read_text()
    rows = sweeps.load("my", all_rows=True)
    assert all((row.trial_id in page) == row.belongs for row in rows.itertuples())
    assert f" {wanted}/{wanted} " in here.prints("ls")


def test_more_trials_hide_nothing_and_other_ones_do(trained):
    ledger = Ledger(trained / "results", "my")
    for change, ((old, new), expected) in EDITS.items():
        path = trained / "edited.toml"
        path.write_text(FILE.replace(old, new, 1))
        if expected is not None:
            assert hidden_rows(read_sweep(str(path)), ledger) == 6 - expected, change


def test_cells_are_numbered_by_the_replay(trained):
    outcome = read_outcome(*stored_sweep("my", trained / "results"))
    assert outcome.trials.groupby("cell").size().tolist() == [4, 1, 1]
    for _, row in outcome.trials.iterrows():
        cell = outcome.sweep.cells[row["cell"]]
        assert all(row[name] == value for name, value in cell.items())


def test_a_second_look_asks_no_search_anew(here, monkeypatch):
    sweep, ledger = stored_sweep("my", "results")
    first = so_far(sweep, ledger)
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert so_far(sweep, ledger).cells == first.cells
    shutil.rmtree("results/my/.cache")
    assert "needs Optuna: install optuna" in here.refuses("status", "my")
    with pytest.raises(BadInput, match="needs Optuna"):
        sweeps.load("my")


@pytest.mark.parametrize("damage", [b"", b"{", b"[" * 99])
def test_a_damaged_memory_of_searches_is_done_without(here, damage):
    sweep, ledger = stored_sweep("my", "results")
    first = so_far(sweep, ledger)
    (here.folder / "results/my/.cache/searches.json").write_bytes(damage)
    assert so_far(sweep, ledger).cells == first.cells


def test_a_memory_of_searches_that_asked_otherwise_is_done_without(here):
    """As of a folder that came from a machine on which Optuna draws other numbers."""
    sweep, ledger = stored_sweep("my", "results")
    first = so_far(sweep, ledger)
    foreign = {key: [rounds[1]] for key, rounds in first.transcripts.items() if len(rounds) > 1}
    assert foreign
    path = here.folder / "results/my/.cache/searches.json"
    path.write_bytes(seal(json.dumps(foreign).encode()))
    assert so_far(sweep, ledger).cells == first.cells


def test_rows_that_a_moved_rung_makes_stale_are_of_no_other_definition(tmp_path):
    document = {
        "trial": {"family": "gaussian", "dataset": "digits", "latent_dim": 2, "epochs": 6},
        "search": {"kl_weight": {"low": 0.1, "high": 1.0}},
        "optuna": {"trials": 4, "round": 4},
        "select_on_test": True,
    }
    stopped = {"status": "stopped", "epochs_trained": 1, "test_neg_elbo": 40.0}
    ledger = Ledger(tmp_path, "s")
    before = parse("s", document | {"halving": {"eta": 2, "min_epochs": 1}}, {})
    answered(before, ledger, lambda _, n: stopped if n else {"test_neg_elbo": 30.0})
    now = parse("s", document | {"halving": {"eta": 2, "min_epochs": 2}}, {})
    outcome = read_outcome(now, ledger)
    assert (len(outcome.trials), outcome.others, other_rows(now, ledger)) == (1, 0, 0)


def test_a_grid_needs_no_optuna(here, monkeypatch):
    text = FILE.partition("[search")[0].replace("[[grid]]\nlatent_dim = [2]\n", "")
    (here.folder / "my.toml").write_text(text)
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert "2 of 2 trials have a result" in here.prints("status", "my.toml")
    assert len(sweeps.load("my.toml")) == 2


def test_rows_copied_from_elsewhere_are_found_without_a_run(here):
    """Two machines ran a part each; a third has the file, and the rows of both."""
    for name, latent_dim in (("one", 2), ("two", 3)):
        (here.folder / name).mkdir()
        text = FILE.partition("[[grid]]")[0].replace("select_on_test = true\n", "")
        (here.folder / name / "part.toml").write_text(f"{text}latent_dim = {latent_dim}\n")
        here.prints("run", f"{name}/part.toml", "--results", name, "--engine", "serial")
        for table in ("trials", "epochs"):
            target = here.folder / "results/part" / table
            shutil.copytree(here.folder / name / "part" / table, target, dirs_exist_ok=True)
    (here.folder / "part.toml").write_text(f"{text}[[grid]]\nlatent_dim = [2, 3]\n")
    assert "2 of 2 trials have a result" in here.prints("status", "part.toml")
    assert len(sweeps.load("part.toml")) == 2
    here.prints("run", "part.toml", "--engine", "serial")
    assert "2/2" in here.prints("ls")


def test_finished_rows_of_a_halving_round_that_is_open_are_the_sweeps(here):
    text = FILE.partition("[[grid]]")[0].replace("epochs = 1", "epochs = 3\nlatent_dim = 2")
    text += FILE[FILE.index("[search") :].replace("round = 2", "round = 4") + "[halving]\neta = 2\n"
    (here.folder / "halved.toml").write_text(text)
    here.prints("run", "halved.toml", "--engine", "serial")
    rows = sweeps.load("halved")
    last = rows[rows["status"] == "done"]["trial_id"].iloc[0]
    (here.folder / f"results/halved/trials/{last}.parquet").unlink()
    assert "3 of 4 trials have a result" in here.prints("status", "halved")
    assert len(sweeps.load("halved")) == 3
    assert "another definition" not in here.prints("plan", "halved")
