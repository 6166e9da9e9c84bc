"""New files for other programs: whole or not at all, and never over one that is there."""

import contextlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path

from bsvae.checks import BadInput


def new_file(option: str, path: Path, write: Callable[[Path], object]) -> None:
    """Write a new file, whole or not at all.

    Args:
        option: the option that named it.
        path: where.
        write: writes it where it is told, under another name that ends alike.

    Raises:
        BadInput: if the file exists, its folder does not, or it cannot be written.
    """
    check_new(option, path)
    temporary = path.parent / f".{path.name}.{uuid.uuid4().hex}{path.suffix}"
    try:
        temporary.touch(exist_ok=False)
        write(temporary)
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or error
        raise BadInput(f"{option} {str(path)!r}: cannot be written ({reason})") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_new(option: str, path: Path) -> None:
    """Refuse a file that cannot be a new one.

    Raises:
        BadInput: if it exists, or its folder does not.
    """
    if os.path.lexists(path):
        raise BadInput(f"{option} {str(path)!r}: exists already")
    if not path.parent.is_dir():
        raise BadInput(f"{option} {str(path)!r}: there is no folder {str(path.parent)!r}")


def new_text(option: str, path: Path, text: str) -> None:
    """Write a new file of text, as `new_file` does."""
    new_file(option, path, lambda place: place.write_text(text, encoding="utf-8"))
