"""How fast a sweep goes, and what is left of it, weighed by what its trials cost.

The unit of cost is a second of one device, told from trials like it that have a row; before there
is any, an epoch of any trial.  What is measured of a trained trial counts as one more epoch: so an
untrained trial, or one that is solved in closed form, weighs little, but not nothing.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sweeps.definition.sweep import Sweep
from sweeps.plan.studies import Row
from sweeps.text import counted, duration

#: Seconds without a pack in training after which `outlook` takes rows for those of another run.
LONGEST_PAUSE = 300.0

#: The columns of rows that are read here.
COLUMNS = (
    *("trial_id", "family", "latent_dim", "epochs", "epochs_trained"),
    *("seconds", "device_seconds", "finished_at"),
)

#: Trials that cost alike: family, latent dimension, epochs.
Kind = tuple[str, int | None, int]


class Costs:
    """What a trial of a kind costs, as far as rows tell.

    >>> rows = [{"family": "pca", "latent_dim": 2, "epochs_trained": 0, "device_seconds": 1.0},
    ...         {"family": "conv", "latent_dim": 2, "epochs_trained": 9, "device_seconds": 90.0}]
    >>> costs = Costs(rows)
    >>> costs.of(("pca", 2, 0)), costs.of(("conv", 2, 9)), costs.of(("conv", 4, 19))
    (1.0, 90.0, 180.0)
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._seconds: defaultdict[tuple, float] = defaultdict(float)
        self._epochs: Counter[tuple] = Counter()
        for row in rows:
            self.take(row)

    def take(self, row: Row) -> None:
        """One more row."""
        for like in _likes(row["family"], row["latent_dim"]):
            self._seconds[like] += row.get("device_seconds") or row.get("seconds") or 0.0
            self._epochs[like] += 1 + (row["epochs_trained"] or 0)

    def of(self, kind: Kind) -> float:
        """The cost of a trial, from its like: of its size, else of its family, else of all."""
        family, latent_dim, epochs = kind
        for like in _likes(family, latent_dim):
            if self._seconds.get(like):
                return self._seconds[like] / self._epochs[like] * (1 + epochs)
        return 1.0 + epochs

    def of_parts(self, parts: Iterable["Part"]) -> float:
        """The cost of what is trained of trials in training."""
        return sum(part.share * self.of(part.kind) for part in parts)


def _likes(family: str, latent_dim: int | None) -> tuple[tuple, ...]:
    return (family, latent_dim), (family,), ()


@dataclass(frozen=True)
class Part:
    """A trial in training: its kind, and how many of its epochs it has."""

    kind: Kind
    epoch: int

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""
        return min(1.0, self.epoch / (1 + self.kind[2]))


class Left:
    """What a sweep has still to train, told its rows one by one.

    Attributes:
        costs: what its trials cost.
    """

    def __init__(self, sweep: Sweep, rows: Iterable[Row] = ()) -> None:
        self.costs = Costs()
        self._missing: Counter[Kind] = Counter()
        self._trained: Counter[int] = Counter()
        self._asked: Counter[int] = Counter()
        for cell in sweep.cells:
            self._missing[kind_of(cell)] += sweep.wanted_of(cell)
        for row in rows:
            self.take(row)

    def take(self, row: Row) -> None:
        """One more row."""
        self.costs.take(row)
        kind = kind_of(row)
        self._missing[kind] -= 1
        if row["epochs_trained"] is not None:
            self._trained[kind[2]] += row["epochs_trained"]
            self._asked[kind[2]] += kind[2]

    def cost(self, parts: Iterable[Part] = ()) -> float:
        """Of what has no row yet, less what is trained of it.

        Where rivals stop early, those that are still to come are expected to do so as often.
        """
        left = sum(
            number * self.costs.of(kind) * self._expected(kind[2])
            for kind, number in self._missing.items()
            if number > 0
        )
        return max(0.0, left - self.costs.of_parts(parts))

    def _expected(self, epochs: int) -> float:
        return self._trained[epochs] / self._asked[epochs] if self._trained[epochs] else 1.0


def kind_of(fields: Mapping[str, Any]) -> Kind:
    """The kind of a cell, a row, or a trial's fields."""
    return fields["family"], fields.get("latent_dim"), fields.get("epochs") or 0


class Training(Protocol):
    """A pack that is in training or will go on.

    Attributes:
        parts: its trials.
        seconds: for how long it has been trained.
    """

    @property
    def parts(self) -> list[Part]:
        """Its trials."""
        ...

    @property
    def seconds(self) -> float:
        """For how long it has been trained."""
        ...


def outlook(sweep: Sweep, rows: Iterable[Row], packs: Iterable[Training] = ()) -> str:
    """Trials per minute, and the time left, from what a ledger tells alone.

    The rate is that of the last stretch of work: back from the last row, as long as no more than
    `LONGEST_PAUSE` lies between the end of one pack and the start of the next.  A row's pack began
    ``seconds`` before it was finished.  Before the first row, packs in training tell it.

    Args:
        sweep: what is wanted.
        rows: of those of its trials that have one.
        packs: those in training, and those that will go on.

    Returns:
        A sentence, or nothing where nothing has taken any time.
    """
    rows, packs = list(rows), list(packs)
    work, training = Left(sweep, rows), [part for pack in packs for part in pack.parts]
    recent, elapsed = _last_stretch(rows)
    if elapsed:
        done = sum(work.costs.of(trained_kind(row)) for row in recent)
        stretch = duration(max(elapsed, 1.0))
        text = f"{60 * len(recent) / elapsed:.1f} trials per minute over the last {stretch} of work"
    else:
        elapsed = max((pack.seconds for pack in packs), default=0.0)
        done = work.costs.of_parts(training)
        text = f"{counted(len(training), 'trial')} in training for {duration(elapsed)}"
    if not elapsed or not done:
        return ""
    left = work.cost(training)
    return f"{text}; about {duration(left * elapsed / done)} left" if left > 0 else text


def trained_kind(row: Row) -> Kind:
    """The kind that a trial was by the epochs that it got."""
    return row["family"], row["latent_dim"], row["epochs_trained"] or 0


def _last_stretch(rows: Iterable[Row]) -> tuple[list[Row], float]:
    """The rows of the last stretch of work, and how long it was, in seconds."""
    ends = sorted(rows, key=lambda row: row["finished_at"], reverse=True)
    recent: list[Row] = []
    if not ends:
        return recent, 0.0
    last = begin = ends[0]["finished_at"]
    for row in ends:
        if (begin - row["finished_at"]).total_seconds() > LONGEST_PAUSE:
            break
        took = datetime.timedelta(seconds=row["seconds"] or 0.0)
        begin = min(begin, row["finished_at"] - took)
        recent.append(row)
    return recent, (last - begin).total_seconds()
