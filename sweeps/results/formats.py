"""Tables to read, and the same as CSV and Markdown; as LaTeX see `sweeps.results.latex`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from bsvae.trial import FIELDS
from sweeps.text import as_text, setting, with_error

#: Ends the name of the column with the standard error of the column before it.
ERROR = "_se"


@dataclass(frozen=True)
class Table:
    """A table to read: its title, its cells, and what a reader must know of them.

    Attributes:
        title: one line.
        frame: numbers and words, indexed by what a row is; a standard error stands in a column
            ``NAME_se`` beside ``NAME``.
        notes: lines.
    """

    title: str
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def readable(self) -> pd.DataFrame:
        """The cells as text, the index as columns, means and errors as ``mean ± error``."""
        named = any(name is not None for name in self.frame.index.names)
        return readable(self.frame.reset_index(drop=not named))


def readable(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame's cells as text, with a column for every mean and its standard error.

    >>> readable(pd.DataFrame({"latent_dim": [2.0], "test_kl": [6.04], "test_kl_se": [0.321]}))
      latent_dim      test_kl
    0          2  6.04 ± 0.32
    """
    shown = {}
    for column in frame.columns:
        values, error = frame[column].tolist(), _error_of(column)
        if error in frame.columns:
            pairs = zip(values, frame[error].tolist(), strict=True)
            shown[column] = [with_error(mean, spread) for mean, spread in pairs]
        elif not _last(column).endswith(ERROR):
            say = setting if column in FIELDS else as_text
            shown[column] = [say(value) for value in values]
    result = pd.DataFrame(shown, frame.index, dtype=object)
    if isinstance(frame.columns, pd.MultiIndex):
        result.columns = pd.MultiIndex.from_tuples(list(shown), names=frame.columns.names)
    return result


def as_csv(frame: pd.DataFrame) -> str:
    """Plain numbers under one line of names, as `pandas.read_csv` reads them back."""
    return frame.to_csv(index=False)


def as_markdown(table: Table) -> str:
    """A table with pipes, its title above and its notes below.

    >>> print(as_markdown(Table("Title", pd.DataFrame({"n": [3]}), ("a note",))))
    **Title**
    <BLANKLINE>
    | n |
    |--:|
    | 3 |
    <BLANKLINE>
    - a note
    """
    heads, rows, numeric = lines_of(table)
    names = [" ".join(dict.fromkeys(parts)) for parts in zip(*heads, strict=True)]
    lines = [_pipes(names), "|" + "|".join("--:" if right else ":--" for right in numeric) + "|"]
    lines += [_pipes(row) for row in rows]
    notes = ["", *(f"- {one_line(note)}" for note in table.notes)] if table.notes else []
    return "\n".join([f"**{one_line(table.title)}**", "", *lines, *notes])


def is_number(text: str) -> bool:
    """Whether a cell's text is a number, maybe with an error, or none.

    >>> [is_number(text) for text in ("1,234 ± 61", "-", "5e-05", "inf", "20×10", "α 1.78")]
    [True, True, True, True, False, False]
    """
    return all(
        part in ("-", "inf", "-inf") or _NUMBER.fullmatch(part) for part in text.split(" ± ")
    )


_NUMBER = re.compile(r"-?\d[\d,]*(\.\d+)?(e[+-]?\d+)?")


def lines_of(table: Table) -> tuple[list[list[str]], list[list[str]], list[bool]]:
    """Header levels, rows, and which columns are numbers."""
    frame = table.readable
    names = [column if isinstance(column, tuple) else (column,) for column in frame.columns]
    heads = [[str(part) for part in level] for level in zip(*names, strict=True)]
    rows = [list(map(str, row)) for row in frame.to_numpy().tolist()]
    return heads, rows, [all(is_number(row[i]) for row in rows) for i in range(len(names))]


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(one_line(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def one_line(text: str) -> str:
    """Text without line breaks."""
    return " ".join(text.split())


def _error_of(column: object) -> object:
    """The name of the column with a column's error."""
    if isinstance(column, tuple):
        return (*column[:-1], f"{column[-1]}{ERROR}")
    return f"{column}{ERROR}"


def _last(column: object) -> str:
    return str(column[-1] if isinstance(column, tuple) else column)
