"""One honest line of progress: packs and trials done, running, best so far, time left."""

import datetime
import sys
import time
from collections.abc import Iterable, Sequence

from bsvae.metrics import METRICS
from bsvae.trial import Trial
from sweeps.planner import Planner
from sweeps.search import Row

#: Seconds without a pack in training after which `outlook` takes rows for those of another run.
LONGEST_PAUSE = 300.0


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
        parts.append(f"{_clock(elapsed)} gone")
        if (left := self._left(elapsed)) is not None:
            parts.append(f"{_clock(left)} left")
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


def outlook(rows: Iterable[Row], wanted: int) -> str:
    """Trials per minute, and the time left at that rate, from rows of a ledger alone.

    The rate is that of the last stretch of work: back from the last row, as long as no more than
    `LONGEST_PAUSE` lies between the end of one pack and the start of the next.  A row's pack began
    ``seconds`` before it was finished.

    Returns:
        A sentence, or nothing where no row has taken any time.

    >>> now = datetime.datetime(2026, 1, 1)
    >>> rows = [{"finished_at": now + datetime.timedelta(seconds=s), "seconds": 30.0}
    ...         for s in (0, 30, 30)]
    >>> outlook(rows, wanted=6)
    '3.0 trials per minute over the last 1:00 of work; 1:00 left at that rate'
    """
    ends = sorted(((row["finished_at"], row["seconds"] or 0.0) for row in rows), reverse=True)
    if not ends:
        return ""
    last = begin = ends[0][0]
    count = 0
    for finished, seconds in ends:
        if (begin - finished).total_seconds() > LONGEST_PAUSE:
            break
        begin = min(begin, finished - datetime.timedelta(seconds=seconds))
        count += 1
    elapsed = (last - begin).total_seconds()
    if not elapsed:
        return ""
    left = (wanted - len(ends)) * elapsed / count
    text = f"{60 * count / elapsed:.1f} trials per minute over the last {_clock(elapsed)} of work"
    return f"{text}; {_clock(left)} left at that rate" if left > 0 else text


def _clock(seconds: float) -> str:
    """Minutes and seconds, or hours too.

    >>> _clock(75), _clock(3700)
    ('1:15', '1:01:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
