"""Files under a prefix of a bucket: ``s3://BUCKET/PREFIX``, on AWS or any store that speaks S3.

An object appears whole when its upload is complete, and the next read or listing sees it; nothing
is ever renamed.  Endpoint, region and credentials are those of the usual AWS variables
(``AWS_ENDPOINT_URL``, ``AWS_REGION``, ``AWS_ACCESS_KEY_ID``, ...), files and roles.
"""

import contextlib
import errno
import functools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import final
from urllib.parse import urlsplit

from pyarrow import fs

from bsvae.checks import BadInput
from sweeps.ledger.places.interface import WAITING, Files, Stamp, Unreachable

#: How a results place in a store begins.
SCHEME = "s3://"

#: Bytes up to which an object is one PUT; a larger one is uploaded in parts.
ONE_PUT = 5_000_000

#: How often a request is sent before it has failed: a few seconds.
ATTEMPTS = 4

_WAY_OUT = (
    "check AWS_ENDPOINT_URL, AWS_REGION, the credentials (AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role) and the bucket, or give --results a folder"
)


@final
class ObjectFiles(Files):
    """Files under a URI; of one URI there is one per process, see `object_files`.

    Attributes:
        fenced: why this process may not use the files any more, if it may not.
    """

    readers = 24  # reading one is waiting for two answers; the client has 25 connections
    in_a_row = 8
    pause = 15.0  # every write is paid for

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/")
        self.fenced = ""
        self._key = self.uri.removeprefix(SCHEME)

    def place(self, path: str = "") -> str:
        return f"{self.uri}/{path}".rstrip("/")

    def stamps(self, folder: str) -> dict[str, Stamp]:
        selector = fs.FileSelector(f"{self._key}/{folder}", allow_not_found=True)
        with self._asking():
            found = _store().get_file_info(selector)
        return {
            info.base_name: Stamp(info.size, info.mtime_ns, 0)
            for info in sorted(found, key=lambda info: info.base_name)
            if info.type == fs.FileType.File and info.base_name[0] != "."
        }

    def stamp(self, path: str) -> Stamp | None:
        """That of one file, hidden or not; None if there is none."""
        with self._asking():
            info = _store().get_file_info(f"{self._key}/{path}")
        return Stamp(info.size, info.mtime_ns, 0) if info.type == fs.FileType.File else None

    def folders(self) -> list[str]:
        """Names of the folders at the root.

        Raises:
            BadInput: if the store cannot be reached, refuses, or has no such bucket.
        """
        try:
            with self._asking(), contextlib.suppress(FileNotFoundError):
                found = _store().get_file_info(fs.FileSelector(self._key))
                return sorted(i.base_name for i in found if i.type == fs.FileType.Directory)
        except Unreachable as error:
            raise BadInput(f"--results {self.uri!r}: {error.strerror}; {_WAY_OUT}") from None
        return []

    def has(self, path: str) -> bool:
        return self.stamp(path) is not None

    def read(self, path: str) -> bytes:
        with (
            self._asking(),
            _store().open_input_stream(f"{self._key}/{path}", compression=None) as stream,
        ):
            return stream.read()

    def write(self, contents: Mapping[str, bytes]) -> None:
        with self._asking(), ThreadPoolExecutor(WAITING) as waiting:
            keys = [f"{self._key}/{path}" for path in contents]
            list(waiting.map(_put, keys, contents.values()))

    def write_fleeting(self, path: str, content: bytes) -> None:
        self.write({path: content})

    def remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            with self._asking(), contextlib.suppress(FileNotFoundError):
                _store().delete_file(f"{self._key}/{path}")

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """Let no request through a fence, and have what the store refuses in few words."""
        if self.fenced:
            raise Unreachable(errno.EPERM, self.fenced, self.uri)
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            reason = re.search(r"AWS Error (.+?) during", str(error))
            why = reason[1] if reason else " ".join(str(error).split())
            raise Unreachable(errno.EIO, why, self.uri) from None


@functools.lru_cache(maxsize=64)
def object_files(uri: str) -> ObjectFiles:
    """The files under a URI.

    >>> object_files("s3:///results")
    Traceback (most recent call last):
        ...
    bsvae.checks.BadInput: --results 's3:///results': write it as s3://BUCKET/FOLDER
    """
    if not re.fullmatch(r"s3://[^/\s?]+(/[^\s?]*)?", uri):
        raise BadInput(f"--results {uri!r}: write it as s3://BUCKET/FOLDER")
    return ObjectFiles(uri)


def _put(key: str, content: bytes) -> None:
    """One object from all of its bytes at once, so that no failure leaves a part of them.

    A stream that is closed after a failure would upload what it has; one of a single write either
    has all or, if it could not be opened or a part was refused, completes nothing.
    """
    store = _store(one_put=len(content) <= ONE_PUT)
    stream = store.open_output_stream(key, compression=None)
    stream.write(content)
    stream.close()


@functools.lru_cache(maxsize=2)
def _store(one_put: bool = True) -> fs.S3FileSystem:
    """The client of this process; opening an upload in parts asks the store at once."""
    given = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    endpoint = urlsplit(given) if given else None
    try:
        return fs.S3FileSystem(
            region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
            scheme=endpoint.scheme if endpoint else "https",
            endpoint_override=endpoint.netloc if endpoint else None,
            connect_timeout=3,
            request_timeout=10,
            allow_delayed_open=one_put,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        )
    except (OSError, ValueError) as error:  # a scheme that is neither http nor https
        raise BadInput(f"AWS_ENDPOINT_URL = {given!r}: {error}") from None
