"""The engine without Ray: the same packs, one after another, in this process."""

from collections.abc import Callable

import torch

from bsvae.trial import BadInput, Trial
from sweeps.job import ATTEMPTS, Job, describe
from sweeps.planner import Planner
from sweeps.progress import Progress
from sweeps.settle import settle
from sweeps.worker import train_pack


def run(new_planner: Callable[[int, str], Planner], job: Job) -> Planner:
    """Train everything that is wanted, pack by pack."""
    planner = new_planner(1, "cuda" if torch.cuda.is_available() else "cpu")
    progress = Progress(planner)
    while pack := planner.next_pack():
        progress.started(pack)
        error = _attempt(pack, job, progress)
        progress.settled(pack, settle(planner, job.ledger, pack, error))
    progress.close()
    return planner


def _attempt(pack: list[Trial], job: Job, progress: Progress) -> str:
    """Train a pack, again if it fails; returns the last failure's message, or nothing."""
    for attempt in range(ATTEMPTS):
        try:
            train_pack(pack, job, lambda epoch: progress.epoch(pack, epoch.number))
        except BadInput:
            raise
        except Exception as failure:
            if attempt == ATTEMPTS - 1:
                return describe(failure)
        else:
            break
    return ""
