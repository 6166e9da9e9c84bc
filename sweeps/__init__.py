"""sweeps: the service that plans, runs, stores and tabulates sweeps of `bsvae` trials.

Reading results imports neither torch nor Ray.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from sweeps.ledger.ledger import Ledger


def load(name: str, curves: bool = False, results: str | Path = "results") -> "pd.DataFrame":
    """The results of a sweep as a DataFrame: one row per trial, or per trial and epoch.

    Args:
        name: the sweep's name.
        curves: give the learning curves instead of the trials.
        results: the folder that sweeps write to, or ``s3://BUCKET/FOLDER``.

    Raises:
        BadInput: if there are no results of that name, or a part of them is damaged.
    """
    return _ledger(name, results).table("epochs" if curves else "trials")


def table(name: str, results: str | Path = "results") -> "pd.DataFrame":
    """A sweep's table, as ``bsvae table NAME --format csv`` writes it: one row per cell.

    Fields that vary; then the objective and other metrics as means over seeds, each beside its
    standard error ``NAME_se``; ``difference_to_best`` with its paired standard error; and ``n``,
    the seeds.  Of a search the row is its chosen proposal; with several objectives the rows are the
    proposals on their Pareto front.

    Raises:
        BadInput: as `load` does.
    """
    from sweeps.results.outcome import read_outcome
    from sweeps.results.stored import stored_sweep
    from sweeps.results.summary import sheet

    return sheet(read_outcome(*stored_sweep(name, str(results))))


def gaussianity(name: str, results: str | Path = "results") -> "pd.DataFrame":
    """The Gaussianity panel of a sweep's codes: one row per trial and metric.

    Raises:
        BadInput: as `load` does.
    """
    return _ledger(name, results).table("gaussianity")


def _ledger(name: str, results: str | Path) -> "Ledger":
    from bsvae.trial import BadInput, unknown
    from sweeps.definition.sweep import check_name
    from sweeps.ledger.ledger import Ledger
    from sweeps.ledger.places import sweeps_with_results

    known = sweeps_with_results(results)
    if check_name(name) not in known:
        where = unknown("sweep", name, known) if known else f"no sweep {name!r}"
        raise BadInput(f"{where} in {str(results)!r}: run it first")
    return Ledger(results, name)
