"""What a command line asks for, as a sweep and its limits."""

import dataclasses
import re
import tomllib
from typing import Any

from bsvae.checks import BadInput
from sweeps.definition.file import is_file, shipped, sweep_text
from sweeps.definition.sweep import Sweep, check_name
from sweeps.ledger.ledger import Ledger
from sweeps.results.provenance import sweep_file
from sweeps.results.stored import asked_sweep, asked_with, definition, hidden_rows
from sweeps.text import counted

#: Numbers that TOML does not take, as people type them, and lists that may hold some.
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
LIST = re.compile(r"\[[^\[\]\"']*\]")

#: Trials that are trained without asking.
MANY = 10_000


def requested_sweep(
    name_or_file: str,
    results: str,
    epochs: int | None,
    settings: list[str] | None,
    as_name: str | None = None,
) -> Sweep:
    """The sweep to run, with ``--epochs``, ``--set`` and ``--name`` applied."""
    overrides = dict(setting(text) for text in settings or [])
    if epochs is not None:
        overrides["epochs"] = epochs
    sweep = asked_sweep(name_or_file, results, overrides)
    return sweep if as_name is None else dataclasses.replace(sweep, name=check_name(as_name))


def asked_text(name_or_file: str, results: str) -> str:
    """The file of the sweep to run; of one that is only stored, a file that says the same."""
    if is_file(name_or_file) or name_or_file in shipped():
        return sweep_text(name_or_file)
    return sweep_file(asked_sweep(name_or_file, results).document)


def what_it_hides(sweep: Sweep, ledger: Ledger) -> str:
    """What a run would take from every table, in words; nothing if it only adds to them."""
    if not (hidden := hidden_rows(sweep, ledger)):
        return ""
    last = definition(ledger)
    asked = f" ({asked_with(last)})" if last and asked_with(last) else ""
    rows = counted(hidden, "row")
    return f"{rows} of {sweep.name} as it was last asked for{asked} would not be shown any more"


def check_hides(sweep: Sweep, ledger: Ledger, yes: bool) -> None:
    """Refuse to replace what was asked for by what hides its results, unless that is meant.

    Raises:
        BadInput: saying how many rows there are.
    """
    if not yes and (hides := what_it_hides(sweep, ledger)):
        raise BadInput(
            f"{ledger.folder}: {hides}; add --yes if that is meant, or --name NAME to keep both"
        )


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
    """One KEY=VALUE; the value is read as TOML, as a number however it is written, else as a word.

    >>> setting("kl_weight=8e-4"), setting("family=gaussian"), setting("bias=true")
    (('kl_weight', 0.0008), ('family', 'gaussian'), ('bias', True))
    >>> setting("kl_weight=.5")[1], setting("kl_weight=5.")[1], setting("seed=+3")[1]
    (0.5, 5.0, 3)
    >>> setting("latent_dim=[2, .5, a]")
    ('latent_dim', [2, 0.5, 'a'])
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"--set {text!r}: write it as KEY=VALUE")
    return key.strip(), _value(value.strip())


def _value(text: str) -> Any:
    try:
        read = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        read = {}
    if set(read) == {"value"}:
        return read["value"]
    if LIST.fullmatch(text):
        return [_value(part.strip()) for part in text[1:-1].split(",") if part.strip()]
    return float(text) if NUMBER.fullmatch(text) else text


def pack_limit(pack: str) -> int | None:
    """``--pack`` as a number, or None for auto."""
    if pack == "auto":
        return None
    if not pack.isdecimal() or len(pack) > 9 or int(pack) < 1:
        raise BadInput(f"--pack {pack!r}: must be an integer >= 1, or auto")
    return int(pack)
