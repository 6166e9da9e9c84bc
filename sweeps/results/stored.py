"""Stored sweeps, their ledgers, and which rows are theirs: one answer for every command."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bsvae.checks import BadInput, unknown
from bsvae.seal import seal, unseal
from sweeps.definition.file import is_file, read_sweep, shipped, sweep_name
from sweeps.definition.parse import parse
from sweeps.definition.sweep import Sweep, check_name
from sweeps.definition.upgrade import upgraded
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.places import check_place, sweeps_with_results
from sweeps.plan.planner import columns
from sweeps.plan.replay import Replay, Transcript, replay
from sweeps.results.redefined import as_run

#: Where what searches asked is kept, for the next time that their rows are looked for; and of how
#: many cells, those of the sweep as it was asked for before among them.
TRANSCRIPTS = ".cache/searches.json"
KEPT = 5_000


def open_ledger(results: str | Path, name: str) -> Ledger:
    """A sweep's ledger in the folder of ``--results``, or in its bucket if that can be used."""
    check_place(results)
    return Ledger(results, name)


def stored_sweep(name_or_file: str, results: str | Path) -> tuple[Sweep, Ledger]:
    """A sweep that has results: as its file says, or, by its name, as it was last asked for.

    Raises:
        BadInput: if it has no results, or what is stored of it cannot be read.
    """
    name = sweep_name(name_or_file)
    ledger = open_ledger(results, name)
    if not is_file(name_or_file) and (stored := definition(ledger)):
        return stored, ledger
    if not is_file(name_or_file) and name not in shipped():
        raise BadInput(_no_such(name, results))
    sweep = read_sweep(name_or_file)
    if not has_results(ledger):
        raise BadInput(
            f"sweep {name!r} has no results in {str(results)!r}: bsvae run {name_or_file}"
        )
    return as_run(sweep, ledger), ledger


def asked_sweep(
    name_or_file: str, results: str | Path, overrides: Mapping[str, Any] | None = None
) -> Sweep:
    """A sweep to run: of a file, a shipped one, or one that has results, as it was last asked for.

    Raises:
        BadInput: if there is none of that name, or it cannot be read.
    """
    if is_file(name_or_file) or name_or_file in shipped():
        return read_sweep(name_or_file, overrides)
    ledger = open_ledger(results, check_name(name_or_file))
    document = ledger.read_definition()
    if document is None:
        raise BadInput(f"{_no_such(name_or_file, results)}; or give the path of a .toml file")
    return _parsed(ledger, document, overrides or {})


def is_stored(name_or_file: str, results: str | Path) -> bool:
    """Whether a sweep has results.

    Raises:
        BadInput: for a name that no sweep can have, or a place that cannot be used.
    """
    return has_results(open_ledger(results, sweep_name(name_or_file)))


def has_results(ledger: Ledger) -> bool:
    """Whether a sweep ran, or its rows were copied to where it would write them."""
    return ledger.files.has("sweep.json") or bool(ledger.files.stamps("trials"))


def definition(ledger: Ledger) -> Sweep | None:
    """What was last asked for; None before the first run.

    Raises:
        BadInput: if it cannot be read.
    """
    document = ledger.read_definition()
    return None if document is None else _parsed(ledger, document, {})


def so_far(sweep: Sweep, ledger: Ledger) -> Replay:
    """Which rows of a ledger are a sweep's, found by replaying its plan against all of them.

    Raises:
        BadInput: if a part cannot be read, or there is a search and Optuna is not installed.
    """
    rows = ledger.rows(columns=columns(sweep))
    before = _read_transcripts(ledger) if sweep.search else {}
    found = replay(sweep, rows, before)
    if any(before.get(key) != value for key, value in found.transcripts.items()):
        others = {key: value for key, value in before.items() if key not in found.transcripts}
        _write_transcripts(ledger, others | found.transcripts)
    return found


def asked_with(sweep: Sweep) -> str:
    """What sets a sweep apart from what its file, or the shipped one of its name, says; in words.

    >>> asked_with(read_sweep("logit_normal", {"epochs": 10, "hidden": 8}))
    'at 10 of 200 epochs, with hidden = 8'
    """
    return ", ".join(filter(None, (epochs_apart(sweep), overrides_apart(sweep))))


def epochs_apart(sweep: Sweep) -> str:
    """How far a shipped sweep trains, if not as far as its file says; in words.  Another sweep of
    a shipped one's name is not measured against it."""
    usual = _as_shipped(sweep)
    if usual is None or _grid(usual) != _grid(sweep):
        return ""
    here, there = _epochs(sweep), _epochs(usual)
    if here == there:
        return ""
    return f"at {here} of {there} epochs" if here < there else f"at {here} epochs"


def overrides_apart(sweep: Sweep) -> str:
    """The fields that were set when a sweep was asked for, but for what `epochs_apart` says."""
    said = {"epochs"} if epochs_apart(sweep) else set()
    named = [
        f"{name} = {value}" for name, value in sorted(sweep.overrides.items()) if name not in said
    ]
    return f"with {', '.join(named)}" if named else ""


def _as_shipped(sweep: Sweep) -> Sweep | None:
    """The shipped sweep of the same name, with the same fields set but for epochs; None if there is
    none, or the fields are not for it."""
    if sweep.name not in shipped():
        return None
    with contextlib.suppress(BadInput):
        fields = {key: value for key, value in sweep.overrides.items() if key != "epochs"}
        return read_sweep(sweep.name, fields)
    return None


def _grid(sweep: Sweep) -> tuple[object, ...]:
    """What a sweep trains, epochs aside."""
    cells = [
        ({key: value for key, value in cell.items() if key != "epochs"}, sweep.seeds_of(cell))
        for cell in sweep.cells
    ]
    return cells, sweep.search, sweep.budget, sweep.halving


def _epochs(sweep: Sweep) -> int:
    return max(cell["epochs"] for cell in sweep.cells)


def other_rows(sweep: Sweep, ledger: Ledger) -> int:
    """How many rows are in a sweep's folder that it does not want."""
    found = so_far(sweep, ledger)
    return len(ledger.rows(columns=("trial_id",)).keys() - found.results.keys() - found.stale)


def hidden_rows(sweep: Sweep, ledger: Ledger) -> int:
    """How many rows no table would show any more if a sweep were run: those that are of what was
    last asked for, and not of what is asked for now."""
    try:
        last = definition(ledger)
    except BadInput:
        return 0  # damaged, or another program's: what was asked for is lost already
    sweep = as_run(sweep, ledger)
    if last is None or last.document == sweep.document:
        return 0
    kept = so_far(sweep, ledger)
    return len(so_far(last, ledger).results.keys() - kept.results.keys() - kept.stale)


def _parsed(ledger: Ledger, document: Mapping[str, Any], overrides: Mapping[str, Any]) -> Sweep:
    try:
        stored = parse(ledger.sweep, upgraded(document), {})
    except BadInput as error:
        raise BadInput(f"{ledger.folder}/sweep.json: {error}; run the sweep again") from None
    return parse(ledger.sweep, upgraded(document), overrides) if overrides else stored


def _no_such(name: str, results: str | Path) -> str:
    known = sorted({*shipped(), *sweeps_with_results(results)})
    if Path(f"{name}.toml").is_file():
        return f"unknown sweep {name!r} (did you mean the file {name}.toml?)"
    return unknown("sweep", name, known)


def _read_transcripts(ledger: Ledger) -> dict[str, Transcript]:
    with contextlib.suppress(OSError, ValueError):
        stored = json.loads(unseal(ledger.files.read(TRANSCRIPTS)))
        return {key: [(asked, told) for asked, told in rounds] for key, rounds in stored.items()}
    return {}


def _write_transcripts(ledger: Ledger, transcripts: Mapping[str, Transcript]) -> None:
    newest = dict(list(transcripts.items())[-KEPT:])
    with contextlib.suppress(OSError):  # a folder that is only read
        ledger.files.write({TRANSCRIPTS: seal(json.dumps(newest).encode())})
