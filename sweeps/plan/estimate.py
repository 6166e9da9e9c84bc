"""What a plan will cost, group by group, before anything is trained."""

import heapq
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from bsvae.cost import pack_bytes, seconds_per_epoch
from bsvae.latents.temperature import temperature_notice, temperature_tax
from bsvae.pack import count_parameters
from bsvae.trial import MEMBER_FIELDS, Trial
from sweeps.definition.sweep import Sweep
from sweeps.plan.planner import Planner
from sweeps.text import counted, memory

#: Seconds that Ray takes to start on an idle machine of two cores.
RAY_START = 9.0


def slots_here() -> tuple[int, str]:
    """Packs that this machine trains at once, and on what: one per GPU, else one per core."""
    if torch.cuda.is_available():
        return torch.cuda.device_count(), "cuda"
    return len(os.sched_getaffinity(0)), "cpu"


@dataclass(frozen=True)
class Group:
    """Packs that cost the same.

    Attributes:
        pack: one of them.
        trials: how many trials are to train in such packs, later rounds of a search among them.
        epochs: how many epochs each pack has still to train.
        bytes: memory that a pack needs.
        seconds: what one of its epochs takes, from a few steps timed just now; not a number where
            a pack does not fit this machine's memory.
    """

    pack: list[Trial]
    trials: float
    epochs: int
    bytes: int
    seconds: float

    @property
    def chain(self) -> float:
        """Seconds of one pack, or of one that is trained anew every round."""
        return self.seconds * self.epochs

    @property
    def row(self) -> list[str]:
        """Family, trials to train, pack size, why, memory and seconds an epoch."""
        size = len(self.pack)
        kind = [self.pack[0].family, f"{self.trials:.0f}", str(size), _why(self.pack[-1], size)]
        return [*kind, memory(self.bytes), f"{self.seconds:.2f}"]


def groups(planner: Planner, device: str, trained: Mapping[str, int] | None = None) -> list[Group]:
    """What is to train, by packs that cost the same.

    A search's later rounds are counted as if they were like its first.

    Args:
        planner: the plan.
        device: ``cpu`` or ``cuda``.
        trained: by a pack's key, the epochs that its checkpoint has.
    """
    if device == "cpu":
        torch.set_num_threads(1)
    rounds = _rounds(planner)
    kinds: dict[tuple[Any, ...], tuple[list[Trial], int, int]] = {}
    for trials, pack in zip(planner.groups(), planner.packs(), strict=True):
        epochs = pack[0].epochs - (trained or {}).get(planner.key_of(pack), 0)
        kind = *_kind(pack), epochs
        kinds[kind] = pack, len(trials) + kinds.get(kind, (pack, 0))[1], epochs
    found = []
    for pack, ready, epochs in kinds.values():
        needed = pack_bytes(pack)
        fits = needed < _memory(device)
        epoch = seconds_per_epoch(pack, device) if fits else math.nan
        found.append(Group(pack, ready * rounds, epochs, needed, epoch))
    return found


def makespan(groups: Iterable[Group], slots: int, rounds: float = 1.0) -> float:
    """Seconds until the last pack ends, longest first, each in the slot that is free soonest.

    A pack is never divided: one pack takes its whole time however many slots are idle.  Rounds of
    a search follow each other in one slot.  A pack that cannot be timed is left out.

    >>> trial = Trial(family="gaussian", latent_dim=2)
    >>> makespan([Group([trial], trials=1, epochs=4, bytes=0, seconds=34.0)], slots=2)
    136.0
    """
    chains: list[float] = []
    for group in groups:
        if not math.isnan(group.chain):
            number = math.ceil(group.trials / rounds / len(group.pack))
            chains += [group.chain * rounds] * number
    ends = [0.0] * slots
    for chain in sorted(chains, reverse=True):
        heapq.heapreplace(ends, ends[0] + chain)
    return max(ends)


def estimate(
    planner: Planner, device: str, trained: Mapping[str, int] | None = None
) -> tuple[list[list[str]], float]:
    """Rows of (family, trials to train, pack size, why, memory, time), and seconds in all."""
    found = groups(planner, device, trained)
    return [group.row for group in found], makespan(found, planner.slots, _rounds(planner))


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
    repeat = "repeats another" if sweep.repeated == 1 else "repeat others"
    once = "counts" if sweep.repeated == 1 else "count"
    twice = [f"{counted(sweep.repeated, 'trial')} of the grids {repeat} and {once} once"]
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
