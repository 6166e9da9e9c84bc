"""What a command line asks for, as sweeps, ledgers and rows."""

import tomllib
from typing import Any

import pandas as pd

from bsvae.checks import BadInput, unknown
from sweeps.definition import Sweep, check_name, parse, read_sweep, shipped
from sweeps.files import LocalFiles
from sweeps.places import files_of, sweeps_with_results
from sweeps.planner import Planner, columns
from sweeps.store import Ledger


def requested_sweep(name: str, epochs: int | None, settings: list[str] | None) -> Sweep:
    """The sweep of a name or file, with ``--epochs`` and ``--set`` applied."""
    overrides = dict(setting(text) for text in settings or [])
    if epochs is not None:
        overrides["epochs"] = epochs
    return read_sweep(name, overrides)


def setting(text: str) -> tuple[str, Any]:
    """One KEY=VALUE, the value read as TOML and else as a plain word.

    >>> setting("kl_weight=8e-4"), setting("family=gaussian")
    (('kl_weight', 0.0008), ('family', 'gaussian'))
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"--set {text!r}: write it as KEY=VALUE")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        return key.strip(), value.strip()


def pack_limit(pack: str) -> int | None:
    """``--pack`` as a number, or None for auto."""
    if pack == "auto":
        return None
    if not pack.isdecimal() or not int(pack[:9]) >= 1:
        raise BadInput(f"--pack {pack!r}: must be an integer >= 1, or auto")
    return int(pack[:9])


def open_ledger(results: str, name: str) -> Ledger:
    """A sweep's ledger in the folder of ``--results``, or in its bucket if that can be used."""
    files = files_of(results)
    if not isinstance(files, LocalFiles):
        files.folders()
    elif files.root.exists() and not files.root.is_dir():
        raise BadInput(f"--results {results!r}: is not a folder")
    return Ledger(results, name)


def stored_sweep(name: str, results: str) -> tuple[Sweep, Ledger]:
    """A sweep that has results, as it was last asked for."""
    ledger = open_ledger(results, check_name(name))
    document = ledger.read_definition()
    if document is None:
        if name in shipped():
            raise BadInput(f"sweep {name!r} has no results in {results!r}: bsvae run {name}")
        known = sorted({*shipped(), *sweeps_with_results(results)})
        raise BadInput(unknown("sweep", name.removesuffix(".toml"), known))
    try:
        return parse(name, document, {}), ledger
    except BadInput as error:
        raise BadInput(f"{ledger.folder}/sweep.json: {error}; run the sweep again") from None


def so_far(sweep: Sweep, ledger: Ledger) -> Planner:
    """The plan as far as the results have come; for counting, not for running."""
    return Planner(sweep, ledger.rows(columns=columns(sweep)), lambda trial: 1)


def wanted_trials(sweep: Sweep, ledger: Ledger) -> tuple[pd.DataFrame, int]:
    """The rows of the trials that a sweep wants, and how many others its folder has."""
    trials = ledger.trials()
    wanted = trials[trials["trial_id"].isin(so_far(sweep, ledger).results)]
    return wanted.reset_index(drop=True), len(trials) - len(wanted)
