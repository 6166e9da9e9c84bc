"""What a command line asks for, as a sweep and its limits."""

import tomllib
from typing import Any

from bsvae.checks import BadInput
from sweeps.definition.file import read_sweep
from sweeps.definition.sweep import Sweep

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
