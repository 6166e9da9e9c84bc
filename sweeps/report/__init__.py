"""A sweep's report: one self-contained HTML page, from stored results alone."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from bsvae.checks import BadInput
from sweeps.figures import caption_of, figures
from sweeps.figures.style import styled
from sweeps.ledger.places import files_of, sweeps_with_results
from sweeps.ledger.places.interface import Files
from sweeps.report.html import html_table, trials_table
from sweeps.report.scripts import library, own_script, policy
from sweeps.report.sections import example_of, shares_of, tables_of
from sweeps.results.answers import asked, best
from sweeps.results.doubts import doubts
from sweeps.results.findings import ended, findings, verdicts
from sweeps.results.importance import importances
from sweeps.results.mattered import mattered
from sweeps.results.outcome import Outcome, read_outcome
from sweeps.results.provenance import cost, provenance, sweep_file
from sweeps.results.stored import asked_with, stored_sweep
from sweeps.text import duration

PICTURE_DPI = 130

#: The page among its sweep's files.
PAGE = "report/index.html"

_TEMPLATES = PackageLoader("sweeps.report", ".")


@dataclass(frozen=True)
class Image:
    """A figure in the page: its words, its bytes as a data URI, its size in pixels."""

    name: str
    title: str
    caption: str
    pictures: bool
    uri: str
    width: int
    height: int


def write_report(name: str, results: str) -> Path | str:
    """Write ``results/NAME/report/index.html``, whole or not at all.

    Raises:
        BadInput: if the sweep has no results, or a part of them is damaged.
    """
    outcome = read_outcome(*stored_sweep(name, results))
    return _write(outcome.ledger.files, PAGE, render(outcome, list(images(outcome))))


def write_index(results: str) -> Path | str:
    """Write ``results/index.html``: every sweep with results, and links to the reports there are.

    Raises:
        BadInput: if there are no results.
    """
    names = sweeps_with_results(results)
    if not names:
        raise BadInput(f"no results in {results!r}: bsvae run quickstart")
    rows = [_index_row(name, results) for name in names]
    page = _template("index.html.j2").render(rows=rows, policy=policy())
    return _write(files_of(results), "index.html", page)


def render(
    outcome: Outcome, shown: list[Image], refresh: int = 0, running: str | Markup = ""
) -> str:
    """The page as text.

    Args:
        outcome: what it shows.
        shown: its figures.
        refresh: seconds after which the page asks its server for news; 0 in a file.
        running: the section of packs in training, or what stands in for it.
    """
    trains = refresh and len(outcome.trials) < outcome.sweep.wanted  # and needs the processor
    known = outcome.trials.head(0) if trains else outcome.trials
    asked_of = replace(outcome, trials=known)
    shares = {name: importances(asked_of, name) for name in outcome.sweep.objectives}
    return _template("report.html.j2").render(
        sweep=outcome.sweep,
        about=" ".join(outcome.sweep.about.split()),
        apart=asked_with(outcome.sweep),
        counts=ended(outcome),
        asked=asked(outcome.sweep),
        best=best(outcome),
        mattered=mattered(outcome, shares),
        doubts=doubts(outcome),
        shares=shares_of(shares),
        findings=findings(outcome),
        verdicts=verdicts(outcome),
        tables=tables_of(outcome),
        images=shown,
        cost=html_table(cost(outcome)),
        duration=duration(float(outcome.trials["device_seconds"].sum())),
        provenance=provenance(outcome),
        sweep_file=sweep_file(outcome.sweep.document),
        trials=trials_table(outcome),
        scripts=(library(), own_script()),
        example=example_of(outcome),
        refresh=refresh,
        running=running,
        policy=policy(library(), own_script()),
    )


def images(outcome: Outcome) -> Iterator[Image]:
    """The figures that a sweep has the data for."""
    if outcome.done.empty:
        return
    for plate, figure in figures(outcome):
        width, height = (round(96 * inches) for inches in figure.get_size_inches())
        uri = _data_uri(figure, "png" if plate.pictures else "svg")
        said = caption_of(plate, outcome)
        yield Image(plate.name, plate.title, said, plate.pictures, uri, width, height)


@styled
def _data_uri(figure: Figure, form: str) -> str:
    """A figure's bytes, the same for the same figure."""
    content = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {}
    figure.savefig(content, format=form, dpi=PICTURE_DPI, metadata=metadata)
    kind = {"png": "png", "svg": "svg+xml"}[form]
    return f"data:image/{kind};base64,{base64.b64encode(content.getvalue()).decode()}"


def _index_row(name: str, results: str) -> dict[str, Any]:
    try:
        outcome = read_outcome(*stored_sweep(name, results))
    except BadInput as error:
        about = f"unreadable: {error}"
        return {"name": name, "about": about, "counts": {}, "wanted": "?", "link": False}
    return {
        "name": name,
        "about": " ".join(outcome.sweep.about.split()),
        "counts": ended(outcome),
        "wanted": outcome.sweep.wanted,
        "link": outcome.ledger.files.has(PAGE),
    }


def environment() -> Environment:
    """Where the page's templates are."""
    return Environment(
        loader=_TEMPLATES,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(name: str) -> Any:
    return environment().get_template(name)


def _write(files: Files, path: str, text: str) -> Path | str:
    """Put a page in place so that it is seen whole or not at all; says where that is."""
    try:
        files.write({path: text.encode()})
    except OSError as error:
        raise BadInput(f"cannot write {files.place(path)} ({error.strerror})") from None
    return files.place(path)
