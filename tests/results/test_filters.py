import pandas as pd
import pytest

from bsvae.trial import BadInput
from sweeps.results.filters import where

FRAME = pd.DataFrame(
    {"family": ["gaussian", "concrete", "gaussian"], "latent_dim": [2, 4, 8], "x": [0.5, None, 1.5]}
)


@pytest.mark.parametrize(
    ("expression", "kept"),
    [
        ("family == 'gaussian'", [2, 8]),
        ("latent_dim > 2 and x >= 0.5", [8]),
        ("latent_dim == 2 or family == 'concrete'", [2, 4]),
        ("not family == 'gaussian'", [4]),
        ("latent_dim in [2, 4]", [2, 4]),
        ("latent_dim not in [2, 4]", [8]),
        ("x > -1", [2, 8]),
        ("x == None", [4]),
        ("x != None", [2, 8]),
    ],
)
def test_rows_are_chosen(expression, kept):
    assert where(FRAME, expression).latent_dim.tolist() == kept


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "x == __import__('os')",
        "(lambda: 1)() == 1",
        "family",
        "1 == 1",
        "x < 1 < 2",
        "x = 1",
        "",
        "(" * 500,
        "latent_dim > 'a'",
        "[c for c in x]",
        "x.real == 1",
        "family is 'gaussian'",
        "x == 9**9**9**9",
        "x == 'a' * 10**10",
        "x == f'{x}'",
        "(y := 1) == x",
        "x[0] == 1",
        "x == x.__class__",
        "@x == 1",
    ],
)
def test_nothing_else_is_understood(expression):
    with pytest.raises(BadInput, match="write comparisons of a column"):
        where(FRAME, expression)


@pytest.mark.parametrize("expression", ["(" * 5_000, "not " * 2_000 + "x > 1"])
def test_what_is_too_long_is_refused_in_one_short_line(expression):
    with pytest.raises(BadInput, match=r"too long \(\d+ letters, at most 1000\)") as refusal:
        where(FRAME, expression)
    assert len(str(refusal.value)) < 100


def test_an_unknown_column_is_named():
    with pytest.raises(BadInput, match=r"unknown column 'famly' .did you mean 'family'"):
        where(FRAME, "famly == 'gaussian'")
