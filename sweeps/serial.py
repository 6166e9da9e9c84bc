"""The engine without Ray: the same packs, one after another, in this process."""

from bsvae.trial import BadInput, Trial
from sweeps.planner import Planner
from sweeps.progress import Progress
from sweeps.worker import ATTEMPTS, Job, describe, settle, train_pack


def run(planner: Planner, job: Job, progress: Progress) -> None:
    """Train everything the planner wants, pack by pack."""
    while pack := planner.next_pack():
        progress.started(pack)
        error = _attempt(pack, job, progress)
        progress.settled(pack, settle(planner, job.ledger, pack, error))


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
