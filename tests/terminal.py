"""A terminal of a test's own: the real command in it, and what a person would see."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte

LINES, COLUMNS = 40, 120


class Terminal:
    """A command that believes to be in a terminal of 120 x 40.

    Attributes:
        process: the command's.
        output: every byte that it wrote.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        environment = os.environ | {"TERM": "xterm-256color"}
        for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        self.output = b""
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)

    def press(self, key: bytes) -> None:
        """What a person types; the terminal itself turns Ctrl-C into an interrupt."""
        os.write(self._ours, key)

    def lines(self) -> list[str]:
        """The screen now, without blank lines and the spaces around each."""
        while select.select([self._ours], [], [], 0.05)[0]:
            try:
                content = os.read(self._ours, 65536)
            except OSError:  # the last process has closed its end
                break
            self.output += content
            self._stream.feed(content)
        return [line.strip() for line in self._screen.display if line.strip()]

    @property
    def cursor_is_hidden(self) -> bool:
        return self._screen.cursor.hidden

    def watch(self, until: Callable[[], bool], seconds: float) -> list[list[str]]:
        """Every screen that differed from the one before, until something holds."""
        screens: list[list[str]] = []
        deadline = time.monotonic() + seconds
        while not (over := until()) and time.monotonic() < deadline:
            time.sleep(0.1)
            if (lines := self.lines()) and (not screens or screens[-1] != lines):
                screens.append(lines)
        assert over, f"not after {seconds} s; the last screen:\n" + "\n".join(self.lines())
        return [*screens, self.lines()]

    def close(self) -> None:
        """End the command if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        os.close(self._ours)
