"""One pack from trials to committed rows: what every engine runs, wherever it runs."""

import functools
from collections.abc import Callable, Sequence

import torch

from bsvae.data import Data, load
from bsvae.reliability import reliable
from bsvae.training import Epoch, train
from bsvae.trial import Trial
from sweeps.extras import measure
from sweeps.job import Job
from sweeps.search import Row
from sweeps.settle import trial_row


def train_pack(trials: Sequence[Trial], job: Job, on_epoch: Callable[[Epoch], None]) -> None:
    """Train trials of one fusion key together and commit each one's curve and row.

    A pack on a CPU uses one thread: packs, not threads, fill the cores.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        torch.set_num_threads(1)
    data = _load_once(trials[0].dataset, job.folder, device)
    curves: list[list[Row]] = [[] for _ in trials]
    seconds = 0.0
    for epoch in train(trials, data):
        seconds += epoch.seconds
        for trial, curve, point in zip(trials, curves, epoch.curve, strict=True):
            row = {"trial_id": trial.trial_id, "epoch": epoch.number, "seconds": epoch.seconds}
            curve.append(row | point)
        on_epoch(epoch)
    measured = measure(epoch.pack, data, job.extras)
    cost = {"seconds": seconds, "pack_size": len(trials), "device": _device_name(device)}
    cost["device_seconds"] = seconds / len(trials)
    for member, trial in enumerate(trials):
        row, curve, extras = trial_row(trial) | cost, curves[member], measured[member]
        if (epoch_of_end := epoch.diverged_at[member]) is not None:
            error = f"loss not finite in epoch {epoch_of_end}"
            row |= {"status": "diverged", "epochs_trained": epoch_of_end, "error": error}
            job.ledger.commit(row, curve[:epoch_of_end])
            continue
        row |= {"status": "done", "epochs_trained": epoch.number}
        row |= epoch.metrics[member] | extras.metrics
        row |= reliable(row, [point["train_objective"] for point in curve])
        job.ledger.commit(row, curve, extras.gaussianity(trial), extras.arrays)


@functools.lru_cache(maxsize=2)
def _load_once(name: str, folder: str | None, device: str) -> Data:
    return load(name, folder, device)


def _device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else device
