"""A sweep's situation as text: printed once, or kept up to date while it runs."""

import datetime
import time
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from sweeps.cli.screen import console, text_table
from sweeps.definition.file import is_file, read_sweep
from sweeps.ledger.places.interface import Unreachable
from sweeps.ledger.schema import STATUSES
from sweeps.results.running import RunningPack
from sweeps.results.situation import Lookout, Situation
from sweeps.results.stored import is_stored
from sweeps.text import as_text, duration

#: Seconds between two looks at the results; as many as the last look took, if those are more.
INTERVAL = 2.0

#: Seconds after which it is said how long ago a pack was last heard of.
SILENCE = 30.0


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

    One that has not been started is waited for.  On a terminal the view is redrawn in place;
    elsewhere it is printed anew when something has changed.

    Raises:
        BadInput: if it has no results, or a part of them is damaged.
        Unreachable: if the store of its results does not answer at first.
    """
    screen = console()
    await_stored(name, results)
    follow = _redraw if screen.is_terminal and not screen.is_dumb_terminal else _append
    return follow(screen, Lookout(name, results))


def await_stored(name: str, results: str) -> None:
    """Wait until a sweep is stored, which is the first that a run does; says so.

    Raises:
        BadInput: for a sweep file that cannot be read.
    """
    if is_stored(name, results):
        return
    if is_file(name):
        read_sweep(name)
    print(
        f"no run of {name!r} in {results!r} yet: waiting for it; Ctrl-C ends the view", flush=True
    )
    while not is_stored(name, results):
        time.sleep(INTERVAL / 4)


def block(situation: Situation) -> RenderableType:
    """The situation: a table of its families, and lines for what concerns all of them."""
    best_of = "best mean" if situation.replicated else "best"
    columns = ["family", "wanted", *STATUSES, f"{best_of} {situation.objective}", "latent_dim"]
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
        yield _line(pack)
    if now.driver and not now.packs and not now.finished:
        yield "no pack is in training yet: the run is starting, or between two packs"
    if now.failure:
        yield f"last failure: {now.failure}"


def _line(pack: RunningPack) -> str:
    far = f"{pack.label}; epoch {pack.epoch} of {pack.epochs}"
    if not pack.in_training:
        return f"to go on: {far}"
    told = f", {pack.metric} {as_text(pack.latest)}" if pack.latest is not None else ""
    silent = f", {duration(pack.heard)} ago" if pack.heard > SILENCE else ""
    return f"in training: {far}{told}{silent}"


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
