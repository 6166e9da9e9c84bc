"""What every pack of a run shares, and the words for what goes wrong; quick to import."""

from dataclasses import dataclass

from bsvae.halving import Halving
from sweeps.ledger.ledger import Ledger

#: How often a pack may fail before it is taken apart, and a trial alone before it has failed.
ATTEMPTS = 2

#: How often a pack may lose its process: mostly the fault of a node that went away.
LOSSES = 6


class GaveUp(RuntimeError):
    """A run that cannot go on although its input is good; the message is one line."""


@dataclass(frozen=True)
class Job:
    """What every pack of a run shares; small and picklable, so that it travels to any node.

    Attributes:
        results: the folder that sweeps write to, or its URI.
        sweep: the sweep's name.
        folder: the data folder, as given to `bsvae.datasets.load`.
        extras: what to store besides rows and curves; of `sweeps.definition.sweep.EXTRAS`.
        halving: which trials stop early, if any do.
        checkpoint_interval: seconds between two checkpoints of a pack, at least.
        note_interval: seconds between two notes of a pack on how far it is, at least; infinite for
            none.
    """

    results: str
    sweep: str
    folder: str | None = None
    extras: tuple[str, ...] = ()
    halving: Halving | None = None
    checkpoint_interval: float = 120.0
    note_interval: float = 1.0

    @property
    def ledger(self) -> Ledger:
        """Where rows are committed."""
        return Ledger(self.results, self.sweep)


def describe(error: BaseException) -> str:
    """An exception in one line, for the ``error`` column.

    >>> describe(ValueError("no\\nsuch thing"))
    'ValueError: no such thing'
    """
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]
