"""Commands that make something of results for other programs: pages, and Optuna's studies."""

import sys
from contextlib import suppress
from typing import Annotated

import typer

from bsvae.trial import BadInput
from sweeps.cli.options import Results, StoredName, option
from sweeps.text import counted


def report(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="a sweep that ran")] = None,
    every: Annotated[bool, typer.Option("--all", help="every sweep, and an index of them")] = False,
    results: Results = "results",
) -> None:
    """Write a sweep's tables, figures and trials as one HTML page that needs no network."""
    if (name is None) != every:
        raise BadInput("report: name a sweep, or give --all (see bsvae ls)")

    from sweeps.ledger.places import sweeps_with_results
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


def serve(
    name: StoredName,
    port: Annotated[int, typer.Option(help="port on this machine; 0 takes any", min=0)] = 8484,
    results: Results = "results",
) -> None:
    """Show a sweep's report in a browser on this machine, up to date while the sweep runs."""
    from sweeps.cli.watch import await_stored
    from sweeps.report.serve import LivePage, server

    await_stored(name, results)
    with server(LivePage(name, results), port) as running, suppress(KeyboardInterrupt):
        address = f"http://{running.server_address[0]}:{running.server_port}/"
        print(f"{address} (Ctrl-C ends it)", flush=True)
        running.serve_forever()


def export(
    name: StoredName,
    csv: Annotated[str | None, typer.Option(metavar="FILE", help="its table, numbers")] = None,
    latex: Annotated[str | None, typer.Option(metavar="FILE", help="its tables, booktabs")] = None,
    optuna: Annotated[
        str | None, typer.Option(metavar="FILE", help="its means: .db, .sqlite3 or .log")
    ] = None,
    results: Results = "results",
) -> None:
    """Write a sweep to new files: its table, or an Optuna study of its proposals' means."""
    from pathlib import Path

    from sweeps.results.outcome import read_outcome
    from sweeps.results.stored import stored_sweep
    from sweeps.results.tables import written
    from sweeps.results.writing import check_new, new_text

    texts = {form: Path(path) for form, path in (("csv", csv), ("latex", latex)) if path}
    if not texts and optuna is None:
        raise BadInput("export: say what to write, --csv FILE, --latex FILE or --optuna FILE")
    for form, path in texts.items():
        check_new(f"--{form}", path)
    outcome = read_outcome(*stored_sweep(name, results))
    if outcome.done.empty and texts:
        raise BadInput(f"no trial of {name} is done yet: bsvae status {name}{option(results)}")
    if optuna is not None:
        from sweeps.results.export import export as write_study

        count = write_study(outcome, Path(optuna))
        means = ", each the mean over its seeds," if outcome.sweep.replicated else ""
        print(f"{counted(count, 'trial')}{means} in study {outcome.sweep.name!r}: {optuna}")
        address = optuna if optuna.endswith((".log", ".journal")) else f"sqlite:///{optuna}"
        print(f"next: optuna-dashboard {address} (pip install optuna-dashboard)")
    for form, path in texts.items():
        new_text(f"--{form}", path, written(outcome, form))
        print(f"{form}: {path}")
