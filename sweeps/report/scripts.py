"""The scripts of a page, and the policy that lets it run those alone."""

import base64
import functools
import hashlib
from importlib.resources import files

#: The page's own script: one file after another, in one scope.
MODULES = ("state", "filter", "table", "view", "live", "main")


@functools.cache
def library() -> str:
    """The drawing library, as it is kept under ``vendor``; see the README there."""
    return _read("vendor/echarts.parallel.min.js")


@functools.cache
def own_script() -> str:
    """The page's own script."""
    modules = "\n".join(_read(f"js/{name}.js") for name in MODULES)
    return f'"use strict";\n(() => {{\n{modules}}})();\n'


def policy(*scripts: str) -> str:
    """A content security policy: these scripts, and nothing from anywhere else.

    >>> policy("").startswith("default-src 'none'; script-src 'sha256-")
    True
    """
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts) or "'none'"
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _read(name: str) -> str:
    return files("sweeps.report").joinpath(name).read_text(encoding="utf-8")
