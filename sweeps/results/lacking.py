"""Trials that were trained before their sweep asked for the extras that it now asks for."""

from collections.abc import Iterable

from sweeps.definition.sweep import Sweep
from sweeps.ledger.ledger import Ledger
from sweeps.plan.studies import Row

#: Where an extra of a trial is kept: a folder, and how its files' names end.
KEPT = {"arrays": ("arrays", ".npz"), "gaussianity": ("gaussianity", ".parquet")}


def without_extras(sweep: Sweep, ledger: Ledger, rows: Iterable[Row]) -> dict[str, list[Row]]:
    """For each extra of the sweep, the trials that are done without it; only extras that some lack.

    Args:
        sweep: what is asked for now.
        ledger: where its results are.
        rows: of its trials.
    """
    done = [row for row in rows if row["status"] == "done"]
    lacking = {}
    for extra in sweep.extras:
        folder, ending = KEPT[extra]
        there = ledger.files.stamps(folder)
        lacking[extra] = [row for row in done if row["trial_id"] + ending not in there]
    return {extra: found for extra, found in lacking.items() if found}


def rows_without_extras(sweep: Sweep, ledger: Ledger) -> frozenset[tuple[str, object]]:
    """The rows that are in the way of training their trials again: id, and when it was finished."""
    rows = ledger.rows(columns=("trial_id", "status", "finished_at")).values()
    lacking = without_extras(sweep, ledger, rows).values()
    return frozenset((row["trial_id"], row["finished_at"]) for found in lacking for row in found)
