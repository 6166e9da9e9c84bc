"""What a ledger costs: rows written a second; seconds to read, plan and resume by size.

    python benchmarks/ledger.py [--trials 1000 10000 100000]

Every line compares ways to do one thing, in this process and one after another, so that the ratios
mean something on a busy machine too.  Written: the same rows and curves committed one trial at a
time and as packs of 16; each commit is on the disk when it returns.  Read: all rows by pandas from
the folder of parts, by the ledger without its cache, and again with it; then planned: a sweep of
that many trials of which none is done, and of which all are.  All sizes take minutes.

The parts that are read are real ones but for three things: they are written without waiting for the
disk, without checksums, and as copies of one part with another id, seed and KL weight.
"""

import argparse
import shutil
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bsvae.trial import Trial
from sweeps.definition.parse import parse
from sweeps.definition.sweep import Sweep
from sweeps.ledger.ledger import Entry, Ledger
from sweeps.ledger.schema import TRIALS
from sweeps.plan.planner import Planner, columns

PACK = 16
PACKS = 16

#: More parts than this are not read by pandas: 100,000 of them did not fit 24 GB of memory.
RAW_AT_MOST = 10_000


def main() -> None:
    """Print all lines."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--trials", type=int, nargs="+", default=[1000, 10_000, 100_000])
    sizes = options.parse_args().trials
    with tempfile.TemporaryDirectory() as folder:
        _writing(Path(folder))
        for size in sizes:
            _reading(Path(folder), size)


def _writing(folder: Path) -> None:
    entries = [_entry(trial) for trial in _trials(_sweep(2 * PACK * PACKS))]
    ledger, seconds = Ledger(folder, "written"), {"single": 0.0, "packs": 0.0}
    for pack in range(PACKS):  # in turns
        start = 2 * PACK * pack
        alone, together = entries[start : start + PACK], entries[start + PACK : start + 2 * PACK]
        seconds["single"] += _seconds(lambda: [ledger.commit_all([e]) for e in alone])[0]  # noqa: B023
        seconds["packs"] += _seconds(lambda: ledger.commit_all(together))[0]  # noqa: B023
    rate = {name: PACK * PACKS / spent for name, spent in seconds.items()}
    print(
        f"written, row and curve of 20 epochs: {rate['single']:.0f} trials/s one by one, "
        f"{rate['packs']:.0f} in packs of {PACK}: {rate['packs'] / rate['single']:.1f} times",
        flush=True,
    )


def _reading(folder: Path, size: int) -> None:
    sweep = _sweep(size)
    ledger = Ledger(folder, f"read{size}")
    _make_parts(ledger, _trials(sweep))
    if size <= RAW_AT_MOST:
        raw, frame = _seconds(lambda: pd.read_parquet(ledger.folder / "trials"))
        assert len(frame) == size
        print(f"read {size} trials by pandas: {raw:.2f} s", flush=True)
    cold, first = _seconds(ledger.trials)
    warm, second = _seconds(ledger.trials)
    assert len(first) == size
    assert first.equals(second)
    print(
        f"read {size} trials by the ledger: {cold:.2f} s without its cache, {warm:.2f} s with it: "
        f"{cold / warm:.0f} times faster",
        flush=True,
    )
    fresh, planner = _seconds(lambda: _plan(folder, Ledger(folder, "empty"), size))
    resumed, done = _seconds(lambda: _plan(folder, ledger, size))
    assert (planner.done, done.done) == (0, size)
    packed, packs = _seconds(lambda: _play(planner))
    print(
        f"plan {size} trials: {fresh:.2f} s with none done, {resumed:.2f} s with all; handing them "
        f"out in {packs} packs and taking their rows {packed:.2f} s",
        flush=True,
    )
    shutil.rmtree(ledger.folder)


def _plan(folder: Path, ledger: Ledger, size: int) -> Planner:
    """What `bsvae plan` and a resumed run do before they look at anything else."""
    sweep = _sweep(size)
    return Planner(sweep, ledger.rows(columns=columns(sweep)), lambda trial: PACK, slots=2)


def _play(planner: Planner) -> int:
    packs = 0
    while pack := planner.next_pack():
        planner.tell([_entry(trial, epochs=0).row for trial in pack])
        packs += 1
    return packs


def _sweep(size: int) -> Sweep:
    seeds = max(1, size // 100)
    grid = {"kl_weight": [0.01 * n for n in range(1, -(-size // seeds) + 1)]}
    constants = {"family": "gaussian", "dataset": "digits", "latent_dim": 2, "hidden": 4}
    grid |= {"seed": list(range(seeds))}
    return parse("benchmark", {"trial": constants | {"epochs": 1}, "grid": [grid]}, {})


def _trials(sweep: Sweep) -> list[Trial]:
    return list(map(Trial.resolved, sweep.cells))


def _entry(trial: Trial, epochs: int = 20) -> Entry:
    measured = {field.name: 0.5 for field in TRIALS if field.name.startswith(("train_", "test_"))}
    row = {"trial_id": trial.trial_id, **trial.as_dict(), "status": "done", **measured}
    shown = {name: value for name, value in measured.items() if name in ("train_kl", "test_kl")}
    curve = [{"trial_id": trial.trial_id, "epoch": n, **shown} for n in range(1, epochs + 1)]
    return Entry(row, curve)


def _make_parts(ledger: Ledger, trials: list[Trial]) -> None:
    model = trials[0]
    marks = {"trial_id": "f" * 16, "seed": 0x1234567890ABCDEF, "kl_weight": 1.234567890123e-5}
    table = pa.Table.from_pylist([_entry(model).row | marks], schema=TRIALS)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, use_dictionary=False, write_statistics=False, compression="none")
    part = sink.getvalue().to_pybytes()
    folder = ledger.folder / "trials"
    folder.mkdir(parents=True)
    for trial in trials:
        content = part
        for old, new in zip(_bytes(marks), _bytes(trial.as_dict() | _id(trial)), strict=True):
            content = content.replace(old, new)
        (folder / f"{trial.trial_id}.parquet").write_bytes(content)


def _id(trial: Trial) -> dict[str, str]:
    return {"trial_id": trial.trial_id}


def _bytes(fields: dict[str, Any]) -> list[bytes]:
    """A trial's own values as Parquet stores them."""
    number = struct.pack("<q", fields["seed"]), struct.pack("<d", fields["kl_weight"])
    return [fields["trial_id"].encode(), *number]


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
