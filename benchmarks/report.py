"""How long the report of a large sweep takes, through the command line.

    python benchmarks/report.py [--seeds 67]

The rows and curves are those of the committed `logit_normal`, once for each of many seeds (30
trials a seed); arrays come with the first.  The report is made twice: from the parts alone, and
with the cache that the first reading leaves.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bsvae.trial import Trial
from sweeps.ledger.ledger import Entry, Ledger

COMMITTED = Path(__file__).parent.parent / "results"


def main() -> None:
    """Write the rows, time both reports, and print a line for each."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=67)
    seeds = options.parse_args().seeds
    with tempfile.TemporaryDirectory(prefix="bsvae-report-") as folder:
        count = copied(Ledger(folder, "logit_normal"), seeds)
        for reading in ("from the parts alone", "with the cache"):
            wall, cpu = report(folder)
            print(f"{count} trials, {reading}: {wall:.1f} s wall, {cpu:.1f} s CPU")


def copied(ledger: Ledger, seeds: int) -> int:
    """The committed rows under new seeds; returns how many there are."""
    source = Ledger(COMMITTED, "logit_normal")
    document = source.read_definition() or {}
    constants = document["trial"] | {"seed": list(range(seeds))}
    seeded = {key: value for key, value in constants.items() if key != "seed"}
    grids = [grid | {"seed": constants["seed"]} for grid in document["grid"]]
    ledger.write_definition(document | {"trial": seeded, "grid": grids})
    curves = {
        name: rows.to_dict("records") for name, rows in source.table("epochs").groupby("trial_id")
    }
    for seed in range(seeds):
        ledger.commit_all(
            entry(source, row, curves[key], seed) for key, row in source.rows().items()
        )
    return len(source.rows()) * seeds


def entry(source: Ledger, row: dict, curve: list[dict], seed: int) -> Entry:
    """One trial's row and curve as another seed's."""
    fields = {name: row[name] for name in Trial.__dataclass_fields__}
    trial = Trial.of(fields | {"seed": seed})
    renamed = {"trial_id": trial.trial_id}
    arrays = source.arrays(row["trial_id"]) if seed == 0 else None
    return Entry(row | renamed | {"seed": seed}, [line | renamed for line in curve], (), arrays)


def report(results: str) -> tuple[float, float]:
    """Wall and CPU seconds of ``bsvae report``."""
    before, started = os.times(), time.perf_counter()
    words = ["from sweeps.cli import main; main()", "report", "logit_normal", "--results", results]
    subprocess.run([sys.executable, "-c", *words], check=True, stdout=subprocess.DEVNULL)
    after, ended = os.times(), time.perf_counter()
    cpu = after.children_user + after.children_system
    return ended - started, cpu - before.children_user - before.children_system


if __name__ == "__main__":
    main()
