"""Tables as LaTeX."""

import re
from collections.abc import Iterable, Sequence

from sweeps.results.formats import Table, is_number, lines_of, one_line

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


def as_latex(table: Table) -> str:
    r"""A ``tabular`` for the package booktabs; title and notes are comments.

    >>> import pandas as pd
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
    heads, rows, numeric = lines_of(table)
    body = [_row(map(_math, row)) for row in rows]
    lines = [
        f"% {one_line(table.title)}",
        rf"\begin{{tabular}}{{{''.join('r' if right else 'l' for right in numeric)}}}",
        r"\toprule",
        *(_row(_spanned(level)) for level in heads[:-1]),
        _row(map(_escaped, heads[-1])),
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        *(f"% {one_line(note)}" for note in table.notes),
    ]
    return "\n".join(lines)


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
    return _SPECIAL.sub(lambda found: _LATEX[found[0]], one_line(text))
