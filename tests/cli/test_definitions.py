"""A sweep by its name or its file, what was overridden, and what a run would hide."""

import json

import pytest

import sweeps
from sweeps.cli.asked import setting
from sweeps.definition.file import read_sweep

FILE = """
about = "a small one"
[trial]
family = "gaussian"
dataset = "digits"
hidden = 8
epochs = 1
[[grid]]
latent_dim = [2, 3]
"""
SERIAL = ("--engine", "serial")


@pytest.fixture
def ran(cli):
    """The cli, where ``q.toml`` has run: two trials."""
    (cli.folder / "q.toml").write_text(FILE)
    cli.prints("run", "q.toml", *SERIAL)
    return cli


def test_every_reading_command_takes_the_file_too(ran):
    for command in (("status",), ("show",), ("table",)):
        assert ran.prints(*command, "q.toml"), command
    assert "2 of 2 trials have a result" in ran.prints("status", "q.toml")
    assert len(sweeps.load("q.toml")) == 2
    assert "index.html" in ran.prints("report", "q.toml")


def test_a_stored_sweep_runs_and_is_planned_by_its_name(ran):
    (ran.folder / "q.toml").unlink()
    assert "nothing to train" in ran.prints("plan", "q")
    assert "2 trials done" in ran.prints("run", "q", *SERIAL)
    assert "1 trial" in ran.prints("run", "q", *SERIAL, "--set", "latent_dim=4", "--name", "q4")
    assert "bsvae run NAME" in ran.prints("ls")


def test_a_file_that_has_not_run_is_named_with_the_way_to_results(cli):
    (cli.folder / "q.toml").write_text(FILE)
    line = cli.refuses("status", "q.toml")
    assert "sweep 'q' has no results in 'results': bsvae run q.toml" in line
    assert "unknown sweep 'q' (did you mean the file q.toml?)" in cli.refuses("status", "q")
    assert "unknown sweep 'q' (did you mean the file q.toml?)" in cli.refuses("run", "q")


@pytest.mark.parametrize("words", [("--epochs", "2"), ("--set", "seed=7"), ("--set", "hidden=9")])
def test_a_run_that_would_hide_rows_is_refused(ran, words):
    line = ran.refuses("run", "q.toml", *words, *SERIAL)
    assert "results/q: 2 rows of q as it was last asked for would not be shown any more" in line
    assert "--yes" in line
    assert "--name NAME" in line
    plan = ran.prints("plan", "q.toml", *words)
    assert "2 rows of q as it was last asked for would not be shown any more" in plan
    assert plan.splitlines()[-1].endswith("--yes")
    assert len(sweeps.load("q")) == 2


def test_another_name_keeps_both_and_yes_replaces(ran):
    ran.prints("run", "q.toml", "--epochs", "2", *SERIAL, "--name", "q2")
    assert set(sweeps.load("q")["epochs"]) == {1}
    assert set(sweeps.load("q2")["epochs"]) == {2}
    ran.prints("run", "q.toml", "--epochs", "3", *SERIAL, "--yes")
    assert set(sweeps.load("q")["epochs"]) == {3}
    assert len(everything := sweeps.load("q", all_rows=True)) == 4
    assert set(everything[~everything["belongs"]]["epochs"]) == {1}
    line = ran.refuses("run", "q.toml", *SERIAL)
    assert "2 rows of q as it was last asked for (with epochs = 3) would not be shown" in line
    assert "sweep name '../x'" in ran.refuses("run", "q.toml", "--name", "../x")


def test_another_file_of_the_same_name_does_not_take_the_folder_over(ran):
    (ran.folder / "elsewhere").mkdir()
    (ran.folder / "elsewhere/q.toml").write_text(FILE.replace("hidden = 8", "hidden = 7"))
    assert "2 rows of q" in ran.refuses("run", "elsewhere/q.toml", *SERIAL)


def test_a_wrong_override_of_a_stored_sweep_is_not_the_stored_files_fault(ran):
    for words in (("--set", "kl_weight=abc"), ("--set", "foo=1"), ("--epochs", "-1")):
        line = ran.refuses("run", "q", *words, *SERIAL)
        assert "sweep.json" not in line
        assert "run the sweep again" not in line


def test_a_plan_that_hides_rows_does_not_say_that_they_are_hidden_yet(ran):
    (ran.folder / "q.toml").write_text(FILE.replace("[2, 3]", "[2]"))
    plan = ran.prints("plan", "q.toml")
    assert "1 row of q as it was last asked for would not be shown any more" in plan
    assert "no table shows" not in plan


def test_a_file_of_ones_own_may_bear_a_shipped_name_that_tests_claims(cli):
    (cli.folder / "kl_weight.toml").write_text(FILE)
    cli.prints("run", "kl_weight.toml", *SERIAL)
    assert "test_neg_elbo" in cli.prints("table", "kl_weight")


def test_a_file_of_ones_own_is_not_measured_against_the_shipped_one_of_its_name(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    (cli.folder / "quickstart.toml").write_text(FILE)
    cli.prints("run", "quickstart.toml", *SERIAL)
    for command in (("ls",), ("status", "quickstart"), ("table", "quickstart")):
        said = " ".join(cli.prints(*command).split())
        assert "epochs a small one" not in said, command
        assert "at 1 of" not in said, command
    assert "quickstart 2/2 a small one" in " ".join(cli.prints("ls").split())


def test_a_status_does_not_promise_what_a_run_would_refuse(ran):
    (ran.folder / "q.toml").write_text(FILE.replace("epochs = 1", "epochs = 2"))
    last = ran.prints("status", "q.toml").splitlines()[-1]
    assert last == (
        "next: bsvae run q.toml needs --yes, since 2 rows of q as it was last asked for would not "
        "be shown any more; or --name NAME to keep both"
    )
    ran.refuses("run", "q.toml", *SERIAL)
    (ran.folder / "q.toml").write_text(FILE.replace("[2, 3]", "[2, 3, 4]"))
    assert "goes on where it stopped" in ran.prints("status", "q.toml")


def test_a_list_that_test_images_chose_says_so_and_an_empty_one_says_why(ran):
    text = f"select_on_test = true\n{FILE}[search.kl_weight]\nlow = 0.5\nhigh = 2.0\n"
    text += "[optuna]\ntrials = 1\nround = 1\n"
    (ran.folder / "s.toml").write_text(text)
    ran.prints("run", "s.toml", *SERIAL)
    assert "select_on_test = true" in ran.prints("show", "s")
    assert "select_on_test" not in ran.prints("show", "q")
    nothing = ran.prints("show", "q", "--where", "latent_dim == 99")
    assert "no trial of 2 is one where latent_dim == 99" in nothing


def test_the_best_of_a_status_is_the_best_mean_of_the_table(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    (cli.folder / "m.toml").write_text("seeds = 2\n" + FILE)
    cli.prints("run", "m.toml", *SERIAL)
    status = cli.prints("status", "m")
    assert "best mean test_neg_elbo" in status
    assert f"{sweeps.table('m').test_neg_elbo.min():.2f}" in status


def test_what_only_adds_just_runs(ran):
    (ran.folder / "q.toml").write_text(FILE.replace("[2, 3]", "[2, 3, 4]"))
    assert "would not be shown" not in ran.prints("plan", "q.toml")
    assert "3 trials done" in ran.prints("run", "q.toml", *SERIAL)


def test_overrides_are_kept_and_shown(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    (cli.folder / "q.toml").write_text(FILE)
    cli.prints("run", "q.toml", "--epochs", "2", "--set", "hidden=9", *SERIAL)
    stored = json.loads((cli.folder / "results/q/sweep.json").read_text())
    assert stored["overrides"] == {"hidden": 9, "epochs": 2}
    told = "with epochs = 2, hidden = 9"
    assert f"q 2/2 ({told}) a small one" in " ".join(cli.prints("ls").split())
    for command in ("status", "show", "table"):
        assert told in cli.prints(command, "q"), command
    cli.prints("run", "q", *SERIAL)
    assert json.loads((cli.folder / "results/q/sweep.json").read_text()) == stored


def test_a_sweep_file_has_no_overrides_of_its_own(cli):
    (cli.folder / "q.toml").write_text(FILE + "[overrides]\nepochs = 2\n")
    assert "overrides: a run notes them in sweep.json" in cli.refuses("plan", "q.toml")


def test_a_shipped_sweep_at_fewer_epochs_says_so(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    cut = ("--epochs", "1", "--set", "hidden=8", "--set", "dataset=digits")
    cli.prints("run", "logit_normal", *cut, *SERIAL)
    listed = " ".join(cli.prints("ls").split())
    wanted = read_sweep("logit_normal").wanted
    assert (
        f"logit_normal {wanted}/{wanted} at 1 of 200 epochs (with dataset = digits, hidden = 8"
        in listed
    )
    assert "at 1 of 200 epochs" in cli.prints("status", "logit_normal")
    assert "wants --yes" in cli.prints("plan", "logit_normal")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((".5", 0.5), ("1e-3", 0.001), ("5.", 5.0), ("+3", 3), ("-.5e1", -5.0), ("1E3", 1000.0)),
        *(("true", True), ("[1, 2]", [1, 2]), ("[.5, a]", [0.5, "a"]), ("a-1", "a-1")),
    ],
)
def test_values_as_people_type_them(text, value):
    assert setting(f"kl_weight={text}") == ("kl_weight", value)
    assert type(setting(f"kl_weight={text}")[1]) is type(value)


@pytest.mark.parametrize(
    ("key", "meant"),
    {
        **{"lr": "learning_rate", "beta": "kl_weight", "latent": "latent_dim", "bs": "batch_size"},
        **{"latent_size": "latent_dim", "z_dim": "latent_dim", "batch": "batch_size"},
        **{"alpha": "prior_scale", "temperature": "posterior_temperature", "n_epochs": "epochs"},
    }.items(),
)
def test_other_programs_words_hint_at_ours(cli, key, meant):
    (cli.folder / "q.toml").write_text(FILE + f"{key} = [1]\n")
    assert f"unknown key '{key}' (did you mean '{meant}'?)" in cli.refuses("plan", "q.toml")
    assert f"(did you mean '{meant}'?)" in cli.refuses("plan", "quickstart", "--set", f"{key}=1")


def test_a_sweep_file_as_windows_makes_it(cli):
    text = FILE.replace("[2, 3]", "2").replace("\n", "\r\n")
    (cli.folder / "MY.TOML").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert "1 to train" in cli.prints("plan", "MY.TOML")
    assert [cell["latent_dim"] for cell in read_sweep("MY.TOML").cells] == [2]


def test_what_a_sweep_says_of_itself_steers_no_terminal_and_fills_no_page(cli):
    about = r"red \u001b[31m\u0000 \u202ereversed " + "A<b> " * 20_000
    (cli.folder / "h.toml").write_text(FILE.replace("a small one", about))
    said = read_sweep(str(cli.folder / "h.toml")).about
    assert len(said) < 1_100
    assert not set(said) & {"\x1b", "\x00", "\u202e"}
    assert "\x1b" not in cli.prints("plan", "h.toml")
