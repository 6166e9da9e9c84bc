"""The planner: which trials to train next, in which packs.

Plan = wanted - done.  The planner imports neither Ray nor torch and does not care who trains.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bsvae.trial import FIELDS, Trial
from sweeps.definition.sweep import Sweep
from sweeps.plan.studies import Point, Row, Study, ended_as_now
from sweeps.plan.waiting import Line


def columns(sweep: Sweep) -> tuple[str, ...]:
    """What a plan, its progress and its summary read of a row; the rest stays on the disk."""
    told = ("trial_id", "status", "error", "epochs_trained", "seconds", "device_seconds")
    fields = ("finished_at", "family", "latent_dim", "epochs")
    replicates = FIELDS if sweep.replicated else ()  # which tell whose seeds they are
    return tuple(dict.fromkeys((*told, *fields, *replicates, *sweep.objectives)))


def key_of(pack: Iterable[Trial]) -> str:
    """The key of a pack that is trained from its start: it is kept while trials leave the pack.

    >>> pack = [Trial(family="gaussian", latent_dim=d) for d in (2, 4)]
    >>> key_of(pack) == key_of(reversed(pack))
    True
    """
    names = ",".join(sorted(trial.trial_id for trial in pack))
    return hashlib.sha256(names.encode()).hexdigest()[:16]


@dataclass
class Planner:
    """Hands out packs and takes results until every wanted trial has one.

    Attributes:
        sweep: what is wanted.
        rows: terminal rows by trial id, as the ledger has them, of this sweep or not.
        pack_size: how many trials like a given one to train together.
        slots: packs that can run at once; work is shared out among them before packs are filled.
        under_way: packs whose training can go on, by the keys of their checkpoints; they are formed
            again as they were.
        unformed: those of them that could not be, since the sweep does not want all their trials.
        results: the rows of wanted trials, known and told; of each its `columns`.
        done: wanted trials that have a row.
        running: trials handed out and not yet told.
    """

    sweep: Sweep
    rows: Mapping[str, Row]
    pack_size: Callable[[Trial], int]
    slots: int = 1
    under_way: Mapping[str, list[Trial]] = field(default_factory=dict)
    results: dict[str, Row] = field(default_factory=dict)
    done: int = 0
    running: dict[str, Trial] = field(default_factory=dict)
    unformed: list[list[Trial]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._columns = columns(self.sweep)
        self._keys = {frozenset(pack): key for key, pack in self.under_way.items()}
        self._ready: dict[tuple, Line] = {}
        self._in_lines = 0
        self._formed: list[list[Trial]] = []
        self._owner: dict[str, Point | Study] = {}
        going_on = [pack for pack in self.under_way.values() if any(map(self._missing, pack))]
        self._going_on = {trial.trial_id for pack in going_on for trial in pack}
        for cell in self.sweep.cells:
            self._advance((Study if self.sweep.searched(cell) else Point)(self.sweep, cell))
        self._form(going_on)

    def key_of(self, pack: Iterable[Trial]) -> str:
        """The key of a pack: that of its checkpoint if it goes on, else one of its own."""
        trials = frozenset(pack)
        return self._keys.get(trials) or key_of(trials)

    @property
    def finished(self) -> bool:
        """Whether every wanted trial has a terminal row."""
        return self.done >= self.sweep.wanted

    @property
    def ready(self) -> int:
        """Trials that could start now."""
        return self._in_lines + sum(map(len, self._formed))

    def groups(self) -> list[list[Trial]]:
        """Trials that could start now, as `packs` takes from them: by fusion key."""
        return self._formed + [line.trials() for line in self._ready.values()]

    def packs(self) -> Iterator[list[Trial]]:
        """The packs that `next_pack` would choose from: one for each fusion key that is ready."""
        share = math.ceil((self.ready + len(self.running)) / self.slots)
        yield from self._formed
        for line in self._ready.values():
            pack: list[Trial] = []
            for unit in line:  # narrow codes first, since the widest sets the padding
                if pack and len(pack) + len(unit) > min(self.pack_size(unit[-1]), share):
                    break
                pack += unit
            yield pack

    def next_pack(self) -> list[Trial]:
        """Trials of one fusion key to train together now; empty if there is nothing to start.

        A pack that leaves nothing of its key behind waits while running trials of that key will
        make their studies ask for more; with nothing running there is always a pack until the sweep
        is finished.  Trials that failed together are trained alone.
        """
        for pack in self.packs():
            key = pack[0].fusion_key
            if pack in self._formed:
                self._formed.remove(pack)
            elif len(pack) == len(self._ready[key]) and self._grows(key, len(pack)):
                continue
            else:
                self._leave(key, len(pack))
            self.running |= {trial.trial_id: trial for trial in pack}
            return pack
        return []

    def isolate(self, trials: Iterable[Trial]) -> None:
        """Have trials that are ready trained alone, and so without rivals."""
        alone = list(trials)
        self._withdraw(set(alone))
        self._formed += [[trial] for trial in alone]

    def split(self, pack: Iterable[Trial]) -> None:
        """Take back running trials, to be trained alone: one of them may have failed the others."""
        for trial in pack:
            self.running.pop(trial.trial_id, None)
            self._formed.append([trial])

    def halve(self, pack: list[Trial]) -> None:
        """Take back a running pack that was too large, to be trained as two; rivals stay together.

        One whose trials are all rivals is trained trial by trial, without them.
        """
        halving = self.sweep.halving
        groups = halving.groups(pack) if halving else [[trial] for trial in pack]
        if len(groups) == 1:
            return self.split(pack)
        for half in groups[: len(groups) // 2], groups[len(groups) // 2 :]:
            self._formed.append([trial for group in half for trial in group])
        for trial in pack:
            self.running.pop(trial.trial_id, None)

    def _grows(self, key: tuple, size: int) -> bool:
        """Whether a pack of this size, all that is ready of its key, is worth holding back."""
        ready = self._ready[key].trials()
        if size >= min(map(self.pack_size, ready)):
            return False
        waiting = {trial.trial_id for trial in ready}
        running = [trial for trial in self.running.values() if trial.fusion_key == key]
        return any(self._owner[trial.trial_id].grows_without(waiting) for trial in running)

    def _form(self, packs: Iterable[list[Trial]]) -> None:
        """Have trials that wait share a pack; one that lacks a trial is not formed."""
        for pack in packs:
            if all(trial.trial_id in self._owner for trial in pack):
                self._withdraw(set(pack))
                self._formed.append(pack)
            else:
                self.unformed.append(pack)

    def _withdraw(self, chosen: set[Trial]) -> None:
        """Take trials out of where they wait."""
        packs = [[trial for trial in pack if trial not in chosen] for pack in self._formed]
        self._formed = [pack for pack in packs if pack]
        for key in {trial.fusion_key for trial in chosen} & self._ready.keys():
            units = list(self._ready[key])
            self._leave(key, len(self._ready[key]))
            for unit in units:
                if kept := [trial for trial in unit if trial not in chosen]:
                    self._join(kept)

    def _join(self, unit: list[Trial]) -> None:
        self._ready.setdefault(unit[0].fusion_key, Line()).join(unit)
        self._in_lines += len(unit)

    def _leave(self, key: tuple, trials: int) -> None:
        self._ready[key].leave(trials)
        self._in_lines -= trials
        if not self._ready[key]:
            del self._ready[key]

    def tell(self, rows: Iterable[Row]) -> None:
        """Take terminal rows of running trials; their cells may have more to ask."""
        for row in list(rows):
            if self._formed:
                packs = [[t for t in p if t.trial_id != row["trial_id"]] for p in self._formed]
                self._formed = [pack for pack in packs if pack]
            self.running.pop(row["trial_id"], None)
            if owner := self._owner.pop(row["trial_id"], None):
                self._take(owner, row)
                self._advance(owner)

    def _take(self, cell: Point | Study, row: Row) -> None:
        self.done += 1
        lean = len(row) <= len(self._columns)
        self.results[row["trial_id"]] = row if lean else {k: row.get(k) for k in self._columns}
        cell.tell(row)

    def _advance(self, cell: Point | Study) -> None:
        """Ask a cell until it waits for a trial that has no row yet."""
        while trials := cell.ask():
            rows = [self._known(trial) for trial in trials]
            rivals = cell.rivals
            waiting = {t.trial_id for t, row in zip(trials, rows, strict=True) if row is None}
            if rivals and waiting - self._going_on:
                rows = [None] * len(trials)  # who goes on depends on all: all are trained again
            missing = []
            for trial, row in zip(trials, rows, strict=True):
                if row:
                    self._take(cell, row)
                else:
                    self._owner[trial.trial_id] = cell
                    missing.append(trial)
            if cell.apart:
                self._formed += [[trial] for trial in missing]
                continue
            for unit in [missing] if rivals and missing else [[trial] for trial in missing]:
                self._join(unit)

    def _missing(self, trial: Trial) -> bool:
        return trial.trial_id not in self.rows

    def _known(self, trial: Trial) -> Row | None:
        """The row of a trial, if it ended as it would end now."""
        if row := self.results.get(trial.trial_id):
            return row
        row = None if trial.trial_id in self._going_on else self.rows.get(trial.trial_id)
        return row if row and ended_as_now(self.sweep, trial.epochs, row) else None
