"""What a cluster is asked to run, as words of a command and as a folder that is sent.

That is the sweep file and the sources of both packages; what runs there is ``bsvae run``, on the
head of the cluster, with the cluster's own Python.
"""

import contextlib
import hashlib
import json
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bsvae.checks import BadInput


@dataclass(frozen=True)
class Request:
    """What a cluster is asked to run.

    Attributes:
        sweep: the sweep's name.
        text: its file.
        options: of ``bsvae run``, each as one word.
    """

    sweep: str
    text: str
    options: tuple[str, ...]

    @property
    def job(self) -> str:
        """The job's name: the sweep's, and a hash of what is asked; its runs are numbered.

        >>> Request("my", "", ()).job
        'my-709074f69ce7'
        """
        content = json.dumps([self.sweep, self.text, self.options])
        return f"{self.sweep}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"

    @property
    def entrypoint(self) -> str:
        """The job's command; nothing in it but its words, whatever characters they hold.

        >>> Request("my", "", ("--set=family=a; rm b",)).entrypoint
        "python -m sweeps run my.toml '--set=family=a; rm b'"
        """
        words = ["python", "-m", "sweeps", "run", f"{self.sweep}.toml", *self.options]
        return shlex.join(words)


def check_shared(results: str) -> str:
    """The results folder, if it means the same on every node: a URI or an absolute path.

    >>> check_shared("results")
    Traceback (most recent call last):
        ...
    bsvae.checks.BadInput: --results 'results': name a URI (s3://BUCKET/FOLDER), or the absolute \
path of a folder that every node sees
    """
    if "://" not in results and not results.startswith("/"):
        raise BadInput(
            f"--results {results!r}: name a URI (s3://BUCKET/FOLDER), or the absolute path of a "
            "folder that every node sees"
        )
    return results


@contextlib.contextmanager
def bundle(request: Request) -> Iterator[Path]:
    """A folder with what the job needs: both packages, their version, and the sweep file."""
    root = Path(__file__).parents[2]
    unwanted = shutil.ignore_patterns("__pycache__")
    with tempfile.TemporaryDirectory() as name:
        folder, release = Path(name), version("bsvae")
        for package in ("bsvae", "sweeps"):
            shutil.copytree(root / package, folder / package, ignore=unwanted)
        metadata = folder / f"bsvae-{release}.dist-info" / "METADATA"
        metadata.parent.mkdir()
        metadata.write_text(f"Metadata-Version: 2.1\nName: bsvae\nVersion: {release}\n")
        (folder / f"{request.sweep}.toml").write_text(request.text, encoding="utf-8")
        yield folder
