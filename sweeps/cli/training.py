"""Commands that train, or say what would be trained."""

import os
import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bsvae.trial import BadInput
from sweeps.cli.options import (
    AsName,
    Data,
    Epochs,
    PackSize,
    Results,
    RetryFailed,
    Setting,
    SweepName,
    Yes,
    option,
)
from sweeps.text import counted, duration

if TYPE_CHECKING:
    from sweeps.definition.sweep import Sweep
    from sweeps.ledger.ledger import Ledger
    from sweeps.plan.planner import Planner


def plan(
    name: SweepName,
    results: Results = "results",
    data: Data = None,
    epochs: Epochs = None,
    pack: PackSize = "auto",
    set_: Setting = None,
    as_name: AsName = None,
) -> None:
    """Say what a run would train, in which packs, and for how long; train nothing."""
    from sweeps.cli.asked import MANY, pack_limit, requested_sweep, what_it_hides
    from sweeps.cli.screen import print_table
    from sweeps.results.stored import open_ledger

    sweep = requested_sweep(name, results, epochs, set_, as_name)
    limit = pack_limit(pack)
    ledger = open_ledger(results, sweep.name)

    from sweeps.ledger.checkpoints import stored_epochs
    from sweeps.plan.estimate import RAY_START, estimate, slots_here
    from sweeps.results.redefined import as_run, tell_of_carried
    from sweeps.running.data import check_data
    from sweeps.running.run import planners, tell_of_others

    sweep = as_run(sweep, ledger)
    slots, device = slots_here()
    planner = planners(sweep, ledger, limit, frozenset())(slots, device)
    if not planner.finished:
        check_data(sweep, data, download=False)
    _announce(sweep)
    if not (hides := what_it_hides(sweep, ledger)):
        tell_of_others(planner, ledger)
    tell_of_carried(sweep)
    left = sweep.wanted - planner.done
    print(
        f"{counted(len(sweep.cells), 'cell')}, {counted(sweep.wanted, 'trial')} wanted, "
        f"{planner.done:,} done, {left:,} to train; {counted(slots, 'pack')} at once on {device}"
    )
    under_way = {k: n for k, n in stored_epochs(ledger.files).items() if k in planner.under_way}
    rows, seconds = estimate(planner, device, under_way)
    if under_way:
        print(f"{counted(len(under_way), 'pack')} of them on from a checkpoint")
    if rows:
        print_table(["family", "to train", "pack", "why", "memory a pack", "s an epoch"], rows)
        long = f"about {duration(seconds)}" if seconds >= 1 else duration(seconds)
        print(
            f"{long} of training, plus about {duration(RAY_START)} for Ray to start; from a few "
            "steps of each kind timed just now"
        )
    _tell_of_extras(sweep, ledger, planner)
    if hides:
        print(f"{hides}: a run wants --yes for that, or --name NAME to keep both")
    if planner.finished:
        print(f"nothing to train; next: bsvae table {sweep.name}{option(results)}")
    else:
        many = ["--yes"] if sweep.wanted > MANY or hides else []
        print(f"next: bsvae run {shlex.join([*sys.argv[2:], *many])}")


def _announce(sweep: "Sweep") -> None:
    """What to know before a plan's numbers."""
    from sweeps.plan.estimate import notices

    for notice in notices(sweep):
        print(notice)
    if address := os.environ.get("RAY_ADDRESS"):
        print(
            f"RAY_ADDRESS = {address}: a run trains on that cluster; this plan is for this machine"
        )
    print(f"{sweep.name}: {' '.join(sweep.about.split())}")


def run(
    name: SweepName,
    results: Results = "results",
    data: Data = None,
    epochs: Epochs = None,
    pack: PackSize = "auto",
    engine: Annotated[str, typer.Option(metavar="ray|serial", help="who trains")] = "ray",
    retry_failed: RetryFailed = False,
    again: Annotated[bool, typer.Option("--again", help="also trials without the extras")] = False,
    set_: Setting = None,
    as_name: AsName = None,
    yes: Yes = False,
) -> None:
    """Run a sweep, or what is missing of it; running again resumes."""
    from sweeps.cli.asked import check_count, check_hides, pack_limit, requested_sweep
    from sweeps.results.redefined import as_run
    from sweeps.results.stored import open_ledger

    if engine not in ("ray", "serial"):
        raise BadInput(f"--engine {engine!r}: choose ray or serial")
    sweep = requested_sweep(name, results, epochs, set_, as_name)
    limit = pack_limit(pack)
    check_count(sweep, yes)
    ledger = open_ledger(results, sweep.name)
    sweep = as_run(sweep, ledger)
    check_hides(sweep, ledger, yes)
    try:
        from sweeps.running.run import execute

        planner = execute(sweep, ledger, data, limit, engine, retry_failed, again)
    except KeyboardInterrupt:
        print(
            f"\ninterrupted; every finished trial is kept in {ledger.folder}\n"
            f"next: the same command goes on where it stopped",
            file=sys.stderr,
        )
        raise typer.Exit(130) from None
    _conclude(planner, ledger, option(results))
    _tell_of_extras(sweep, ledger, planner)


def _tell_of_extras(sweep: "Sweep", ledger: "Ledger", planner: "Planner") -> None:
    """Say which trials were trained before the sweep asked for all that it now stores of them."""
    from sweeps.results.lacking import without_extras

    for extra, rows in without_extras(sweep, ledger, planner.results.values()).items():
        verb = "was" if len(rows) == 1 else "were"
        print(
            f"{len(rows):,} of {counted(planner.done, 'trial')} {verb} done without {extra}, which "
            f"the sweep now asks for (first: {rows[0]['trial_id']}): bsvae run with --again trains "
            "anew what lacks it"
        )


def _conclude(planner: "Planner", ledger: "Ledger", results: str) -> None:
    """Say how a finished run ended; trials that failed are exit code 1."""
    rows, name = list(planner.results.values()), planner.sweep.name
    bad = [row for row in rows if row["status"] in ("diverged", "failed")]
    stopped = sum(row["status"] == "stopped" for row in rows)
    early = f"{stopped} stopped early, " if stopped else ""
    done = len(rows) - len(bad) - stopped
    print(f"{counted(done, 'trial')} done, {early}{len(bad)} failed or diverged: {ledger.folder}")
    if bad:
        print(f"first: {bad[0]['trial_id']} {bad[0]['status']}: {bad[0]['error']}")
    if done:
        print(f"next: bsvae table {name}{results}, bsvae show {name}{results}")
    if any(row["status"] == "failed" for row in bad):
        raise typer.Exit(1)


def submit(
    name: SweepName,
    address: Annotated[str, typer.Option(metavar="URL", help="dashboard, http://127.0.0.1:8265")],
    results: Annotated[str, typer.Option(metavar="URI", help="s3://... or a folder of all nodes")],
    data: Annotated[str | None, typer.Option(help="data folder on the cluster's nodes")] = None,
    epochs: Epochs = None,
    pack: PackSize = "auto",
    retry_failed: RetryFailed = False,
    set_: Setting = None,
    as_name: AsName = None,
    yes: Yes = False,
) -> None:
    """Run a sweep on a Ray cluster as a job, and follow it; the same command rejoins it."""
    from sweeps.cli.asked import asked_text, check_count, pack_limit, requested_sweep
    from sweeps.cluster.request import Request, check_shared
    from sweeps.cluster.submission import submit

    sweep = requested_sweep(name, results, epochs, set_, as_name)
    pack_limit(pack)
    check_count(sweep, yes)
    options = [f"--results={check_shared(results)}", f"--pack={pack}"]
    options += [f"--data={data}"] if data else []
    options += [f"--epochs={epochs}"] if epochs is not None else []
    options += ["--retry-failed"] if retry_failed else []
    options += ["--yes"] if yes else []
    options += [f"--set={setting}" for setting in set_ or []]
    raise typer.Exit(
        submit(Request(sweep.name, asked_text(name, results), tuple(options)), address)
    )
