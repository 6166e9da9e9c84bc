"""Tables to read, and the same as CSV, Markdown and LaTeX."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from bsvae.trial import FIELDS
from sweeps.text import as_text, setting, with_error

#: Ends the name of the column with the standard error of the column before it.
ERROR = "_se"

#: What LaTeX would obey, or does not have, as it is written there.
_LATEX = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "²": r"$^2$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "λ₁": r"$\lambda_1$",
    "λ₂": r"$\lambda_2$",
    "–": "--",
}
_SPECIAL = re.compile("|".join(map(re.escape, _LATEX)))


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
    heads, rows, numeric = _text(table)
    names = [" ".join(dict.fromkeys(parts)) for parts in zip(*heads, strict=True)]
    lines = [_pipes(names), "|" + "|".join("--:" if right else ":--" for right in numeric) + "|"]
    lines += [_pipes(row) for row in rows]
    notes = ["", *(f"- {_one_line(note)}" for note in table.notes)] if table.notes else []
    return "\n".join([f"**{_one_line(table.title)}**", "", *lines, *notes])


def as_latex(table: Table) -> str:
    r"""A ``tabular`` for the package booktabs; title and notes are comments.

    >>> print(as_latex(Table("Title", pd.DataFrame({"test_kl": [6.04], "test_kl_se": [0.321]}))))
    % Title
    \begin{tabular}{r}
    \toprule
    test\_kl \\
    \midrule
    $6.04 \pm 0.32$ \\
    \bottomrule
    \end{tabular}
    """
    heads, rows, numeric = _text(table)
    body = [_row(map(_math, row)) for row in rows]
    lines = [
        f"% {_one_line(table.title)}",
        rf"\begin{{tabular}}{{{''.join('r' if right else 'l' for right in numeric)}}}",
        r"\toprule",
        *(_row(_spanned(level)) for level in heads[:-1]),
        _row(map(_escaped, heads[-1])),
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        *(f"% {_one_line(note)}" for note in table.notes),
    ]
    return "\n".join(lines)


def is_number(text: str) -> bool:
    """Whether a cell's text is a number, maybe with an error, or none.

    >>> [is_number(text) for text in ("1,234 ± 61", "-", "5e-05", "inf", "20×10", "α 1.78")]
    [True, True, True, True, False, False]
    """
    return all(
        part in ("-", "inf", "-inf") or _NUMBER.fullmatch(part) for part in text.split(" ± ")
    )


_NUMBER = re.compile(r"-?\d[\d,]*(\.\d+)?(e[+-]?\d+)?")


def _text(table: Table) -> tuple[list[list[str]], list[list[str]], list[bool]]:
    """Header levels, rows, and which columns are numbers."""
    frame = table.readable
    names = [column if isinstance(column, tuple) else (column,) for column in frame.columns]
    heads = [[str(part) for part in level] for level in zip(*names, strict=True)]
    rows = [list(map(str, row)) for row in frame.to_numpy().tolist()]
    return heads, rows, [all(is_number(row[i]) for row in rows) for i in range(len(names))]


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_one_line(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _row(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _spanned(level: Sequence[str]) -> list[str]:
    """Equal neighbours of a header row as one cell."""
    spans: list[list[str]] = []
    for text in level:
        if spans and text and spans[-1][0] == text:
            spans[-1].append(text)
        else:
            spans.append([text])
    many = r"\multicolumn{{{}}}{{c}}{{{}}}"
    return [_escaped(s[0]) if len(s) == 1 else many.format(len(s), _escaped(s[0])) for s in spans]


def _math(text: str) -> str:
    """A cell; numbers with signs, errors or powers of ten in math."""
    if text in ("-", "inf"):
        return {"-": "--", "inf": r"$\infty$"}[text]
    if not is_number(text) or not re.search("[-±e]", text):
        return _escaped(text)
    numbers = text.replace("inf", r"\infty").replace(",", "{,}").split(" ± ")
    parts = [re.sub(r"e([+-]?\d+)", _power, number) for number in numbers]
    joined = r" \pm ".join(parts)
    return f"${joined}$"


def _power(found: re.Match[str]) -> str:
    return rf" \times 10^{{{int(found[1])}}}"


def _escaped(text: str) -> str:
    r"""Text that LaTeX sets as it is.

    >>> print(_escaped("λ₁ 50% of x_1 & {y}"))
    $\lambda_1$ 50\% of x\_1 \& \{y\}
    """
    return _SPECIAL.sub(lambda found: _LATEX[found[0]], _one_line(text))


def _error_of(column: object) -> object:
    """The name of the column with a column's error."""
    if isinstance(column, tuple):
        return (*column[:-1], f"{column[-1]}{ERROR}")
    return f"{column}{ERROR}"


def _last(column: object) -> str:
    return str(column[-1] if isinstance(column, tuple) else column)
