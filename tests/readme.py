"""The blocks of the README, each with what is to be done with it."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Piece:
    """A block, or one line of a block of commands.

    Attributes:
        kind: ``sweep`` (a sweep file), ``family`` (a file, or changes, that add a family),
            ``family test`` (a command that tests it), ``program`` (Python to be run), ``make`` (a
            target), ``cluster`` (a command that needs one), ``command`` (one to be run).
        text: what stands there, without comments where it is a command.
    """

    kind: str
    text: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text)


def pieces(kind: str) -> list[Piece]:
    """The pieces of a kind, in their order."""
    return [piece for piece in ALL if piece.kind == kind]


def _pieces(language: str, text: str) -> list[Piece]:
    match language:
        case "toml":
            return [Piece("sweep", text)]
        case "diff":
            return [Piece("family", text)]
        case "python":
            return [Piece("family" if "(Latent)" in text else "program", text)]
        case "sh":
            lines = [shlex.join(shlex.split(line, comments=True)) for line in text.splitlines()]
            return [Piece(_kind(line), line) for line in lines]
    raise AssertionError(f"README.md: no test knows what to do with a block of {language!r}")


def _kind(line: str) -> str:
    match line.split()[0]:
        case "make":
            return "make"
        case "pytest":
            return "family test"
        case "bsvae":
            return "cluster" if "s3://" in line else "command"
    raise AssertionError(f"README.md: no test knows what to do with {line!r}")


#: Every block, whole; a language or a command that nobody runs is an error of the tests.
ALL = [piece for language, text in _BLOCK.findall(TEXT) for piece in _pieces(language, text)]
FENCES = len(re.findall(r"^```", TEXT, re.MULTILINE))
BLOCKS = len(_BLOCK.findall(TEXT))
