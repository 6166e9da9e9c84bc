"""Whether a Ray cluster answers, found out before Ray tries for minutes and says so at length."""

import contextlib
import os
import socket
from collections.abc import Iterator

#: Seconds after which a head that says nothing is none.
SILENCE = 20.0

_NO_SETTINGS = b"\0\0\0\4\0\0\0\0\0"  # a frame of HTTP/2


def check_reachable(address: str) -> None:
    """Fail in seconds where Ray itself would try for minutes; only HOST:PORT can be checked.

    A head speaks gRPC, and so HTTP/2, where both sides begin with their settings.

    Raises:
        OSError: if nothing answers there, or something else does.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in address:
        return
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        if os.environ.get("RAY_USE_TLS", "0") != "0":
            return
        connection.settimeout(SILENCE)
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _NO_SETTINGS)
        if connection.makefile("rb").read(len(_NO_SETTINGS))[3:4] != _NO_SETTINGS[3:4]:
            raise ConnectionError("what answers there is no head of a Ray cluster")


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Keep off the screen what Ray's own code says of every attempt to connect."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
