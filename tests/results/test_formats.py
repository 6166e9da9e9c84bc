"""Tables as text, Markdown and LaTeX: what is written is what was there, and nothing else is."""

import io
import re

import pandas as pd
import pytest

from sweeps.results.formats import Table, as_csv, as_markdown, readable
from sweeps.results.latex import as_latex

NASTY = "50% of a_b & {c} \\ $ # ~ ^ | λ₁ ±"
FRAME = pd.DataFrame(
    {
        "family": ["logit_normal", "gaussian"],
        "configuration": ["α 1.78, λ₁ 0.67", "-"],
        "test_kl": [1234.5678, 0.0],
        "test_kl_se": [12.3, float("nan")],
        "n": [3, 1],
    }
)
TABLE = Table("Title with 100 %", FRAME.set_index(["family", "configuration"]), ("a note",))


def test_means_and_errors_are_one_column_of_text():
    assert list(TABLE.readable) == ["family", "configuration", "test_kl", "n"]
    assert TABLE.readable["test_kl"].tolist() == ["1,235 ± 12", "0"]


def test_csv_is_plain_numbers_that_pandas_reads_back():
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(as_csv(FRAME))), FRAME)


def test_markdown_has_as_many_pipes_in_every_line():
    lines = [line for line in as_markdown(TABLE).splitlines() if line.startswith("|")]
    assert len(lines) == 4
    assert {line.count("|") for line in lines} == {5}
    nasty = as_markdown(Table("t", pd.DataFrame({"measured": [NASTY + "\nnew line"]})))
    assert r"\|" in nasty
    assert len(nasty.splitlines()) == 5


def test_latex_is_a_booktabs_tabular_with_nothing_special_left():
    text = as_latex(TABLE)
    assert text.startswith("% Title with 100 %\n\\begin{tabular}{llrr}\n\\toprule\n")
    assert text.endswith("\\bottomrule\n\\end{tabular}\n% a note")
    assert r"logit\_normal & $\alpha$ 1.78, $\lambda_1$ 0.67 & $1{,}235 \pm 12$ & 3 \\" in text
    body = as_latex(Table("t", pd.DataFrame({"measured": [NASTY]}))).splitlines()[5]
    bare = re.sub(r"\\[a-zA-Z]+\{\}|\\[&%$#_{}\\]|\$\\?[a-z]+(_1)?\$", "", body)
    assert not set(bare) & set("&%$#_{}~^\\")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(5e-5, r"$5 \times 10^{-5}$"), (-1.5, "$-1.50$"), (float("inf"), r"$\infty$"), (None, "--")],
)
def test_numbers_are_set_as_numbers(value, shown):
    assert shown in as_latex(Table("t", pd.DataFrame({"x": [value, 1.0]}, dtype=float)))


def test_a_spanned_header_spans_its_columns():
    columns = pd.MultiIndex.from_tuples([(1.78, "published"), (1.78, "ours"), (1.78, "ours_se")])
    frame = pd.DataFrame([[140.21, 141.0, 0.5]], columns=columns)
    frame.index = pd.Index([2], name="latent_dim")
    table = Table("t", frame)
    assert table.readable[(1.78, "ours")].tolist() == ["141.00 ± 0.50"]
    text = as_latex(table)
    assert r"latent\_dim & \multicolumn{2}{c}{1.78} \\" in text
    assert r" & published & ours \\" in text
    assert "| latent_dim | 1.78 published | 1.78 ours |" in as_markdown(table)


def test_fields_are_told_so_that_neighbours_stay_apart():
    frame = pd.DataFrame({"kl_weight": [0.125, 0.12], "latent_dim": [2.0, None]})
    assert readable(frame).to_numpy().tolist() == [["0.125", "2"], ["0.12", "-"]]
