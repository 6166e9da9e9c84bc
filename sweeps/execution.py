"""From a sweep to a finished plan, whichever engine trains it."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from bsvae.data import load
from bsvae.pack import suggested_size
from bsvae.trial import Trial
from sweeps import serial
from sweeps.definition import Sweep
from sweeps.planner import Planner
from sweeps.progress import Progress
from sweeps.store import Ledger
from sweeps.worker import GaveUp, Job


def execute(
    sweep: Sweep,
    ledger: Ledger,
    folder: str | None,
    pack_limit: int | None,
    engine: str,
    retry_failed: bool = False,
) -> Planner:
    """Train what is missing of a sweep, and return the finished plan.

    Args:
        sweep: what is wanted.
        ledger: what is done; held by this process until the end.
        folder: the data folder, as given to `bsvae.data.load`.
        pack_limit: trials to train together, or None for what suits their sizes and the device.
        engine: ``"ray"`` or ``"serial"``; the rows are the same.
        retry_failed: train trials that failed once more.

    Raises:
        BadInput: if the data or the results folder cannot be used, or the sweep is being run.
        GaveUp: if the disk refuses, or Ray stops again and again.
    """
    here = "cuda" if torch.cuda.is_available() else "cpu"
    folder = folder or os.environ.get("BSVAE_DATA")
    folder = folder and str(Path(folder).expanduser().resolve())
    job = Job(str(ledger.folder.parent.resolve()), sweep.name, folder, sweep.extras, sweep.halving)
    given_up = _failed(ledger) if retry_failed else frozenset()

    def new_planner(slots: int, device: str) -> Planner:
        rows = ledger.rows()
        known = {k: row for k, row in rows.items() if not _retry(row, given_up)}
        return Planner(sweep, known, pack_size(pack_limit, device), slots)

    planner = new_planner(1, here)
    if not planner.finished:
        for dataset in {cell["dataset"] for cell in sweep.cells}:
            load(dataset, folder)
    try:
        with ledger.driver_lock():
            ledger.write_definition(sweep.document)
            if planner.finished:
                return planner
            return _run(engine, new_planner, job, here)
    except OSError as error:
        raise GaveUp(f"cannot write {ledger.folder} ({error.strerror or error})") from None


def _run(engine: str, new_planner: Callable[[int, str], Planner], job: Job, here: str) -> Planner:
    if engine == "serial":
        planner = new_planner(1, here)
        progress = Progress(planner)
        serial.run(planner, job, progress)
        progress.close()
        return planner
    from sweeps import runner

    return runner.run(new_planner, job)


def pack_size(limit: int | None, device: str) -> Callable[[Trial], int]:
    """How many trials like a given one to train together: a fixed number, or what suits them."""
    return partial(suggested_size, device=device) if limit is None else lambda trial: limit


def _failed(ledger: Ledger) -> frozenset[tuple[str, object]]:
    """The failed rows as they are now: those written later are a verdict, not a reason to retry."""
    rows = ledger.rows().values()
    return frozenset((r["trial_id"], r["finished_at"]) for r in rows if r["status"] == "failed")


def _retry(row: dict[str, object], given_up: frozenset[tuple[str, object]]) -> bool:
    return (row["trial_id"], row["finished_at"]) in given_up
