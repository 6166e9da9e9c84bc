"""Values in the page's data, as JSON has them."""

import json
import math
from typing import Any

import pandas as pd
from markupsafe import Markup

from bsvae.trial import FIELDS

#: Digits of a measured number; a trial's fields keep all of theirs.
DIGITS = 7


def as_script(data: object) -> Markup:
    """JSON that can stand in an HTML script element, whatever strings it holds.

    >>> as_script("</script>")
    Markup('"\\\\u003c/script>"')
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in ("<", "\u2028", "\u2029"):
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def as_json(name: str, value: Any) -> Any:
    """A value as JSON has it; measured ones to seven digits, nothing and infinities as null."""
    if pd.isna(value):
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return value if name in FIELDS else float(f"{value:.{DIGITS}g}")
    return value.item() if hasattr(value, "item") else value
