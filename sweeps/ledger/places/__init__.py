"""Where results are kept: a folder, or under ``s3://BUCKET/FOLDER``."""

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from bsvae.checks import BadInput
from sweeps.ledger.places.interface import LocalFiles

if TYPE_CHECKING:
    from sweeps.ledger.places.bucket import ObjectFiles


def is_uri(results: str | Path) -> bool:
    """Whether results are in a store, not in a folder.

    >>> is_uri("s3://bucket/results"), is_uri("results")
    (True, False)
    """
    return isinstance(results, str) and "://" in results


def files_of(results: str | Path, *inside: str) -> "LocalFiles | ObjectFiles":
    """The files of a results folder or URI, or of a folder inside.

    Raises:
        BadInput: for a URI that names no bucket.
    """
    if not is_uri(results):
        return LocalFiles(Path(results, *inside))
    from sweeps.ledger.places.bucket import object_files

    return object_files("/".join([str(results).rstrip("/"), *inside]))


def check_place(results: str | Path) -> None:
    """Raise unless results can be kept there, as far as can be told without writing any.

    Raises:
        BadInput: for a file in the way, a path that cannot be one, a store that cannot be used.
    """
    files = files_of(results)
    if not isinstance(files, LocalFiles):
        files.folders()
        return
    if str(results).startswith("s3:"):
        raise BadInput(f"--results {str(results)!r}: write it as s3://BUCKET/FOLDER")
    if not str(results):
        raise BadInput("--results '': name a folder, or s3://BUCKET/FOLDER")
    try:
        if not stat.S_ISDIR(os.stat(results).st_mode):
            raise BadInput(f"--results {str(results)!r}: is not a folder")
    except FileNotFoundError:
        pass  # it will be made
    except OSError as error:
        raise BadInput(f"--results {str(results)!r}: {error.strerror}") from None


def sweeps_with_results(results: str | Path) -> list[str]:
    """Names of the sweeps that have a folder with a definition under ``results``.

    Raises:
        BadInput: if they are in a place that cannot be used.
    """
    files = files_of(results)
    if isinstance(files, LocalFiles):
        check_place(results)
        return sorted(path.parent.name for path in files.root.glob("*/sweep.json"))
    return [name for name in files.folders() if files.has(f"{name}/sweep.json")]
