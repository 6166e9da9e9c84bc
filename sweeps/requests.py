"""What a command line asks for, as sweeps, ledgers and rows."""

import tomllib
from typing import Any

import pandas as pd

from bsvae.checks import BadInput, unknown
from sweeps.definition import Sweep, check_name, parse, read_sweep, shipped
from sweeps.places import check_place, sweeps_with_results
from sweeps.planner import Planner, columns
from sweeps.store import Ledger

#: Trials that are trained without asking.
MANY = 10_000


def requested_sweep(name: str, epochs: int | None, settings: list[str] | None) -> Sweep:
    """The sweep of a name or file, with ``--epochs`` and ``--set`` applied."""
    overrides = dict(setting(text) for text in settings or [])
    if epochs is not None:
        overrides["epochs"] = epochs
    return read_sweep(name, overrides)


def check_count(sweep: Sweep, yes: bool) -> None:
    """Refuse to train very many trials unless that is meant.

    Raises:
        BadInput: saying how many there are.
    """
    if sweep.wanted > MANY and not yes:
        raise BadInput(
            f"{sweep.name} wants {sweep.wanted:,} trials, more than {MANY:,}: see bsvae plan, and "
            "add --yes if that is meant"
        )


def setting(text: str) -> tuple[str, Any]:
    """One KEY=VALUE, the value read as TOML and else as a plain word.

    >>> setting("kl_weight=8e-4"), setting("family=gaussian")
    (('kl_weight', 0.0008), ('family', 'gaussian'))
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"--set {text!r}: write it as KEY=VALUE")
    try:
        read = tomllib.loads(f"value = {value}")
    except (ValueError, RecursionError):
        read = {}
    return key.strip(), read["value"] if set(read) == {"value"} else value.strip()


def pack_limit(pack: str) -> int | None:
    """``--pack`` as a number, or None for auto."""
    if pack == "auto":
        return None
    if not pack.isdecimal() or len(pack) > 9 or int(pack) < 1:
        raise BadInput(f"--pack {pack!r}: must be an integer >= 1, or auto")
    return int(pack)


def open_ledger(results: str, name: str) -> Ledger:
    """A sweep's ledger in the folder of ``--results``, or in its bucket if that can be used."""
    check_place(results)
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
