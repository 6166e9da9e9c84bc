"""sweeps: the service that plans, runs, stores and tabulates sweeps of `bsvae` trials."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def load(name: str, results: str | Path = "results", curves: bool = False) -> "pd.DataFrame":
    """The results of a sweep as a DataFrame: one row per trial, or per trial and epoch.

    Neither torch nor Ray is imported.

    Args:
        name: the sweep's name.
        results: the folder that sweeps write to.
        curves: give the learning curves instead of the trials.

    Raises:
        BadInput: if there are no results of that name, or a part of them is damaged.
    """
    from bsvae.trial import BadInput, unknown
    from sweeps.definition import check_name
    from sweeps.store import Ledger, sweeps_with_results

    known = sweeps_with_results(results)
    if check_name(name) not in known:
        where = f"{unknown('sweep', name, known)} " if known else f"no sweep {name!r} "
        raise BadInput(f"{where.rstrip()} in {str(results)!r}: run it first")
    ledger = Ledger(results, name)
    return ledger.epochs() if curves else ledger.trials()
