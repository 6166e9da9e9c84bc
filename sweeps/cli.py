"""The command line.  Heavy imports stand inside the commands, so that --help answers at once."""

import gc
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from bsvae.trial import BadInput
from sweeps.files import Unreachable

if TYPE_CHECKING:
    import pandas as pd

    from sweeps.definition import Sweep
    from sweeps.store import Ledger

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Sweeps of latent-variable autoencoders: plan, run, resume, and read the results.",
)

SweepName = Annotated[str, typer.Argument(metavar="NAME|FILE.toml", help="a sweep; see 'bsvae ls'")]
StoredName = Annotated[str, typer.Argument(metavar="NAME", help="a sweep that has been run")]
Results = Annotated[str, typer.Option(help="folder or s3://BUCKET/FOLDER that sweeps write to")]
Epochs = Annotated[int | None, typer.Option(help="train for this many epochs instead")]
Setting = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="replace a field of every trial; repeatable"),
]
PackSize = Annotated[str, typer.Option(metavar="N|auto", help="trials to train together")]

Yes = Annotated[bool, typer.Option("--yes", help="train even more than 10,000 trials")]


@app.command()
def ls(results: Results = "results") -> None:
    """List the shipped sweeps and those with results: done / wanted."""
    from sweeps.definition import read_sweep, shipped
    from sweeps.places import sweeps_with_results
    from sweeps.requests import so_far, stored_sweep
    from sweeps.screen import print_table

    rows = []
    stored = sweeps_with_results(results)
    for name in sorted({*shipped(), *stored}):
        try:
            if name in stored:
                sweep, ledger = stored_sweep(name, results)
                done = so_far(sweep, ledger).done
            else:
                sweep, done = read_sweep(name), 0
            rows.append([name, f"{done}/{sweep.wanted}", " ".join(sweep.about.split())])
        except BadInput as error:
            rows.append([name, "?", f"unreadable: {error}"])
    print_table(["sweep", "done", "about"], rows)
    print("next: bsvae plan NAME, bsvae run NAME")


@app.command()
def plan(
    name: SweepName,
    results: Results = "results",
    epochs: Epochs = None,
    pack: PackSize = "auto",
    set_: Setting = None,
) -> None:
    """Say what a run would train, in which packs, and for how long; train nothing."""
    from sweeps.requests import MANY, open_ledger, pack_limit, requested_sweep
    from sweeps.screen import print_table

    sweep, limit = requested_sweep(name, epochs, set_), pack_limit(pack)
    ledger = open_ledger(results, sweep.name)

    from sweeps.estimate import estimate, notices, slots_here
    from sweeps.execution import pack_size
    from sweeps.planner import Planner, columns

    slots, device = slots_here()
    planner = Planner(sweep, ledger.rows(columns=columns(sweep)), pack_size(limit, device), slots)
    for notice in notices(sweep):
        print(notice)
    if address := os.environ.get("RAY_ADDRESS"):
        print(
            f"RAY_ADDRESS = {address}: a run trains on that cluster; this plan is for this machine"
        )
    print(f"{sweep.name}: {' '.join(sweep.about.split())}")
    print(
        f"{len(sweep.cells)} cells, {sweep.wanted} trials wanted, {planner.done} done, "
        f"{sweep.wanted - planner.done} to train; {slots} packs at once on {device}"
    )
    groups, seconds = estimate(planner, device)
    if groups:
        print_table(["family", "to train", "pack", "why", "MB a pack", "s an epoch"], groups)
        print(f"about {_duration(seconds)}, from a few steps of each kind timed just now")
    if planner.finished:
        print(f"nothing to train; next: bsvae table {sweep.name}{_in(results)}")
    else:
        many = ["--yes"] if sweep.wanted > MANY else []
        print(f"next: bsvae run {' '.join([*sys.argv[2:], *many])}")


@app.command()
def run(
    name: SweepName,
    results: Results = "results",
    data: Annotated[str | None, typer.Option(help="data folder; or set BSVAE_DATA")] = None,
    epochs: Epochs = None,
    pack: PackSize = "auto",
    engine: Annotated[str, typer.Option(metavar="ray|serial", help="who trains")] = "ray",
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="train failed trials again")
    ] = False,
    set_: Setting = None,
    yes: Yes = False,
) -> None:
    """Run a sweep, or what is missing of it; running again resumes."""
    from sweeps.requests import check_count, open_ledger, pack_limit, requested_sweep

    if engine not in ("ray", "serial"):
        raise BadInput(f"--engine {engine!r}: choose ray or serial")
    sweep, limit = requested_sweep(name, epochs, set_), pack_limit(pack)
    check_count(sweep, yes)
    ledger = open_ledger(results, sweep.name)
    try:
        from sweeps.execution import execute

        planner = execute(sweep, ledger, data, limit, engine, retry_failed)
    except KeyboardInterrupt:
        print(
            f"\ninterrupted; every finished trial is kept in {ledger.folder}\n"
            f"next: the same command goes on where it stopped",
            file=sys.stderr,
        )
        raise typer.Exit(130) from None
    rows = list(planner.results.values())
    bad = [row for row in rows if row["status"] in ("diverged", "failed")]
    stopped = sum(row["status"] == "stopped" for row in rows)
    early = f"{stopped} stopped early, " if stopped else ""
    done = len(rows) - len(bad) - stopped
    print(f"{done} trials done, {early}{len(bad)} failed or diverged: {ledger.folder}")
    if bad:
        print(f"first: {bad[0]['trial_id']} {bad[0]['status']}: {bad[0]['error']}")
    option = _in(results)
    if done:
        print(f"next: bsvae table {sweep.name}{option}, bsvae show {sweep.name}{option}")
    if any(row["status"] == "failed" for row in bad):
        raise typer.Exit(1)


@app.command()
def status(name: StoredName, results: Results = "results") -> None:
    """Count a sweep's trials by family and say how fast they come, from its results alone."""
    from sweeps.progress import outlook
    from sweeps.requests import so_far, stored_sweep
    from sweeps.schema import STATUSES
    from sweeps.screen import print_table

    sweep, ledger = stored_sweep(name, results)
    planner = so_far(sweep, ledger)
    counts: dict[str, Counter[str]] = {}
    for row in planner.results.values():
        counts.setdefault(row["family"], Counter())[row["status"]] += 1
    print_table(
        ["family", *STATUSES],
        [[family, *(str(n[s]) for s in STATUSES)] for family, n in sorted(counts.items())],
    )
    print(f"{planner.done} of {sweep.wanted} trials have a result in {ledger.folder}")
    if pace := outlook(planner.results.values(), sweep.wanted):
        print(pace)
    if planner.finished:
        print(f"next: bsvae table {name}{_in(results)}")
    else:
        print("next: the command that started it goes on where it stopped")


@app.command()
def show(
    name: StoredName,
    results: Results = "results",
    where: Annotated[str | None, typer.Option(help="e.g. \"family == 'gaussian'\"")] = None,
    sort: Annotated[str, typer.Option(help="column to sort by")] = "test_neg_elbo",
    best: Annotated[int, typer.Option(help="rows to print, best first", min=1)] = 20,
) -> None:
    """Print the best trials, what set them apart and what they reached."""
    from sweeps import filters
    from sweeps.pareto import front
    from sweeps.requests import stored_sweep
    from sweeps.screen import print_frame
    from sweeps.tables import best_trials

    sweep, ledger = stored_sweep(name, results)
    trials = _wanted(sweep, ledger)
    chosen = filters.where(trials, where) if where else trials
    if len(objectives := sweep.objectives) > 1:
        optimal = front(chosen, objectives)
        print(f"Pareto front of {', '.join(objectives)}: {len(optimal)} of {len(chosen)} trials")
        print_frame(best_trials(optimal, objectives[0], best, objectives))
        print(f"All trials by {sort}")
    print_frame(best_trials(chosen, sort, best))
    count = f"{min(best, len(chosen))} of {len(chosen)} trials"
    print(f"{count}; in pandas: sweeps.load({name!r}{_where(results)})")


@app.command()
def table(name: StoredName, results: Results = "results") -> None:
    """Print a sweep's tables, ours beside the published numbers where there are any."""
    from sweeps.requests import stored_sweep
    from sweeps.screen import print_frame
    from sweeps.tables import tables

    sweep, ledger = stored_sweep(name, results)
    trials = _wanted(sweep, ledger)
    if not (trials["status"] == "done").any():
        print(f"no trial of {name} is done yet; next: bsvae status {name}{_in(results)}")
        return
    panel = ledger.table("gaussianity")
    panel = panel[panel["trial_id"].isin(trials["trial_id"])]
    for entry in tables(name, trials, panel, sweep.objectives[0]):
        print(entry.title)
        print_frame(entry.frame.reset_index())
        for note in entry.notes:
            print(note)
        if entry.frame.isna().any(axis=None):
            print("-: no result yet, or not measured for this model")
        print()
    print(
        f"next: bsvae show {name}{_in(results)}; in pandas: sweeps.load({name!r}{_where(results)})"
    )


@app.command()
def submit(
    name: SweepName,
    address: Annotated[str, typer.Option(metavar="URL", help="dashboard, http://127.0.0.1:8265")],
    results: Annotated[str, typer.Option(metavar="URI", help="s3://... or a folder of all nodes")],
    data: Annotated[str | None, typer.Option(help="data folder on the cluster's nodes")] = None,
    epochs: Epochs = None,
    pack: PackSize = "auto",
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="train failed trials again")
    ] = False,
    set_: Setting = None,
    yes: Yes = False,
) -> None:
    """Run a sweep on a Ray cluster as a job, and follow it; the same command rejoins it."""
    from sweeps.definition import sweep_text
    from sweeps.requests import check_count, pack_limit, requested_sweep
    from sweeps.submission import Request, check_shared, submit

    sweep = requested_sweep(name, epochs, set_)
    pack_limit(pack)
    check_count(sweep, yes)
    options = [f"--results={check_shared(results)}", f"--pack={pack}"]
    options += [f"--data={data}"] if data else []
    options += [f"--epochs={epochs}"] if epochs is not None else []
    options += ["--retry-failed"] if retry_failed else []
    options += ["--yes"] if yes else []
    options += [f"--set={setting}" for setting in set_ or []]
    raise typer.Exit(submit(Request(sweep.name, sweep_text(name), tuple(options)), address))


@app.command()
def report(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="a sweep that ran")] = None,
    every: Annotated[bool, typer.Option("--all", help="every sweep, and an index of them")] = False,
    results: Results = "results",
) -> None:
    """Write a sweep's tables, figures and trials as one HTML page that needs no network."""
    if (name is None) != every:
        raise BadInput("report: name a sweep, or give --all (see bsvae ls)")

    from sweeps.places import sweeps_with_results
    from sweeps.report import write_index, write_report

    refused = 0
    for one in [name] if name is not None else sweeps_with_results(results):
        try:
            print(write_report(one, results))
        except BadInput as error:
            if not every:
                raise
            print(f"bsvae: {one}: {error}", file=sys.stderr)
            refused += 1
    if every:
        print(write_index(results))
    print("next: open it in a browser")
    if refused:
        raise typer.Exit(2)


@app.command()
def serve(
    name: StoredName,
    port: Annotated[int, typer.Option(help="port on this machine; 0 takes any", min=0)] = 8484,
    results: Results = "results",
) -> None:
    """Show a sweep's report in a browser on this machine, up to date while the sweep runs."""
    from sweeps.serve import LivePage, server

    with server(LivePage(name, results), port) as running:
        print(
            f"http://{running.server_address[0]}:{running.server_port}/ (Ctrl-C ends it)",
            flush=True,
        )
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            print()


@app.command()
def export(
    name: StoredName,
    optuna: Annotated[str, typer.Option(metavar="FILE", help="new file: .db, .sqlite3 or .log")],
    results: Results = "results",
) -> None:
    """Write a sweep's searches as Optuna studies, for optuna-dashboard."""
    from pathlib import Path

    from sweeps.export import export as write_studies
    from sweeps.outcome import read_outcome
    from sweeps.requests import stored_sweep

    count = write_studies(read_outcome(*stored_sweep(name, results)), Path(optuna))
    print(f"{count} studies: {optuna}")
    address = optuna if optuna.endswith((".log", ".journal")) else f"sqlite:///{optuna}"
    print(f"next: optuna-dashboard {address} (pip install optuna-dashboard)")


def main() -> None:
    """Run the command line; bad input ends in one line on standard error and exit code 2."""
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    try:
        code = app(standalone_mode=False)
        gc.freeze()  # or the interpreter's last collection walks all of torch: a second
        sys.exit(code)
    except BadInput as error:
        _end(str(error), 2)
    except Unreachable as error:
        _end(f"cannot reach {error.filename} ({error.strerror}); try again", 1)
    except OSError as error:
        if error.filename is None:
            raise
        _end(f"cannot use {error.filename} ({error.strerror})", 2)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        if type(error).__name__ == "GaveUp":  # from a module that --help must not import
            _end(f"{error}; the same command goes on where it stopped", 1)
        if not hasattr(error, "format_message"):  # an error of the command line's own parser
            raise
        _end(f"{error.format_message()} (see bsvae --help)", 2)


def _end(message: str, code: int) -> None:
    print(f"bsvae: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)


def _wanted(sweep: "Sweep", ledger: "Ledger") -> "pd.DataFrame":
    """The rows of a sweep as it was last asked for; says if there are others."""
    from sweeps.requests import wanted_trials

    trials, others = wanted_trials(sweep, ledger)
    if others:
        print(f"{others} rows of {sweep.name} as it was asked for before are not shown")
    return trials


def _in(results: str) -> str:
    """The option that names a results folder, where it is not the usual one."""
    return "" if results == "results" else f" --results {results}"


def _where(results: str) -> str:
    """The same for `sweeps.load`."""
    return "" if results == "results" else f", results={results!r}"


def _duration(seconds: float) -> str:
    """Seconds, minutes or hours, in words."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
