"""One pack from trials to committed rows: what every engine runs, wherever it runs."""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch

from bsvae.checkpoint import Checkpoint
from bsvae.datasets import Data, load
from bsvae.memory import keep_freed_memory
from bsvae.seal import Damaged
from bsvae.training import Epoch, train, train_on
from bsvae.trial import BadInput, Trial
from sweeps.ledger.checkpoints import Checkpoints
from sweeps.ledger.ledger import Entry
from sweeps.plan.planner import key_of
from sweeps.running.extras import measure
from sweeps.running.job import ATTEMPTS, GaveUp, Job, describe
from sweeps.running.record import Record
from sweeps.running.told import Told


def attempt(
    trials: Sequence[Trial], job: Job, on_epoch: Callable[[Epoch], None], key: str = ""
) -> str:
    """Train a pack, and again if that fails; returns the last failure's message, or nothing.

    Args:
        trials: of one fusion key.
        job: what the packs of the run share.
        on_epoch: is told of every epoch.
        key: names the pack's checkpoints; left out, what suits a pack that was never started.

    Raises:
        BadInput: if the data cannot be used, or the results folder is not the driver's.
        GaveUp: if the results cannot be stored: no fault of the pack, so nobody's row says so.
    """
    message, ledger = "", job.ledger
    try:
        if not ledger.files.has("sweep.json"):  # which the driver wrote
            raise BadInput(
                f"{os.uname().nodename} does not see what this run keeps in {ledger.folder}: "
                "every node must share that folder, or use --results s3://BUCKET/FOLDER"
            )
        for _ in range(ATTEMPTS):
            try:
                train_pack(trials, job, on_epoch, key)
                return ""
            except (BadInput, OSError):
                raise
            except Exception as failure:
                message = describe(failure)
    except BrokenPipeError:  # of whoever read what we print
        raise
    except OSError as failure:
        reason = failure.strerror or failure
        raise GaveUp(f"cannot write {ledger.folder} ({reason})") from None
    return message


def train_pack(
    trials: Sequence[Trial], job: Job, on_epoch: Callable[[Epoch], None], key: str = ""
) -> None:
    """Train trials of one fusion key together and commit each one's curve and row.

    A trial that diverges or loses to its rivals is committed at once, the others after the last
    epoch.  A pack that was lost goes on from its checkpoint.  One on a CPU uses one thread: packs,
    not threads, fill the cores.
    """
    key, files = key or key_of(trials), job.ledger.files
    told = Told(files, key, trials, job.note_interval)
    told.tell(0, {})
    try:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        if device == "cpu":
            torch.set_num_threads(1)
            keep_freed_memory()
        data = _load_once(trials[0].dataset, job.folder, device)
        checkpoints = Checkpoints(files, key, trials, job.checkpoint_interval)
        epochs, records = _start(trials, job, data, _latest(checkpoints))
        told.tell(max(len(record.curve) for record in records.values()), records)
        for epoch in epochs:
            _follow(epoch, records, job)
            if not epoch.last:
                keep(checkpoints, epoch, records)
            told.tell(epoch.number, records, now=epoch.last)
            on_epoch(epoch)
        job.ledger.commit_all(_finished(epoch, records, data, job))
        checkpoints.forget()
    finally:
        told.end()


def _follow(epoch: Epoch, records: Mapping[Trial, Record], job: Job) -> None:
    """Note an epoch, and commit at once the trials that end before the others."""
    for trial, shown, status in zip(epoch.pack.trials, epoch.curve, epoch.ended, strict=True):
        records[trial].add(epoch, shown)
        if status == "diverged":
            job.ledger.commit_all([records[trial].diverged()])
        elif status == "stopped":
            job.ledger.commit_all([records[trial].stopped()])


def keep(checkpoints: Checkpoints, epoch: Epoch, records: Mapping[Trial, Record]) -> None:
    """Store the state after an epoch that was not the last, if it is time to."""
    if not checkpoints.due:
        return
    going_on = [epoch.pack.trials[member] for member in epoch.going_on]
    notes = {trial.trial_id: records[trial].notes() for trial in going_on}
    checkpoints.write(epoch.number, going_on, Checkpoint.of(epoch, notes).to_bytes())


def _latest(checkpoints: Checkpoints) -> Checkpoint | None:
    """Where the pack goes on; what cannot be used is removed.

    A pack that starts again counts its epochs from one, and would keep the higher numbers of what
    it cannot use.
    """
    if stored := checkpoints.latest():
        with contextlib.suppress(Damaged):  # of another version
            return Checkpoint.from_bytes(stored)
    checkpoints.forget()
    return None


def _start(
    trials: Sequence[Trial], job: Job, data: Data, checkpoint: Checkpoint | None
) -> tuple[Iterator[Epoch], dict[Trial, Record]]:
    """The epochs of a pack, from its checkpoint on if it has one, and what is known of it."""
    if checkpoint is None:
        name = _device_name(data.device)
        return train(trials, data, job.halving), {t: Record(t, len(trials), name) for t in trials}
    records = {t: Record.of_notes(t, checkpoint.notes[t.trial_id]) for t in checkpoint.trials}
    pack, optimiser = checkpoint.restore(data.device)
    return train_on(pack, optimiser, data, checkpoint.number + 1, job.halving), records


def _finished(epoch: Epoch, records: dict[Trial, Record], data: Data, job: Job) -> list[Entry]:
    """What is stored of the trials that were trained to their end."""
    done = [member for member, status in enumerate(epoch.ended) if status == "done"]
    if not done:
        return []
    pack = epoch.pack.keep(done)
    measured = zip(done, pack.trials, measure(pack, data, job.extras), strict=True)
    return [records[trial].done(epoch.metrics[m], extras) for m, trial, extras in measured]


@functools.lru_cache(maxsize=2)
def _load_once(name: str, folder: str | None, device: str) -> Data:
    return load(name, folder, device)


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name() if device.type == "cuda" else device.type
