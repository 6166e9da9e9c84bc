"""What is written of a trial: its row and its learning curve, from what training shows."""

import datetime
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from bsvae.measures.baselines import collapsed
from bsvae.measures.reliability import reliable
from bsvae.training import Epoch, why_diverged
from bsvae.trial import Trial
from sweeps.ledger.ledger import Entry
from sweeps.running.extras import Extras


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

    def notes(self) -> dict[str, Any]:
        """All of it, in plain numbers and lists, for a checkpoint."""
        return {"curve": self.curve, "cost": self.cost, "where": self._where}

    @classmethod
    def of_notes(cls, trial: Trial, notes: Mapping[str, Any]) -> "Record":
        """The record that a checkpoint kept."""
        record = cls(trial, **notes["where"])
        record.curve, record.cost = notes["curve"], notes["cost"]
        return record

    def diverged(self) -> Entry:
        """A trial whose losses no longer mean anything."""
        last = self.curve[-1]
        shown = {k: v for k, v in last.items() if k not in OF_CURVES}
        error = why_diverged(self.trial, shown, last["epoch"])
        return Entry(self._row("diverged") | {"error": error}, self.curve)

    def stopped(self) -> Entry:
        """A trial that lost to its rivals; its metrics are those of its last epoch."""
        shown = {k: v for k, v in self.curve[-1].items() if k not in OF_CURVES}
        return Entry(self._row("stopped") | shown, self.curve)

    def done(self, metrics: Mapping[str, float], extras: Extras) -> Entry:
        """A trial that was trained to its end."""
        row = self._row("done") | dict(metrics) | extras.metrics
        row |= reliable(row, [point["train_objective"] for point in self.curve])
        row["collapsed"] = collapsed(row)
        if extras.error:
            row["error"] = extras.error
        return Entry(row, self.curve, extras.gaussianity(self.trial), extras.arrays)

    def _row(self, status: str) -> dict[str, Any]:
        trained = self.curve[-1]["epoch"]
        ended = {"status": status, "epochs_trained": trained}
        return trial_row(self.trial) | self._where | self.cost | ended


#: Columns of a learning curve that mean something else in a trial's row.
OF_CURVES = ("trial_id", "epoch", "seconds")


def trial_row(trial: Trial) -> dict[str, object]:
    """What a trial's row says whatever became of it."""
    import torch

    from bsvae.pack import count_parameters

    return {
        "trial_id": trial.trial_id,
        **trial.as_dict(),
        "beta": trial.beta,
        "parameters": count_parameters(trial),
        "finished_at": datetime.datetime.now(datetime.UTC),
        "bsvae_version": version("bsvae"),
        "torch_version": torch.__version__,
    }
