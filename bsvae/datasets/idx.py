"""Files of the idx format, in which MNIST and Fashion-MNIST come: checked before they are believed.

A file may stand as it is or with ``.gz``.  Its shape is known beforehand, so no more is ever read
or unpacked than that takes, whatever the file says of itself.
"""

import gzip
import math
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from bsvae.checks import BadInput

_KINDS = {2051: "images", 2049: "labels"}
_GZIP = b"\x1f\x8b"
_PIECE = 1 << 20


def read_idx(file: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The unsigned bytes in an idx file.

    Args:
        file: its path without ``.gz``.
        shape: what it must hold: (N,) for labels, (N, H, W) for images.

    Raises:
        BadInput: if it is missing, of another kind or shape, truncated, overlong, or damaged.
    """
    path = found(file)
    if not path.is_file():
        raise BadInput(
            f"{file} is missing, and there is no {path.name}: put the whole data set there, or "
            "choose another --data"
        )
    header = idx_header(shape)
    size = len(header) + math.prod(shape)
    content = _read(path, size + 1)
    _check_kind(path, bytes(content[:4]), header[:4])
    if len(content) >= len(header) and content[: len(header)] != header:
        sizes = np.frombuffer(content, dtype=">u4", count=len(shape) + 1)[1:].tolist()
        raise BadInput(
            f"{path}: its header says {_times(sizes)}, expected {_times(shape)}; {_WAY_OUT}"
        )
    if len(content) < size:
        raise BadInput(
            f"{path}: truncated: needs {size:,} bytes, holds {len(content):,}; {_WAY_OUT}"
        )
    if len(content) > size:
        raise BadInput(f"{path}: overlong: has more than {size:,} bytes; {_WAY_OUT}")
    return np.frombuffer(content, dtype=np.uint8, offset=len(header)).reshape(shape)


def found(file: Path) -> Path:
    """Where a file is: under its name, or else packed under its name and ``.gz``."""
    return file if file.is_file() else file.with_name(f"{file.name}.gz")


def idx_header(shape: tuple[int, ...]) -> bytes:
    """How an idx file of unsigned bytes begins.

    >>> idx_header((3,)).hex(" ", 4)
    '00000801 00000003'
    """
    return np.array((2048 + len(shape), *shape), dtype=">i4").tobytes()


_WAY_OUT = "delete it and fetch it again"


def _read(path: Path, most: int) -> bytearray:
    """The first bytes of a file, unpacked; of a truncated one, those that are left."""
    content = bytearray()
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            while len(content) < most and (piece := stream.read1(min(_PIECE, most - len(content)))):
                content += piece
    except EOFError:
        return content
    except (gzip.BadGzipFile, zlib.error) as error:
        if "CRC" in str(error) or "length" in str(error):
            raise BadInput(f"{path}: wrong checksum: it is damaged; {_WAY_OUT}") from None
        with path.open("rb") as stream:
            start = stream.read(6)
        reason = "is damaged" if start.startswith(_GZIP) else f"is not gzip{_guess(start)}"
        raise BadInput(f"{path}: {reason}; {_WAY_OUT}") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror})") from None
    return content


def _check_kind(path: Path, found: bytes, expected: bytes) -> None:
    if len(found) < len(expected) or found == expected:
        return
    if found.startswith(_GZIP):
        raise BadInput(f"{path}: is packed: name it {path.name}.gz, or unpack it with gunzip")
    kind, wanted = (int.from_bytes(magic, "big") for magic in (found, expected))
    known = f" ({_KINDS[kind]})" if kind in _KINDS else _guess(found)
    raise BadInput(
        f"{path}: magic number {kind}{known}, expected {wanted} ({_KINDS[wanted]}); {_WAY_OUT}"
    )


def _guess(start: bytes) -> str:
    """How a file starts that is no data file, and what that may mean."""
    page = ": probably an error page" if start.lstrip().startswith(b"<") else ""
    return f" (starts with {start.decode('latin-1')!r}{page})"


def _times(shape: Iterable[int]) -> str:
    return " x ".join(map(str, shape))
