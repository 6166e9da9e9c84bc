"""Commands that read results and print them."""

from typing import TYPE_CHECKING, Annotated

import typer

from bsvae.trial import BadInput
from sweeps.cli.options import Results, StoredName, argument, option

if TYPE_CHECKING:
    import pandas as pd

    from sweeps.definition.sweep import Sweep
    from sweeps.ledger.ledger import Ledger


def ls(results: Results = "results") -> None:
    """List the shipped sweeps and those with results: done / wanted."""
    from sweeps.cli.screen import print_table
    from sweeps.definition.file import read_sweep, shipped
    from sweeps.ledger.places import sweeps_with_results
    from sweeps.results.stored import so_far, stored_sweep

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


def status(
    name: StoredName,
    results: Results = "results",
    watch: Annotated[bool, typer.Option("--watch", help="until the sweep is finished")] = False,
) -> None:
    """Say how a sweep stands, from its results alone: counts, pace, best, and who runs it."""
    from sweeps.cli import watch as view

    situation = (view.watch if watch else view.print_once)(name, results)
    if situation.finished:
        print(f"next: bsvae table {name}{option(results)}")
    elif not situation.driver:
        print("next: the command that started it goes on where it stopped")
    else:
        print(f"next: bsvae status {name} --watch{option(results)}")


def show(
    name: StoredName,
    results: Results = "results",
    where: Annotated[str | None, typer.Option(help="e.g. \"family == 'gaussian'\"")] = None,
    sort: Annotated[str, typer.Option(help="column to sort by")] = "test_neg_elbo",
    best: Annotated[int, typer.Option(help="rows to print, best first", min=1)] = 20,
) -> None:
    """Print the best trials, what set them apart and what they reached."""
    from sweeps.cli.screen import print_frame
    from sweeps.results import filters
    from sweeps.results.pareto import front
    from sweeps.results.stored import stored_sweep
    from sweeps.results.tables import best_trials

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
    print(f"{count}; in pandas: sweeps.load({name!r}{argument(results)})")


def table(name: StoredName, results: Results = "results") -> None:
    """Print a sweep's tables, ours beside the published numbers where there are any."""
    from sweeps.cli.screen import print_frame
    from sweeps.results.stored import stored_sweep
    from sweeps.results.tables import tables

    sweep, ledger = stored_sweep(name, results)
    trials = _wanted(sweep, ledger)
    if not (trials["status"] == "done").any():
        print(f"no trial of {name} is done yet; next: bsvae status {name}{option(results)}")
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
    in_pandas = f"sweeps.load({name!r}{argument(results)})"
    print(f"next: bsvae show {name}{option(results)}; in pandas: {in_pandas}")


def _wanted(sweep: "Sweep", ledger: "Ledger") -> "pd.DataFrame":
    """The rows of a sweep as it was last asked for; says if there are others."""
    from sweeps.results.stored import wanted_trials

    trials, others = wanted_trials(sweep, ledger)
    if others:
        print(f"{others} rows of {sweep.name} as it was asked for before are not shown")
    return trials
