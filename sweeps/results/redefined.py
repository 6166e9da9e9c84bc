"""A sweep as its ledger will have it: with what counts of the definitions before."""

from bsvae.checks import BadInput
from bsvae.trial import FIELDS
from sweeps.definition.parse import parse
from sweeps.definition.sweep import Sweep
from sweeps.definition.upgrade import upgraded
from sweeps.ledger.ledger import Ledger
from sweeps.plan.carried import carried_trials, with_carried


def as_run(sweep: Sweep, ledger: Ledger) -> Sweep:
    """What a run of a sweep trains and stores, given what its ledger has; see `with_carried`."""
    if sweep.budget is None:
        return sweep
    try:
        document = ledger.read_definition()
        before = parse(sweep.name, upgraded(document), {}) if document is not None else None
    except BadInput:  # damaged, or of another version: nothing is known of its search
        return sweep
    if before is None:
        return sweep
    columns = dict.fromkeys(("trial_id", "status", "finished_at", *FIELDS, *sweep.objectives))
    return with_carried(sweep, before, lambda: ledger.rows(columns=tuple(columns)).values())


def tell_of_carried(sweep: Sweep) -> None:
    """Say how many results of earlier definitions a search starts from, if there are any."""
    if count := carried_trials(sweep):
        print(
            f"{count} trials of earlier definitions of {sweep.name} fit: its searches start from "
            "them, and they count as theirs",
            flush=True,
        )
