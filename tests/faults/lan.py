"""Hosts on one machine: network namespaces on a switch, with cables to pull (Linux, root)."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None, reason="network namespaces need root and ip"
)


class Lan:
    """Hosts 1, 2, ... with addresses 10.77.0.1, 10.77.0.2, ...; nothing else is reachable."""

    def __init__(self, hosts: int) -> None:
        self.names = [f"bsvae-{os.getpid()}-{host}" for host in range(hosts + 1)]
        for name in self.names:
            _ip(f"netns add {name}")
            _ip(f"-n {name} link set lo up")
        self._switch = self.names[0]
        _ip(f"-n {self._switch} link add bridge type bridge")
        _ip(f"-n {self._switch} link set bridge up")
        for host in range(1, hosts + 1):
            self._connect(host)

    def namespace(self, host: int) -> str:
        """The namespace that a host is."""
        return self.names[host]

    def address(self, host: int) -> str:
        """Its address."""
        return f"10.77.0.{host}"

    def cut(self, host: int) -> None:
        """Pull its cable."""
        _ip(f"-n {self.namespace(host)} link set eth0 down")

    def heal(self, host: int) -> None:
        """Put it back."""
        _ip(f"-n {self.namespace(host)} link set eth0 up")

    def close(self) -> None:
        """Take all of it down."""
        for name in self.names:
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip(f"netns del {name}")

    def _connect(self, host: int) -> None:
        name, cable = self.namespace(host), f"bsf{os.getpid() % 10**6}p{host}"
        _ip(f"-n {self._switch} link add port{host} type veth peer name {cable}")
        _ip(f"-n {self._switch} link set {cable} netns {name} name eth0")
        _ip(f"-n {name} addr add {self.address(host)}/24 dev eth0")
        _ip(f"-n {name} link set eth0 up")
        _ip(f"-n {self._switch} link set port{host} master bridge")
        _ip(f"-n {self._switch} link set port{host} up")


@contextlib.contextmanager
def lan(hosts: int) -> Iterator[Lan]:
    """A network that is gone at the end."""
    made = Lan(hosts)
    try:
        yield made
    finally:
        made.close()


def _ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True, capture_output=True)
