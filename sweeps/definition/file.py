"""Sweep files: TOML in, constants, grids and an Optuna search out.

A file names any fields of `bsvae.trial.Trial` as constants under ``[trial]``, lists of values under
``[[grid]]`` (each grid is a product that wins over the constants; the sweep is their union), and
ranges under ``[search.FIELD]``, which Optuna searches with the budget under ``[optuna]`` in every
grid cell that does not set the field itself; with ``[halving]``, the worse trials of every round of
a search stop early (see `bsvae.halving`).  ``seeds`` says how often each configuration is trained.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bsvae.trial import BadInput, unknown
from sweeps.definition.parse import parse
from sweeps.definition.sweep import Sweep, check_name

DEFINITIONS = Path(__file__).parent / "shipped"
LARGEST_FILE = 1_000_000


def shipped() -> dict[str, Path]:
    """The sweeps that come with the package, by name.

    >>> "quickstart" in shipped()
    True
    """
    return {path.stem: path for path in sorted(DEFINITIONS.glob("*.toml"))}


def is_file(name_or_file: str) -> bool:
    """Whether a sweep is given by its file: by a path that ends in ``.toml``, in any case.

    >>> is_file("my.TOML"), is_file("quickstart")
    (True, False)
    """
    return name_or_file.lower().endswith(".toml")


def sweep_name(name_or_file: str) -> str:
    """The name of a sweep that is given by its name or file.

    >>> sweep_name("of/mine/my.TOML"), sweep_name("quickstart")
    ('my', 'quickstart')
    """
    return check_name(Path(name_or_file).stem if is_file(name_or_file) else name_or_file)


def read_sweep(name_or_file: str, overrides: Mapping[str, Any] | None = None) -> Sweep:
    """Read a shipped sweep by its name, or any sweep from a ``.toml`` file.

    Args:
        name_or_file: a name of `shipped`, or a path that ends in ``.toml``.
        overrides: values that replace what the file says for those fields.

    Raises:
        BadInput: for anything that cannot become trials, in one line that names the file.
    """
    name = sweep_name(name_or_file)
    if is_file(name_or_file):
        path = Path(name_or_file)
    else:
        if name not in shipped():
            hint = unknown("sweep", name, shipped())
            raise BadInput(f"{hint}; or give the path of a .toml file")
        path = shipped()[name]
    try:
        return parse(name, _load_toml(path), overrides or {})
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


def sweep_text(name_or_file: str) -> str:
    """The file of a sweep that `read_sweep` can read, as it stands."""
    path = shipped().get(name_or_file, Path(name_or_file))
    return path.read_text(encoding="utf-8-sig")


def _load_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise BadInput("no such file") from None
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})") from None
    if len(content) > LARGEST_FILE:
        raise BadInput(f"larger than {LARGEST_FILE:,} bytes: not a sweep file")
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadInput(f"not text in UTF-8 ({error.reason} at byte {error.start})") from None
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not valid TOML: {error}") from None
    if "overrides" in document:
        raise BadInput("overrides: a run notes them in sweep.json; here, set fields in [trial]")
    if "carried" in document:
        raise BadInput("carried: a run chooses it and writes it to sweep.json; drop it here")
    return document
