"""One pack from trials to committed rows: what every engine runs, wherever it runs."""

import functools
from collections.abc import Callable, Sequence

import torch

from bsvae.data import Data, load
from bsvae.memory import keep_freed_memory
from bsvae.training import Epoch, train
from bsvae.trial import Trial
from sweeps.extras import measure
from sweeps.job import Job
from sweeps.record import Record


def train_pack(trials: Sequence[Trial], job: Job, on_epoch: Callable[[Epoch], None]) -> None:
    """Train trials of one fusion key together and commit each one's curve and row.

    A trial that diverges or loses to its rivals is committed at once, the others after the last
    epoch.  A pack on a CPU uses one thread: packs, not threads, fill the cores.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        torch.set_num_threads(1)
        keep_freed_memory()
    data = _load_once(trials[0].dataset, job.folder, device)
    records = {trial: Record(trial, len(trials), _device_name(device)) for trial in trials}
    for epoch in train(trials, data, job.halving):
        for trial, shown, status in zip(epoch.pack.trials, epoch.curve, epoch.ended, strict=True):
            records[trial].add(epoch, shown)
            if status == "diverged":
                job.ledger.commit(records[trial].diverged(), records[trial].curve)
            elif status == "stopped":
                job.ledger.commit(records[trial].stopped(), records[trial].curve)
        on_epoch(epoch)
    done = [member for member, status in enumerate(epoch.ended) if status == "done"]
    if not done:
        return
    pack = epoch.pack.keep(done)
    for member, extras in zip(done, measure(pack, data, job.extras), strict=True):
        record = records[epoch.pack.trials[member]]
        row = record.done(epoch.metrics[member], extras)
        panel = extras.gaussianity(record.trial)
        job.ledger.commit(row, record.curve, panel, extras.arrays)


@functools.lru_cache(maxsize=2)
def _load_once(name: str, folder: str | None, device: str) -> Data:
    return load(name, folder, device)


def _device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else device
