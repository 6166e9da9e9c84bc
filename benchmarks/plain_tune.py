"""The short sweep of `benchmarks/sweep.py` as a plain Ray Tune script: one Tune trial per trial.

What a user of Ray Tune would write: a function trainable that gets its data once through Ray's
object store, one thread per process, a report per epoch, as many trials at once as there are cores,
and Tune's defaults for everything else.

    python benchmarks/plain_tune.py GRID.json RESULTS.csv
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from ray import tune

import bsvae


def trainable(config: dict[str, Any], data: bsvae.Data) -> None:
    """Train one trial and report every epoch."""
    torch.set_num_threads(1)
    trial = bsvae.Trial.of(config)
    for epoch in bsvae.train([trial], data):
        tune.report({"trial": trial.trial_id, "epoch": epoch.number, **epoch.metrics[0]})


def main(grid: Path, results: Path) -> None:
    """Train a grid, given as lists of field values, and write one line per trial."""
    space = {
        name: tune.grid_search(values) for name, values in json.loads(grid.read_text()).items()
    }
    tuner = tune.Tuner(
        tune.with_parameters(trainable, data=bsvae.load("digits")),
        param_space=space,
        tune_config=tune.TuneConfig(max_concurrent_trials=len(os.sched_getaffinity(0))),
        run_config=tune.RunConfig(storage_path=str(results.parent / "tune")),
    )
    tuner.fit().get_dataframe()[["trial", "test_neg_elbo"]].to_csv(results, index=False)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
