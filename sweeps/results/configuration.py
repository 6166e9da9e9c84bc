"""What sets configurations apart: the fields that differ, and those of some families in words."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from bsvae.trial import FIELDS
from sweeps.results.words import SYMBOLS
from sweeps.text import setting

#: The column that tells the fields which only some rows have.
FOLDED = "configuration"


def differing(rows: pd.DataFrame) -> list[str]:
    """The fields in which trials or cells differ, seed aside, in a trial's order.

    A field that only some families use differs if it does among those, or within one of them.

    >>> cells = {"family": ["gaussian", "logit_normal"], "prior_scale": [None, 1.0], "seed": [0, 1]}
    >>> differing(pd.DataFrame(cells))
    ['family']
    """
    if rows.empty:
        return []
    families = rows["family"]
    found = []
    for name in [name for name in FIELDS if name in rows and name != "seed"]:
        lacking = rows[name].isna().groupby(families).nunique()
        if rows[name].nunique() > 1 or (lacking > 1).any():
            found.append(name)
    if "categoricals" in rows and rows["categoricals"].max() in (1, None):
        found = [name for name in found if name != "classes"]  # it is latent_dim
    return found


def folded(rows: pd.DataFrame, names: Sequence[str], keep: Collection[str] = ()) -> pd.DataFrame:
    """Rows whose fields of some families, if they are several, are one column of words.

    Args:
        rows: any table.
        names: columns that are fields.
        keep: those that stay columns of their own.

    >>> rows = pd.DataFrame({"family": ["gaussian", "logit_normal", "concrete"],
    ...                      "prior_scale": [None, 1.78, None],
    ...                      "posterior_temperature": [None, None, 0.67]})
    >>> folded(rows, list(rows))["configuration"].tolist()
    ['-', 'α 1.78', 'λ₁ 0.67']
    """
    partial = [n for n in names if n not in keep and rows[n].isna().any() and rows[n].notna().any()]
    if len(partial) < 2:
        return rows
    texts = [
        fields_in_words(dict(zip(partial, row, strict=True))) for row in rows[partial].to_numpy()
    ]
    place = list(rows.columns).index(partial[0])
    rest = rows.drop(columns=partial)
    rest.insert(place, FOLDED, texts)
    return rest


def fields_in_words(fields: Mapping[str, object]) -> str:
    """Fields with their values, by their symbols; those that are null are left out.

    >>> fields_in_words({"prior_scale": 1.78, "hidden": None, "straight_through": True})
    'α 1.78, straight through'
    >>> fields_in_words({"categoricals": 20.0, "classes": 10.0})
    '20×10'
    """
    told = {name: text for name, value in fields.items() if (text := setting(value, missing=""))}
    parts = _sizes(told.pop("categoricals", ""), told.pop("classes", ""))
    return ", ".join([*parts, *(_part(name, text) for name, text in told.items())]) or "-"


def _sizes(categoricals: str, classes: str) -> list[str]:
    """Variables and classes of a code; of one variable the classes are its latent dimension."""
    if categoricals and classes:
        return [f"{categoricals}×{classes}"] if categoricals != "1" else []
    named = {"categoricals": categoricals, "classes": classes}
    return [f"{name} {size}" for name, size in named.items() if size]


def _part(name: str, value: str) -> str:
    words = SYMBOLS.get(name, name.replace("_", " "))
    match value:
        case "true":
            return words
        case "false":
            return f"no {words}"
        case text:
            return f"{words} {text}"
