"""The examples need nothing of this project: its files open for whoever has pandas."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.ledger.ledger import Ledger

ROOT = Path(__file__).parent.parent
ABSENT = ("torch", "torchvision", "ray", "optuna", "scipy", "sklearn", "bsvae", "sweeps", "rich")
RUN_WITHOUT = """
import runpy
import sys


class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {absent}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Absent())
sys.argv[1:] = [{trials!r}]
runpy.run_path({example!r}, run_name="__main__")
"""


@pytest.fixture
def run(tmp_path):
    def call(example, trials):
        code = RUN_WITHOUT.format(absent=ABSENT, trials=str(trials), example=str(ROOT / example))
        return subprocess.run(
            [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True
        )

    return call


def test_the_published_table_comes_from_the_rows_with_pandas_alone(run, tmp_path):
    done = run("examples/table_3.py", ROOT / "results/logit_normal/trials")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "table_3.png").read_bytes().startswith(b"\x89PNG")
    trials = Ledger(ROOT / "results", "logit_normal").trials()
    best = trials[trials["prior_scale"].isna() | (trials["prior_scale"] == 1.78)]
    order = ["logit_normal", "gaussian", "concrete"]
    for size, rows in best.groupby("latent_dim"):
        means = rows.groupby("family")[["test_kl", "test_neg_elbo"]].mean().loc[order].round(2)
        printed = re.search(rf"^{size} +(.*)$", done.stdout, re.MULTILINE)[1].split()
        assert [float(value) for value in printed] == means.to_numpy().ravel().tolist()
