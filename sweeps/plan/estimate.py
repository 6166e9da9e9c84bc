"""What a plan will cost, group by group, before anything is trained."""

import math
import os
from typing import Any

import torch

from bsvae.cost import pack_bytes, seconds_per_epoch
from bsvae.latents.temperature import temperature_notice, temperature_tax
from bsvae.pack import count_parameters
from bsvae.trial import MEMBER_FIELDS, Trial
from sweeps.definition.sweep import Sweep
from sweeps.plan.planner import Planner


def slots_here() -> tuple[int, str]:
    """Packs that this machine trains at once, and on what: one per GPU, else one per core."""
    if torch.cuda.is_available():
        return torch.cuda.device_count(), "cuda"
    return len(os.sched_getaffinity(0)), "cpu"


def estimate(planner: Planner, device: str) -> tuple[list[list[str]], float]:
    """Rows of (family, trials to train, pack size, why, memory, time), and seconds in all.

    A search's later rounds are counted as if they were like its first.  A pack that does not fit
    this machine's memory is not timed.
    """
    if device == "cpu":
        torch.set_num_threads(1)
    rounds = _rounds(planner)
    kinds: dict[tuple[Any, ...], tuple[list[Trial], int]] = {}
    for trials, pack in zip(planner.groups(), planner.packs(), strict=True):
        kind = _kind(pack)
        kinds[kind] = pack, len(trials) + kinds.get(kind, (pack, 0))[1]
    rows, seconds = [], 0.0
    for pack, ready in kinds.values():
        size, wanted = len(pack), ready * rounds
        needed = pack_bytes(pack)
        epoch = seconds_per_epoch(pack, device) if needed < _memory(device) else math.nan
        seconds += epoch * pack[0].epochs * wanted / size / planner.slots
        row = [pack[0].family, f"{wanted:.0f}", str(size), _why(pack[-1], size)]
        rows.append([*row, f"{needed / 1e6:,.0f}", f"{epoch:.2f}"])
    return rows, seconds


def _kind(pack: list[Trial]) -> tuple[Any, ...]:
    """What packs that cost the same share: all but numbers that no shape depends on, and of seeds
    their number."""
    shared = pack[0].as_dict().items()
    shapes = tuple(value for name, value in shared if name not in MEMBER_FIELDS)
    seeds = len({trial.seed for trial in pack})
    return *shapes, seeds, tuple(trial.latent_dim for trial in pack)


def notices(sweep: Sweep) -> list[str]:
    """What whoever starts a sweep should know of its trials: how many the grids repeat, and, once
    for each pair of temperatures, of the trial that pays most."""
    twice = [f"{sweep.repeated} trials of the grids repeat others and count once"]
    taxed: dict[tuple[float | None, float | None], Trial] = {}
    for cell in sweep.cells:
        lowest = cell | {name: span.low for name, span in sweep.searched(cell).items()}
        pair = lowest.get("posterior_temperature", 0.0), lowest.get("prior_temperature", 0.0)
        if pair[0] < pair[1]:
            trial = Trial.resolved(lowest)
            taxed[pair] = max(taxed.get(pair, trial), trial, key=lambda t: temperature_tax(t) or 0)
    paid = [notice for trial in taxed.values() if (notice := temperature_notice(trial))]
    return (twice if sweep.repeated else []) + paid


def _memory(device: str) -> int:
    if device == "cuda":
        return torch.cuda.mem_get_info()[0]
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _rounds(planner: Planner) -> float:
    """Trials still wanted for each one that could start now."""
    return (planner.sweep.wanted - planner.done) / max(1, planner.ready)


def _why(trial: Trial, size: int) -> str:
    weights = f"{count_parameters(trial):,} weights each"
    return f"{weights}: {'alone' if size == 1 else 'batches and overhead shared'}"
