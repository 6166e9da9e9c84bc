"""What sections of the page show: importances, tables, an example of a filter."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sweeps.report.html import html_table
from sweeps.results.cells import varying
from sweeps.results.importance import BY
from sweeps.results.outcome import Outcome
from sweeps.results.tables import tables
from sweeps.results.words import field_words, in_words, metric_words, value_words


def shares_of(shares: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """The importances of a search: of each objective and kind of trials, its fields with shares."""
    found = []
    for objective, frame in shares.items():
        for (dataset, likelihood, family), rows in frame.groupby(BY, sort=False):
            if len(rows) > 1:
                who = in_words(str(family)) if family else "all families together"
                fields = [(field_words(str(r.field)), r.importance) for r in rows.itertuples()]
                where = f"{who}, {dataset}, {likelihood}, {rows['proposals'].iloc[0]} proposals"
                found.append(
                    {"objective": metric_words(objective), "where": where, "fields": fields}
                )
    return found


def tables_of(outcome: Outcome) -> list[dict[str, Any]]:
    """The sweep's tables, the claims aside, which stand in a section of their own."""
    if outcome.done.empty:
        return []
    shown = [entry for entry in tables(outcome) if entry.frame.index.name != "claim"]
    return [{"title": e.title, "notes": e.notes, **html_table(e.readable)} for e in shown]


def example_of(outcome: Outcome) -> str:
    """A filter that would choose some of a sweep's trials."""
    parts = []
    for name in varying(outcome.sweep):
        values = outcome.trials[name].dropna()
        if len(values):
            numeric = pd.api.types.is_numeric_dtype(values)
            middle = value_words("", values.median()) if numeric else ""
            parts.append(f"{name} <= {middle}" if numeric else f"{name} == {values.iloc[0]!r}")
    return " and ".join(parts[:2]) or "status == 'done'"
