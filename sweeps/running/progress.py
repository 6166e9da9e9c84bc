"""One honest line of progress: packs and trials done, running, best so far, time left.

On a terminal it is a bar that is redrawn in place, see `sweeps.running.bar`.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from bsvae.trial import Trial
from sweeps.plan.planner import Planner
from sweeps.plan.studies import Row
from sweeps.results.leader import Leader
from sweeps.results.pace import Kind, Left, Part, kind_of, trained_kind
from sweeps.running.bar import Bar
from sweeps.text import counted, duration


class Progress:
    """Follows a planner and prints: a bar on a terminal, else a line per interval.

    It is entered when training starts, and left however it ends.

    Attributes:
        interval: seconds between lines where the output is not a terminal.
    """

    interval = 10.0

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.packs = 0
        self.failed = 0
        self._leader = Leader(planner.sweep.objectives[0], planner.results.values())
        self.epochs: dict[str, int] = {}
        self._started = time.monotonic()
        self._printed = 0.0
        self._objective = planner.sweep.objectives[0]
        self._work = Left(planner.sweep, planner.results.values())
        self._settled: Counter[Kind] = Counter()
        #: When it was first known what had ended: the start-up is no pace.
        self._since: tuple[float, list[Part], Counter[Kind]] | None = None
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
            self._bar = Bar(self.planner.sweep.name)
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._show(now=not error)
        if self._bar:
            self._bar.stop()

    def started(self, pack: Sequence[Trial]) -> None:
        """A pack began."""
        self.epochs |= {trial.trial_id: 0 for trial in pack}
        self._show()

    def epoch(self, pack: Sequence[Trial], number: int) -> None:
        """A pack finished an epoch."""
        self.epochs |= {trial.trial_id: number for trial in pack}
        self._show()

    def settled(self, pack: Sequence[Trial], rows: Iterable[Row]) -> None:
        """A pack ended, and these are its rows."""
        self.packs += 1
        for trial in pack:
            self.epochs.pop(trial.trial_id, None)
        for row in rows:
            self.failed += row["status"] in ("diverged", "failed")
            self._work.take(row)
            self._settled[trained_kind(row)] += 1
            self._leader.take(row)
        self._show()

    def line(self) -> str:
        """The line itself."""
        planner = self.planner
        parts = [
            f"{planner.done}/{counted(planner.sweep.wanted, 'trial')}",
            counted(self.packs, "pack"),
            f"{len(planner.running)} running",
            *self.notes(),
            f"{duration(self.elapsed)} gone",
        ]
        if left := self.time_left():
            parts.append(left)
        return " | ".join(parts)

    def notes(self) -> list[str]:
        """What failed, and the best so far."""
        notes = [f"{self.failed} failed or diverged"] if self.failed else []
        if best := self._leader.best:
            named = f"best {'mean ' if self.planner.sweep.replicated else ''}{self._objective}"
            where = f"{best['family']}, latent_dim {best['latent_dim']}"
            notes.append(f"{named} {best[self._objective]:.2f} ({where})")
        return notes

    def in_training(self) -> list[str]:
        """The packs in training: their families, and how far they are."""
        packs: dict[tuple[str, int, int], int] = {}
        for trial_id, trial in self.planner.running.items():
            far = (trial.family, self.epochs.get(trial_id, 0), trial.epochs)
            packs[far] = packs.get(far, 0) + 1
        return [f"{n} {family} {epoch}/{epochs}" for (family, epoch, epochs), n in packs.items()]

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    @property
    def share(self) -> float:
        """Wanted trials that are done, and parts of trials."""
        return self.planner.done + sum(part.share for part in self._parts())

    def time_left(self) -> str:
        """Time left if the rest goes as the trials, and parts of trials, of this run have gone."""
        parts = self._parts()
        if self._since is None:
            if self._settled or any(part.epoch for part in parts):
                self._since = self.elapsed, parts, self._settled.copy()
            return ""
        since, before, settled = self._since
        costs = self._work.costs
        done = sum(costs.of(kind) * (n - settled[kind]) for kind, n in self._settled.items())
        done += costs.of_parts(parts) - costs.of_parts(before)
        left, elapsed = self._work.cost(parts), self.elapsed - since
        known = left > 0 and done > 0 and elapsed > 0
        return f"{duration(left * elapsed / done)} left" if known else ""

    def _parts(self) -> list[Part]:
        running = self.planner.running.items()
        return [Part(kind_of(vars(t)), self.epochs.get(trial_id, 0)) for trial_id, t in running]

    def _show(self, now: bool = False) -> None:
        interval = 0.2 if self._bar else self.interval
        if not now and time.monotonic() - self._printed < interval:
            return
        self._printed = time.monotonic()
        if self._bar:
            done = self.planner.done, self.planner.sweep.wanted
            left = self.time_left()
            self._bar.show(done, self.share, left, self.in_training(), *self.notes())
        else:
            print(self.line(), flush=True)
