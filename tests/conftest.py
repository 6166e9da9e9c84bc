"""Shared fixtures: one thread, real data, and the real command."""

import os

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before numpy: idle threads of one library stall others

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from bsvae.data import Data, load

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def digits() -> Data:
    return load("digits")


@pytest.fixture(scope="session")
def mnist() -> Data:
    if not os.environ.get("BSVAE_DATA"):
        pytest.skip("BSVAE_DATA does not name a folder with MNIST")
    return load("mnist")


@pytest.fixture
def bsvae(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in an empty folder."""

    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=240,
        )

    return call


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from sweeps.cli import main; main()", *arguments]


def members(session: int) -> Iterator[int]:
    """The processes of a session."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.getsid(int(name)) == session:
                    yield int(name)


def end_session(session: int) -> None:
    """End what a killed process left behind: processes that the test started."""
    for pid in list(members(session)):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
