"""A sweep's tables: the published ones with ours, or the one table of any sweep; panel; claims."""

import pandas as pd

from sweeps.results.claims import claims
from sweeps.results.comparison import has_published, logit_normal
from sweeps.results.formats import Table, as_csv, as_markdown
from sweeps.results.latex import as_latex
from sweeps.results.outcome import Outcome
from sweeps.results.summary import protocol, sheet, summaries

__all__ = [
    "FORMS",
    "Table",
    "claims_table",
    "notes",
    "panel_table",
    "tables",
    "written",
]

#: How tables can be written, besides as text on a terminal.
FORMS = ("csv", "markdown", "latex")


def tables(outcome: Outcome) -> list[Table]:
    """The tables of a sweep: the published ones with ours, else one of its cells; panel; claims."""
    done = outcome.done
    found = logit_normal(done) if has_published(outcome.sweep, done) else summaries(outcome)
    if not outcome.panel.empty:
        found.append(panel_table(done, outcome.panel))
    return [*found, *claims_table(outcome)]


def written(outcome: Outcome, form: str) -> str:
    """The tables as text of a form of `FORMS`: all but the claims; as csv, the one of all cells."""
    if form == "csv":
        return as_csv(sheet(outcome))
    shown = [table for table in tables(outcome) if table.frame.index.name != "claim"]
    write = {"markdown": as_markdown, "latex": as_latex}[form]
    return "\n\n".join(map(write, shown)) + "\n"


def notes(outcome: Outcome) -> list[str]:
    """What a reader of the one table of all cells must know."""
    return list(dict.fromkeys(note for table in summaries(outcome) for note in table.notes))


def panel_table(done: pd.DataFrame, panel: pd.DataFrame) -> Table:
    """z-scores of whitened codes, metric down and model across, median over seeds."""
    models = done[["trial_id", "family", "epochs"]]
    scores = panel.merge(models, on="trial_id")
    order = list(dict.fromkeys(scores["metric"]))
    wide = scores.pivot_table("z", "metric", ["family", "epochs"], aggfunc="median", sort=False)
    return Table(
        "Gaussianity of whitened held-out codes: z-scores against exactly Gaussian codes of the "
        "same size, clipped to 10,000; below about 5 is chance",
        wide.reindex(order),
        ("columns: family and epochs; 0 epochs are the starting weights",),
    )


def claims_table(outcome: Outcome) -> list[Table]:
    """What the sources claim beside what we measured; none for a sweep that tests no claim."""
    held = claims(outcome.sweep.name, outcome.done, outcome.panel)
    if held.empty:
        return []
    shown = held.set_index("claim")[["measured", "verdict"]]
    return [Table(f"The source's claims; {protocol(outcome.done)}", shown)]
