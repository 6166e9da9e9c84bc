"""What the sources claim, and what we measured: pure functions of the results' tables.

Each claim knows its source's words and protocol, the seeds that it needs and a criterion that could
have failed; it becomes a row with the measurement in words and a verdict computed from the rows:

``held``, ``did not hold``: at the source's protocol, by more than two standard errors.
``undecided (...)``: within two standard errors, or too few seeds.
``not testable yet (...)``: below the source's protocol, or not measured.
"""

from collections.abc import Callable
from dataclasses import astuple, fields

import pandas as pd

from sweeps.results.claims import (
    concrete,
    kl_weight,
    latent_dimension,
    logit_normal,
    pca,
    tiny,
    whitening,
)
from sweeps.results.claims.claim import Row

COLUMNS = [field.name for field in fields(Row)]

#: The claims that a shipped sweep tests, from the rows that are done and their Gaussianity panel.
TESTED: dict[str, Callable[[pd.DataFrame, pd.DataFrame], list[Row]]] = {
    "concrete": concrete.rows,
    "kl_weight": kl_weight.rows,
    "latent_dimension": latent_dimension.rows,
    "logit_normal": logit_normal.rows,
    "pca": pca.rows,
    "tiny": tiny.rows,
    "whitening": whitening.rows,
}


def claims(sweep: str, done: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """The claims that a shipped sweep tests, one row each; empty for any other sweep.

    Args:
        sweep: the sweep's name.
        done: the rows of trials that are done.
        panel: the Gaussianity panel's rows of these trials.

    Returns:
        Columns ``claim``, ``measured``, ``verdict``, ``source``, ``criterion`` and ``needs``.
    """
    tested = sweep in TESTED and not done.empty
    found = TESTED[sweep](done, panel) if tested else []
    return pd.DataFrame([astuple(row) for row in found], columns=COLUMNS)
