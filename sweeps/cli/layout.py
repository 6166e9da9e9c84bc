"""Tables as wide as a line: every number stays whole, whatever the width.

What is too wide gives way in this order: names of columns break at underscores and prose between
words; few rows stand as columns; else the columns that do not fit are left out, with a word.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sweeps.results.formats import is_number

#: Blanks between two columns, and at both edges together.
GAP, EDGES = 2, 2

#: Rows that can stand as columns.
FEW = 3

#: Text is prose, and may break between words, from this length on.
PROSE = 24


def laid_out(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    keep: Collection[str] = (),
) -> RenderableType:
    """Rows of text under their columns' names; numbers to the right.

    Args:
        columns: their names.
        rows: their cells.
        width: the characters of a line.
        keep: columns that are left out last, beside the first.
    """
    found = [_Column.of(name, [row[i] for row in rows]) for i, name in enumerate(columns)]
    if table := _fitted(found, width):
        return table
    if len(rows) <= FEW and (turned := _turned(columns, rows, width, 1)):
        return turned
    return _shortened(found, keep, width) or _turned(columns, rows, width, len(rows)) or Text("")


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
