"""A sweep's situation as text: printed once, or kept up to date while it runs."""

import datetime
import time
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from sweeps.cli.screen import console, text_table
from sweeps.ledger.places.interface import Unreachable
from sweeps.ledger.schema import STATUSES
from sweeps.results.situation import Lookout, Situation
from sweeps.text import as_text

#: Seconds between two looks at the results; as many as the last look took, if those are more.
INTERVAL = 2.0


def print_once(name: str, results: str) -> Situation:
    """Print how a sweep stands.

    Raises:
        BadInput: if it has no results, or a part of them is damaged.
    """
    situation = Lookout(name, results).look()
    console().print(block(situation))
    return situation


def watch(name: str, results: str) -> Situation:
    """Show how a sweep stands until it is finished; returns its last situation.

    On a terminal it is redrawn in place; elsewhere it is printed anew when something has changed.

    Raises:
        BadInput: if it has no results, or a part of them is damaged.
        Unreachable: if the store of its results does not answer at first.
    """
    screen = console()
    follow = _redraw if screen.is_terminal and not screen.is_dumb_terminal else _append
    return follow(screen, Lookout(name, results))


def block(situation: Situation) -> RenderableType:
    """The situation: a table of its families, and lines for what concerns all of them."""
    columns = ["family", "wanted", *STATUSES, f"best {situation.objective}", "latent_dim"]
    rows = []
    for tally in situation.tallies:
        counts = [tally.wanted, *(tally.ended[status] for status in STATUSES)]
        best = tally.best or {}
        told = [as_text(best.get(situation.objective)), as_text(best.get("latent_dim"))]
        rows.append([tally.family, *map(str, counts), *told])
    lines = [Text(_printable(line), overflow="fold") for line in _lines(situation)]
    return Group(text_table(columns, rows), *lines)


def _lines(now: Situation) -> Iterator[str]:
    yield f"{now.done} of {now.wanted} trials have a result in {now.folder}"
    if now.pace:
        yield now.pace
    if not now.finished:
        yield f"run by {now.driver}" if now.driver else "no run holds it"
    for pack in now.packs:
        state = "in training" if now.driver else "to go on"
        yield f"{state}: {pack.trials} {pack.family}, after epoch {pack.epoch} of {pack.epochs}"
    if now.driver and not now.packs and not now.finished:
        yield "no pack has a checkpoint: which trials are in training is not known from here"
    if now.failure:
        yield f"last failure: {now.failure}"


def _redraw(screen: Console, lookout: Lookout) -> Situation:
    now, lost = lookout.look(), ""
    with Live(console=screen, auto_refresh=False) as live:
        while True:
            clock = f"{datetime.datetime.now():%H:%M:%S}"
            foot = lost or f"as of {clock}; Ctrl-C ends the view, not the run"
            shown = block(now)
            live.update(shown if now.finished else Group(shown, Text(foot)), refresh=True)
            if now.finished:
                return now
            now, lost = _next(lookout, now)


def _append(screen: Console, lookout: Lookout) -> Situation:
    now, lost, printed = lookout.look(), "", ""
    while True:
        with screen.capture() as capture:
            screen.print(block(now), *([lost] if lost else []), sep="\n")
        if (text := capture.get()) != printed:
            print(text, end="", flush=True)
            printed = text
        if now.finished:
            return now
        now, lost = _next(lookout, now)


def _next(lookout: Lookout, before: Situation) -> tuple[Situation, str]:
    """The next situation; or, while the store does not answer, the last one and why."""
    time.sleep(max(INTERVAL, lookout.cost))
    try:
        return lookout.look(), ""
    except Unreachable as error:
        return before, f"cannot reach {error.filename} ({error.strerror}); trying again"


def _printable(line: str) -> str:
    """A line without what a terminal would obey.

    >>> _printable("worse\\x1b[2Jthan\\nit looks")
    'worse [2Jthan it looks'
    """
    return "".join(c if c.isprintable() else " " for c in line)
