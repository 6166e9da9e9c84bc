"""What is written of a trial: its row and its learning curve, from what training shows."""

from collections.abc import Mapping
from typing import Any

from bsvae.reliability import reliable
from bsvae.training import Epoch
from bsvae.trial import Trial
from sweeps.extras import Extras
from sweeps.settle import trial_row


class Record:
    """Follows one trial of a pack through training.

    Attributes:
        trial: the trial.
        curve: a row per epoch.
        cost: what the trial has cost so far; an epoch's seconds are shared by who trained in it.
    """

    def __init__(self, trial: Trial, pack_size: int, device: str) -> None:
        self.trial = trial
        self.curve: list[dict[str, Any]] = []
        self.cost = {"seconds": 0.0, "device_seconds": 0.0}
        self._where = {"pack_size": pack_size, "device": device}

    def add(self, epoch: Epoch, shown: Mapping[str, float]) -> None:
        """Take one epoch of the pack, and what it showed of this trial."""
        number, seconds = epoch.number, epoch.seconds
        self.curve.append({"trial_id": self.trial.trial_id, "epoch": number, "seconds": seconds})
        self.curve[-1] |= shown
        self.cost["seconds"] += seconds
        self.cost["device_seconds"] += seconds / len(epoch.pack.trials)

    def diverged(self) -> dict[str, Any]:
        """The row of a trial whose last epoch was not finite."""
        epoch = self.curve[-1]["epoch"]
        return self._row("diverged") | {"error": f"loss not finite in epoch {epoch}"}

    def stopped(self) -> dict[str, Any]:
        """The row of a trial that lost to its rivals; its metrics are those of its last epoch."""
        return self._row("stopped") | {
            k: v for k, v in self.curve[-1].items() if k not in OF_CURVES
        }

    def done(self, metrics: Mapping[str, float], extras: Extras) -> dict[str, Any]:
        """The row of a trial that was trained to its end."""
        row = self._row("done") | dict(metrics) | extras.metrics
        return row | reliable(row, [point["train_objective"] for point in self.curve])

    def _row(self, status: str) -> dict[str, Any]:
        trained = self.curve[-1]["epoch"]
        ended = {"status": status, "epochs_trained": trained}
        return trial_row(self.trial) | self._where | self.cost | ended


#: Columns of a learning curve that mean something else in a trial's row.
OF_CURVES = ("trial_id", "epoch", "seconds")
