"""Commands that read results and print them."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from bsvae.trial import BadInput
from sweeps.cli.options import Results, StoredName, argument, option
from sweeps.text import counted

if TYPE_CHECKING:
    from sweeps.results.outcome import Outcome

#: Trials that `show` lists, if not told otherwise.
ROWS = 20


def ls(results: Results = "results") -> None:
    """List the shipped sweeps and those with results: done / wanted."""
    from sweeps.cli.screen import print_table
    from sweeps.definition.file import shipped
    from sweeps.ledger.places import sweeps_with_results

    stored = set(sweeps_with_results(results))
    rows = [_listed(name, results, name in stored) for name in sorted({*shipped(), *stored})]
    print_table(["sweep", "done", "about"], rows)
    print("next: bsvae plan NAME, bsvae run NAME")


def _listed(name: str, results: str, stored: bool) -> list[str]:
    """A sweep in a row of `ls`."""
    from sweeps.definition.file import read_sweep
    from sweeps.results.stored import (
        epochs_apart,
        open_ledger,
        overrides_apart,
        so_far,
        stored_sweep,
    )

    try:
        if stored:
            sweep, ledger = stored_sweep(name, results)
        else:  # rows may have been copied there
            sweep, ledger = read_sweep(name), open_ledger(results, name)
        done = f"{so_far(sweep, ledger).done}/{sweep.wanted} {epochs_apart(sweep)}"
        overrides = f"({apart}) " if (apart := overrides_apart(sweep)) else ""
        return [name, done.strip(), overrides + " ".join(sweep.about.split())]
    except BadInput as error:
        return [name, "?", f"unreadable: {error}"]


def status(
    name: StoredName,
    results: Results = "results",
    watch: Annotated[bool, typer.Option("--watch", help="until the sweep is finished")] = False,
) -> None:
    """Say how a sweep stands, from its results alone: counts, pace, best, and who runs it."""
    from sweeps.cli import watch as view

    situation = (view.watch if watch else view.print_once)(name, results)
    _tell_how_asked(name, results)
    if situation.finished:
        print(f"next: bsvae table {name}{option(results)}")
    elif not situation.driver:
        print(f"next: {_way_on(name, results)}")
    else:
        print(f"next: bsvae status {name} --watch{option(results)}")


def _way_on(name: str, results: str) -> str:
    """How a sweep that nobody runs goes on: as it was asked for last, if a run may go on so."""
    from sweeps.cli.asked import what_it_hides
    from sweeps.results.stored import stored_sweep

    if hides := what_it_hides(*stored_sweep(name, results)):
        return (
            f"bsvae run {name}{option(results)} needs --yes, since {hides}; or --name NAME to keep "
            "both"
        )
    return "the command that started it goes on where it stopped"


def _tell_how_asked(name: str, results: str) -> None:
    """Say so if a sweep was asked for otherwise than its file says."""
    from sweeps.results.stored import asked_with, stored_sweep

    sweep, _ = stored_sweep(name, results)
    if asked := asked_with(sweep):
        print(f"{sweep.name} was asked for {asked}")


def show(
    name: StoredName,
    trial: Annotated[str | None, typer.Argument(metavar="ID", help="a trial, or its start")] = None,
    results: Results = "results",
    where: Annotated[str | None, typer.Option(help="e.g. \"family == 'gaussian'\"")] = None,
    sort: Annotated[str | None, typer.Option(help="column; else the sweep's objective")] = None,
    best: Annotated[
        int | None, typer.Option(help="trials to list, best first; else 20", min=1)
    ] = None,
) -> None:
    """Print the best trials and what sets them apart, or one trial whole."""
    from sweeps.cli.screen import print_frame, print_text
    from sweeps.results import filters
    from sweeps.results.listing import check_column, lists
    from sweeps.results.summary import ON_TEST

    if trial is not None:
        _check_alone({"--where": where, "--sort": sort, "--best": best})
    outcome = _outcome(name, results)
    if trial is not None:
        _print_trial(outcome, trial)
        return
    chosen = filters.where(outcome.trials, where) if where else outcome.trials
    column = outcome.objective if sort is None else check_column(chosen, sort)
    if chosen.empty:
        of_them = f"no trial of {len(outcome.trials):,} is one where {where}"
        nothing = f"no trial of {name} has ended yet; next: bsvae status {name}{option(results)}"
        print(nothing if outcome.trials.empty else of_them)
        return
    entries = list(lists(outcome, chosen, column, best or ROWS))
    for entry in entries:
        print_text(entry.title)
        print_frame(entry.readable, keep={"status", column, *outcome.sweep.objectives, "n"})
        for note in entry.notes:
            print_text(note)
    if outcome.sweep.selects_on_test and not any(ON_TEST in entry.notes for entry in entries):
        print_text(ON_TEST)
    in_pandas = f"sweeps.load({name!r}{argument(results)})"
    print(f"next: bsvae show {name} ID{option(results)}; in pandas: {in_pandas}")


def _check_alone(options: Mapping[str, object]) -> None:
    """Refuse what says which trials are listed where one is shown whole.

    Raises:
        BadInput: naming the options that were given.
    """
    if given := [name for name, value in options.items() if value is not None]:
        raise BadInput(f"show ID prints one trial whole: drop {', '.join(given)}, or the ID")


def table(
    name: StoredName,
    results: Results = "results",
    form: Annotated[
        str, typer.Option("--format", metavar="text|csv|markdown|latex", help="how to print it")
    ] = "text",
) -> None:
    """Print a sweep's table: every cell's mean and standard error, published numbers beside."""
    from sweeps.results.tables import FORMS, notes, written

    if form not in ("text", *FORMS):
        raise BadInput(f"--format {form!r}: choose text, {', '.join(FORMS)}")
    outcome = _outcome(name, results, sys.stdout if form == "text" else sys.stderr)
    if outcome.done.empty:
        print(f"no trial of {name} is done yet; next: bsvae status {name}{option(results)}")
        raise typer.Exit(0 if form == "text" else 1)
    if form == "text":
        _print_tables(outcome)
        in_pandas = f"sweeps.table({name!r}{argument(results)})"
        print(f"next: bsvae show {name}{option(results)}; in pandas: {in_pandas}")
    else:
        print(written(outcome, form), end="")
        for note in notes(outcome) if form == "csv" else ():
            print(note, file=sys.stderr)


def _print_tables(outcome: "Outcome") -> None:
    from sweeps.cli.screen import print_frame, print_text
    from sweeps.results.tables import tables

    for entry in tables(outcome):
        print_text(entry.title)
        print_frame(entry.readable, keep={*outcome.sweep.search, *outcome.sweep.objectives, "n"})
        for note in entry.notes:
            print_text(note)
        if (entry.readable == "-").any(axis=None):
            print("-: no result yet, or not measured for this model")
        print()


def _print_trial(outcome: "Outcome", start: str) -> None:
    from sweeps.cli.screen import print_table, print_text
    from sweeps.results import card

    row = card.find(outcome.trials, start)
    print(f"trial {row['trial_id']} of {outcome.sweep.name}: {row['status']}, {row['label']}")
    if isinstance(row["error"], str):
        print_text(f"error: {row['error']}")
    print_table(["field", "value", "meaning"], card.configuration(row))
    columns, rows = card.metrics(row)
    if rows:
        print_table(columns, rows)
    for line in card.curves(outcome, row["trial_id"]):
        print_text(line)
    print(f"\nto train it again:\n{card.command(outcome, row)}")
    print(f"\nor in Python:\n{card.in_python(row)}")


def _outcome(name: str, results: str, screen: TextIO | None = None) -> "Outcome":
    """A sweep and its rows as it was last asked for; says if there are others."""
    from sweeps.results.outcome import read_outcome
    from sweeps.results.stored import asked_with, stored_sweep

    outcome = read_outcome(*stored_sweep(name, results))
    if asked := asked_with(outcome.sweep):
        print(f"{outcome.sweep.name} was asked for {asked}", file=screen or sys.stdout)
    if outcome.others:
        rows = f"{counted(outcome.others, 'row')} of {outcome.sweep.name}"
        print(f"not shown: {rows} as it was asked for before", file=screen or sys.stdout)
    return outcome
