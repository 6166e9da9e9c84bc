"""A run's progress on a terminal: a bar, and lines below it, redrawn in place."""

import time
from collections.abc import Sequence
from typing import final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweeps.text import duration

#: Packs in training that are named.
NAMED = 6


@final
class Bar:
    """Drawn again twice a second, by a thread of its own, so that a long epoch stops no clock.

    It draws what it was last shown, and never looks at a plan that another thread changes.

    Args:
        name: the sweep's.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._started = time.monotonic()
        self._state = ((0, 1), 0.0, "")
        self._lines: tuple[str, ...] = ()
        self._live = Live(
            console=Console(highlight=False, markup=False),
            get_renderable=self._drawn,
            refresh_per_second=2,
        )

    def start(self) -> None:
        """Begin to draw."""
        self._live.start()

    def stop(self) -> None:
        """Draw once more, and leave that on the screen, and the cursor below it."""
        self._live.stop()

    def show(
        self, done: tuple[int, int], share: float, left: str, packs: Sequence[str], *notes: str
    ) -> None:
        """What is to be drawn from now on.

        Args:
            done: trials that are done, and how many are wanted.
            share: trials that are done, and parts of those in training.
            left: the time left, in words; nothing before it is known.
            packs: those in training, in words.
            notes: lines for what else there is to say.
        """
        self._state = done, share, left
        more = f" and {len(packs) - NAMED} more" if len(packs) > NAMED else ""
        training = [f"in training: {', '.join(packs[:NAMED])}{more}"] if packs else []
        self._lines = (*training, *notes)

    def _drawn(self) -> RenderableType:
        (done, wanted), share, left = self._state
        head = Table.grid(padding=(0, 1), expand=True)
        for ratio in (None, 1, None):
            head.add_column(ratio=ratio, no_wrap=True)
        gone = f"{duration(time.monotonic() - self._started)} gone"
        told = ", ".join(filter(None, (f"{done}/{wanted} trials", gone, left)))
        head.add_row(self._name, ProgressBar(total=wanted, completed=share), told)
        return Group(head, *(Text(line, overflow="ellipsis", no_wrap=True) for line in self._lines))
