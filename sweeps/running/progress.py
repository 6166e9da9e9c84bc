"""One honest line of progress: packs and trials done, running, best so far, time left."""

import sys
import time
from collections.abc import Iterable, Sequence

from bsvae.metrics import METRICS
from bsvae.trial import Trial
from sweeps.plan.planner import Planner
from sweeps.plan.studies import Row
from sweeps.text import clock


class Progress:
    """Follows a planner and prints: a line rewritten in place on a terminal, else one per interval.

    Attributes:
        interval: seconds between lines where the output is not a terminal.
    """

    interval = 10.0

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.already = planner.done
        self.packs = 0
        self.failed = 0
        self.best: Row | None = None
        self.epochs: dict[str, int] = {}
        self._started = time.monotonic()
        self._pace: tuple[float, float] | None = None  # when it was first known what had ended
        self._printed = 0.0
        self._terminal = sys.stdout.isatty()
        self._objective = planner.sweep.objectives[0]
        for row in planner.results.values():
            self._consider(row)

    def started(self, pack: Sequence[Trial]) -> None:
        """A pack began."""
        self.epochs |= {trial.trial_id: 0 for trial in pack}
        self._print()

    def epoch(self, pack: Sequence[Trial], number: int) -> None:
        """A pack finished an epoch."""
        self.epochs |= {trial.trial_id: number for trial in pack}
        self._print()

    def settled(self, pack: Sequence[Trial], rows: Iterable[Row]) -> None:
        """A pack ended, and these are its rows."""
        self.packs += 1
        for trial in pack:
            self.epochs.pop(trial.trial_id, None)
        for row in rows:
            self.failed += row["status"] in ("diverged", "failed")
            self._consider(row)
        self._print()

    def close(self) -> None:
        """Print the last state on a line of its own."""
        self._print(now=True)
        if self._terminal:
            print(flush=True)

    def line(self) -> str:
        """The line itself."""
        planner = self.planner
        parts = [
            f"{planner.done}/{planner.sweep.wanted} trials",
            f"{self.packs} packs",
            f"{len(planner.running)} running",
        ]
        if self.failed:
            parts.append(f"{self.failed} failed or diverged")
        if self.best:
            value = self.best[self._objective]
            family, size = self.best["family"], self.best["latent_dim"]
            parts.append(f"best {self._objective} {value:.2f} ({family}, latent_dim {size})")
        elapsed = time.monotonic() - self._started
        parts.append(f"{clock(elapsed)} gone")
        if (left := self._left(elapsed)) is not None:
            parts.append(f"{clock(left)} left")
        return " | ".join(parts)

    def _left(self, elapsed: float) -> float | None:
        """Time left if the rest goes as the trials, and parts of trials, of this run have gone."""
        running = self.planner.running
        partial = sum(self.epochs.get(k, 0) / max(1, t.epochs) for k, t in running.items())
        ended = self.planner.done - self.already + partial
        if not ended:
            return None
        since, before = self._pace = self._pace or (elapsed, ended)  # the start-up is no pace
        if ended <= before:
            return None
        missing = max(0.0, self.planner.sweep.wanted - self.already - ended)
        return (elapsed - since) / (ended - before) * missing

    def _consider(self, row: Row) -> None:
        value = row.get(self._objective)
        if row["status"] != "done" or value is None:
            return
        sign = 1 if METRICS[self._objective].better == "lower" else -1
        if self.best is None or sign * value < sign * self.best[self._objective]:
            self.best = row

    def _print(self, now: bool = False) -> None:
        interval = 0.2 if self._terminal else self.interval
        if not now and time.monotonic() - self._printed < interval:
            return
        self._printed = time.monotonic()
        print(f"\r\033[K{self.line()}" if self._terminal else self.line(), end="", flush=True)
        if not self._terminal:
            print(flush=True)
