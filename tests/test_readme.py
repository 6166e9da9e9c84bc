"""What the README shows is what runs."""

import re
from pathlib import Path

from sweeps.cli import app
from sweeps.definition import read_sweep

TEXT = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_sweep_file_is_a_sweep(tmp_path):
    (text,) = blocks("toml")
    (tmp_path / "my.toml").write_text(text)
    assert read_sweep(str(tmp_path / "my.toml")).wanted == 3 * 16


def test_the_training_example_runs(capsys):
    example = next(block for block in blocks("python") if "bsvae.train" in block)
    exec(compile(example, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_every_command_exists():
    shown = set(re.findall(r"^bsvae (\w+)", "".join(blocks("")), re.MULTILINE))
    assert shown == {command.callback.__name__ for command in app.registered_commands}


def test_the_pandas_example_runs_on_results(tmp_path, monkeypatch, bsvae):
    (tmp_path / "quickstart.toml").write_text(
        '[trial]\nfamily = "gaussian"\ndataset = "digits"\nlatent_dim = 2\nhidden = 8\nepochs = 2\n'
    )
    assert bsvae("run", "quickstart.toml", "--engine", "serial").returncode == 0
    monkeypatch.chdir(tmp_path)
    example = next(block for block in blocks("python") if "sweeps.load" in block)
    names = {}
    exec(compile(example, "README.md", "exec"), names)
    assert (len(names["trials"]), len(names["curves"])) == (1, 2)
