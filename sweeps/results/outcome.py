"""Everything that a finished sweep, or half of one, has to show: read once, for figures and report.

Needs neither torch nor Ray.  Which rows are the sweep's is said by `sweeps.results.stored`.
"""

from dataclasses import dataclass, field
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from bsvae.checks import BadInput
from bsvae.metrics import METRICS
from sweeps.definition.sweep import Sweep
from sweeps.ledger.ledger import Ledger
from sweeps.results.stored import so_far
from sweeps.results.words import label_cells

#: A row of the trials' table with the trial's stored images and codes.
Stored = tuple[pd.Series, dict[str, np.ndarray]]


@dataclass(frozen=True)
class Outcome:
    """A sweep and its results.

    Attributes:
        sweep: what was asked for.
        trials: the rows of its trials; ``cell`` numbers the sweep's cells, ``label`` says in words
            what sets a model apart from the sweep's others, latent dimension and seed aside.
        epochs: their learning curves.
        panel: the Gaussianity panel of their codes, maybe without rows.
        ledger: where their arrays are.
        others: rows in the folder of trials that the sweep, as last asked for, does not want.
    """

    sweep: Sweep
    trials: pd.DataFrame
    epochs: pd.DataFrame
    panel: pd.DataFrame
    ledger: Ledger
    others: int = 0
    _arrays: dict[str, dict[str, np.ndarray]] = field(default_factory=dict, repr=False)

    @property
    def done(self) -> pd.DataFrame:
        """The rows of trials that are done."""
        return self.trials[self.trials["status"] == "done"]

    @property
    def objective(self) -> str:
        """The metric by which trials are ranked."""
        return self.sweep.objectives[0]

    def best(self, *groups: str, rows: pd.DataFrame | None = None) -> pd.DataFrame:
        """The best trial of each group of rows, else of all that are done, by the objective; in
        the order of the sweep file."""
        rows = self.done if rows is None else rows
        ranked = rows.sort_values(
            self.objective, ascending=METRICS[self.objective].sign > 0, kind="stable"
        )
        chosen = ranked.groupby(list(groups), dropna=False, sort=False).head(1)
        return chosen.sort_values(["cell", "trial_id"], kind="stable")

    def with_arrays(self, rows: pd.DataFrame, name: str, most: int) -> list[Stored]:
        """At most so many of some rows that have an array of that name, each with its arrays.

        Raises:
            BadInput: if arrays are damaged, or another trial's.
        """
        found = []
        for _, row in rows.iterrows():
            if len(found) < most and name in (arrays := self.arrays(row["trial_id"])):
                if "codes" in arrays and arrays["codes"].shape[1:] != (row["latent_dim"],):
                    path = self.ledger.files.place(f"arrays/{row['trial_id']}.npz")
                    raise BadInput(f"{path}: codes of {arrays['codes'].shape}, not of this trial")
                found.append((row, arrays))
        return found

    def arrays(self, trial_id: str) -> dict[str, np.ndarray]:
        """A trial's stored images and codes; empty if it has none.

        Raises:
            BadInput: if the file is damaged.
        """
        if trial_id not in self._arrays:
            try:
                self._arrays[trial_id] = self.ledger.arrays(trial_id)
            except BadInput:
                raise
            except (OSError, ValueError, EOFError, BadZipFile) as error:
                path = self.ledger.files.place(f"arrays/{trial_id}.npz")
                raise BadInput(
                    f"{path} cannot be read ({type(error).__name__}): delete it and do without"
                ) from None
        return self._arrays[trial_id]


def read_outcome(sweep: Sweep, ledger: Ledger) -> Outcome:
    """Read a sweep's results.

    Raises:
        BadInput: if a part of them is damaged, or a search has no Optuna to be replayed with.
    """
    found, share = ledger.trials(), so_far(sweep, ledger)
    trials = found[found["trial_id"].isin(share.cells)].reset_index(drop=True)
    cells, labels = trials["trial_id"].map(share.cells).astype(int), label_cells(sweep)
    trials = trials.assign(cell=cells, label=[labels[cell] for cell in cells])
    epochs, panel = ledger.table("epochs"), ledger.table("gaussianity")
    return Outcome(
        sweep=sweep,
        trials=trials,
        epochs=epochs[epochs["trial_id"].isin(share.cells)],
        panel=panel[panel["trial_id"].isin(share.cells)],
        ledger=ledger,
        others=len(found) - len(trials) - len(share.stale),
    )
