"""Trials per minute of a sweep of short trials: `bsvae run` against a plain Ray Tune script.

Both train the same 64 trials with the same code and are timed from the start of their process to
its end, in turn.  `bsvae` also computes each trial's final metrics and commits it to the ledger;
the plain script, `benchmarks/plain_tune.py`, does neither.

    python benchmarks/sweep.py [--repeats 1] [--epochs 5]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import pandas as pd

import sweeps

GRID: dict[str, list] = {
    "dataset": ["digits"],
    "hidden": [64],
    "family": ["gaussian", "logit_normal"],
    "latent_dim": [2, 4, 8, 16],
    "kl_weight": [0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0],
}
TRIALS = 64
BSVAE = [sys.executable, "-c", "from sweeps.cli import main; main()"]
PLAIN = [sys.executable, str(Path(__file__).with_name("plain_tune.py"))]


def timed(command: list[str], folder: Path) -> float:
    """Wall seconds of a command from start to exit; its output is shown if it fails."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return seconds


def once(epochs: int) -> tuple[float, float, float]:
    """Seconds of `bsvae`, seconds of the plain script, largest relative difference of a result."""
    grid = GRID | {"epochs": [epochs]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = (f"{key} = {json.dumps(values)}" for key, values in grid.items())
        (folder / "short.toml").write_text("\n".join(["[[grid]]", *lines]))
        (folder / "grid.json").write_text(json.dumps(grid))
        ours = timed([*BSVAE, "run", "short.toml"], folder)
        plain = timed([*PLAIN, str(folder / "grid.json"), str(folder / "plain.csv")], folder)
        return ours, plain, largest_difference(folder)


def largest_difference(folder: Path) -> float:
    """Of ``test_neg_elbo``, relative, over the same trials of both."""
    trials = sweeps.load("short", results=folder / "results")
    ours = trials.set_index("trial_id")["test_neg_elbo"].sort_index()
    plain = pd.read_csv(folder / "plain.csv").set_index("trial")["test_neg_elbo"].sort_index()
    if len(ours) != TRIALS or not ours.index.equals(plain.index):
        sys.exit(f"{len(ours)} and {len(plain)} trials: not the same {TRIALS}")
    return float(((ours - plain) / plain).abs().max())


def main() -> None:
    """Run both in turn and print what they reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1, help="median of this many runs of each")
    parser.add_argument("--epochs", type=int, default=5, help="of every trial")
    options = parser.parse_args()
    ours, plain, differences = zip(
        *(once(options.epochs) for _ in range(options.repeats)), strict=True
    )
    for name, seconds in (("bsvae run", ours), ("plain Ray Tune", plain)):
        rate = 60 * TRIALS / median(seconds)
        runs = ", ".join(f"{value:.1f}" for value in seconds)
        print(f"{name}: {rate:.1f} trials per minute ({TRIALS} trials in {runs} s)")
    print(f"ratio: {median(plain) / median(ours):.2f}")
    print(f"test_neg_elbo differs by at most {max(differences):.1e}, relative")


if __name__ == "__main__":
    main()
