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

import in_process
import pytest
import s3
import torch

from bsvae.datasets import Data, load

torch.set_num_threads(1)

store = s3.store  # a fixture
cli = in_process.cli  # a fixture


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


SMALL_SWEEP = """
about = "three latent distributions & <script>alert('x')</script> </script> {{ 7 * 7 }}"
extras = ["arrays"]
select_on_test = true

[trial]
dataset = "digits"
hidden = 16
epochs = 2

[[grid]]
family = ["gaussian"]
latent_dim = [2, 4]

[[grid]]
family = ["logit_normal"]
latent_dim = [2, 4]
prior_scale = [0.32, 1.78]

[[grid]]
family = ["concrete"]
latent_dim = [4]

[search.kl_weight]
low = 0.1
high = 10.0
log = true

[optuna]
trials = 4
round = 4
"""


@pytest.fixture(scope="session")
def small_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with the sweep ``small``: 28 real trials, their curves and arrays."""
    from sweeps.definition.file import read_sweep
    from sweeps.ledger.ledger import Ledger
    from sweeps.running.run import execute

    folder = tmp_path_factory.mktemp("small")
    (folder / "small.toml").write_text(SMALL_SWEEP, encoding="utf-8")
    sweep = read_sweep(str(folder / "small.toml"))
    ledger = Ledger(folder / "results", sweep.name)
    execute(sweep, ledger, None, None, "serial", False)
    return folder / "results"


@pytest.fixture(scope="session")
def small_report(small_results: Path) -> Path:
    """The report of the small sweep."""
    from sweeps.report import write_report

    return write_report("small", str(small_results))


REPLICATED_SWEEP = """
about = "KL weight and latent dimension, three seeds each"
seeds = 3

[trial]
family = "gaussian"
dataset = "digits"
hidden = 8
epochs = 2

[[grid]]
kl_weight = [0.5, 1.0, 2.0]
latent_dim = [2, 4]
"""

SEARCHED_SWEEP = """
about = "which KL weight, by held-out images, with two seeds"
seeds = 2

[trial]
family = "gaussian"
dataset = "digits"
hidden = 8
epochs = 2
validation = 300

[[grid]]
latent_dim = [2, 4]

[search.kl_weight]
low = 0.1
high = 10.0
log = true

[optuna]
trials = 3
round = 3
"""


@pytest.fixture(scope="session")
def replicated_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with ``replicated``, 6 cells of 3 seeds, and ``searched``, 2 searches."""
    from sweeps.definition.file import read_sweep
    from sweeps.ledger.ledger import Ledger
    from sweeps.running.run import execute

    folder = tmp_path_factory.mktemp("replicated")
    for name, text in (("replicated", REPLICATED_SWEEP), ("searched", SEARCHED_SWEEP)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        sweep = read_sweep(str(folder / f"{name}.toml"))
        execute(sweep, Ledger(folder / "results", sweep.name), None, None, "serial", False)
    return folder / "results"
