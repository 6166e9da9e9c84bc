"""Stored sweeps, their ledgers, and which rows are theirs."""

import pandas as pd

from bsvae.checks import BadInput, unknown
from sweeps.definition.file import shipped
from sweeps.definition.parse import parse
from sweeps.definition.sweep import Sweep, check_name
from sweeps.definition.upgrade import upgraded
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.places import check_place, sweeps_with_results
from sweeps.plan.planner import Planner, columns


def open_ledger(results: str, name: str) -> Ledger:
    """A sweep's ledger in the folder of ``--results``, or in its bucket if that can be used."""
    check_place(results)
    return Ledger(results, name)


def stored_sweep(name: str, results: str) -> tuple[Sweep, Ledger]:
    """A sweep that has results, as it was last asked for."""
    ledger = open_ledger(results, check_name(name))
    document = ledger.read_definition()
    if document is None:
        if name in shipped():
            raise BadInput(f"sweep {name!r} has no results in {results!r}: bsvae run {name}")
        known = sorted({*shipped(), *sweeps_with_results(results)})
        raise BadInput(unknown("sweep", name.removesuffix(".toml"), known))
    try:
        return parse(name, upgraded(document), {}), ledger
    except BadInput as error:
        raise BadInput(f"{ledger.folder}/sweep.json: {error}; run the sweep again") from None


def so_far(sweep: Sweep, ledger: Ledger) -> Planner:
    """The plan as far as the results have come; for counting, not for running."""
    return Planner(sweep, ledger.rows(columns=columns(sweep)), lambda trial: 1)


def wanted_trials(sweep: Sweep, ledger: Ledger) -> tuple[pd.DataFrame, int]:
    """The rows of the trials that a sweep wants, and how many others its folder has."""
    trials = ledger.trials()
    wanted = trials[trials["trial_id"].isin(so_far(sweep, ledger).results)]
    return wanted.reset_index(drop=True), len(trials) - len(wanted)
