"""Bad input, and the checks that find it: each raises one line that names value and way out."""

import difflib
import math
from typing import Any


class BadInput(ValueError):
    """Unusable input; the message is one line: the value, the choices, the way out."""


def unknown(kind: str, value: object, known: Any) -> str:
    """The line for a name that does not exist, with the nearest one that does.

    >>> unknown("family", "gausian", ["gaussian", "concrete"])
    "unknown family 'gausian' (did you mean 'gaussian'?)"
    >>> unknown("family", "x", ["gaussian", "concrete"])
    "unknown family 'x': choose one of gaussian, concrete"
    """
    near = difflib.get_close_matches(str(value), list(known), n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else f": choose one of {', '.join(known)}"
    return f"unknown {kind} {value!r}{hint}"


def check_choice(name: str, value: object, choices: Any) -> None:
    """Raise unless a value is one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise BadInput(unknown(name, value, choices))


def integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    """The value, if it is an integer from low to high."""
    wanted = f"must be an integer >= {low}" + (f" and <= {high} (the training set)" if high else "")
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise BadInput(f"{name} = {value!r}: {wanted}")
    if high is not None and value > high:
        raise BadInput(f"{name} = {value!r}: {wanted}")
    return value


def number(name: str, value: Any, zero_allowed: bool = False) -> float:
    """The value as a float, if it is finite and positive (or zero, where that is allowed)."""
    wanted = f"must be a finite number {'>=' if zero_allowed else '>'} 0"
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{name} = {value!r}: {wanted}")
    if value < 0 or (value == 0 and not zero_allowed):
        raise BadInput(f"{name} = {value!r}: {wanted}")
    return float(value)
