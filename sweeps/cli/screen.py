"""Tables on a terminal."""

import os
import sys
from collections.abc import Collection, Sequence

import pandas as pd
from rich.console import Console, RenderableType
from rich.text import Text

from sweeps.cli.layout import laid_out
from sweeps.results.formats import readable

#: Columns of output that is no terminal, unless COLUMNS says otherwise.
WIDE = 160


def console() -> Console:
    """Standard output: as wide as the terminal, or 160 columns where it is none."""
    terminal = sys.stdout.isatty()
    told = os.environ.get("COLUMNS", "")
    wide = int(told) if told.isdecimal() and int(told) else WIDE
    return Console(
        width=None if terminal else wide, force_terminal=terminal, highlight=False, markup=False
    )


def text_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], keep: Collection[str] = ()
) -> RenderableType:
    """Rows of text under their columns' names, as wide as standard output; numbers to the right.

    Args:
        columns: their names.
        rows: their cells.
        keep: columns that are left out last where not all fit, beside the first.
    """
    return laid_out(columns, rows, console().width, keep)


def print_text(line: str) -> None:
    """Print a line; on a terminal it breaks between words alone, so that no number is split."""
    if sys.stdout.isatty():
        console().print(Text(line))
    else:
        print(line)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text; at full width where the output is not a terminal."""
    console().print(text_table(columns, rows))


def print_frame(frame: pd.DataFrame, keep: Collection[str] = ()) -> None:
    """Print a DataFrame; missing values are shown as ``-``, errors beside their means."""
    shown = readable(frame)
    names = ["\n".join(map(str, filter(_named, _tuple(column)))) for column in shown.columns]
    rows = [list(map(str, row)) for row in shown.itertuples(index=False)]
    console().print(text_table(names, rows, keep))


def _tuple(column: object) -> tuple[object, ...]:
    return column if isinstance(column, tuple) else (column,)


def _named(part: object) -> bool:
    return part != ""
