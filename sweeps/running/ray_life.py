"""Ray's own life: started on this machine or joined, how much it has room for, and left again.

Importing this module sets what Ray reads from the environment when it is imported or started.
"""

import contextlib
import logging
import os
import secrets
import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

# A quiet Tune whose interrupt handling is ours.
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("RAY_CHDIR_TO_TRIAL_DIR", "0")
if os.environ.get("RAY_ADDRESS", "local") in ("", "local"):
    # Listeners on the loopback interface alone: a side effect of this switch.
    os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
# A reply that was lost while the network was cut is missed after ten seconds; by default after
# seven minutes, for which Tune stands still.
os.environ.setdefault("RAY_grpc_client_keepalive_time_ms", "5000")
os.environ.setdefault("RAY_grpc_client_keepalive_timeout_ms", "5000")

import ray
from ray.exceptions import RayError

from bsvae.checks import BadInput
from sweeps.running.job import GaveUp, describe

#: The resource by which a head announces the GPUs of its cluster when all nodes are up.
GPUS_AT_MOST = "gpus_at_most"

#: Seconds after which a head that says nothing is none.
SILENCE = 20.0

_NO_SETTINGS = b"\0\0\0\4\0\0\0\0\0"  # a frame of HTTP/2

#: Seconds for which the size of the cluster is taken to be what it was.
GLANCE = 1.0


def start() -> None:
    """Start Ray on this machine, or join the cluster at RAY_ADDRESS, unless that has been done.

    Starting Ray is mostly waiting: another thread imports meanwhile what the driver needs next.

    Raises:
        BadInput: if the cluster cannot be reached.
        GaveUp: if Ray does not start in time.
    """
    if ray.is_initialized():
        return
    with ThreadPoolExecutor(1) as thread:
        thread.submit(import_module, "sweeps.running.worker")
        _start()  # in this thread: the kernel ends Ray with the thread that started it


def stop() -> None:
    """Stop Ray, or leave the cluster."""
    ray.shutdown()


class Slots:
    """Packs that the cluster can train at once, and on what; nodes may come and go.

    Attributes:
        device: ``cpu`` or ``cuda``; what it was at first, since packs are formed for one kind.
    """

    def __init__(self) -> None:
        self._count, self.device = _capacity()
        self._seen = time.monotonic()

    @property
    def count(self) -> int:
        """How many, as of a moment ago; at least one, for which Tune then waits."""
        if time.monotonic() - self._seen >= GLANCE:
            self._count, _ = _capacity(self.device)
            self._seen = time.monotonic()
        return self._count


def _capacity(device: str | None = None) -> tuple[int, str]:
    """Slots of a kind of device, or of the better one there is, and the kind.

    A cluster that grows on demand has no GPU yet when a sweep starts; its head then says how many
    there can be, as a custom resource.
    """
    total = ray.cluster_resources()
    gpus = int(max(total.get("GPU", 0), total.get(GPUS_AT_MOST, 0)))
    device = device or ("cuda" if gpus else "cpu")
    return max(1, gpus if device == "cuda" else int(total.get("CPU", 1))), device


def _start() -> None:
    address = os.environ.get("RAY_ADDRESS") or "local"
    here = {"include_dashboard": False, "object_store_memory": 200_000_000}
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    try:
        _protect_token(create=address == "local")
        check_reachable(address)
        with contextlib.nullcontext() if address == "local" else unheard():
            ray.init(
                address=address,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                **(here if address == "local" else {}),
            )
    except (OSError, ValueError, RuntimeError, RayError) as error:
        if address == "local":
            raise GaveUp(
                f"Ray did not start ({describe(error)}); --engine serial trains without it"
            ) from None
        raise BadInput(_refusal(address, describe(error))) from None
    except Exception as error:  # Ray has no other word for a machine too busy to start it in time
        raise GaveUp(f"Ray did not start ({describe(error)})") from None


def _refusal(address: str, reason: str) -> str:
    way_out = "check RAY_ADDRESS and RAY_AUTH_TOKEN, or unset RAY_ADDRESS to run on this machine"
    if "Version mismatch" in reason:
        way_out = "install the same Python and Ray here and there"
    elif "Failed to connect" in reason:
        way_out = (
            "is that the head's port, and the cluster's own token in RAY_AUTH_TOKEN, "
            "RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token?"
        )
    return f"cannot reach Ray at {address!r} ({reason}): {way_out}"


def _protect_token(create: bool) -> None:
    """Let nobody else read the access token in the home folder, which Ray would make readable."""
    folder = Path.home() / ".ray"
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    token = folder / "auth_token"
    if create and not token.exists():
        with tempfile.NamedTemporaryFile("w", dir=folder) as file:  # mode 0600
            file.write(secrets.token_hex(32))
            file.flush()
            with contextlib.suppress(FileExistsError):  # another run was faster
                os.link(file.name, token)
    with contextlib.suppress(FileNotFoundError):
        token.chmod(0o600)


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
