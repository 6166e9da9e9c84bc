"""Tables on a terminal: every number on one line, whatever the width.

What is too wide gives way in this order: names of columns break at underscores, prose breaks
between words, few rows stand as columns; else the last columns are left out, and a line says which.
"""

import os
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from sweeps.results.formats import is_number, readable

#: Columns of output that is no terminal, unless COLUMNS says otherwise.
WIDE = 160

#: Blanks between two columns, and at both edges together.
GAP, EDGES = 2, 2

#: Rows that can stand as columns.
FEW = 3

#: Text is prose, and may break between words, from this length on.
PROSE = 24


def console() -> Console:
    """Standard output: as wide as the terminal, or 160 columns where it is none."""
    terminal = sys.stdout.isatty()
    told = os.environ.get("COLUMNS", "")
    wide = int(told) if told.isdecimal() and int(told) else WIDE
    return Console(
        width=None if terminal else wide, force_terminal=terminal, highlight=False, markup=False
    )


def text_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    keep: Collection[str] = (),
    width: int | None = None,
) -> RenderableType:
    """Rows of text under their columns' names; numbers to the right.

    Args:
        columns: their names.
        rows: their cells.
        keep: columns that are left out last, beside the first.
        width: the characters of a line; None for those of standard output.
    """
    width = console().width if width is None else width
    found = [_Column.of(name, [row[i] for row in rows]) for i, name in enumerate(columns)]
    if table := _fitted(found, width):
        return table
    if len(rows) <= FEW and (turned := _turned(columns, rows, width, 1)):
        return turned
    return _shortened(found, keep, width) or _turned(columns, rows, width, len(rows)) or Text("")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text; at full width where the output is not a terminal."""
    console().print(text_table(columns, rows))


def print_frame(frame: pd.DataFrame, keep: Collection[str] = ()) -> None:
    """Print a DataFrame; missing values are shown as ``-``, errors beside their means."""
    shown = readable(frame)
    names = ["\n".join(map(str, filter(_named, _tuple(column)))) for column in shown.columns]
    rows = [list(map(str, row)) for row in shown.itertuples(index=False)]
    console().print(text_table(names, rows, keep))


@dataclass(frozen=True)
class _Column:
    """One column as it would be printed.

    Attributes:
        name: its name.
        head: the same in lines.
        cells: its text.
        width: characters of its longest line.
        least: characters to which it can shrink; less than ``width`` for prose alone.
        numeric: whether its cells are numbers.
    """

    name: str
    head: str
    cells: tuple[str, ...]
    width: int
    least: int
    numeric: bool

    @classmethod
    def of(cls, name: str, cells: Sequence[str], head: str | None = None) -> "_Column":
        """A column at its full width, under its name or the same in other lines."""
        head = name if head is None else head
        numeric = bool(cells) and all(map(is_number, cells))
        width = _longest([*cells, *head.split("\n")])
        prose = not numeric and any(" " in cell and cell_len(cell) > PROSE for cell in cells)
        words = [word for text in (head, *cells) for word in text.split()]
        whole = [word for word in words if is_number(word.strip("()[],;:%")) or len(word) < PROSE]
        least = max(_longest(whole), min(width, PROSE)) if prose else width
        return cls(name, head, tuple(cells), width, least, numeric)

    def narrowed(self) -> "_Column":
        """The same with a name that breaks at underscores where it is wider than the cells."""
        body = _longest(self.cells) if self.least == self.width else self.least
        lines = [line for part in self.name.split("\n") for line in _broken(part, body)]
        return _Column.of(self.name, self.cells, "\n".join(lines))


def _longest(texts: Iterable[str]) -> int:
    return max(map(cell_len, texts), default=0)


def _broken(name: str, width: int) -> list[str]:
    """A name in lines that end with underscores, no longer than a width or its longest part.

    >>> _broken("test_discrete_nll", 12)
    ['test_', 'discrete_nll']
    """
    parts = name.replace("_", "_\n").split("\n")
    longest = max(width, _longest(parts))
    lines = [""]
    for part in parts:
        if lines[-1] and cell_len(lines[-1] + part) > longest:
            lines.append("")
        lines[-1] += part
    return lines


def _fitted(columns: Sequence[_Column], width: int) -> Table | None:
    """A table of all the columns, if it fits."""
    room = width - EDGES - GAP * (len(columns) - 1)
    for shown in (columns, [column.narrowed() for column in columns]):
        spare = room - sum(column.least for column in shown)
        if spare >= 0:
            return _table(shown, spare)
    return None


def _shortened(
    columns: Sequence[_Column], keep: Collection[str], width: int
) -> RenderableType | None:
    """The first column, those to keep, as many of the others as fit, and the names of the rest."""
    kept = {n for n, column in enumerate(columns) if n == 0 or column.name in keep}
    for number in range(len(columns)):
        wider = sorted({*kept, number})
        if _fitted([columns[n] for n in wider], width):
            kept.add(number)
    table = _fitted([columns[n] for n in sorted(kept)], width)
    rest = [" ".join(c.name.split()) for n, c in enumerate(columns) if n not in kept]
    return table and Group(table, Text(f"too wide for this screen: {', '.join(rest)}"))


def _table(columns: Sequence[_Column], spare: int) -> Table:
    """The columns at their least widths, and prose as much wider as there is room."""
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        show_header=any(c.head for c in columns),
    )
    for column in columns:
        more = min(spare, column.width - column.least)
        spare -= more
        table.add_column(
            Text(column.head),
            justify="right" if column.numeric else "left",
            width=column.least + more,
            overflow="fold",
            no_wrap=column.least == column.width,
            vertical="top",
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*map(Text, row))
    return table


def _turned(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, most: int
) -> RenderableType | None:
    """Rows as columns beside the names, as many at a time as fit; None if they are too many.

    One row always fits: a name or a text wider than the line is folded, a number cannot be.
    """
    names = [" ".join(name.split()) for name in columns]
    tables: list[RenderableType] = []
    left = list(rows)
    while left:
        for count in range(len(left), 0, -1):
            shown = [_Column.of("", names), *(_Column.of("", row) for row in left[:count])]
            if table := _fitted(shown, width):
                break
        else:
            table, count = _table(shown, 0), 1
        tables.append(table)
        left = left[count:]
    return Group(*tables) if len(tables) <= most else None


def _tuple(column: object) -> tuple[object, ...]:
    return column if isinstance(column, tuple) else (column,)


def _named(part: object) -> bool:
    return part != ""
