"""The results ledger: one small Parquet file per trial, committed whole or not at all.

    results/SWEEP/sweep.json            what was last asked for
    results/SWEEP/trials/ID.parquet     one row: what the trial was and how it ended
    results/SWEEP/epochs/ID.parquet     its learning curve
    results/SWEEP/gaussianity/ID.parquet    how Gaussian its whitened codes are, where asked for
    results/SWEEP/arrays/ID.npz         its images and codes, where asked for
    results/SWEEP/.cache/               tables read before, see `sweeps.ledger.compaction`
    results/SWEEP/.running/             how far packs in training are, see `sweeps.ledger.notes`

A file is named by the trial it describes, so a second attempt can only replace a row by its equal;
what is named otherwise is no part, see `sweeps.ledger.strays`.  The row under ``trials/`` is
written last: once it is there, the trial has happened.  ``results`` is a folder, or
``s3://BUCKET/FOLDER``.
"""

import io
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bsvae.trial import BadInput
from sweeps.ledger.compaction import read_table
from sweeps.ledger.parts import FETCH, POINTER_START, decode, encode
from sweeps.ledger.places import files_of, lock
from sweeps.ledger.places.interface import LocalFiles, Unreachable
from sweeps.ledger.schema import TABLES, TRIALS
from sweeps.ledger.strays import own_rows

Row = Mapping[str, Any]

_ORDER = {
    "trials": ["family", "latent_dim", "prior_scale", "kl_weight", "epochs", "seed", "trial_id"],
    "epochs": ["trial_id", "epoch"],
    "gaussianity": ["trial_id"],
}


@dataclass(frozen=True)
class Entry:
    """What is stored of one trial: its row; its curve, panel and arrays, where it has them."""

    row: Row
    curve: Sequence[Row] = ()
    gaussianity: Sequence[Row] = ()
    arrays: Mapping[str, np.ndarray] | None = None

    def encoded(self) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """The files that must be there before its row is, and the row's own."""
        name = self.row["trial_id"]
        before = {
            f"{table}/{name}.parquet": encode(rows, TABLES[table])
            for table, rows in (("epochs", self.curve), ("gaussianity", self.gaussianity))
            if rows
        }
        if self.arrays:
            content = io.BytesIO()
            np.savez_compressed(content, allow_pickle=False, **self.arrays)
            before[f"arrays/{name}.npz"] = content.getvalue()
        return before, {f"trials/{name}.parquet": encode([self.row], TRIALS)}


class Ledger:
    """The results of one sweep in one folder.

    Args:
        results: the folder that sweeps write to, or its URI.
        sweep: the sweep's name.

    Attributes:
        folder: where the sweep's files are, a path or a URI.

    >>> import tempfile
    >>> ledger = Ledger(tempfile.mkdtemp(), "example")
    >>> ledger.commit({"trial_id": "00ff00ff00ff00ff", "status": "done"}, curve=[])
    >>> ledger.rows()["00ff00ff00ff00ff"]["status"]
    'done'
    """

    def __init__(self, results: str | Path, sweep: str) -> None:
        self.files = files_of(results, sweep)
        self.folder = self.files.place()
        self.sweep = sweep

    @property
    def results(self) -> str:
        """The folder that sweeps write to, as any process may name it."""
        if isinstance(self.folder, Path):
            return str(self.folder.parent.resolve())
        return self.folder.rpartition("/")[0]

    def commit(
        self,
        row: Row,
        curve: Iterable[Row] = (),
        gaussianity: Iterable[Row] = (),
        arrays: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Write what belongs to one trial, its row last; on return all of it survives a power cut.

        Raises:
            OSError: if the disk refuses; no partial file is ever visible.
        """
        self.commit_all([Entry(row, list(curve), list(gaussianity), arrays)])

    def commit_all(self, entries: Iterable[Entry]) -> None:
        """Write what belongs to several trials, as `commit` does, in a fraction of the time.

        All that their rows need is stored before the first row can be seen.

        Raises:
            OSError: if the disk refuses; no partial file is ever visible.
        """
        encoded = [entry.encoded() for entry in entries]
        for group in zip(*encoded, strict=True):
            self.files.write({path: content for files in group for path, content in files.items()})

    def rows(
        self, trial_ids: Iterable[str] | None = None, columns: Sequence[str] | None = None
    ) -> dict[str, dict[str, Any]]:
        """Terminal rows by trial id.

        Args:
            trial_ids: those of these trials that have one; None for all there are.
            columns: those that are wanted, ``trial_id`` among them; None for all.

        Raises:
            BadInput: naming every part that cannot be read.
        """
        if trial_ids is None:
            table = read_table(self.files, "trials", columns)
        else:
            paths = [f"trials/{trial_id}.parquet" for trial_id in trial_ids]
            with ThreadPoolExecutor(self.files.readers) as threads:
                there = list(itertools.compress(paths, threads.map(self.files.has, paths)))
            table, counts = decode(self.files, there, TRIALS)
            names = [path.rpartition("/")[2] for path in there]
            own = own_rows(self.files, "trials", table, names, counts)
            table = own.select(columns or TRIALS.names)
        values = zip(*(column.to_pylist() for column in table.columns), strict=True)
        names = table.column_names
        rows = (dict(zip(names, row, strict=True)) for row in values)
        return {row["trial_id"]: row for row in rows}

    def table(self, name: str) -> pd.DataFrame:
        """One of the tables of `sweeps.ledger.schema`, in an order that does not depend on when
        trials finished.

        Raises:
            BadInput: naming every part that cannot be read.
        """
        frame = read_table(self.files, name).to_pandas()
        return frame.sort_values(_ORDER[name], ignore_index=True, kind="stable")

    def trials(self) -> pd.DataFrame:
        """One row per trial."""
        return self.table("trials")

    def arrays(self, trial_id: str) -> dict[str, np.ndarray]:
        """A trial's stored images and codes; empty if its sweep did not ask for them.

        Raises:
            BadInput: if Git LFS has not fetched them.
        """
        path = f"arrays/{trial_id}.npz"
        if not self.files.has(path):
            return {}
        with np.load(io.BytesIO(self._content(path)), allow_pickle=False) as stored:
            return dict(stored)

    def write_definition(self, document: Mapping[str, Any]) -> None:
        """Keep what was asked for beside the results."""
        text = json.dumps(document, indent=2, sort_keys=True)
        self.files.write({"sweep.json": text.encode()})

    def read_definition(self) -> dict[str, Any] | None:
        """What was last asked for, or None before the first run."""
        try:
            document = json.loads(self._content("sweep.json"))
        except FileNotFoundError:
            return None
        except (Unreachable, BadInput):
            raise
        except OSError as error:
            path = self.files.place("sweep.json")
            raise BadInput(f"{path} cannot be read ({error.strerror})") from None
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            path = self.files.place("sweep.json")
            raise BadInput(f"{path} is damaged: delete it and run the sweep again")
        return document

    def _content(self, path: str) -> bytes:
        """All of a file that is there, not in Git LFS only."""
        content = self.files.read(path)
        if content.startswith(POINTER_START):
            raise BadInput(f"{self.files.place(path)} is a Git LFS pointer; {FETCH}")
        return content

    def driver_lock(self) -> AbstractContextManager[None]:
        """Hold the sweep: one driver at a time.

        Raises:
            BadInput: if another process holds it, or the folder cannot be written.
        """
        if isinstance(self.files, LocalFiles):
            return lock.locked(self.files.root, self.sweep)
        from sweeps.ledger.places import lease

        return lease.held(self.files, self.sweep)

    def driver(self) -> str:
        """Who runs the sweep now, ``process PID on HOST``; nothing if nobody does."""
        if isinstance(self.files, LocalFiles):
            return lock.holder(self.files.root)
        from sweeps.ledger.places import lease

        return lease.holder(self.files)
