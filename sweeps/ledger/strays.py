"""What lies in a results folder and is no trial's: copies that file-sync tools leave, and the like.

A part is named by the id of the trial that it holds.  Whatever is not is left out by every reader,
and named in a warning, so that no trial counts twice and none is missing without a word.
"""

import re
import warnings
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from sweeps.ledger.places.interface import Files, Ignored, Stamp

PART = re.compile(r"[0-9a-f]{16}\.parquet")
NAMED = 3


def stamped_parts(files: Files, table: str) -> dict[str, Stamp]:
    """The parts of a table; warns of files beside them that are none.

    >>> import tempfile
    >>> from sweeps.ledger.places.interface import LocalFiles
    >>> files = LocalFiles(tempfile.mkdtemp())
    >>> files.write({"trials/00ff00ff00ff00ff.parquet": b"a"})
    >>> list(stamped_parts(files, "trials"))
    ['00ff00ff00ff00ff.parquet']
    """
    found = files.stamps(table)
    strays = [name for name in found if not PART.fullmatch(name)]
    if strays:
        _warn(
            f"{files.place(table)}: left out {_listed(strays)}, not named by a trial's id as parts "
            "are (copies of a file-sync tool?); delete what is not needed"
        )
    return {name: stamp for name, stamp in found.items() if name not in set(strays)}


def own_rows(
    files: Files, table: str, rows: pa.Table, names: Sequence[str], counts: Sequence[int]
) -> pa.Table:
    """The rows that are of the trial that their part is named by; warns of other parts.

    Args:
        files: where the parts are.
        table: which table they are of.
        rows: the rows of all parts, one part after another.
        names: the parts' names.
        counts: the number of rows of each.
    """
    if not len(rows):
        return rows
    ids = np.array([name.removesuffix(".parquet") for name in names], dtype=object)
    part_of = np.repeat(np.arange(len(names)), np.asarray(counts))
    own = rows["trial_id"].to_numpy() == ids[part_of]
    if own.all():
        return rows
    foreign = [names[int(part)] for part in np.unique(part_of[~own])]
    _warn(
        f"{files.place(table)}: left out {_listed(foreign)}, which hold "
        "another trial than they are named by; delete them and run the sweep again"
    )
    return rows.filter(pa.array(own))


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _warn(message: str) -> None:
    warnings.warn(message, Ignored, stacklevel=2)
