"""Compaction: all parts of a table in one file, as a cache that nobody has to know about.

The parts remain the truth.  The cache says of each part that it holds which version of it that was,
so a reader takes from it what still fits, reads the other parts, and replaces the cache when that
will save more time than it takes.  It may be deleted at any time; one that is damaged, of another
schema, or that cannot be written is done without.
"""

import contextlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sweeps.ledger.parts import decode
from sweeps.ledger.places.interface import Files, Stamp
from sweeps.ledger.schema import TABLES
from sweeps.ledger.strays import own_rows, stamped_parts

#: A cache is replaced when it lacks this many parts, and this share of all of them: reading that
#: share of the parts one by one takes longer than writing all of them as one file.
FEWEST = 100
SHARE = 1 / 64

_INDEX = b"parts"


@dataclass(frozen=True)
class _Cache:
    """The rows of the parts, one part after another, and which parts they were.

    Attributes:
        rows: the rows, of the columns that were asked for.
        names: the parts' names.
        stamps: the version of each.
        counts: the number of rows of each.
    """

    rows: pa.Table
    names: list[str]
    stamps: list[Stamp]
    counts: list[int]

    def fitting(self, now: dict[str, Stamp]) -> "_Cache":
        """What is left of it beside the parts as they are now."""
        fits = [now.get(name) == stamp for name, stamp in zip(self.names, self.stamps, strict=True)]
        if all(fits):
            return self
        return _Cache(
            self.rows.filter(pa.array(np.repeat(fits, self.counts))),
            list(itertools.compress(self.names, fits)),
            list(itertools.compress(self.stamps, fits)),
            list(itertools.compress(self.counts, fits)),
        )

    def extended(self, other: "_Cache") -> "_Cache":
        """Its rows and parts, and then those of another."""
        rows = pa.concat_tables([self.rows, other.rows.select(self.rows.column_names)])
        return _Cache(
            rows,
            self.names + other.names,
            self.stamps + other.stamps,
            self.counts + other.counts,
        )


def read_table(files: Files, name: str, columns: Sequence[str] | None = None) -> pa.Table:
    """All rows of a table of the ledger, from its cache as far as that fits; of each trial once.

    Args:
        files: where the parts are.
        name: of `sweeps.ledger.schema.TABLES`.
        columns: those that are wanted; None for all.

    Raises:
        BadInput: naming every part that cannot be read.
    """
    schema = TABLES[name]
    now = stamped_parts(files, name)
    cache = _open(files, name, columns or schema.names)
    kept = cache.fitting(now)
    missing = sorted(now.keys() - set(kept.names))
    if not missing and len(kept.names) == len(cache.names):
        return own_rows(files, name, kept.rows, kept.names, kept.counts)
    if columns and _pays(len(missing), len(now)):
        kept = _open(files, name, schema.names).fitting(now)
        missing = sorted(now.keys() - set(kept.names))
    rows, counts = decode(files, [f"{name}/{part}" for part in missing], schema)
    whole = kept.extended(_Cache(rows, missing, [now[part] for part in missing], counts))
    if _pays(len(missing), len(now)):
        with contextlib.suppress(OSError):  # a folder that is only read has no cache
            files.write({_path(name): _encode(whole)})
    own = own_rows(files, name, whole.rows, whole.names, whole.counts)
    return own.select(columns) if columns else own


def _pays(missing: int, parts: int) -> bool:
    return missing >= max(FEWEST, SHARE * parts)


def _path(name: str) -> str:
    return f".cache/{name}.parquet"


def _open(files: Files, name: str, columns: Sequence[str]) -> _Cache:
    """The cache, or an empty one where there is none that can be used."""
    schema = TABLES[name]
    with contextlib.suppress(OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        content = pa.BufferReader(files.read(_path(name)))
        file = pq.ParquetFile(content, page_checksum_verification=True)
        found = file.schema_arrow
        index = json.loads(found.metadata[_INDEX])
        stamps = list(map(Stamp, *(index[key] for key in Stamp._fields)))
        lists = index["name"], stamps, index["rows"]
        fits = sum(index["rows"]) == file.metadata.num_rows and len(set(map(len, lists))) == 1
        stored = schema.with_metadata(found.metadata | schema.metadata)
        if fits and found.equals(stored, check_metadata=True):
            rows = file.read(columns=list(columns)).select(list(columns))
            return _Cache(rows.replace_schema_metadata(schema.metadata), *lists)
    return _Cache(schema.empty_table().select(list(columns)), [], [], [])


def _encode(cache: _Cache) -> bytes:
    stamps = {key: [getattr(s, key) for s in cache.stamps] for key in Stamp._fields}
    index = json.dumps({"name": cache.names, "rows": cache.counts, **stamps})
    marked = cache.rows.replace_schema_metadata(cache.rows.schema.metadata | {_INDEX: index})
    sink = pa.BufferOutputStream()
    pq.write_table(marked, sink, write_page_checksum=True)
    return sink.getvalue().to_pybytes()
