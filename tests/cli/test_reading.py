"""What `table`, `show` and `export` print, at every width and in every form."""

import io
import re
import subprocess
import sys

import pandas as pd
import pytest
from rich.console import Console

import sweeps
from sweeps.cli.layout import laid_out
from sweeps.definition.file import read_sweep
from sweeps.results.formats import readable

WIDTHS = [60, 80, 120, 200]


@pytest.fixture
def at(cli, replicated_results):
    """A command on the replicated sweeps, at a width."""

    def run(*arguments, width=160):
        cli._patch.setenv("COLUMNS", str(width))
        return cli.prints(*arguments, "--results", str(replicated_results))

    return run


def numbers_of(frame):
    """Every number of a table as it is printed whole."""
    texts = readable(frame).to_numpy().ravel()
    return {text for text in texts if re.fullmatch(r"[\d.,]+( ± [\d.,]+)?", text)}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["replicated", "searched"])
def test_no_number_is_split_and_no_line_is_too_long(at, replicated_results, width, name):
    shown = {command: at(command, name, width=width) for command in ("table", "show", "status")}
    for text in shown.values():
        table = [line for line in text.splitlines() if line.startswith(" ")]
        assert len(table) > 3
        assert all(len(line) <= width for line in table)
    table = shown["table"]
    frame = sweeps.table(name, results=replicated_results)
    objective = "test_neg_elbo" if name == "replicated" else "valid_neg_elbo"
    for text in numbers_of(frame[[objective, f"{objective}_se", "n"]]):
        assert text in table


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("rows", [1, 2, 3, 30])
def test_whatever_the_width_every_cell_that_is_shown_is_whole(width, rows):
    columns = ["trial_id", "status", "a_long_name_of_a_number", "configuration", *"bcdefgh"]
    number = "1,234.5678 ± 0.0012"
    cells = ["0123456789abcdef", "done", number, "α 1.78, λ₁ 0.67, hidden 512, step size 1e-05"]
    cells += ["24.61"] * 7
    screen = Console(width=width, file=io.StringIO(), markup=False, highlight=False)
    screen.print(laid_out(columns, [cells] * rows, width, {"a_long_name_of_a_number"}))
    text = screen.file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert text.count(number) == text.count("0123456789abcdef") == rows
    assert "…" not in text
    found = set(re.findall(r"[\d.,]*\d[\d.,]*", text.replace("0123456789abcdef", "")))
    assert {part.strip(",") for part in found} <= {
        *("1,234.5678", "0.0012", "1.78", "0.67", "512", "1", "05", "24.61")
    }
    shown = set(re.findall(r"\w+", text.replace("_\n", "_")))
    assert shown >= {"status"}


def test_columns_that_do_not_fit_are_named(at):
    narrow = at("show", "replicated", width=60)
    assert "too wide for this screen: " in narrow
    assert "test_kl" in narrow
    assert "too wide" not in at("show", "replicated", width=200)


def test_the_table_has_a_line_for_every_cell(at):
    text = at("table", "replicated")
    assert "mean ± standard error over seeds; ours: 2 epochs, 3 seeds" in text
    lines = [line for line in text.splitlines() if line.count("±") >= 3]
    assert len(lines) == 6
    assert "What knows nothing reaches on digits" in text
    assert "sweeps.table('replicated'" in text


def test_a_search_shows_its_choice_beside_its_test_mean(at, replicated_results):
    text = at("table", "searched")
    assert "Cells by valid_neg_elbo" in text
    assert "chose, by held-out training images (6 tried)" in text
    frame = sweeps.table("searched", results=replicated_results)
    assert list(frame)[:4] == ["latent_dim", "kl_weight", "valid_neg_elbo", "valid_neg_elbo_se"]
    assert "test_neg_elbo" in frame


@pytest.mark.parametrize("name", ["replicated", "searched"])
def test_the_forms_have_the_same_numbers(at, capfd, replicated_results, name):
    frame = sweeps.table(name, results=replicated_results)
    read = pd.read_csv(io.StringIO(at("table", name, "--format", "csv")))
    pd.testing.assert_frame_equal(read, frame, check_dtype=False)
    shown = readable(frame)
    markdown = at("table", name, "--format", "markdown")
    latex = at("table", name, "--format", "latex")
    for text in numbers_of(frame):
        assert f"| {text} |" in markdown
        assert (f"${text.replace('±', chr(92) + 'pm')}$" if "±" in text else text) in latex
    assert latex.count(r"\\") == len(shown) + 1
    assert latex.startswith("% Cells by ")


def test_a_form_that_is_none_is_refused(cli, replicated_results):
    line = cli.refuses("table", "replicated", "--format", "xml", "--results", "no")
    assert "--format 'xml': choose text, csv, markdown, latex" in line


def test_show_ranks_by_the_sweeps_objective(at):
    text = at("show", "searched")
    assert "12 of 12 trials by valid_neg_elbo" in text
    column = [line.split() for line in text.splitlines() if re.match(r" [0-9a-f]{16} ", line)]
    head = next(line for line in text.splitlines() if "trial_id" in line).split()
    values = [float(row[head.index("valid_neg_elbo")]) for row in column]
    assert values == sorted(values)
    assert "test_neg_elbo" in head


def test_a_column_of_nulls_sorts_nothing(cli, replicated_results):
    arguments = ["show", "replicated", "--results", str(replicated_results)]
    line = cli.refuses(*arguments, "--sort", "test_discrete_nll")
    assert "--sort test_discrete_nll: no trial has a value of it; measured are " in line


def test_one_trial_whole_repeats_itself(at, cli, replicated_results, tmp_path):
    trials = sweeps.load("searched", results=replicated_results)
    row = trials.iloc[3]
    text = at("show", "searched", row["trial_id"][:9], width=80)
    assert text.startswith(f"trial {row['trial_id']} of searched: done")
    assert repr(float(row["kl_weight"])) in text
    assert "valid_neg_elbo by epoch: " in text
    lines = text.split("to train it again:\n")[1]
    shell, python = lines.split("\n\nor in Python:\n")
    shell = shell.replace("bsvae run", f"{sys.executable} -m sweeps run --engine serial")
    done = subprocess.run(["sh", "-ec", shell], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (again,) = sweeps.load(f"trial-{row['trial_id']}").to_dict("records")
    assert again["trial_id"] == row["trial_id"]
    assert again["test_neg_elbo"] == pytest.approx(row["test_neg_elbo"], abs=1e-3)
    done = subprocess.run([sys.executable, "-c", python], capture_output=True, text=True)
    assert done.stdout.startswith(row["trial_id"]), done.stderr


def test_every_trial_of_a_sweep_can_be_asked_for_again(replicated_results, tmp_path):
    from sweeps.results import card
    from sweeps.results.outcome import read_outcome
    from sweeps.results.stored import stored_sweep

    outcome = read_outcome(*stored_sweep("searched", str(replicated_results)))
    for row in outcome.trials.to_dict("records"):
        _, file, *lines, _, _ = ["", *card.command(outcome, row).splitlines()]
        path = tmp_path / re.search(r"> (\S+)", file)[1]
        path.write_text("\n".join(lines))
        sweep = read_sweep(str(path))
        (trial,) = sweep.trials_of(sweep.cells[0])
        assert trial.trial_id == row["trial_id"]


@pytest.mark.parametrize(
    ("start", "says"), [("zzz", "no trial's id starts with 'zzz'"), ("", "18 trials' ids start")]
)
def test_an_id_that_is_none_or_several_is_refused(cli, replicated_results, start, says):
    assert says in cli.refuses("show", "replicated", start, "--results", str(replicated_results))


@pytest.mark.parametrize("words", [("--best", "3"), ("--sort", "seed"), ("--where", "seed == 0")])
def test_one_trial_is_not_sorted_or_filtered(cli, replicated_results, words):
    where = ("--results", str(replicated_results))
    line = cli.refuses("show", "replicated", "abc", *words, *where)
    assert f"prints one trial whole: drop {words[0]}, or the ID" in line


def test_export_writes_what_table_prints(at, cli, tmp_path):
    printed = at("export", "replicated", "--csv", "a.csv", "--latex", "a.tex", "--optuna", "a.log")
    assert "6 trials, each the mean over its seeds, in study 'replicated': a.log" in printed
    for form, file in (("csv", "a.csv"), ("latex", "a.tex")):
        assert (tmp_path / file).read_text() == at("table", "replicated", "--format", form)


def test_export_refuses_what_it_cannot_write(cli, replicated_results, tmp_path):
    (tmp_path / "a.csv").write_text("mine")
    where = ["--results", str(replicated_results)]
    assert "say what to write" in cli.refuses("export", "replicated", *where)
    assert "exists already" in cli.refuses("export", "replicated", "--csv", "a.csv", *where)
    assert "no folder" in cli.refuses("export", "replicated", "--latex", "no/a.tex", *where)
