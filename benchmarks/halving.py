"""What successive halving saves of a search, and what it costs.

    python benchmarks/halving.py [SWEEP] [--data FOLDER] [--results FOLDER]

The sweep (by default the shipped ``halving``, on MNIST) runs twice through the command line, as it
is and without its ``[halving]`` table, into fresh folders.  Printed for each: epochs trained,
seconds, and the best value of every cell.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import pandas as pd

import sweeps
from bsvae.metrics import METRICS
from sweeps.definition.file import shipped
from sweeps.definition.parse import parse


def run(file: Path, results: Path, data: str | None) -> tuple[pd.DataFrame, float]:
    """Run a sweep file; its trials, and seconds from start to prompt."""
    command = [sys.executable, "-m", "sweeps", "run", str(file), "--results", str(results)]
    started = time.perf_counter()
    subprocess.run(command + (["--data", data] if data else []), check=True)
    return sweeps.load(file.stem, results=results), time.perf_counter() - started


def without_halving(file: Path, folder: Path) -> Path:
    """A copy of a sweep file, less its last table, ``[halving]``."""
    text, table, _ = file.read_text(encoding="utf-8").partition("[halving]")
    if not table:
        sys.exit(f"{file} has no [halving] table")
    copy = folder / f"{file.stem}_full.toml"
    copy.write_text(text, encoding="utf-8")
    return copy


def best(trials: pd.DataFrame, cells: list[str], objective: str) -> pd.Series:
    """The best value of every cell."""
    values = trials[trials["status"] == "done"].groupby(cells)[objective]
    return values.min() if METRICS[objective].better == "lower" else values.max()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sweep", nargs="?", default="halving")
    parser.add_argument("--data")
    parser.add_argument("--results", default=tempfile.mkdtemp(prefix="bsvae-halving-"))
    arguments = parser.parse_args()
    file = shipped().get(arguments.sweep, Path(arguments.sweep))
    results = Path(arguments.results)
    sweep = parse(file.stem, tomllib.loads(file.read_text(encoding="utf-8")), {})
    cells = ["family", *(key for key in sweep.document["grid"][0] if key != "family")]
    objective = sweep.budget.objectives[0]
    table = {}
    for name, what in (("halving", file), ("full", without_halving(file, results))):
        trials, seconds = run(what, results, arguments.data)
        table[name] = {"seconds": round(seconds), "epochs": int(trials["epochs_trained"].sum())}
        table[name] |= {str(cell): v for cell, v in best(trials, cells, objective).items()}
    print(json.dumps({"objective": objective, "results": str(results)}))
    print(pd.DataFrame(table).assign(ratio=lambda t: t["halving"] / t["full"]).to_string())


if __name__ == "__main__":
    main()
