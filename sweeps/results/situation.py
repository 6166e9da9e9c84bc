"""How a sweep stands, from its results alone: what anyone who can read them may know of it."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sweeps.definition.sweep import Sweep
from sweeps.ledger.ledger import Ledger
from sweeps.plan.replay import Replay
from sweeps.plan.studies import Row
from sweeps.results.leader import Leader
from sweeps.results.pace import outlook
from sweeps.results.running import Packs, RunningPack
from sweeps.results.stored import so_far, stored_sweep


@dataclass(frozen=True)
class Tally:
    """One family's trials.

    Attributes:
        family: its name.
        wanted: how many trials of it the sweep wants.
        ended: how many ended in each status.
        best: a row of the best configuration by the sweep's first objective, with its mean over
            seeds in place of its own; None before any is done.
    """

    family: str
    wanted: int
    ended: Counter[str]
    best: Row | None


@dataclass(frozen=True)
class Situation:
    """A sweep at one moment.

    Attributes:
        folder: where its results are.
        objective: the metric that ranks its trials.
        replicated: whether a configuration has several seeds, so that a best is a mean.
        wanted: trials that it wants.
        done: those that have a row.
        tallies: by family, in the order of the sweep's file.
        pace: trials per minute and time left, in words; empty before anything is known of them.
        driver: who runs it, ``process PID on HOST``; empty if no run holds it.
        packs: those in training, as far as they have told, and those that will go on from a
            checkpoint.
        failure: the last trial that failed or diverged, and its error; empty if there is none.
    """

    folder: str
    objective: str
    replicated: bool
    wanted: int
    done: int
    tallies: tuple[Tally, ...]
    pace: str
    driver: str
    packs: tuple[RunningPack, ...]
    failure: str

    @property
    def finished(self) -> bool:
        """Whether every wanted trial has a row."""
        return self.done >= self.wanted


class Lookout:
    """Looks at a sweep's results again and again, and reads again only what has changed.

    Args:
        name: the sweep.
        results: the folder that sweeps write to, or its URI.

    Attributes:
        cost: seconds that the last look took.
    """

    def __init__(self, name: str, results: str) -> None:
        self.name, self.results = name, results
        self.cost = 0.0
        self._seen: object = None
        self._planner: Replay | None = None
        self._packs = Packs()

    def look(self) -> Situation:
        """The sweep as it is now.

        Raises:
            BadInput: if it has no results, or a part of them is damaged.
            Unreachable: if the store of its results does not answer.
        """
        started = time.monotonic()
        sweep, ledger = stored_sweep(self.name, self.results)
        planner = self._plan(sweep, ledger)
        rows, driver = planner.results.values(), ledger.driver()
        packs = self._packs.look(ledger, sweep.objectives[0], planner.results, bool(driver))
        situation = Situation(
            str(ledger.folder),
            sweep.objectives[0],
            sweep.replicated,
            sweep.wanted,
            planner.done,
            tuple(_tallies(sweep, rows)),
            outlook(sweep, rows, packs),
            driver,
            tuple(packs),
            _last_failure(rows),
        )
        self.cost = time.monotonic() - started
        return situation

    def _plan(self, sweep: Sweep, ledger: Ledger) -> Replay:
        now = ledger.files.stamps("trials"), sweep
        if self._planner is None or now != self._seen:
            self._seen, self._planner = now, so_far(sweep, ledger)
        return self._planner


def _tallies(sweep: Sweep, rows: Iterable[Row]) -> Iterable[Tally]:
    wanted: Counter[str] = Counter()
    for cell in sweep.cells:
        wanted[cell["family"]] += sweep.wanted_of(cell)
    of_family: dict[str, list[Row]] = {family: [] for family in wanted}
    for row in rows:  # one that another program wrote may name a family that is none
        of_family.setdefault(row["family"], []).append(row)
    for family, found in of_family.items():
        ended = Counter(row["status"] for row in found)
        yield Tally(family, wanted[family], ended, Leader(sweep.objectives[0], found).best)


def _last_failure(rows: Iterable[Row]) -> str:
    bad = [row for row in rows if row["status"] in ("diverged", "failed")]
    if not bad:
        return ""
    row = max(bad, key=lambda row: row["finished_at"])
    return f"{row['trial_id']} {row['status']}: {row['error']}"
