"""Which rows of a ledger are a sweep's: those of the trials that its plan asks for.

The plan is replayed against the rows: grid cells name their trials, and a search asks for its own,
round by round, as it did when it ran.  Asking Optuna takes far longer than anything else here, so a
replay writes down what every cell asked and what it was told, and a later one asks anew only from
where it is told something else.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sweeps.definition.sweep import Sweep
from sweeps.plan.studies import Point, Row, Study, ended_as_now

Cell = Mapping[str, Any]

#: The rounds of a cell: the ids of what each asked, and a digest of the rows that closed it.
Transcript = list[tuple[list[str], str]]


@dataclass(frozen=True)
class Replay:
    """What a sweep has of the rows in its folder.

    Attributes:
        results: the rows of its trials by trial id; of each what was given.
        cells: the number of the cell of each.
        stale: trials that it wants, with rows that ended as they would not end now.
        transcripts: what its searches asked, for the next replay.
    """

    results: dict[str, Row] = field(default_factory=dict)
    cells: dict[str, int] = field(default_factory=dict)
    stale: set[str] = field(default_factory=set)
    transcripts: dict[str, Transcript] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """How many of its trials have a row."""
        return len(self.results)


def replay(
    sweep: Sweep, rows: Mapping[str, Row], before: Mapping[str, Transcript] | None = None
) -> Replay:
    """Find a sweep's rows.

    Args:
        sweep: what is wanted.
        rows: of each at least `sweeps.plan.planner.columns`, by trial id.
        before: transcripts of an earlier replay, of this sweep or another.

    Raises:
        BadInput: if there is a search, and no Optuna to ask.
    """
    found, libraries = Replay(), _libraries()
    if not rows:
        return found
    for number, cell in enumerate(sweep.cells):
        if sweep.searched(cell):
            key = _key(sweep, cell, libraries)
            transcript = list((before or {}).get(key, []))
            found.transcripts[key] = transcript
            rounds = _follow(sweep, cell, rows, transcript)
        else:
            rounds = [[trial.trial_id for trial in Point(sweep, cell).ask()]]
        for trial_id in (name for asked in rounds for name in asked if name in rows):
            if ended_as_now(sweep, cell["epochs"], rows[trial_id]):
                found.results.setdefault(trial_id, rows[trial_id])
                found.cells.setdefault(trial_id, number)
            else:
                found.stale.add(trial_id)
    return found


def _follow(
    sweep: Sweep, cell: Cell, rows: Mapping[str, Row], transcript: Transcript
) -> list[list[str]]:
    """All rounds that a search has asked so far, the open one too; the transcript is brought up to
    date."""
    study, number = None, 0
    while True:
        if number == len(transcript):
            study = study or _forwarded(sweep, cell, rows, transcript)
            if study is None:  # another machine asked otherwise
                transcript.clear()
                study, number = Study(sweep, cell), 0
            transcript.append(([trial.trial_id for trial in study.ask()], ""))
        asked, told = transcript[number]
        known = [rows[name] for name in asked if name in rows]
        ended = [row for row in known if ended_as_now(sweep, cell["epochs"], row)]
        if not asked or len(ended) < len(asked):
            del transcript[number + 1 :]
            return [names for names, _ in transcript]
        if study:
            _tell(study, ended)
        if (digest := _digest(sweep, ended)) != told:
            transcript[number:] = [(asked, digest)]
        number += 1


def _forwarded(
    sweep: Sweep, cell: Cell, rows: Mapping[str, Row], transcript: Transcript
) -> Study | None:
    """A search that has closed the rounds of a transcript; None if it asks for other trials."""
    study = Study(sweep, cell)
    for asked, _ in transcript:
        if [trial.trial_id for trial in study.ask()] != asked:
            return None
        _tell(study, [rows[name] for name in asked])
    return study


def _tell(study: Study, ended: Sequence[Row]) -> None:
    for row in ended:
        study.tell(row)


def _digest(sweep: Sweep, ended: Sequence[Row]) -> str:
    """Of all that a search reads of the rows of a round."""
    read = ("trial_id", "status", "epochs_trained", *sweep.objectives)
    return _hash([[row[name] for name in read] for row in ended])


def _key(sweep: Sweep, cell: Cell, libraries: Mapping[str, str]) -> str:
    """Of all that decides what a search asks, besides the rows."""
    assert sweep.budget is not None
    spans = {name: asdict(span) for name, span in sweep.searched(cell).items()}
    halving = asdict(sweep.halving) if sweep.halving else None
    start = [sweep.seeds_of(cell), sweep.carried_of(cell)]
    return _hash([cell, start, spans, asdict(sweep.budget), halving, libraries])


def _libraries() -> dict[str, str]:
    """The versions on which a seeded search depends; none of what is not installed."""
    found = {}
    for name in ("optuna", "numpy", "bsvae"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
