"""The results ledger: one small Parquet file per trial, committed whole or not at all.

    results/SWEEP/sweep.json            what was last asked for
    results/SWEEP/trials/ID.parquet     one row: what the trial was and how it ended
    results/SWEEP/epochs/ID.parquet     its learning curve
    results/SWEEP/gaussianity/ID.parquet    how Gaussian its whitened codes are, where asked for
    results/SWEEP/arrays/ID.npz         its images and codes, where asked for

A file is named by the trial it describes, so a second attempt can only replace a row by its equal,
and ``pandas.read_parquet(folder)`` never sees a trial twice.  The row under ``trials/`` is written
last: once it is there, the trial has happened.
"""

import contextlib
import fcntl
import io
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from bsvae.trial import BadInput
from sweeps.schema import TABLES, TRIALS, VERSION

Row = Mapping[str, Any]

_ORDER = {
    "trials": ["family", "latent_dim", "prior_scale", "kl_weight", "epochs", "seed", "trial_id"],
    "epochs": ["trial_id", "epoch"],
    "gaussianity": ["trial_id"],
}


class Ledger:
    """The results of one sweep in one folder.

    >>> import tempfile
    >>> ledger = Ledger(tempfile.mkdtemp(), "example")
    >>> ledger.commit({"trial_id": "a1", "status": "done"}, curve=[])
    >>> ledger.rows()["a1"]["status"]
    'done'
    """

    def __init__(self, results: str | Path, sweep: str) -> None:
        self.folder = Path(results) / sweep
        self.sweep = sweep

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
        name = f"{row['trial_id']}.parquet"
        for table, rows in {"epochs": list(curve), "gaussianity": list(gaussianity)}.items():
            if rows:
                _replace(self.folder / table / name, _encode(rows, TABLES[table]))
        if arrays:
            content = io.BytesIO()
            np.savez_compressed(content, allow_pickle=False, **arrays)
            _replace(self.folder / "arrays" / f"{row['trial_id']}.npz", content.getvalue())
        _replace(self.folder / "trials" / name, _encode([row], TRIALS))

    def rows(self, trial_ids: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
        """Terminal rows by trial id: all of them, or those of the given trials that have one."""
        parts = _parts(self.folder / "trials")
        if trial_ids is not None:
            names = {f"{trial_id}.parquet" for trial_id in trial_ids}
            parts = [part for part in parts if part.name in names]
        return {row["trial_id"]: row for row in _read(parts, TRIALS).to_pylist()}

    def table(self, name: str) -> pd.DataFrame:
        """One of the tables of `sweeps.schema`, in an order that does not depend on when trials
        finished."""
        frame = _read(_parts(self.folder / name), TABLES[name]).to_pandas()
        return frame.sort_values(_ORDER[name], ignore_index=True, kind="stable")

    def trials(self) -> pd.DataFrame:
        """One row per trial."""
        return self.table("trials")

    def arrays(self, trial_id: str) -> dict[str, np.ndarray]:
        """A trial's stored images and codes; empty if its sweep did not ask for them."""
        path = self.folder / "arrays" / f"{trial_id}.npz"
        if not path.is_file():
            return {}
        with np.load(path, allow_pickle=False) as stored:
            return dict(stored)

    def write_definition(self, document: Mapping[str, Any]) -> None:
        """Keep what was asked for beside the results."""
        text = json.dumps(document, indent=2, sort_keys=True)
        _replace(self.folder / "sweep.json", text.encode())

    def read_definition(self) -> dict[str, Any] | None:
        """What was last asked for, or None before the first run."""
        try:
            document = json.loads((self.folder / "sweep.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            path = self.folder / "sweep.json"
            raise BadInput(f"{path} is damaged: delete it and run the sweep again")
        return document

    @contextlib.contextmanager
    def driver_lock(self) -> Iterator[None]:
        """Hold the sweep: one driver at a time.

        Raises:
            BadInput: if another process holds it, or the folder cannot be written.
        """
        try:
            _make_folder(self.folder)
            handle = open(self.folder / ".lock", "a+", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise BadInput(f"cannot write {self.folder} ({error.strerror})") from None
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                handle.seek(0)
                holder = handle.read().strip() or "another process"
                raise BadInput(f"sweep {self.sweep!r} is running already ({holder})") from None
            handle.truncate(0)
            handle.write(f"process {os.getpid()} on {os.uname().nodename}")
            handle.flush()
            yield


def sweeps_with_results(results: str | Path) -> list[str]:
    """Names of the sweeps that have a folder with a definition under ``results``."""
    return sorted(path.parent.name for path in Path(results).glob("*/sweep.json"))


def _parts(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    names = (entry.name for entry in os.scandir(folder))
    return [folder / name for name in sorted(names) if name.endswith(".parquet") and name[0] != "."]


def _read(parts: list[Path], schema: pa.Schema) -> pa.Table:
    """All parts as one table, their checksums verified.

    Raises:
        BadInput: naming every part that cannot be read.
    """
    if not parts:
        return schema.empty_table()
    try:
        return _scan(parts, schema)
    except (pa.ArrowException, OSError):
        bad = [part for part in parts if not _readable(part, schema)]
        if not bad:
            raise
        names = ", ".join(map(str, bad))
        raise BadInput(
            f"{len(bad)} of {len(parts)} parts cannot be read: {names}; "
            "delete them and run the sweep again to train those trials anew"
        ) from None


def _scan(parts: list[Path], schema: pa.Schema) -> pa.Table:
    for part in parts:
        stored = (pq.read_schema(part).metadata or {}).get(b"schema_version", b"none").decode()
        if stored != str(VERSION):
            raise BadInput(
                f"{part}: schema version {stored}, this program reads {VERSION}: "
                "use the program that wrote it, or another results folder"
            )
    checks = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    form = ds.ParquetFileFormat(default_fragment_scan_options=checks)
    return ds.dataset([str(part) for part in parts], schema=schema, format=form).to_table()


def _readable(part: Path, schema: pa.Schema) -> bool:
    try:
        _scan([part], schema)
    except (pa.ArrowException, OSError):
        return False
    return True


def _encode(rows: list[Row], schema: pa.Schema) -> bytes:
    unexpected = set().union(*rows) - set(schema.names)
    if unexpected:
        raise ValueError(f"no such columns in the schema: {', '.join(sorted(unexpected))}")
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, write_page_checksum=True)
    return sink.getvalue().to_pybytes()


def _replace(path: Path, content: bytes) -> None:
    """Put a file in place so that it is seen whole or not at all, and survives a power cut."""
    _make_folder(path.parent)
    temporary = path.parent / f".{path.name}.{os.getpid()}.{uuid.uuid4().hex}.tmp"
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
