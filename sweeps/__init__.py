"""sweeps: the service that plans, runs, stores and tabulates sweeps of `bsvae` trials.

Reading results imports neither torch nor Ray.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def load(
    name: str, curves: bool = False, results: str | Path = "results", all_rows: bool = False
) -> "pd.DataFrame":
    """The results of a sweep as a DataFrame: one row per trial, or per trial and epoch.

    These are the rows of what the sweep last asked for, the same that every command shows.  Files
    in the folder that are no trial's are left out with a warning.

    Args:
        name: the sweep's name; or its file, for the rows of what that says now.
        curves: give the learning curves instead of the trials.
        results: the folder that sweeps write to, or ``s3://BUCKET/FOLDER``.
        all_rows: give all rows of the folder, with those that the sweep asked for earlier; the
            column ``belongs`` says which are of what it last asked for.

    Raises:
        BadInput: if there are no results of that name, or a part of them is damaged.
    """
    return _rows("epochs" if curves else "trials", name, results, all_rows)


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


def gaussianity(
    name: str, results: str | Path = "results", all_rows: bool = False
) -> "pd.DataFrame":
    """The Gaussianity panel of a sweep's codes: one row per trial and metric; see `load`.

    Raises:
        BadInput: as `load` does.
    """
    return _rows("gaussianity", name, results, all_rows)


def _rows(table: str, name: str, results: str | Path, all_rows: bool) -> "pd.DataFrame":
    from sweeps.results.stored import so_far, stored_sweep

    sweep, ledger = stored_sweep(name, results)
    frame = ledger.table(table)
    belongs = frame["trial_id"].isin(so_far(sweep, ledger).results)
    return frame.assign(belongs=belongs) if all_rows else frame[belongs].reset_index(drop=True)
