"""What each field that varies does to the objectives: the others as lines, means over seeds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bsvae.metrics import METRICS
from sweeps.figures.looks import looks_of, looks_of_cells
from sweeps.figures.style import framed, line_looks, plain_log, styled, ticks_at, wrapped
from sweeps.results.cells import ERROR, cells
from sweeps.results.effects import KIND, free_fields, points, with_kind
from sweeps.results.outcome import Outcome
from sweeps.results.words import axis_label, field_words, label_cells, short_words, value_words

MOST_PANELS = 9

#: Combinations of the other fields that are drawn as lines; more are a mean and a band.
MOST_LINES = 8

#: A positive field whose largest value is so many times its smallest has a logarithmic axis.
WIDE = 3.9


@dataclass(frozen=True)
class Panel:
    """One field against one objective, for trials that can be compared.

    Attributes:
        field: the field.
        objective: the metric.
        kind: data set and likelihood, in words where there are several.
        rows: what is drawn: ``mean``, ``se``, ``label``, ``cell``, the fields, and ``line``, which
            names the values of the other fields.
    """

    field: str
    objective: str
    kind: str
    rows: pd.DataFrame

    @property
    def lines(self) -> list[str]:
        """The names of its lines."""
        return list(dict.fromkeys(self.rows["line"]))


@styled
def field_effects(outcome: Outcome) -> Figure | None:
    """One panel per field and objective: mean and standard error over seeds."""
    shown = panels_of(outcome)
    if not shown:
        return None
    columns = 2 if len(shown) in (2, 4) else 3
    deepest = max(min(len(panel.lines), MOST_LINES) for panel in shown)
    figure, axes = wrapped(len(shown), height=2.7 + 0.16 * deepest, columns=columns)
    for panel, ax in zip(shown, axes, strict=True):
        lower = METRICS[panel.objective].sign > 0
        if panel.field in outcome.sweep.search:
            _searched(ax, outcome, panel)
        else:
            _gridded(ax, panel)
        framed(ax, _heights(outcome, panel), lower)
        first = ax.get_subplotspec()
        named = first is None or first.is_first_col() or len(outcome.sweep.objectives) > 1
        ax.set(xlabel=field_words(panel.field), title=panel.kind)
        ax.set_ylabel(axis_label(panel.objective) if named else "")
        if len(ax.get_legend_handles_labels()[0]) > 1:
            below = -0.36 if any(tick.get_rotation() for tick in ax.get_xticklabels()) else -0.22
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, below), fontsize=7, handlelength=2.2)
    return figure


def _heights(outcome: Outcome, panel: Panel) -> np.ndarray:
    """What is drawn in a panel: means, and the trials that were stopped."""
    cut = stopped(outcome, set(panel.rows["cell"]))[panel.objective].dropna()
    cut = cut if panel.field in outcome.sweep.search else cut.head(0)
    mean, error = panel.rows["mean"], panel.rows["se"].fillna(0.0)
    return np.concatenate([mean - error, mean + error, cut]).astype(float)


def panels_of(outcome: Outcome) -> list[Panel]:
    """The panels that a sweep has, at most `MOST_PANELS`."""
    return list(_panels(outcome))[:MOST_PANELS]


def _panels(outcome: Outcome) -> Iterator[Panel]:
    fields = [name for name in free_fields(outcome.sweep) if name != "dataset"]
    search = outcome.sweep.search
    for objective in outcome.sweep.objectives:
        tried, chosen = points(outcome, objective), _chosen(outcome, objective)
        for kind, rows in tried.groupby(KIND):
            dataset, likelihood = kind
            here = chosen[(chosen["dataset"] == dataset) & (chosen["likelihood"] == likelihood)]
            several = len(tried[KIND].drop_duplicates()) > 1
            for name in fields:
                mine = rows if name in search else here
                if mine[name].nunique() > 1:
                    named = _with_lines(mine, name, [n for n in fields if n not in search])
                    words = ", ".join(map(str, kind)) if several else ""
                    yield Panel(name, objective, words, named)


def _with_lines(rows: pd.DataFrame, name: str, fields: Sequence[str]) -> pd.DataFrame:
    """The rows that have a field, with ``line``; of families, which have fields of their own, those
    are averaged over."""
    rows = rows[rows[name].notna()]
    others = [n for n in fields if n != name and rows[n].nunique(dropna=False) > 1]
    if name == "family":
        others = [n for n in others if rows[n].notna().all()]
        means = rows.groupby([name, *others], sort=False)["mean"].agg(["mean", "size"])
        rows = rows.drop_duplicates([name, *others]).drop(columns="mean")
        rows = rows.merge(means.reset_index(), on=[name, *others])
        rows["se"] = rows["se"].where(rows["size"] == 1)
    return rows.assign(line=[_line_words(row, others) for _, row in rows.iterrows()])


def _chosen(outcome: Outcome, objective: str) -> pd.DataFrame:
    rows = with_kind(cells(outcome), outcome.sweep).dropna(subset=objective)
    return rows.assign(mean=rows[objective], se=rows[objective + ERROR])


def _searched(ax: Axes, outcome: Outcome, panel: Panel) -> None:
    """Every proposal, hollow where it was stopped; joined only where nothing else was searched."""
    span, (names, looks) = outcome.sweep.search[panel.field], looks_of_cells(outcome)
    if len(looks) > MOST_LINES:
        names, looks = label_cells(outcome.sweep), looks_of(outcome)
    named = panel.rows.assign(named=[names[cell] for cell in panel.rows["cell"]])
    ax.set_xscale("log" if span.log else "linear")
    for label, rows in named.groupby("named", sort=False):
        look = looks[str(label)] | {"linestyle": "", "markersize": 4, "elinewidth": 0.8}
        rows = rows.dropna(subset=panel.field).sort_values(panel.field)
        ax.errorbar(rows[panel.field], rows["mean"], rows["se"], label=label, **look)
        for _, cell in rows.groupby("cell"):
            if len(outcome.sweep.search) == 1:
                ax.plot(cell[panel.field], cell["mean"], c=look["color"], lw=0.7, alpha=0.6)
        cut = stopped(outcome, set(rows["cell"]))
        hollow = {"c": look["color"], "marker": look["marker"], "ms": 4, "mfc": "none", "ls": ""}
        ax.plot(cut[panel.field], cut[panel.objective], alpha=0.5, **hollow)
    ax.set_xlim(*_wider(span.low, span.high, span.log))
    if span.log:
        plain_log(ax.xaxis)


def stopped(outcome: Outcome, numbers: set[int]) -> pd.DataFrame:
    """The trials of some cells that were stopped early."""
    rows = outcome.trials
    return rows[(rows["status"] == "stopped") & rows["cell"].isin(numbers)]


def _wider(low: float, high: float, log: bool) -> tuple[float, float]:
    """A range with some room at both ends."""
    if log:
        room = (high / low) ** 0.04
        return low / room, high * room
    return low - 0.04 * (high - low), high + 0.04 * (high - low)


def _gridded(ax: Axes, panel: Panel) -> None:
    """A line per combination of the other fields, or their mean and what it is sure of."""
    table = panel.rows.assign(at=_places(ax, panel))
    if len(panel.lines) > MOST_LINES:
        _band(ax, table)
        return
    families = table["family"] if table["family"].nunique() > 1 else [""] * len(table)
    families = [""] * len(table) if panel.field == "family" else families
    for name, look in line_looks(zip(families, table["line"], strict=True)).items():
        rows = table[table["line"] == name].sort_values("at")
        ax.errorbar(rows["at"], rows["mean"], rows["se"], label=name or None, capsize=2, **look)


def _band(ax: Axes, table: pd.DataFrame) -> None:
    for _, rows in table.groupby("line", sort=False):
        rows = rows.sort_values("at")
        ax.plot(rows["at"], rows["mean"], c="#888888", lw=0.6, alpha=0.5)
    spread = table.groupby("at")["mean"].agg(["mean", "sem"])
    ax.plot(spread.index, spread["mean"], "ko-", label="mean over the others")
    low, high = spread["mean"] - spread["sem"], spread["mean"] + spread["sem"]
    ax.fill_between(spread.index, low, high, color="k", alpha=0.15, label="± its standard error")


def _places(ax: Axes, panel: Panel) -> np.ndarray:
    """Where each row stands on the horizontal axis, which is set up for its values."""
    column = panel.rows[panel.field]
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.dropna()
        if values.min() > 0 and values.max() > WIDE * values.min():
            ax.set_xscale("log", base=2 if (values % 1 == 0).all() else 10)
        ticks_at(ax.xaxis, values)
        return column.to_numpy(dtype=float)
    values = list(dict.fromkeys(column))
    words = [value_words(panel.field, value) for value in values]
    ax.set_xticks(range(len(words)), words, rotation=20 if len("".join(words)) > 24 else 0)
    ax.set_xlim(-0.4, len(words) - 0.6)
    place = {value: number for number, value in enumerate(values)}
    return np.array([place[value] for value in column], dtype=float)


def _line_words(row: pd.Series, others: Sequence[str]) -> str:
    return ", ".join(short_words(name, row[name]) for name in others if not pd.isna(row[name]))
