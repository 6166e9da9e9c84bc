"""Bad sweep files and options: one line with the value, what is allowed or a way out; no change."""

import subprocess
import time

import pytest
from conftest import command
from in_process import contents

FIELDS = 'family = "gaussian"\ndataset = "digits"\nlatent_dim = 2\nhidden = 8\nepochs = 1\n'
GOOD = f"[trial]\n{FIELDS}"
SEARCH = f"select_on_test = true\n{GOOD}[search.kl_weight]\nlow = 0.1\nhigh = 1.0\nlog = true\n"
SERIAL = ("--engine", "serial")


def field(line):
    """A good file in which one field is this."""
    name = line.partition("=")[0]
    return "".join(kept + "\n" for kept in GOOD.splitlines() if not kept.startswith(name)) + line


BAD_FILES = {
    "no TOML": ("[trial]\nfamily = \n", "not valid TOML", "at line 2"),
    "a key twice": ("[trial]\nseed = 1\nseed = 2\n", "not valid TOML", "at line 3"),
    "no text": (b"\xff\xfe", "not text in UTF-8", "byte 0"),
    "too large": (b"#" * 1_000_001, "larger than 1,000,000 bytes: not a sweep file"),
    "nothing": ("", "family is missing: choose one of gaussian, "),
    "unknown key": (field("latent_dims = 2"), "'latent_dims'", "did you mean 'latent_dim'?"),
    "unknown table": (f"{GOOD}[serach]\n", "'serach'", "did you mean 'search'?"),
    "unknown family": (field("family = 'gausian'"), "'gausian'", "did you mean 'gaussian'?"),
    "no family at all": (field("family = 'x'"), "'x'", "choose one of gaussian, logit_normal"),
    "unused field": (field("prior_scale = 1.0"), "prior_scale = 1.0", "by logit_normal"),
    "negative": (field("kl_weight = -1"), "kl_weight = -1: must be a finite number >= 0"),
    "nan": (field("kl_weight = nan"), "kl_weight = nan: must be a finite number >= 0"),
    "inf": (field("learning_rate = inf"), "learning_rate = inf: must be a finite number > 0"),
    "a string": (field("kl_weight = '1'"), "kl_weight = '1': must be a finite number >= 0"),
    "epochs below 0": (field("epochs = -1"), "epochs = -1: must be an integer >= 0"),
    "a broken epoch": (field("epochs = 1.5"), "epochs = 1.5: must be an integer >= 0"),
    "batch of 0": (field("batch_size = 0"), "batch_size = 0: must be an integer >= 1 and <= 1500"),
    "batch above the data": (field("batch_size = 1501"), "batch_size = 1501", ">= 1 and <= 1500"),
    "no choice": (f"{GOOD}[[grid]]\nhidden = []\n", "hidden = []", "must be a list with a value"),
    "searched and listed": (
        SEARCH + "[[grid]]\nkl_weight = [1.0]\n",
        "kl_weight is searched, and every [[grid]] lists it: keep one",
    ),
    "halving that never halves": (
        SEARCH + "[halving]\nmin_epochs = 20\n",
        "halving.min_epochs = 20: no trial has more epochs",
    ),
    "low above high": (SEARCH.replace("0.1", "2"), "low 2.0 must be below high 1.0"),
    "low is nan": (SEARCH.replace("0.1", "nan"), "search.kl_weight.low = nan", "a finite number"),
    "high is inf": (SEARCH.replace("1.0", "inf"), "search.kl_weight.high = inf", "a finite number"),
    "log of 0": (SEARCH.replace("0.1", "0"), "low = 0.0: a logarithmic scale needs low > 0"),
    "below what is allowed": (
        SEARCH.replace("0.1", "-1").replace("true", "false"),
        "must be",
        "-1",
    ),
    "no budget": (f"{SEARCH}[optuna]\ntrials = 0\n", "optuna.trials = 0: must be an integer >= 1"),
    "negative round": (f"{SEARCH}[optuna]\nround = -1\n", "optuna.round = -1", "integer >= 1"),
    "huge grid": (
        f"{GOOD}[[grid]]\nbatch_size = {list(range(1001))}\nhidden = {list(range(1, 1001))}\n",
        "1,001,000 cells: at most 1,000,000",
        "take values out of a [[grid]]",
    ),
    "huge budget": (f"{SEARCH}[optuna]\ntrials = 1000001\n", "1,000,001 trials", "optuna.trials"),
}

BAD_WORDS = {
    "unknown sweep": (("run", "quikstart"), "'quikstart'", "did you mean 'quickstart'?"),
    "name above": (("run", "../x"), "'../x'", "letters, digits, . _ - only, at most 64"),
    "absolute name": (("run", "/etc/x"), "sweep name '/etc/x': letters, digits", "no path"),
    "empty name": (("run", ""), "sweep name ''", "letters, digits, . _ - only, at most 64"),
    "long name": (("run", "x" * 65), "xxx", "at most 64"),
    "long file name": (("run", f"{'x' * 65}.toml"), "xxx", "at most 64"),
    "name above, stored": (("status", "../x"), "'../x'", "letters, digits"),
    "no such file": (("plan", "no.toml"), "no.toml: no such file"),
    "a folder": (("plan", "folder.toml"), "folder.toml: cannot be read (Is a directory)"),
    "pack of 0": (("run", "my.toml", "--pack", "0"), "--pack '0'", "an integer >= 1, or auto"),
    "huge pack": (("run", "my.toml", "--pack", "9" * 30), "must be an integer >= 1, or auto"),
    "epochs": (("run", "my.toml", "--epochs", "-1"), "epochs = -1: must be an integer >= 0"),
    "no epochs": (("run", "my.toml", "--epochs", "x"), "'--epochs'", "valid integer"),
    "unknown field": (("run", "my.toml", "--set", "nosuch=1"), "'nosuch'", "choose one of family"),
    "near field": (("run", "my.toml", "--set", "epoch=1"), "'epoch'", "did you mean 'epochs'?"),
    "no setting": (("run", "my.toml", "--set", "seed"), "--set 'seed': write it as KEY=VALUE"),
    "two settings": (("run", "my.toml", "--set", "seed=2\nx=1"), "seed = '2\\nx=1'", "integer"),
    "engine": (("run", "my.toml", "--engine", "foo"), "--engine 'foo': choose ray or serial"),
    "no option": (("run", "my.toml", "--no-such"), "--no-such", "see bsvae --help"),
    "no command": (("frobnicate",), "frobnicate", "see bsvae --help"),
    "no data folder": (
        ("run", "mnist.toml", *SERIAL, "--data", "no"),
        "/no' does not exist",
        "--data or BSVAE",
    ),
    "data is a file": (
        ("run", "mnist.toml", *SERIAL, "--data", "file"),
        "/file' is not a folder",
        "--data or",
    ),
    "empty results": (("run", "my.toml", *SERIAL, "--results", ""), "''", "name a folder, or s3:"),
    "results is a file": (("ls", "--results", "file"), "--results 'file': is not a folder"),
    "no results in a file": (("report", "--all", "--results", "file"), "is not a folder"),
    "results in a file": (("status", "my", "--results", "file/x"), "'file/x': Not a directory"),
    "run in a file": (("run", "my.toml", *SERIAL, "--results", "file/x"), "Not a directory"),
    "long results": (("plan", "my.toml", "--results", "x" * 300), "File name too long"),
    "not writable": (("run", "my.toml", *SERIAL, "--results", "/proc/x"), "write /proc/x/my (No s"),
    "file in the way": (("run", "taken.toml", *SERIAL), "cannot write results/taken (File exists)"),
    "no bucket": (("run", "my.toml", "--results", "s3:///x"), "write it as s3://BUCKET/FOLDER"),
    "report of nothing": (("report", "pca"), "'pca' has no results", "bsvae run pca"),
    "report of no sweep": (("report", "pcaa"), "'pcaa'", "did you mean 'pca'?"),
    "which report": (("report",), "name a sweep, or give --all"),
    "serve of no file": (("serve", "no.toml"), "no.toml: no such file"),
    "export of nothing": (("export", "tiny", "--optuna", "x.db"), "no results", "bsvae run tiny"),
    "results of one node": (
        ("submit", "my.toml", "--address", "x", "--results", "r"),
        "every node",
    ),
}


@pytest.mark.parametrize("row", BAD_FILES)
def test_a_bad_sweep_file(cli, row):
    text, *says = BAD_FILES[row]
    content = text if isinstance(text, bytes) else text.encode()
    (cli.folder / "my.toml").write_bytes(content)
    for verb in ("plan", "run"):
        line = cli.refuses(verb, "my.toml")
        assert line.startswith("bsvae: my.toml: ")
        assert all(words in line for words in says), line


@pytest.mark.parametrize("row", BAD_WORDS)
def test_bad_words_on_the_command_line(cli, row):
    arguments, *says = BAD_WORDS[row]
    (cli.folder / "folder.toml").mkdir()
    (cli.folder / "my.toml").write_text(GOOD)
    (cli.folder / "taken.toml").write_text(GOOD)
    (cli.folder / "mnist.toml").write_text(GOOD.replace("digits", "mnist"))
    (cli.folder / "file").touch()
    (cli.folder / "results").mkdir()
    (cli.folder / "results/taken").touch()
    line = cli.refuses(*arguments)
    assert all(words in line for words in says), line


def test_no_seconds_between_checkpoints(cli, monkeypatch):
    monkeypatch.setenv("BSVAE_CHECKPOINT_SECONDS", "soon")
    (cli.folder / "my.toml").write_text(GOOD)
    line = cli.refuses("run", "my.toml", *SERIAL)
    assert "BSVAE_CHECKPOINT_SECONDS = 'soon': must be a number of seconds >= 0" in line


def test_what_grids_repeat_is_counted_once(cli):
    grids = "[[grid]]\nseeds = [1, 2]\n[[grid]]\nseeds = [2, 3]\nkl_weight = [1, 1.0]\n"
    (cli.folder / "my.toml").write_text(GOOD + grids)
    plan = cli.prints("plan", "my.toml")
    assert "3 trials of the grids repeat others and count once" in plan
    assert "3 trials wanted" in plan
    assert "repeat" not in cli.prints("plan", "quickstart")


def test_very_many_trials_are_planned_and_trained_only_if_that_is_meant(cli):
    seeds = "[[grid]]\nseeds = 10001\n"
    (cli.folder / "my.toml").write_text(GOOD.replace("digits", "mnist") + seeds)
    run = ("run", "my.toml", *SERIAL, "--data", "nowhere")
    line = cli.refuses(*run)
    assert "my wants 10,001 trials, more than 10,000" in line
    assert "add --yes" in line
    assert "/nowhere' does not exist" in cli.refuses(*run, "--yes")
    assert "10,001" in cli.refuses("submit", "my.toml", "--address", "x", "--results", "/r")
    plan = cli.prints("plan", "my.toml")
    assert "10,001 trials wanted" in plan
    assert plan.endswith("next: bsvae run my.toml --yes\n")


def test_a_changed_file_of_the_same_name_adds_trials_and_mixes_nothing(cli):
    """A row is named by its trial's content, so two meanings never share one."""
    (cli.folder / "my.toml").write_text(f"{GOOD}[[grid]]\nseeds = [1, 2]\n")
    cli.prints("run", "my.toml", *SERIAL)
    first = contents(cli.folder / "results/my/trials")
    (cli.folder / "my.toml").write_text(f"{GOOD}[[grid]]\nseeds = [2, 3]\n")
    assert "2 trials wanted, 1 done, 1 to train" in cli.prints("plan", "my.toml")
    assert "add --yes" in cli.refuses("run", "my.toml", *SERIAL)
    cli.prints("run", "my.toml", "--yes", *SERIAL)
    both = contents(cli.folder / "results/my/trials")
    assert len(both) == 3
    assert {path: both[path] for path in first} == first, "nothing was trained again"
    shown = cli.prints("show", "my")
    assert "not shown: 1 row of my as it was asked for before" in shown
    assert "2 of 2 trials" in shown


def test_a_sweep_that_is_running_in_another_process(cli, monkeypatch):
    (cli.folder / "my.toml").write_text(GOOD.replace("epochs = 1", "epochs = 1_000_000"))
    monkeypatch.setenv("BSVAE_CHECKPOINT_SECONDS", "3600")
    first = subprocess.Popen(
        command("run", "my.toml", *SERIAL), cwd=cli.folder, stdout=subprocess.DEVNULL
    )
    try:
        definition = cli.folder / "results/my/sweep.json"
        deadline = time.monotonic() + 60
        while not definition.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        line = cli.refuses("run", "my.toml", *SERIAL)
        assert f"sweep 'my' is running already (process {first.pid} on" in line
    finally:
        first.kill()
        first.wait()
