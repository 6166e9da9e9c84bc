"""The command line as its user sees it, in this process: what it prints, ends with and leaves."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweeps.cli import main


class InProcess:
    """Runs commands in an empty folder, without data, cluster or home of its own.

    Attributes:
        folder: where it stands.
    """

    def __init__(
        self, folder: Path, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]
    ) -> None:
        self.folder, self._patch, self._captured = folder, patch, captured

    def refuses(self, *arguments: str) -> str:
        """The one line that a command is refused with; nothing in the folder is touched."""
        before = contents(self.folder)
        code, printed, line = self._run(arguments)
        assert code == 2, printed + line
        assert line.startswith("bsvae: ")
        assert line.count("\n") == 1
        assert contents(self.folder) == before
        return line

    def prints(self, *arguments: str) -> str:
        """What a command prints that succeeds."""
        code, printed, line = self._run(arguments)
        assert not code, printed + line
        return printed

    def says(self, *arguments: str) -> str:
        """What a command that succeeds has to say on standard error."""
        code, printed, said = self._run(arguments)
        assert not code, printed + said
        return said

    def _run(self, arguments: tuple[str, ...]) -> tuple[object, str, str]:
        self._patch.setattr(sys, "argv", ["bsvae", *arguments])
        self._captured.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *self._captured.readouterr()


@pytest.fixture
def cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[InProcess]:
    """A `InProcess`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gc, "freeze", gc.collect)  # this process goes on
    for variable in ("BSVAE_DATA", "RAY_ADDRESS"):
        monkeypatch.delenv(variable, raising=False)
    return InProcess(tmp_path, monkeypatch, capfd)


def contents(folder: Path) -> dict[Path, bytes | None]:
    """Every file below a folder, hidden ones too, with its bytes; folders have none.

    What readers remember, under ``.cache``, is nobody's: it may come and go.
    """
    found = (path for path in sorted(folder.rglob("*")) if ".cache" not in path.parts)
    return {path: path.read_bytes() if path.is_file() else None for path in found}
