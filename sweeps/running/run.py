"""From a sweep to a finished plan, whichever engine trains it."""

import contextlib
import functools
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from bsvae.trial import BadInput, Trial
from sweeps.definition.sweep import Sweep
from sweeps.ledger.checkpoints import discard_all, packs_under_way
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.notes import clear
from sweeps.ledger.places.interface import LocalFiles
from sweeps.plan.planner import Planner, columns
from sweeps.results.lacking import rows_without_extras
from sweeps.results.redefined import as_run, tell_of_carried
from sweeps.results.stored import other_rows
from sweeps.running.job import GaveUp, Job
from sweeps.text import counted

#: Said before the seconds in which nothing else can be.
STARTING = "starting Ray ..."

#: Builds the plan from the ledger as it is, for a number of parallel packs and a kind of device.
NewPlanner = Callable[[int, str], Planner]


def execute(
    sweep: Sweep,
    ledger: Ledger,
    folder: str | None,
    pack_limit: int | None,
    engine: str,
    retry_failed: bool = False,
    again: bool = False,
) -> Planner:
    """Train what is missing of a sweep, and return the finished plan.

    Args:
        sweep: what is wanted.
        ledger: what is done; held by this process until the end.
        folder: the data folder, as given to `bsvae.datasets.load`.
        pack_limit: trials to train together, or None for what suits their sizes and the device.
        engine: ``"ray"`` or ``"serial"``; the rows are the same.
        retry_failed: train trials that failed once more.
        again: train those once more that lack what the sweep's ``extras`` ask for.

    Raises:
        BadInput: if the data or the results folder cannot be used, or the sweep is being run.
        GaveUp: if the disk refuses, or Ray stops again and again.
    """
    folder = folder or os.environ.get("BSVAE_DATA")
    folder = folder and str(Path(folder).expanduser().resolve())
    sweep = as_run(sweep, ledger)
    job = Job(
        ledger.results,
        sweep.name,
        folder,
        sweep.extras,
        sweep.halving,
        checkpoint_interval(),
        ledger.files.pause,
    )
    given_up = _failed(ledger) if retry_failed else frozenset()
    given_up |= rows_without_extras(sweep, ledger) if again else frozenset()
    new_planner = planners(sweep, ledger, pack_limit, given_up)
    planner = new_planner(1, "cpu")
    if not given_up:
        tell_of_others(planner, ledger)
    tell_of_carried(sweep)
    if planner.finished:
        with _held(ledger, sweep):
            return planner
    return _train(planner, ledger, new_planner, job, engine)


def _train(
    planner: Planner, ledger: Ledger, new_planner: NewPlanner, job: Job, engine: str
) -> Planner:
    """What can be refused is refused first; then the sweep is held and stored; then Ray starts, and
    the plan is made anew for as many packs as can train at once."""
    from sweeps.plan.estimate import notices
    from sweeps.running.data import check_data, datasets
    from sweeps.running.disk import check_room

    sweep = planner.sweep
    if driver := ledger.driver():
        raise BadInput(f"sweep {sweep.name!r} is running already ({driver}): wait for its end")
    check_room(planner, ledger.files)
    print(f"reading {', '.join(datasets(sweep))} ...", flush=True)
    check_data(sweep, job.folder)
    for notice in notices(sweep):
        print(notice, flush=True)
    with _engine(engine) as train, _held(ledger, sweep):
        planner = train(new_planner, job)
        discard_all(ledger.files)  # every wanted trial has its row: no pack is under way
        return planner


def planners(
    sweep: Sweep, ledger: Ledger, pack_limit: int | None, given_up: frozenset[tuple[str, object]]
) -> NewPlanner:
    """What makes a plan of the ledger as it then is, and of the packs that have checkpoints."""
    say_once = functools.cache(functools.partial(print, flush=True))

    def new_planner(slots: int, device: str) -> Planner:
        rows = ledger.rows(columns=columns(sweep))
        known = {k: row for k, row in rows.items() if not _retry(row, given_up)}
        size, under_way = pack_size(pack_limit, device), packs_under_way(ledger.files, say_once)
        while True:
            planner = Planner(sweep, known, size, slots, under_way)
            if not planner.unformed:
                return planner
            under_way = {k: p for k, p in under_way.items() if p not in planner.unformed}

    return new_planner


@contextlib.contextmanager
def _engine(name: str) -> Iterator[Callable[[NewPlanner, Job], Planner]]:
    """What trains.  A cluster is joined here, since it may refuse; Ray of this machine starts with
    the first pack."""
    if name == "serial":
        from sweeps.running import serial

        yield serial.run
        return
    print(STARTING, flush=True)  # importing Ray takes a second or two already
    try:
        from sweeps.running import ray as runner
        from sweeps.running import ray_life as connection
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise BadInput("this engine needs Ray: install ray[tune], or use --engine serial") from None
    try:
        if os.environ.get("RAY_ADDRESS"):
            connection.start()
        yield runner.run
    finally:
        connection.stop()


def tell_of_others(planner: Planner, ledger: Ledger) -> None:
    """Say so if there are rows that the sweep, as it is asked for now, does not want."""
    if others := other_rows(planner.sweep, ledger):
        stay = "it stays there, but no table shows it"
        if others > 1:
            stay = "they stay there, but no table shows them"
        print(
            f"{ledger.folder} has {counted(others, 'row')} of another definition of "
            f"{ledger.sweep}: {stay}",
            flush=True,
        )


@contextlib.contextmanager
def _held(ledger: Ledger, sweep: Sweep) -> Iterator[None]:
    """Hold the sweep, and keep what was asked for beside the results."""
    try:
        with ledger.driver_lock():
            if isinstance(ledger.files, LocalFiles):
                ledger.files.tidy()
            clear(ledger.files)
            ledger.write_definition(sweep.document)
            try:
                yield
            finally:
                clear(ledger.files)
    except BrokenPipeError:  # of whoever read what we print
        raise
    except OSError as error:
        named = str(error.filename or ledger.folder)
        place = ledger.folder if str(ledger.folder) in named else named
        raise GaveUp(f"cannot write {place} ({error.strerror or error})") from None


def pack_size(limit: int | None, device: str) -> Callable[[Trial], int]:
    """How many trials like a given one to train together: a fixed number, or what suits them."""

    def suitable(trial: Trial) -> int:
        from bsvae.pack import suggested_size

        return suggested_size(trial, device)

    return suitable if limit is None else lambda trial: limit


def checkpoint_interval() -> float:
    """Seconds between two checkpoints of a pack: ``BSVAE_CHECKPOINT_SECONDS``, or two minutes.

    Raises:
        BadInput: if the variable is set and no number of seconds.
    """
    given = os.environ.get("BSVAE_CHECKPOINT_SECONDS", "120")
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not seconds >= 0:
        raise BadInput(f"BSVAE_CHECKPOINT_SECONDS = {given!r}: must be a number of seconds >= 0")
    return seconds


def _failed(ledger: Ledger) -> frozenset[tuple[str, object]]:
    """The failed rows as they are now: those written later are a verdict, not a reason to retry."""
    rows = ledger.rows(columns=("trial_id", "status", "finished_at")).values()
    return frozenset((r["trial_id"], r["finished_at"]) for r in rows if r["status"] == "failed")


def _retry(row: dict[str, object], given_up: frozenset[tuple[str, object]]) -> bool:
    return (row["trial_id"], row["finished_at"]) in given_up
