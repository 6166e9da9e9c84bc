"""Tables on a terminal."""

import sys
from collections.abc import Sequence

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sweeps.text import as_text


def console() -> Console:
    """Standard output: as wide as the terminal, or 160 columns where it is none."""
    terminal = sys.stdout.isatty()
    return Console(
        width=None if terminal else 160, force_terminal=terminal, highlight=False, markup=False
    )


def text_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Rows of text under their columns' names; numbers to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        numeric = rows and all(_numeric(row[index]) for row in rows)
        whole = column == "trial_id"  # to be copied
        table.add_column(
            column, justify="right" if numeric else "left", overflow="fold", no_wrap=whole
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text; at full width where the output is not a terminal."""
    console().print(text_table(columns, rows))


def print_frame(frame: pd.DataFrame) -> None:
    """Print a DataFrame; missing values are shown as ``-``."""
    names = ["\n".join(map(str, filter(_named, _tuple(column)))) for column in frame.columns]
    rows = [[as_text(value) for value in row] for row in frame.itertuples(index=False)]
    print_table(names, rows)


def _tuple(column: object) -> tuple[object, ...]:
    return column if isinstance(column, tuple) else (column,)


def _named(part: object) -> bool:
    return part != ""


def _numeric(text: str) -> bool:
    return text == "-" or text.replace(",", "").replace(".", "", 1).lstrip("-").isdecimal()
