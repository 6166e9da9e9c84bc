"""The whole of `logit_normal`, from the command line to its tables, and what one trial alone costs.

Runs the shipped sweep, prints its tables, then one of its trials alone, the same number of epochs,
through the same command: the ratio of the two costs per trial is what packing and parallel packs
are worth.  Training time is that of the rows, so both are without start-up; wall time is all of it.

    python benchmarks/whole_paper.py [--epochs 200] [--data DIR] [--set KEY=VALUE ...]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

import sweeps

BSVAE = [sys.executable, "-c", "from sweeps.cli import main; main()"]
ALONE = """
[trial]
family = "logit_normal"
dataset = "mnist"
latent_dim = 20
prior_scale = 1.78
epochs = 200
"""


def run(name: str, folder: Path, options: list[str]) -> tuple[pd.DataFrame, float]:
    """The rows of a sweep that is run in a folder, and wall seconds from command to prompt."""
    started = time.perf_counter()
    subprocess.run([*BSVAE, "run", name, *options], cwd=folder, check=True)
    seconds = time.perf_counter() - started
    return sweeps.load(name.removesuffix(".toml"), results=folder / "results"), seconds


def report(name: str, trials: pd.DataFrame, seconds: float) -> float:
    """Print what a run trained and took; returns wall seconds per trial."""
    work = int(trials["epochs_trained"].sum())
    epochs = ", ".join(map(str, sorted(set(trials["epochs"]))))
    statuses = ", ".join(f"{n} {status}" for status, n in trials["status"].value_counts().items())
    print(f"{name}: {len(trials)} trials ({statuses}) of {epochs} epochs in {seconds:.1f} s")
    print(f"  on {trials['device'].iloc[0]}: {work / seconds:.2f} member-epochs per second")
    print(f"  device seconds per trial, start-up aside: {trials['device_seconds'].mean():.2f}")
    return seconds / len(trials)


def main() -> None:
    """Run the sweep, its tables and the single trial, and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--data", help="data folder; or set BSVAE_DATA")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    asked = parser.parse_args()
    options = [
        "--epochs",
        str(asked.epochs),
        *(part for text in asked.set for part in ("--set", text)),
    ]
    if asked.data:
        options += ["--data", str(Path(asked.data).resolve())]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paper = run("logit_normal", folder, options)
        subprocess.run([*BSVAE, "table", "logit_normal"], cwd=folder, check=True)
        (folder / "alone.toml").write_text(ALONE)
        alone = run("alone.toml", folder, options)
    shared = report("logit_normal", *paper)
    single = report("one trial alone", *alone)
    print(f"one trial alone costs {single / shared:.2f} times a trial of the sweep in wall time,")
    ratio = alone[0]["device_seconds"].mean() / paper[0]["device_seconds"].mean()
    print(f"{ratio:.2f} times in device seconds")


if __name__ == "__main__":
    main()
