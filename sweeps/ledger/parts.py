"""Parts: the small Parquet files of the ledger, from rows to bytes and back to one Arrow table.

Parquet has checksums of its pages and none of what says how to read them.  So a part also carries
the SHA-256 of all its bytes, those of the digest taken as zeros, among the notes in its footer.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bsvae.checks import BadInput
from sweeps.ledger.places.interface import Files, Unreachable
from sweeps.ledger.schema import VERSION

#: Parts that are decoded and then joined as one: a part of one row takes far more memory alone.
BATCH = 100

#: How a file begins that stands for one that Git LFS has not fetched, and what to do about it.
POINTER_START = b"version https://git-lfs.github.com/spec/"
POINTER = "Git LFS pointer"
FETCH = "git lfs pull fetches what it stands for"

_MARK = b"sha256-of-this-part:"
_BLANK = b"0" * (2 * hashlib.sha256().digest_size)


class Pointer(ValueError):
    """A file is not there: Git LFS has left a pointer in its place."""


def encode(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> bytes:
    """Rows as a Parquet file with its digest; a lone row without what only many rows gain from.

    Raises:
        ValueError: for a column that the schema does not have.
    """
    unexpected = set().union(*rows) - set(schema.names)
    if unexpected:
        raise ValueError(f"no such columns in the schema: {', '.join(sorted(unexpected))}")
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    sink, many = pa.BufferOutputStream(), len(rows) > 1
    with pq.ParquetWriter(
        sink,
        schema,
        write_page_checksum=True,
        write_statistics=False,
        use_dictionary=many,
        compression="snappy" if many else "none",
    ) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"digest": _MARK + _BLANK})
    before, mark, after = sink.getvalue().to_pybytes().rpartition(_MARK)
    return before + mark + _digest(before, after) + after[len(_BLANK) :]


def decode(files: Files, paths: Sequence[str], schema: pa.Schema) -> tuple[pa.Table, list[int]]:
    """All parts as one table in the order of the paths, and the number of rows of each.

    Raises:
        BadInput: naming every part that cannot be read, or one of another schema version.
    """
    size = min(BATCH, files.in_a_row)
    batches = [paths[start : start + size] for start in range(0, len(paths), size)]
    with ThreadPoolExecutor(files.readers) as threads:
        read = list(threads.map(lambda batch: _decode_batch(files, batch, schema), batches))
    if bad := {path: why for _, _, unreadable in read for path, why in unreadable.items()}:
        raise BadInput(_unreadable(files, bad, len(paths)))
    tables = [schema.empty_table(), *(table for table, _, _ in read)]
    return pa.concat_tables(tables), [rows for _, counts, _ in read for rows in counts]


def _decode_batch(
    files: Files, paths: Iterable[str], schema: pa.Schema
) -> tuple[pa.Table, list[int], dict[str, str]]:
    """One table of some parts, the rows of each, and why the others cannot be read, by path."""
    tables, bad = [], {}
    for path in paths:
        try:
            tables.append(_decode(files, path, schema))
        except (Unreachable, BadInput):
            raise
        except Pointer:
            bad[path] = POINTER
        except pa.ArrowException:  # some of them are OSErrors too
            bad[path] = ""
        except OSError as error:
            bad[path] = error.strerror or ""
        except ValueError:  # a name that is no text, among others
            bad[path] = ""
    whole = pa.concat_tables([schema.empty_table(), *tables]).combine_chunks()
    return whole, list(map(len, tables)), bad


def _decode(files: Files, path: str, schema: pa.Schema) -> pa.Table:
    """One part, its checksums verified; a column that it does not have is null."""
    content = files.read(path)
    if content.startswith(POINTER_START):
        raise Pointer
    before, mark, after = content.rpartition(_MARK)
    if mark and _digest(before, after) != after[: len(_BLANK)]:  # a part of earlier times has none
        raise ValueError("wrong digest")
    file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
    table = file.read(use_threads=False)
    stored = (
        (table.schema.metadata or {}).get(b"schema_version", b"none").decode("utf-8", "replace")
    )
    if stored != str(VERSION):
        raise BadInput(
            f"{files.place(path)}: schema version {stored}, this program reads {VERSION}: "
            "use the program that wrote it, or another results folder"
        )
    if not table.schema.equals(schema):
        columns = [_column(table, column) for column in schema]
        return pa.Table.from_arrays(columns, schema=schema)
    return table.replace_schema_metadata(schema.metadata)


def _unreadable(files: Files, bad: Mapping[str, str], count: int) -> str:
    """What is wrong with parts, and for each kind of it the way out."""
    said = []
    for why in sorted(set(bad.values())):
        paths = [path for path, reason in bad.items() if reason == why]
        places = ", ".join(str(files.place(path)) for path in paths)
        head = f"{len(paths)} of {count} parts"
        if why == POINTER:
            one = files.place(paths[0])
            many = f"are {POINTER}s, {one} among them"
            said.append(f"{head} {many if len(paths) > 1 else f'is a {POINTER}: {one}'}; {FETCH}")
        elif why:
            said.append(f"{head} cannot be read ({why}), {files.place(paths[0])} among them")
        else:
            rows = files.place("trials")  # a trial with a row is not trained again
            too = "" if paths[0].startswith("trials/") else f", and their namesakes in {rows},"
            said.append(
                f"{head} cannot be read: {places}; delete them{too} and run the sweep again to "
                "train those trials anew"
            )
    return "; ".join(said)


def _digest(before: bytes, after: bytes) -> bytes:
    """Of a part, in hexadecimal digits, from what is before its mark and after it."""
    whole = hashlib.sha256(before + _MARK + _BLANK)
    whole.update(after[len(_BLANK) :])
    return whole.hexdigest().encode()


def _column(table: pa.Table, column: pa.Field) -> pa.ChunkedArray | pa.Array:
    if column.name not in table.schema.names:
        return pa.nulls(len(table), column.type)
    return table[column.name].cast(column.type)
