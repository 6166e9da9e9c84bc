"""The serial engine and the reading commands need neither Ray nor Optuna nor torchvision."""

import subprocess
import sys

import pytest

from sweeps.ledger.ledger import Ledger

HIDDEN = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"ray", "optuna", "torchvision"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
from sweeps.cli import main
main()
"""
GRID = """
[trial]
family = "gaussian"
dataset = "digits"
hidden = 8
epochs = 1
[[grid]]
latent_dim = [2, 3]
"""
SEARCH = "[search.kl_weight]\nlow = 0.1\nhigh = 1.0\n[optuna]\ntrials = 1\n"


@pytest.fixture
def alone(tmp_path):
    def call(*arguments):
        command = [sys.executable, "-c", HIDDEN, *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return call


def test_a_grid_is_planned_trained_and_read_without_them(alone, tmp_path):
    (tmp_path / "my.toml").write_text(GRID)
    for arguments in (
        ("plan", "my.toml"),
        ("run", "my.toml", "--engine", "serial"),
        ("status", "my"),
        ("show", "my"),
        ("table", "my"),
    ):
        done = alone(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), arguments
    assert Ledger(tmp_path / "results", "my").trials()["status"].tolist() == ["done", "done"]


@pytest.mark.parametrize(
    ("text", "engine", "message"),
    [(SEARCH, "serial", "needs Optuna: install optuna"), ("", "ray", "needs Ray: install ray")],
)
def test_what_is_missing_is_named_in_one_line(alone, tmp_path, text, engine, message):
    (tmp_path / "my.toml").write_text("select_on_test = true\n" + GRID + text)
    done = alone("run", "my.toml", "--engine", engine)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr
    assert not (tmp_path / "results").exists()
