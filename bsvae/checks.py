"""Bad input, and the checks that find it: each raises one line that names value and way out."""

import difflib
import sys
from typing import Any

#: The largest integer that any field takes: more than any machine has memory for.
LARGEST = 10**9


#: What other programs call the fields of a trial.
SYNONYMS = {
    **dict.fromkeys(("lr", "step_size", "stepsize"), "learning_rate"),
    **dict.fromkeys(("beta", "kl", "kl_coef", "kld_weight"), "kl_weight"),
    **dict.fromkeys(("latent", "latents", "latent_size", "z_dim", "zdim", "z", "k"), "latent_dim"),
    **dict.fromkeys(("bs", "batch", "batchsize", "minibatch"), "batch_size"),
    **dict.fromkeys(("n_epochs", "num_epochs", "max_epochs", "epoch"), "epochs"),
    **dict.fromkeys(("alpha", "prior_variance"), "prior_scale"),
    **dict.fromkeys(("temperature", "tau"), "posterior_temperature"),
    **dict.fromkeys(("model", "model_type"), "family"),
    **dict.fromkeys(("data", "data_set"), "dataset"),
    **dict.fromkeys(("hidden_dim", "hidden_size", "width"), "hidden"),
    **dict.fromkeys(("warmup", "annealing"), "kl_warmup"),
    **dict.fromkeys(("random_state", "random_seed"), "seed"),
}


class BadInput(ValueError):
    """Unusable input; the message is one line: the value, the choices, the way out."""


def unknown(kind: str, value: object, known: Any) -> str:
    """The line for a name that does not exist, with the nearest one that does, or the one that
    means the same.

    >>> unknown("family", "gausian", ["gaussian", "concrete"])
    "unknown family 'gausian' (did you mean 'gaussian'?)"
    >>> unknown("family", "x", ["gaussian", "concrete"])
    "unknown family 'x': choose one of gaussian, concrete"
    >>> unknown("key", "lr", ["epochs", "learning_rate"])
    "unknown key 'lr' (did you mean 'learning_rate'?)"
    """
    same = SYNONYMS.get(str(value).lower())
    near = [same] if same in known else difflib.get_close_matches(str(value), list(known), n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else f": choose one of {', '.join(known)}"
    return f"unknown {kind} {value!r}{hint}"


def check_choice(name: str, value: object, choices: Any) -> None:
    """Raise unless a value is one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise BadInput(unknown(name, value, choices))


def integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    """The value, if it is an integer from low to high."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if high is None and whole and value > LARGEST:
        high = LARGEST
    if not whole or value < low or (high is not None and value > high):
        bounds = f">= {low}" + (f" and <= {high}" if high is not None else "")
        raise BadInput(f"{name} = {_short(value)}: must be an integer {bounds}")
    return value


def number(name: str, value: Any, low: float | None = None, high: float | None = None) -> float:
    """The value as a float, if it is finite and positive, or from low to high where they are given.

    >>> number("alpha", 2), number("beta", 0, low=0.0)
    (2.0, 0.0)
    >>> number("alpha", 1e40, 1e-6, 1e6)
    Traceback (most recent call last):
        ...
    bsvae.checks.BadInput: alpha = 1e+40: must be a finite number >= 1e-06 and <= 1e+06
    """
    real = isinstance(value, int | float) and not isinstance(value, bool)
    zero = low is None and value == 0
    largest = sys.float_info.max if high is None else high
    if not real or zero or not (low or 0) <= value <= largest:
        bounds = "> 0" if low is None else f">= {low:g}"
        bounds += "" if high is None else f" and <= {high:g}"
        raise BadInput(f"{name} = {_short(value)}: must be a finite number {bounds}")
    return float(value)


def check_flag(name: str, value: Any) -> bool:
    """The value, if it is true or false."""
    if not isinstance(value, bool):
        raise BadInput(f"{name} = {_short(value)}: must be true or false")
    return value


def _short(value: object) -> str:
    """A value's repr, cut to a length that fits a line."""
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}..."
