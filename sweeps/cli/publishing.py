"""Commands that make something of results for other programs: pages, and Optuna's studies."""

import sys
from contextlib import suppress
from typing import Annotated

import typer

from bsvae.trial import BadInput
from sweeps.cli.options import Results, StoredName


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
    from sweeps.report.serve import LivePage, server

    with server(LivePage(name, results), port) as running, suppress(KeyboardInterrupt):
        address = f"http://{running.server_address[0]}:{running.server_port}/"
        print(f"{address} (Ctrl-C ends it)", flush=True)
        running.serve_forever()


def export(
    name: StoredName,
    optuna: Annotated[str, typer.Option(metavar="FILE", help="new file: .db, .sqlite3 or .log")],
    results: Results = "results",
) -> None:
    """Write a sweep's searches as Optuna studies, for optuna-dashboard."""
    from pathlib import Path

    from sweeps.results.export import export as write_studies
    from sweeps.results.outcome import read_outcome
    from sweeps.results.stored import stored_sweep

    count = write_studies(read_outcome(*stored_sweep(name, results)), Path(optuna))
    print(f"{count} studies: {optuna}")
    address = optuna if optuna.endswith((".log", ".journal")) else f"sqlite:///{optuna}"
    print(f"next: optuna-dashboard {address} (pip install optuna-dashboard)")
