"""The command line.  Heavy imports stand inside the commands, so that --help answers at once."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bsvae.trial import BadInput

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
Results = Annotated[str, typer.Option(help="folder that sweeps write to")]
Epochs = Annotated[int | None, typer.Option(help="train for this many epochs instead")]
Setting = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="replace a field of every trial; repeatable"),
]
PackSize = Annotated[str, typer.Option(metavar="N|auto", help="trials to train together")]


@app.command()
def ls(results: Results = "results") -> None:
    """List the shipped sweeps and those with results: done / wanted."""
    from sweeps.definition import read_sweep, shipped
    from sweeps.screen import print_table
    from sweeps.store import sweeps_with_results

    rows = []
    stored = sweeps_with_results(results)
    for name in sorted({*shipped(), *stored}):
        try:
            sweep, ledger = _stored(name, results) if name in stored else (read_sweep(name), None)
            done = _progress(sweep, ledger).done if ledger else 0
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
    sweep = _read(name, epochs, set_)
    _pack_limit(pack)

    from sweeps.estimate import estimate, notices, slots_here
    from sweeps.screen import print_table

    slots, device = slots_here()
    planner = _planner(sweep, _ledger(results, sweep.name), pack, slots, device)
    for notice in notices(sweep):
        print(notice)
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
        print(f"next: bsvae run {' '.join(sys.argv[2:])}")


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
) -> None:
    """Run a sweep, or what is missing of it; running again resumes."""
    if engine not in ("ray", "serial"):
        raise BadInput(f"--engine {engine!r}: choose ray or serial")
    sweep = _read(name, epochs, set_)
    ledger = _ledger(results, sweep.name)
    pack_limit = _pack_limit(pack)
    try:
        from sweeps.estimate import notices
        from sweeps.execution import execute

        for notice in notices(sweep):
            print(notice)
        planner = execute(sweep, ledger, data, pack_limit, engine, retry_failed)
    except KeyboardInterrupt:
        print(
            f"\ninterrupted; every finished trial is kept in {ledger.folder}\n"
            f"next: the same command goes on where it stopped",
            file=sys.stderr,
        )
        raise typer.Exit(130) from None
    rows = list(planner.results.values())
    bad = [row for row in rows if row["status"] != "done"]
    print(f"{len(rows) - len(bad)} trials done, {len(bad)} failed or diverged: {ledger.folder}")
    if bad:
        print(f"first: {bad[0]['trial_id']} {bad[0]['status']}: {bad[0]['error']}")
    option = _in(results)
    print(f"next: bsvae table {sweep.name}{option}, bsvae show {sweep.name}{option}")
    if any(row["status"] == "failed" for row in bad):
        raise typer.Exit(1)


@app.command()
def status(name: StoredName, results: Results = "results") -> None:
    """Count a sweep's trials by family, from its results alone."""
    from sweeps.screen import print_table

    sweep, ledger = _stored(name, results)
    planner = _progress(sweep, ledger)
    counts: dict[str, dict[str, int]] = {}
    for row in planner.results.values():
        family = counts.setdefault(row["family"], {"done": 0, "diverged": 0, "failed": 0})
        family[row["status"]] += 1
    print_table(
        ["family", "done", "diverged", "failed"],
        [[family, *map(str, count.values())] for family, count in sorted(counts.items())],
    )
    print(f"{planner.done} of {sweep.wanted} trials have a result in {ledger.folder}")
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
    from sweeps.screen import print_frame
    from sweeps.tables import best_trials

    trials = _wanted_trials(name, results)
    chosen = filters.where(trials, where) if where else trials
    print_frame(best_trials(chosen, sort, best))
    print(f"{min(best, len(chosen))} of {len(chosen)} trials; in pandas: sweeps.load({name!r})")


@app.command()
def table(name: StoredName, results: Results = "results") -> None:
    """Print a sweep's tables, ours beside the published numbers where there are any."""
    from sweeps.screen import print_frame
    from sweeps.tables import tables

    trials = _wanted_trials(name, results)
    if not (trials["status"] == "done").any():
        print(f"no trial of {name} is done yet; next: bsvae status {name}{_in(results)}")
        return
    panel = _ledger(results, name).table("gaussianity")
    for entry in tables(name, trials, panel[panel["trial_id"].isin(trials["trial_id"])]):
        print(entry.title)
        print_frame(entry.frame.reset_index())
        for note in entry.notes:
            print(note)
        if missing := int(entry.frame.isna().sum().sum()):
            print(f"{missing} cells have no result: shown as -")
        print()
    print(f"next: bsvae show {name}{_in(results)}; in pandas: sweeps.load({name!r})")


def main() -> None:
    """Run the command line; bad input ends in one line on standard error and exit code 2."""
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    try:
        sys.exit(app(standalone_mode=False))
    except BadInput as error:
        _refuse(str(error))
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        if type(error).__name__ == "GaveUp":  # from a module that --help must not import
            print(f"bsvae: {error}; the same command goes on where it stopped", file=sys.stderr)
            sys.exit(1)
        if not hasattr(error, "format_message"):  # an error of the command line's own parser
            raise
        _refuse(f"{error.format_message()} (see bsvae --help)")


def _refuse(message: str) -> None:
    print(f"bsvae: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def _read(name: str, epochs: int | None, settings: list[str] | None) -> "Sweep":
    from sweeps.definition import read_sweep

    overrides = dict(_setting(text) for text in settings or [])
    if epochs is not None:
        overrides["epochs"] = epochs
    return read_sweep(name, overrides)


def _setting(text: str) -> tuple[str, Any]:
    """One KEY=VALUE, the value read as TOML and else as a plain word."""
    import tomllib

    key, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"--set {text!r}: write it as KEY=VALUE")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        return key.strip(), value.strip()


def _pack_limit(pack: str) -> int | None:
    if pack == "auto":
        return None
    if not pack.isdecimal() or int(pack) < 1:
        raise BadInput(f"--pack {pack!r}: must be an integer >= 1, or auto")
    return int(pack)


def _ledger(results: str, name: str) -> "Ledger":
    from sweeps.store import Ledger

    if Path(results).exists() and not Path(results).is_dir():
        raise BadInput(f"--results {results!r}: is not a folder")
    return Ledger(results, name)


def _in(results: str) -> str:
    """The option that names a results folder, where it is not the usual one."""
    return "" if results == "results" else f" --results {results}"


def _wanted_trials(name: str, results: str) -> "pd.DataFrame":
    """The rows of the trials that a sweep wants, as it was last asked for."""
    sweep, ledger = _stored(name, results)
    trials = ledger.trials()
    wanted = trials[trials["trial_id"].isin(_progress(sweep, ledger).results)]
    if others := len(trials) - len(wanted):
        print(f"{others} rows of {name} as it was asked for before are not shown")
    return wanted.reset_index(drop=True)


def _stored(name: str, results: str) -> "tuple[Sweep, Ledger]":
    """A sweep that has results, as it was last asked for."""
    from bsvae.checks import unknown
    from sweeps.definition import check_name, parse, shipped
    from sweeps.store import sweeps_with_results

    ledger = _ledger(results, check_name(name))
    document = ledger.read_definition()
    if document is None:
        if name in shipped():
            raise BadInput(f"sweep {name!r} has no results in {results!r}: bsvae run {name}")
        raise BadInput(unknown("sweep", name, [*shipped(), *sweeps_with_results(results)]))
    try:
        return parse(name, document, {}), ledger
    except BadInput as error:
        raise BadInput(f"{ledger.folder}/sweep.json: {error}; run the sweep again") from None


def _progress(sweep: "Sweep", ledger: "Ledger") -> Any:
    """The plan as far as the results have come; for counting, not for running."""
    from sweeps.planner import Planner

    return Planner(sweep, ledger.rows(), lambda trial: 1)


def _planner(sweep: "Sweep", ledger: "Ledger", pack: str, slots: int, device: str) -> Any:
    from sweeps.execution import pack_size
    from sweeps.planner import Planner

    return Planner(sweep, ledger.rows(), pack_size(_pack_limit(pack), device), slots)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
