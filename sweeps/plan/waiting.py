"""Trials of one fusion key that wait to be trained, narrow codes first."""

import bisect
import itertools
from collections import deque
from collections.abc import Iterator

from bsvae.trial import Trial

#: Trials that must share a pack: the rivals of a round, or one.
Unit = list[Trial]


class Line:
    """Units in the order of their latent dimension, and among equals in the order they came.

    Joining at any place and leaving from the front take the same time however long the line is.

    >>> two, four = (Trial(family="gaussian", latent_dim=d) for d in (2, 4))
    >>> line = Line()
    >>> line.join([four])
    >>> line.join([two])
    >>> len(line), [trial.latent_dim for trial in line.trials()]
    (2, [2, 4])
    >>> line.leave(1)
    >>> [trial.latent_dim for trial in line.trials()]
    [4]
    """

    def __init__(self) -> None:
        self._widths: list[int] = []
        self._units: dict[int, deque[Unit]] = {}
        self._trials = 0

    def __len__(self) -> int:
        """The number of trials."""
        return self._trials

    def __iter__(self) -> Iterator[Unit]:
        return itertools.chain.from_iterable(self._units[width] for width in self._widths)

    def trials(self) -> list[Trial]:
        """All of them, in order."""
        return [trial for unit in self for trial in unit]

    def join(self, unit: Unit) -> None:
        """Put a unit behind those that are not wider."""
        width = unit[0].latent_dim
        if width not in self._units:
            bisect.insort(self._widths, width)
            self._units[width] = deque()
        self._units[width].append(unit)
        self._trials += len(unit)

    def leave(self, trials: int) -> None:
        """Take whole units with this many trials from the front."""
        while trials > 0:
            width = self._widths[0]
            gone = len(self._units[width].popleft())
            trials -= gone
            self._trials -= gone
            if not self._units[width]:
                del self._units[width], self._widths[0]
