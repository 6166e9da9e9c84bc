"""A frame as the text of an HTML table."""

from typing import Any

import pandas as pd

from sweeps.values import as_text


def html_table(frame: pd.DataFrame) -> dict[str, Any]:
    """A frame as text: header rows of (text, columns spanned), body rows of cells."""
    flat = frame.reset_index()
    names = [column if isinstance(column, tuple) else (column,) for column in flat.columns]
    levels = [[_word(column[level]) for column in names] for level in range(len(names[0]))]
    heads = [_spans(level) for level in levels[:-1]] + [[(text, 1) for text in levels[-1]]]
    rows = [[as_text(value, missing="–") for value in row] for row in flat.itertuples(index=False)]
    return {"heads": heads, "rows": rows}


def _spans(level: list[str]) -> list[tuple[str, int]]:
    """Equal neighbours of a header row as one cell."""
    spans: list[tuple[str, int]] = []
    for text in level:
        if spans and spans[-1][0] == text:
            spans[-1] = text, spans[-1][1] + 1
        else:
            spans.append((text, 1))
    return spans


def _word(name: object) -> str:
    return str(name).replace("_", " ")
