"""The engine without Ray: the same packs, one after another, in this process."""

from collections.abc import Callable
from functools import partial

import torch

from bsvae.training import Epoch
from bsvae.trial import Trial
from sweeps.plan.planner import Planner
from sweeps.running.job import Job
from sweeps.running.progress import Progress
from sweeps.running.settle import settle
from sweeps.running.worker import attempt


def run(new_planner: Callable[[int, str], Planner], job: Job) -> Planner:
    """Train everything that is wanted, pack by pack."""
    planner = new_planner(1, "cuda" if torch.cuda.is_available() else "cpu")
    with Progress(planner) as progress:
        while pack := planner.next_pack():
            progress.started(pack)
            error = attempt(pack, job, partial(_follow, progress, pack), planner.key_of(pack))
            progress.settled(pack, settle(planner, job.ledger, pack, error))
    return planner


def _follow(progress: Progress, pack: list[Trial], epoch: Epoch) -> None:
    progress.epoch(pack, epoch.number)
