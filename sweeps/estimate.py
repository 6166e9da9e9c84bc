"""What a plan will cost, group by group, before anything is trained."""

import os

import torch

from bsvae.cost import pack_bytes, seconds_per_epoch
from bsvae.pack import count_parameters
from bsvae.trial import Trial
from sweeps.search import Planner


def slots_here() -> tuple[int, str]:
    """Packs that this machine trains at once, and on what: one per GPU, else one per core."""
    if torch.cuda.is_available():
        return torch.cuda.device_count(), "cuda"
    return len(os.sched_getaffinity(0)), "cpu"


def estimate(planner: Planner, device: str) -> tuple[list[list[str]], float]:
    """Rows of (family, trials to train, pack size, why, memory, time), and seconds in all.

    A search's later rounds are counted as if they were like its first.
    """
    if device == "cpu":
        torch.set_num_threads(1)
    rows, seconds = [], 0.0
    rounds = _rounds(planner)
    for trials in planner.groups():
        wanted = len(trials) * rounds
        largest = max(trials, key=lambda trial: trial.latent_dim)
        size = max(1, min(planner.pack_size(largest), -(-planner.ready // planner.slots)))
        size = min(size, len(trials))
        pack = [largest] * size
        epoch = seconds_per_epoch(pack, device)
        seconds += epoch * largest.epochs * wanted / size / planner.slots
        megabytes = pack_bytes(pack) / 1e6
        why = _why(largest, size)
        rows.append(
            [largest.family, f"{wanted:.0f}", str(size), why, f"{megabytes:.0f}", f"{epoch:.2f}"]
        )
    return rows, seconds


def _rounds(planner: Planner) -> float:
    """Trials still wanted for each one that could start now."""
    return (planner.sweep.wanted - planner.done) / max(1, planner.ready)


def _why(trial: Trial, size: int) -> str:
    weights = f"{count_parameters(trial):,} weights each"
    return f"{weights}: {'fills a core alone' if size == 1 else 'small, overhead shared'}"
