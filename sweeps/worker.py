"""One pack from trials to committed rows: what every engine runs, wherever it runs."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from bsvae.data import Data, load
from bsvae.halving import Halving
from bsvae.memory import keep_freed_memory
from bsvae.training import Epoch, train
from bsvae.trial import Trial
from sweeps.extras import measure
from sweeps.planner import Planner
from sweeps.record import Record, identity
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
        halving: which trials stop early, if any do.
    """

    results: str
    sweep: str
    folder: str | None = None
    extras: tuple[str, ...] = ()
    halving: Halving | None = None

    @property
    def ledger(self) -> Ledger:
        """Where rows are committed."""
        return Ledger(self.results, self.sweep)


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
    ledger.commit(identity(trial) | {"status": "failed", "error": error or "no result"})


def describe(error: BaseException) -> str:
    """An exception in one line, for the ``error`` column.

    >>> describe(ValueError("no\\nsuch thing"))
    'ValueError: no such thing'
    """
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]


@functools.lru_cache(maxsize=2)
def _load_once(name: str, folder: str | None, device: str) -> Data:
    return load(name, folder, device)


def _device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else device
