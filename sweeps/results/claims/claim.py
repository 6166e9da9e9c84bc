"""A claim, what it asks of the rows that test it, and the verdict that follows from them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sweeps.results.claims.evidence import Difference
from sweeps.text import counted

HELD, FELL, OPEN = "held", "did not hold", "undecided"

#: A difference of fewer standard errors decides nothing.
ERRORS = 2.0


@dataclass(frozen=True)
class Row:
    """One claim of a source beside the measurement, all in words."""

    claim: str
    measured: str
    verdict: str
    source: str
    criterion: str
    needs: str


@dataclass(frozen=True)
class Protocol:
    """What a source trained with, as far as it says so; None where it does not."""

    dataset: str = "mnist"
    epochs: int | None = None
    batch_size: int | None = None

    def missing(self, rows: pd.DataFrame) -> str:
        """How rows fall short of it, in words; empty if they do not."""
        if rows.empty:
            return "no rows"
        if set(rows["dataset"]) != {self.dataset}:
            return f"{', '.join(sorted(set(rows['dataset'])))} instead of {self.dataset}"
        epochs = rows["epochs"].min()
        if self.epochs is not None and epochs < self.epochs:
            return f"{epochs:.0f} of {self.epochs} epochs"
        sizes = set(rows["batch_size"].dropna())
        if self.batch_size is not None and sizes != {self.batch_size}:
            return f"batches of {min(sizes, default=math.nan):.0f} instead of {self.batch_size}"
        return ""

    def text(self) -> str:
        """What rows need, in words."""
        parts = [self.dataset.replace("mnist", "MNIST").replace("_", " ")]
        parts += [] if self.epochs is None else [f"{self.epochs} epochs"]
        parts += [] if self.batch_size is None else [f"batches of {self.batch_size}"]
        return ", ".join(parts)


@dataclass(frozen=True)
class Part:
    """One thing that a criterion asks: a difference above zero.

    Attributes:
        words: what is compared, in a few words.
        found: the difference.
        one_refutes: whether a single seed below zero suffices, as one counterexample does against
            a claim about every trained network.
    """

    words: str
    found: Difference
    one_refutes: bool = False

    def state(self, seeds: int) -> str:
        """`HELD`, `FELL` or `OPEN`."""
        found = self.found
        clear = abs(found.value) > ERRORS * found.error  # False where either is NaN
        enough = found.n >= seeds or found.noise
        if found.value < 0 and (clear or math.isnan(found.error)) and self.one_refutes:
            return FELL
        if not (clear and enough):
            return OPEN
        return HELD if found.value > 0 else FELL

    def doubt(self, seeds: int) -> str:
        """Why it is open, in words."""
        found = self.found
        if found.n == 0:
            return "nothing to compare with"
        if found.n < seeds and not found.noise:
            return "one seed" if found.n == 1 else f"{found.n} of {seeds} seeds"
        return f"difference {found.value:.3g} ± {found.error:.2g}, n = {found.n}"


@dataclass(frozen=True)
class Claim:
    """What a source says, and how it is tested.

    Attributes:
        claim: in our words, short.
        source: its title and section; empty if it is ours, derived from a source's model.
        words: the source's own words.
        criterion: what must be found; chosen from the source and from theory.
        protocol: what the source trained with.
        seeds: seeds that a verdict needs.
    """

    claim: str
    source: str
    words: str
    criterion: str
    protocol: Protocol = Protocol()
    seeds: int = 3

    def judged(self, rows: pd.DataFrame, measured: str, parts: Sequence[Part]) -> Row:
        """The claim beside the measurement.

        Args:
            rows: all rows that the measurement is of.
            measured: its numbers in words; how many seeds are compared is added.
            parts: what the criterion asks, all of it.
        """
        short = self.protocol.missing(rows)
        measured = f"{measured}; n = {min(part.found.n for part in parts)}"
        return self._row(measured, f"not testable yet ({short})" if short else self._judge(parts))

    def untested(self, measured: str, why: str) -> Row:
        """The claim beside a reason why nothing can be said of it."""
        return self._row(measured, f"not testable yet ({why})")

    def arithmetic(self, measured: str, holds: bool) -> Row:
        """The claim beside the source's own numbers, which need no trial."""
        return self._row(measured, HELD if holds else FELL)

    def _judge(self, parts: Sequence[Part]) -> str:
        states = [part.state(self.seeds) for part in parts]
        if FELL in states or OPEN not in states:
            return FELL if FELL in states else HELD
        part = parts[states.index(OPEN)]
        name = f"{part.words}: " if len(parts) > 1 else ""
        return f"{OPEN} ({name}{part.doubt(self.seeds)})"

    def _row(self, measured: str, verdict: str) -> Row:
        seeds = counted(self.seeds, "seed") if self.seeds else "no trial"
        source = f"{self.source}: “{self.words}”" if self.words else self.source
        needs = f"{self.protocol.text()}; {seeds}"
        return Row(self.claim, measured, verdict, source, self.criterion, needs)
