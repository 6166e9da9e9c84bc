"""One pack from trials to committed rows: what every engine runs, wherever it runs."""

import datetime
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import torch

from bsvae.data import Data, load
from bsvae.pack import count_parameters
from bsvae.reliability import reliable
from bsvae.training import Epoch, train
from bsvae.trial import Trial
from sweeps.extras import measure
from sweeps.planner import Planner
from sweeps.search import Row
from sweeps.store import Ledger

#: How often a pack is tried before it is taken apart, and a trial alone before it has failed.
ATTEMPTS = 2


class GaveUp(RuntimeError):
    """A run that cannot go on although its input is good; the message is one line."""


@dataclass(frozen=True)
class Job:
    """What every pack of a run shares; small and picklable, so that it travels to any node.

    Attributes:
        results: the folder that sweeps write to.
        sweep: the sweep's name.
        folder: the data folder, as given to `bsvae.data.load`.
        extras: what to store besides rows and curves; of `sweeps.definition.EXTRAS`.
    """

    results: str
    sweep: str
    folder: str | None = None
    extras: tuple[str, ...] = ()

    @property
    def ledger(self) -> Ledger:
        """Where rows are committed."""
        return Ledger(self.results, self.sweep)


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
        row, curve, extras = _row(trial) | cost, curves[member], measured[member]
        if (epoch_of_end := epoch.diverged_at[member]) is not None:
            error = f"loss not finite in epoch {epoch_of_end}"
            row |= {"status": "diverged", "epochs_trained": epoch_of_end, "error": error}
            job.ledger.commit(row, curve[:epoch_of_end])
            continue
        row |= {"status": "done", "epochs_trained": epoch.number}
        row |= epoch.metrics[member] | extras.metrics
        row |= reliable(row, [point["train_objective"] for point in curve])
        job.ledger.commit(row, curve, extras.gaussianity(trial), extras.arrays)


def settle(planner: Planner, ledger: Ledger, pack: Sequence[Trial], error: str) -> list[Row]:
    """Close a pack: tell the plan its committed rows, and give what has none another chance.

    Trials that failed together are handed back to be trained alone, since one of them may have
    failed the others; a trial that failed alone gets a failed row.  Ledger first, tell second: a
    result that a search has heard of is always on disk.
    """
    trials = {trial.trial_id: trial for trial in pack}
    rows = ledger.rows(trials)
    ended = {k: row for k, row in rows.items() if not error or row["status"] != "failed"}
    missing = [trial for trial_id, trial in trials.items() if trial_id not in ended]
    if len(pack) > 1:
        planner.split(missing)
    elif missing:
        give_up(ledger, missing[0], error)
        ended = ledger.rows(trials)
    planner.tell(ended.values())
    return list(ended.values())


def give_up(ledger: Ledger, trial: Trial, error: str) -> None:
    """Record a trial that cannot be trained as failed."""
    ledger.commit(_row(trial) | {"status": "failed", "error": error or "no result"})


def describe(error: BaseException) -> str:
    """An exception in one line, for the ``error`` column.

    >>> describe(ValueError("no\\nsuch thing"))
    'ValueError: no such thing'
    """
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]


@functools.lru_cache(maxsize=2)
def _load_once(name: str, folder: str | None, device: str) -> Data:
    return load(name, folder, device)


def _row(trial: Trial) -> dict[str, object]:
    return {
        "trial_id": trial.trial_id,
        **trial.as_dict(),
        "beta": trial.beta,
        "parameters": count_parameters(trial),
        "finished_at": datetime.datetime.now(datetime.UTC),
        "bsvae_version": version("bsvae"),
        "torch_version": torch.__version__,
    }


def _device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else device
