"""A Ray cluster whose machines are process sessions here: one is lost by killing its session.

With the name of a network namespace a node lives there, under an address of its own.
"""

import contextlib
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conftest import command, end_session, members

WITNESS = Path(__file__).parent / "witness"
RAY = [sys.executable, str(Path(__file__).parent / "start_node.py")]
TOKEN = "fault-tests-have-a-token-of-their-own-000"


@dataclass(frozen=True)
class Node:
    """A machine: the first process of its session, and where it is."""

    process: subprocess.Popen
    address: str
    namespace: str | None

    @property
    def processes(self) -> set[int]:
        """All its processes."""
        return set(members(self.process.pid))


class Cluster:
    """A head without a core for packs, and workers that come and go.

    Args:
        folder: for the witness's notes.
        settings: more of the environment of every node and of the driver.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.notes = folder / "witness"
        self.port = free_port()
        self.nodes: list[Node] = []
        self._temporary = tempfile.mkdtemp(prefix="bsf")  # short: it becomes a socket's path
        self.environment = os.environ | {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": TOKEN,
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "PYTHONPATH": f"{WITNESS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
            "WITNESS": str(self.notes),
            **settings,
        }

    def head(self, address: str = "127.0.0.1", namespace: str | None = None) -> Node:
        """Start the head."""
        self.address = f"{address}:{self.port}"
        words = ["--head", f"--port={self.port}", "--num-cpus=0", "--include-dashboard=false"]
        words += [f"--temp-dir={self._temporary}"]
        return self._start(words, address, namespace, {})

    def add(
        self, address: str = "127.0.0.1", namespace: str | None = None, **settings: str
    ) -> Node:
        """Start a worker with one core, and perhaps with more in its environment."""
        words = [f"--address={self.address}", "--num-cpus=1"]
        return self._start(words, address, namespace, settings)

    def drain(self, node: Node, seconds: int) -> None:
        """Tell the cluster, as a spot notice does, that a node will be taken away."""
        words = f"drain-node --address={self.address} --node-id={_identity(node)} "
        words += f"--reason=DRAIN_NODE_REASON_PREEMPTION --deadline-remaining-seconds={seconds}"
        words = [*RAY, *words.split(), "--reason-message=spot notice"]
        subprocess.run(words, env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def lose(self, node: Node) -> None:
        """SIGKILL for all of a node's processes."""
        self.nodes.remove(node)
        end_session(node.process.pid)
        node.process.wait()

    def trained(self, node: Node, within: float = math.inf) -> bool:
        """Whether a process that a node still has trained an epoch within the last seconds."""
        if not self.notes.exists():
            return False
        notes = map(str.split, self.notes.read_text(encoding="ascii").splitlines())
        recent = {int(note[0]) for note in notes if time.time() - float(note[1]) < within}
        return not node.processes.isdisjoint(recent)

    def driver(self, *arguments: str, cwd: Path, namespace: str | None = None) -> subprocess.Popen:
        """Start the real command on this cluster."""
        words = inside(namespace, command(*arguments))
        return started(words, cwd, **self.environment | {"RAY_ADDRESS": self.address})

    def close(self) -> None:
        """End everything."""
        for node in list(self.nodes):
            self.lose(node)
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _start(
        self, words: list[str], address: str, namespace: str | None, settings: dict[str, str]
    ) -> Node:
        words = [*RAY, "start", "--block", f"--node-ip-address={address}", *words]
        words += ["--object-store-memory=80000000", "--disable-usage-stats"]
        with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as log:
            process = subprocess.Popen(
                inside(namespace, words),
                env=self.environment | settings,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            node = Node(process, address, namespace)
            self.nodes.append(node)
            while "Ray runtime started" not in (said := Path(log.name).read_text("utf-8")):
                if process.poll() is not None:
                    raise RuntimeError(f"a node did not start: {said}")
                time.sleep(0.1)
        return node


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _identity(node: Node) -> str:
    """A node's id, from the command line of its raylet."""
    for process in node.processes:
        for word in Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8").split("\0"):
            if word.startswith("--node_id="):
                return word.partition("=")[2]
    raise RuntimeError("the node has no raylet")


def inside(namespace: str | None, words: list[str]) -> list[str]:
    """A command line, in a network namespace if one is named."""
    return ["ip", "netns", "exec", namespace, *words] if namespace else words


def started(words: list[str], folder: Path, **environment: str) -> subprocess.Popen:
    """Start a command in a session of its own, what it says in one pipe."""
    return subprocess.Popen(
        words,
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@contextlib.contextmanager
def cluster(folder: Path, **settings: str) -> Iterator[Cluster]:
    """A cluster that is gone at the end."""
    made = Cluster(folder, **settings)
    try:
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def ended(driver: subprocess.Popen) -> Iterator[subprocess.Popen]:
    """Leave nothing of a driver behind."""
    try:
        yield driver
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(driver.pid, signal.SIGKILL)
        end_session(driver.pid)
        driver.wait()
        driver.stdout.close()
