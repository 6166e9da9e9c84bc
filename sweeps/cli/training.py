"""Commands that train, or say what would be trained."""

import os
import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bsvae.trial import BadInput
from sweeps.cli.options import (
    AsName,
    Epochs,
    PackSize,
    Results,
    RetryFailed,
    Setting,
    SweepName,
    Yes,
    option,
)

if TYPE_CHECKING:
    from sweeps.definition.sweep import Sweep
    from sweeps.ledger.ledger import Ledger
    from sweeps.plan.planner import Planner


def plan(
    name: SweepName,
    results: Results = "results",
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

    from sweeps.plan.estimate import estimate, slots_here
    from sweeps.plan.planner import Planner, columns
    from sweeps.results.redefined import as_run, tell_of_carried
    from sweeps.running.run import pack_size, tell_of_others

    sweep = as_run(sweep, ledger)
    slots, device = slots_here()
    planner = Planner(sweep, ledger.rows(columns=columns(sweep)), pack_size(limit, device), slots)
    _announce(sweep)
    tell_of_others(planner, ledger)
    tell_of_carried(sweep)
    print(
        f"{len(sweep.cells)} cells, {sweep.wanted} trials wanted, {planner.done} done, "
        f"{sweep.wanted - planner.done} to train; {slots} packs at once on {device}"
    )
    groups, seconds = estimate(planner, device)
    if groups:
        print_table(["family", "to train", "pack", "why", "MB a pack", "s an epoch"], groups)
        print(f"about {_duration(seconds)}, from a few steps of each kind timed just now")
    if hides := what_it_hides(sweep, ledger):
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
    data: Annotated[str | None, typer.Option(help="data folder; or set BSVAE_DATA")] = None,
    epochs: Epochs = None,
    pack: PackSize = "auto",
    engine: Annotated[str, typer.Option(metavar="ray|serial", help="who trains")] = "ray",
    retry_failed: RetryFailed = False,
    set_: Setting = None,
    as_name: AsName = None,
    yes: Yes = False,
) -> None:
    """Run a sweep, or what is missing of it; running again resumes."""
    from sweeps.cli.asked import check_count, check_hides, pack_limit, requested_sweep
    from sweeps.results.stored import open_ledger

    if engine not in ("ray", "serial"):
        raise BadInput(f"--engine {engine!r}: choose ray or serial")
    sweep = requested_sweep(name, results, epochs, set_, as_name)
    limit = pack_limit(pack)
    check_count(sweep, yes)
    ledger = open_ledger(results, sweep.name)
    check_hides(sweep, ledger, yes)
    try:
        from sweeps.running.run import execute

        planner = execute(sweep, ledger, data, limit, engine, retry_failed)
    except KeyboardInterrupt:
        print(
            f"\ninterrupted; every finished trial is kept in {ledger.folder}\n"
            f"next: the same command goes on where it stopped",
            file=sys.stderr,
        )
        raise typer.Exit(130) from None
    _conclude(planner, ledger, option(results))


def _conclude(planner: "Planner", ledger: "Ledger", results: str) -> None:
    """Say how a finished run ended; trials that failed are exit code 1."""
    rows, name = list(planner.results.values()), planner.sweep.name
    bad = [row for row in rows if row["status"] in ("diverged", "failed")]
    stopped = sum(row["status"] == "stopped" for row in rows)
    early = f"{stopped} stopped early, " if stopped else ""
    done = len(rows) - len(bad) - stopped
    print(f"{done} trials done, {early}{len(bad)} failed or diverged: {ledger.folder}")
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


def _duration(seconds: float) -> str:
    """Seconds, minutes or hours, in words."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
